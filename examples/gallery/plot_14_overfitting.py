"""
A network that overfits
=======================

This is the case that label gradient alignment was made for: a network that answers
alone, with room enough to learn its few labels by heart. Here it has 60 labels, all of
them right, or a fifth of them wrong. The algorithm is the paper's, without the closed
form that answers first by default.
"""

# %%
# A wide network, and a callback that looks at the hidden labels after each epoch, as no
# method could.
import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Callback

from sklearn_lga import LGAClassifier
from sklearn_lga.baselines import RegularizedNetClassifier
from sklearn_lga.datasets import hide_labels


class Wide(torch.nn.Sequential):
    """Two hidden layers of 256 units."""

    def __init__(self, n_features, n_outputs):
        super().__init__(
            torch.nn.Linear(n_features, 256),
            torch.nn.ReLU(),
            torch.nn.Linear(256, 256),
            torch.nn.ReLU(),
            torch.nn.Linear(256, n_outputs),
        )


class Watch(Callback):
    """Write log loss and accuracy on some rows into the history, epoch by epoch."""

    def __init__(self, X, y):
        self.X, self.y = X, y

    def on_epoch_end(self, net, **kwargs):
        """Take both from the network's logits."""
        with torch.no_grad():
            logits = net.module_(torch.tensor(self.X, dtype=torch.float32))
        proba = torch.softmax(logits, dim=1).numpy()
        net.history.record("hidden_loss", log_loss(self.y, proba))
        net.history.record("hidden_right", np.mean(proba.argmax(axis=1) == self.y))


X, y = load_breast_cancer(return_X_y=True)
X = StandardScaler().fit_transform(X)
y_right = hide_labels(y, n_labeled=60, random_state=0)
hidden = y_right == -1
wrong = np.random.RandomState(0).permutation(np.flatnonzero(~hidden))[:12]
y_noisy = y_right.copy()
y_noisy[wrong] = 1 - y_noisy[wrong]

# %%
# The same network, batches and steps, with and without alignment.
methods = {"the labels alone": RegularizedNetClassifier, "LGA": LGAClassifier}
watched = {}
for title, y_marked in {"all right": y_right, "a fifth wrong": y_noisy}.items():
    for name, method in methods.items():
        watch = Watch(X[hidden], y[hidden])
        settings = {"module": Wide, "closed_form": False, "max_epochs": 300}
        model = method(**settings, callbacks=[watch], random_state=0).fit(X, y_marked)
        loss, right = watched[title, name] = np.transpose(
            model.history_[:, ("hidden_loss", "hidden_right")]
        )
        learned = np.mean(model.predict(X[~hidden]) == y_marked[~hidden])
        print(f"{title:15s}{name:18s}hidden labels right: {right[-1]:.3f}, ", end="")
        print(f"log loss {loss[-1]:.2f}; given ones learned: {learned:.2f}")

# %%
# Both learn the given labels by heart, wrong ones as well. On the labels alone the
# network then grows ever surer of what follows from them for other rows. With alignment
# these have labels of their own, which agree with the given ones in the mean, and
# single wrong ones move that little. Where all labels are right there is nothing to
# mend: the network alone is better. One draw of labels each.
fig, axes = plt.subplots(2, 2, figsize=(9, 5.5), sharex=True, sharey="row")
colors = dict(zip(methods, ["#56606b", "#d55e00"], strict=True))
for (title, name), (loss, right) in watched.items():
    upper, lower = axes[:, int(title == "a fifth wrong")]
    upper.plot(loss, color=colors[name], label=name)
    lower.plot(100 * right, color=colors[name])
    upper.set(title=f"labels: {title}")
    lower.set(xlabel="epoch")
axes[0, 0].set(ylabel="log loss, hidden rows")
axes[1, 0].set(ylabel="hidden labels right, %")
axes[0, 0].legend(frameon=False)
fig.tight_layout()
plt.show()

# %%
# :ref:`own_networks` has this on more tables and seeds, and with imputed labels that
# start from the closed form, as they do by default: that is worth more than all else.
