"""Early stopping on held-out rows, with the imputed labels of the best epoch."""

from skorch.callbacks import EarlyStopping

MIN_IMPROVEMENT = 1e-4
"""By how much the held-out loss must fall to count as an improvement."""


class RestoreBest(EarlyStopping):
    """skorch's early stopping that restores the imputed labels, too.

    It holds one more copy of the label parameters, those of the best epoch.

    Parameters
    ----------
    patience : int
        Epochs to wait for the held-out loss to fall by ``MIN_IMPROVEMENT``.
    """

    def __init__(self, patience):
        super().__init__(
            patience=patience,
            threshold=MIN_IMPROVEMENT,
            threshold_mode="abs",
            load_best=True,
        )

    def on_epoch_end(self, net, **kwargs):
        """Keep the labels of the best epoch so far."""
        super().on_epoch_end(net, **kwargs)
        labels = net.state_.imputed_labels
        if self.best_epoch_ == net.history[-1, "epoch"] and labels is not None:
            self.best_labels_ = labels.w.clone()

    def on_train_end(self, net, **kwargs):
        """Restore the network, then the labels."""
        if len(net.history):
            super().on_train_end(net, **kwargs)
        if getattr(self, "best_labels_", None) is not None:
            net.state_.imputed_labels.w.copy_(self.best_labels_)
        self.best_labels_ = None
