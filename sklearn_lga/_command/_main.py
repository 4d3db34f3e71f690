"""From arguments to an exit status."""

import sys
import warnings

from ._files import CommandError
from ._label import label
from ._parser import make_parser


def main(arguments=None):
    """Run the command; the exit status: 0, 2 for unusable input, 130 if interrupted.

    Parameters
    ----------
    arguments : list of str or None, default=None
        None: those of the process.
    """
    options = make_parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            label(options)
    except CommandError as error:
        _say("error", error)
        return 2
    except KeyboardInterrupt:
        _say("error", "interrupted; no file was written.")
        return 130
    return 0


def _show_warning(message, category, *args, **kwargs):
    _say("warning", message)


def _say(kind, message):
    """One line, whatever the message holds."""
    print(f"sklearn-lga: {kind}: {' '.join(str(message).split())}", file=sys.stderr)
