"""The progress of a training, and its end by Ctrl-C."""

from skorch.callbacks import Callback
from tqdm import tqdm


class EpochBar(Callback):
    """A bar over the epochs, on standard error where that is a terminal.

    Ctrl-C in a training ends ``fit`` as well, where skorch alone would have it return
    what was trained so far. Early stopping ends trainings in the same way, so the two
    do not go together.

    Parameters
    ----------
    title : str
        What stands before the bar.

    quiet : bool, default=False
        Whether to draw nothing.
    """

    def __init__(self, title, quiet=False):
        self.title = title
        self.quiet = quiet

    def on_train_begin(self, net, **kwargs):
        """Open the bar."""
        self.n_epochs_ = 0
        self.bar_ = tqdm(
            total=net.max_epochs,
            desc=self.title,
            unit="epoch",
            disable=True if self.quiet else None,
        )

    def on_epoch_end(self, net, **kwargs):
        """Move on."""
        self.n_epochs_ += 1
        self.bar_.update()

    def on_train_end(self, net, **kwargs):
        """Leave the full bar standing; pass on the interruption before it is full."""
        self.bar_.close()
        if self.n_epochs_ < net.max_epochs:
            raise KeyboardInterrupt
