"""From arguments to an exit status."""

import os
import sys
import warnings

from threadpoolctl import threadpool_limits

from .files import CommandError
from .parser import make_parser


def main(arguments=None):
    """Run the command; the exit status: 0, 2 for unusable input, 130 if interrupted.

    Parameters
    ----------
    arguments : list of str or None, default=None
        None: those of the process.
    """
    options = make_parser().parse_args(arguments)
    from .label import label  # after --help and --version, which need no torch
    from .reading import Note

    # More threads gain little on small networks, and where other work runs beside they
    # wait for each other at every step.
    limit = None if "OMP_NUM_THREADS" in os.environ else 1
    try:
        with warnings.catch_warnings(), threadpool_limits(limit):
            warnings.showwarning = lambda message, kind, *rest, **_: _say(
                "note" if issubclass(kind, Note) else "warning", message
            )
            label(options)
    except CommandError as error:
        _say("error", error)
        return 2
    except KeyboardInterrupt:
        _say("error", "interrupted.")
        return 130
    return 0


def _say(kind, message):
    """One line, whatever the message holds."""
    print(f"sklearn-lga: {kind}: {' '.join(str(message).split())}", file=sys.stderr)
