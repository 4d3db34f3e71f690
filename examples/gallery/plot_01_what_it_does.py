"""
What label gradient alignment does
==================================

Two half moons, 1,000 points, eight of them labelled. The label of every other point is
a parameter of its own. It starts undecided, and moves such that the unlabelled points
come to pull the network in the direction in which the labelled ones do. The pictures
show the imputed labels on their way.
"""

# %%
# ``ALGORITHM_1`` is the paper's algorithm and nothing else. A callback looks at the
# labels after some epochs: ``net.state_.labels()`` are the imputed ones, a distribution
# over the classes for each unlabelled row.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons
from skorch.callbacks import Callback

from sklearn_lga import ALGORITHM_1, LGAClassifier
from sklearn_lga.datasets import hide_labels
from sklearn_lga.inspection import TrainingDisplay

X, y = make_moons(1000, noise=0.15, random_state=0)
y_marked = hide_labels(y, n_labeled=8, random_state=0)
hidden = y_marked == -1
seen = {}


class Look(Callback):
    """Keep the imputed labels of some epochs."""

    def on_epoch_end(self, net, **kwargs):
        """Copy them, as training goes on to change them."""
        if len(net.history) in (1, 10, 50, net.max_epochs):
            seen[len(net.history)] = net.state_.labels().numpy().copy()


model = LGAClassifier(**ALGORITHM_1, callbacks=[Look()], random_state=0)
model.fit(X, y_marked)

# %%
# Colour is the more probable class, strength its probability.
fig, axes = plt.subplots(1, 4, figsize=(12, 3.2), layout="constrained")
colors = np.array(["#0072b2", "#d55e00"])
for ax, (epoch, labels) in zip(axes, seen.items(), strict=True):
    confidence = 2 * labels.max(axis=1) - 1
    ax.scatter(
        *X[hidden].T,
        c=colors[labels.argmax(axis=1)],
        alpha=0.1 + 0.7 * confidence,
        s=12,
        linewidths=0,
    )
    given = ~hidden
    ax.scatter(
        *X[given].T, c=colors[y[given]], s=90, edgecolors="black", linewidths=1.5
    )
    right = np.mean(labels.argmax(axis=1) == y[hidden])
    ax.set(title=f"epoch {epoch}: {100 * right:.0f} % right", xticks=[], yticks=[])

# %%
# What the training saw of it, without any knowledge of the hidden labels: the alignment
# distance falls, the labels come to agree with the network, and the weight T(i) of the
# labelled rows fades as the imputed labels take over.
TrainingDisplay.from_estimator(model)

# %%
# The labels that came out, and the network's own opinion of the same points. What is
# wrong lies where the moons reach into each other: nothing in the method looks for the
# gap between them, as a neighbour graph does.
print(f"transduction_: {np.mean(model.transduction_[hidden] == y[hidden]):.3f} right")
print(f"predict:       {np.mean(model.predict(X[hidden]) == y[hidden]):.3f} right")

# %%
# That is what the closed form is for, which answers first by default: among its views
# are the clusters of such a graph, and the labels start from there.
model = LGAClassifier(random_state=0).fit(X, y_marked)
print(f"transduction_: {np.mean(model.transduction_[hidden] == y[hidden]):.3f} right")
print(model.evidence_)
plt.show()
