"""
How sure is a label?
====================

``label_distributions_`` holds the imputed labels as probabilities. They say which
labels to keep and which to have a person look at. That works as far as the
probabilities are right, so here they are measured, beside those of scikit-learn's
methods.
"""

# %%
# Digits with 100 labels; every method sees the same rows.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier

from sklearn_lga import LGAClassifier
from sklearn_lga.datasets import hide_labels

X, y = load_digits(return_X_y=True)
X = StandardScaler().fit_transform(X)
y_marked = hide_labels(y, n_labeled=100, random_state=0)
hidden = y_marked == -1

lga = LGAClassifier(random_state=0).fit(X, y_marked)
spreading = LabelSpreading(kernel="knn", max_iter=300).fit(X, y_marked)
training = SelfTrainingClassifier(LogisticRegression(max_iter=1000)).fit(X, y_marked)
distributions = {
    "LGA": lga.label_distributions_[hidden],
    "LabelSpreading": spreading.label_distributions_[hidden],
    "SelfTraining": training.predict_proba(X[hidden]),
}

# %%
# To keep the labels that are at least so sure, and mark all others as unlabelled again.
# In self-training the threshold is a setting, and another one is another training; here
# it is chosen afterwards.
confidence = lga.label_distributions_.max(axis=1)
for threshold in (0.0, 0.5, 0.8, 0.95, 0.99):
    kept = np.where(confidence >= threshold, lga.transduction_, -1)
    sure = hidden & (kept != -1)
    right = np.mean(kept[sure] == y[sure])
    print(f"at least {threshold:.2f} sure: {sure.sum()} labels, {right:.3f} right")

# %%
# The accuracy-coverage curve: of the surest labels, how many are right? And
# calibration: of labels that claim a probability, how many are right? The diagonal is
# honest; below it a method is too sure of itself, above it too modest.
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
styles = zip(["#d55e00", "#0072b2", "#009e73"], ["-", "--", "-."], "os^", strict=True)
for (name, labels), (color, line, marker) in zip(
    distributions.items(), styles, strict=True
):
    sureness = labels.max(axis=1)
    is_right = labels.argmax(axis=1) == y[hidden]
    order = np.argsort(-sureness, kind="stable")
    coverage = np.arange(1, len(order) + 1) / len(order)
    accuracy = np.cumsum(is_right[order]) / np.arange(1, len(order) + 1)
    left.plot(100 * coverage, 100 * accuracy, line, color=color, label=name)
    share, claimed = calibration_curve(
        is_right, sureness, n_bins=8, strategy="quantile"
    )
    right.plot(claimed, share, line, marker=marker, color=color, label=name)
    gap = np.mean(np.abs(share - claimed))
    print(
        f"{name:16s}all labels {accuracy[-1]:.3f}, half of them "
        f"{accuracy[len(order) // 2]:.3f}, calibration gap {gap:.3f}"
    )
left.set(
    xlabel="share of the rows that are labelled, %",
    ylabel="labels right, %",
    xlim=(5, 100),
    ylim=(None, 100.5),
    title="accuracy and coverage",
)
right.plot([0, 1], [0, 1], color="#808080", lw=0.8)
right.set(
    xlabel="claimed probability",
    ylabel="share right",
    title="calibration",
    xlim=(0.2, 1.02),
    ylim=(0.2, 1.02),
)
left.legend(frameon=False)
plt.show()
