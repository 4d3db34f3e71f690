"""
A network of your own
=====================

Any ``torch.nn.Module`` can be trained by label gradient alignment. Here a small
convolutional network sees the digits as images of 8 x 8 pixels.
"""

# %%
# The network is called with the shape of a row, the number of classes, and what
# ``module__x`` sets. Its outputs are logits.
import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from torch import nn

from sklearn_lga import LGAClassifier
from sklearn_lga.baselines import RegularizedNetClassifier
from sklearn_lga.datasets import hide_labels
from sklearn_lga.inspection import TrainingDisplay


class Convolutions(nn.Module):
    """Two convolutions with batch norm, and the mean over all places."""

    def __init__(self, shape, n_outputs, channels=16):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(shape[0], channels, 3, padding=1),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(channels, 2 * channels, 3, padding=1),
            nn.BatchNorm2d(2 * channels),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(2 * channels * 16, n_outputs),
        )

    def forward(self, X):
        """Logits of a batch of images."""
        return self.layers(X)


digits = load_digits()
X = (digits.images[:, np.newaxis] / 16.0).astype(np.float32)  # (n, channels, 8, 8)
y = digits.target
y_marked = hide_labels(y, n_labeled=100, random_state=0)
hidden = y_marked == -1

# %%
# The same network, batches and budget with and without alignment. Everything of
# skorch's is within reach by routed names: here another optimizer. T(i) from 10 was
# chosen by hand. It does not pay here: images have no closed form that the labels could
# start from, and this network learns its labels well without others.
settings = {"module": Convolutions, "max_epochs": 60, "random_state": 0}
routed = {
    "module__channels": 24,
    "optimizer": torch.optim.AdamW,
    "optimizer__weight_decay": 0.1,
}
models = {
    "LGA": LGAClassifier(labeled_weight=("linear", 10.0), **settings),
    "labels alone": RegularizedNetClassifier(**settings),
}
for name, model in models.items():
    model.set_params(**routed).fit(X, y_marked)
    right = model.score(X[hidden], y[hidden])
    loss = log_loss(y[hidden], model.predict_proba(X[hidden]))
    print(f"{name:14s}{right:.3f} of the hidden labels right, log loss {loss:.3f}")

# %%
# ``net_`` is the fitted skorch net, ``net_.module_`` the network.
print(models["LGA"].net_.module_)
TrainingDisplay.from_estimator(models["LGA"])

# %%
# The rows that it is least sure of.
model = models["LGA"]
confidence = model.label_distributions_.max(axis=1)
fig, axes = plt.subplots(1, 8, figsize=(10, 1.8), layout="constrained")
for ax, row in zip(axes, np.argsort(confidence), strict=False):
    ax.imshow(X[row, 0], cmap="gray_r")
    ax.set_title(f"{model.transduction_[row]}, is {y[row]}", fontsize=9)
    ax.set_axis_off()
plt.show()
