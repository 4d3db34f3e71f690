"""
Which rows to label next
========================

With a budget for more labels, which rows should a person look at? Those that the
labels in hand say least about. This is scikit-learn's example of active learning on the
digits, with our estimator in place.
"""

# %%
# 600 digits, 20 of them labelled. Ten more labels a round: of the least sure rows, or
# of rows drawn at random.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from sklearn_lga import LGAClassifier
from sklearn_lga.datasets import hide_labels

X, y = load_digits(return_X_y=True)
X, y = X[:600] / 16, y[:600]
N_ROUNDS, N_NEW, N_DRAWS = 4, 10, 2


def least_sure(model, hidden, rng):
    """Rows whose most probable label is least probable."""
    confidence = model.label_distributions_.max(axis=1)
    return hidden[np.argsort(confidence[hidden])[:N_NEW]]


def at_random(model, hidden, rng):
    """Any rows without a label."""
    return rng.permutation(hidden)[:N_NEW]


def rounds(choose, seed):
    """Accuracy over all rows after each round, and the rows chosen in the first."""
    rng = np.random.RandomState(seed)
    y_marked = hide_labels(y, n_labeled=20, random_state=seed)
    shares, chosen = [], []
    for _ in range(N_ROUNDS + 1):
        model = LGAClassifier(random_state=0).fit(X, y_marked)
        shares.append(np.mean(model.transduction_ == y))
        new = choose(model, np.flatnonzero(y_marked == -1), rng)
        chosen.append([(row, model.transduction_[row]) for row in new])
        y_marked[new] = y[new]  # here the person answers
    return shares, chosen[0]


# %%
# Given labels are among the rows that count here, so that ten more are worth up to 1.7
# points by themselves, for both. The thin lines are the two draws of the first labels.
fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
counts = 20 + N_NEW * np.arange(N_ROUNDS + 1)
for choose, color, line in ((least_sure, "#d55e00", "-"), (at_random, "#56606b", "--")):
    name = choose.__name__.replace("_", " ")
    runs = [rounds(choose, seed) for seed in range(N_DRAWS)]
    shares = 100 * np.array([run[0] for run in runs])
    if choose is least_sure:
        first = runs[0][1]
    ax.plot(counts, shares.T, line, color=color, alpha=0.35, lw=1)
    ax.plot(counts, shares.mean(axis=0), line, color=color, lw=2, label=name)
    print(f"{name:12s}", *(f"{share:6.1f}" for share in shares.mean(axis=0)))
ax.set(xlabel="labels", ylabel="rows with the right label, %", xticks=counts)
ax.legend(frameon=False)

# %%
# What was asked for in the first round, and what the model took each for: mostly
# threes, taken for nines. The least sure rows of one fit are often of one kind, so ask
# for a few at a time.
fig, axes = plt.subplots(1, N_NEW, figsize=(10, 1.6), layout="constrained")
for ax, (row, label) in zip(axes, first, strict=True):
    ax.imshow(X[row].reshape(8, 8), cmap="gray_r")
    ax.set_title(f"{label}, is {y[row]}", fontsize=9)
    ax.set_axis_off()
plt.show()
