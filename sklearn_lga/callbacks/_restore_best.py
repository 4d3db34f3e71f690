"""Early stopping on held-out rows, with the imputed labels of the best epoch."""

from skorch.callbacks import EarlyStopping


class RestoreBest(EarlyStopping):
    """skorch's early stopping that restores the imputed labels, too.

    It holds one more copy of the label parameters, those of the best epoch.
    """

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
