"""
scikit-learn's examples
=======================

Two of the examples of scikit-learn's user guide for semi-supervised learning, with our
estimator beside theirs: two circles with one label each, and the boundaries between the
irises. Its others are :ref:`sphx_glr_auto_examples_plot_08_text.py`,
:ref:`sphx_glr_auto_examples_plot_09_confidence.py` (where they vary the threshold of
self-training) and :ref:`sphx_glr_auto_examples_plot_11_next_labels.py`.
"""

# %%
# The circles: a label on each, 198 points without. There is nothing to hold labels out
# by, so the views of the table are combined by what is assumed of them.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris, make_circles
from sklearn.inspection import DecisionBoundaryDisplay
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier
from sklearn.svm import SVC

from sklearn_lga import LGAClassifier
from sklearn_lga.datasets import hide_labels

X, y = make_circles(n_samples=200, shuffle=False)
y_marked = np.full(200, -1)
y_marked[0], y_marked[-1] = y[0], y[-1]
methods = {
    "LabelSpreading": LabelSpreading(kernel="knn", alpha=0.8),
    "LGA": LGAClassifier(random_state=0),
}
colors = np.array(["#0072b2", "#d55e00", "#009e73"])
fig, axes = plt.subplots(1, 3, figsize=(10, 3.4), layout="constrained")
axes[0].scatter(*X.T, color="#b0b0b0", s=12)
axes[0].scatter(*X[[0, -1]].T, c=colors[y[[0, -1]]], s=60, edgecolors="black")
axes[0].set_title("two labels")
for ax, (name, method) in zip(axes[1:], methods.items(), strict=True):
    labels = method.fit(X, y_marked).transduction_
    ax.scatter(*X.T, c=colors[labels], s=12)
    ax.set_title(f"{name}: {100 * np.mean(labels == y):.0f} % right")
for ax in axes:
    ax.set(aspect="equal", xticks=[], yticks=[])

# %%
# The irises, by the length and the width of the sepal, with a tenth and with a third of
# the labels. scikit-learn's settings for its methods, defaults for ours.
iris = load_iris()
X, y = iris.data[:, :2], iris.target
marked = {n: hide_labels(y, n_labeled=n, random_state=0) for n in (15, 50)}
methods = {
    "LGA": LGAClassifier(random_state=0),
    "LabelSpreading": LabelSpreading(),
    "SelfTraining(SVC)": SelfTrainingClassifier(
        CalibratedClassifierCV(SVC(gamma=0.5), ensemble=False)
    ),
}
fig, axes = plt.subplots(2, 3, figsize=(10, 6), layout="constrained")
for row, (n, y_marked) in zip(axes, marked.items(), strict=True):
    hidden = y_marked == -1
    for ax, (name, method) in zip(row, methods.items(), strict=True):
        method.fit(X, y_marked)
        DecisionBoundaryDisplay.from_estimator(
            method,
            X,
            response_method="predict",
            plot_method="contourf",
            ax=ax,
            multiclass_colors=list(colors),
            alpha=0.25,
        )
        ax.scatter(*X[hidden].T, color="white", edgecolors="#808080", s=15)
        ax.scatter(
            *X[~hidden].T, c=colors[y[~hidden]], edgecolors="black", s=25, lw=0.5
        )
        right = 100 * np.mean(method.predict(X[hidden]) == y[hidden])
        ax.set(title=f"{name}\n{n} labels, {right:.0f} % right", xticks=[], yticks=[])
plt.show()
