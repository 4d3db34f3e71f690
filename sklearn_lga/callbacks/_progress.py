"""What a fit is at, and its end by Ctrl-C."""

import sys
import warnings
from contextlib import suppress

from skorch.callbacks import Callback

from ._order import unnamed

LOSSES = "train_loss", "valid_loss"
"""An epoch is told with these, where it has them."""


class Progress(Callback):
    """One line that moves, in a terminal or a notebook; plain lines in a log.

    Both go to standard error, so that a program's output holds nothing of them.

    Parameters
    ----------
    title : str, default="fit"
        What the line begins with.

    quiet : bool, default=False
        Whether to say nothing.
    """

    def __init__(self, title="fit", quiet=False):
        self.title = title
        self.quiet = quiet

    def at(self, stage):
        """Say what the fit is at now, besides epochs of training."""
        if self.quiet:
            return
        bar = moving_bar()
        if bar is None:
            say(f"{self.title}: {stage}")
            return
        if not hasattr(self, "bar_"):
            self.bar_ = bar(total=0, unit="epoch", bar_format="{desc}")
        self.bar_.set_description_str(f"{self.title}: {stage}")

    def on_train_begin(self, net, **kwargs):
        """Begin to count epochs."""
        if hasattr(self, "bar_"):
            self.at("training")
            self.bar_.bar_format = None
            self.bar_.reset(total=net.max_epochs)

    def on_epoch_end(self, net, **kwargs):
        """Move on."""
        row = net.history[-1]
        losses = {name: row[name] for name in LOSSES if name in row}
        if hasattr(self, "bar_"):
            self.bar_.set_postfix(losses, refresh=False)
            self.bar_.update()
        elif not self.quiet:
            told = "".join(f", {name} {loss:.4g}" for name, loss in losses.items())
            say(f"{self.title}: epoch {row['epoch']} of {net.max_epochs}{told}")

    def on_train_end(self, net, **kwargs):
        """Say in a log that a training ended early; the line shows it."""
        ended = net.history and len(net.history) < net.max_epochs
        if ended and not self.quiet and not hasattr(self, "bar_"):
            say(f"{self.title}: ended after {len(net.history)} epochs")

    def end(self):
        """Leave the line standing."""
        if hasattr(self, "bar_"):
            self.bar_.set_description_str(self.title)
            self.bar_.close()
            del self.bar_

    def __getstate__(self):
        # A bar holds a stream, which no pickle can.
        return {name: value for name, value in vars(self).items() if name != "bar_"}


def find_progress(callbacks):
    """The first among callbacks, or pairs of a name and one; else a quiet one."""
    found = (c for c in map(unnamed, callbacks) if isinstance(c, Progress))
    return next(found, Progress(quiet=True))


class RaiseInterrupt(Callback):
    """Ctrl-C in a training ends ``fit``.

    skorch alone would have it return what was trained so far. Early stopping ends
    trainings in the same way, so the two do not go together.
    """

    def on_train_begin(self, net, **kwargs):
        """Begin to count epochs."""
        self.n_epochs_ = 0

    def on_epoch_end(self, net, **kwargs):
        """Count one that was not interrupted."""
        self.n_epochs_ += 1

    def on_train_end(self, net, **kwargs):
        """Pass the interruption on."""
        if self.n_epochs_ < net.max_epochs:
            raise KeyboardInterrupt


def moving_bar():
    """Tqdm's class for the place, or None where nobody looks at a line that moves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a notebook's own bar is not installed
        from tqdm.asyncio import tqdm as of_terminals
        from tqdm.auto import tqdm
    if tqdm is not of_terminals:
        return tqdm
    with suppress(AttributeError, ValueError):  # no stream, another kind, a closed one
        return tqdm if sys.stderr.isatty() else None
    return None


def say(line):
    """Print a line of its own, where there is a stream for it."""
    with suppress(AttributeError, ValueError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
