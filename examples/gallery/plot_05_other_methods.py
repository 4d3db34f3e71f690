"""
Beside scikit-learn's semi-supervised methods
=============================================

Four tables, 20 to 100 labels: how many of the hidden labels each method finds, and how
far its probabilities are from them. No method is the best everywhere: see which kind of
table suits which.
"""

# %%
# Two tables of scikit-learn's, and two made-up ones: half moons, where classes are
# curved clusters, and overlapping clouds, where there is no gap between the classes.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    make_classification,
    make_moons,
)
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import (
    LabelPropagation,
    LabelSpreading,
    SelfTrainingClassifier,
)

from sklearn_lga import LGAClassifier
from sklearn_lga.datasets import hide_labels

TABLES = {
    "digits": (load_digits(return_X_y=True), 100),
    "breast cancer": (load_breast_cancer(return_X_y=True), 20),
    "half moons": (make_moons(1000, noise=0.2, random_state=0), 20),
    "overlapping clouds": (
        make_classification(
            1000, 20, n_informative=6, n_classes=3, class_sep=0.7, random_state=0
        ),
        100,
    ),
}
METHODS = {
    "LGA": LGAClassifier(random_state=0),
    "LabelSpreading": LabelSpreading(kernel="knn", max_iter=300),
    "LabelPropagation": LabelPropagation(kernel="knn", max_iter=3000),
    "SelfTraining": SelfTrainingClassifier(LogisticRegression(max_iter=1000)),
}

# %%
# Each method sees the same rows and labels, standardized.
rows = []
for table, ((X, y), n_labeled) in TABLES.items():
    y_marked = hide_labels(y, n_labeled=n_labeled, random_state=0)
    hidden = y_marked == -1
    for name, method in METHODS.items():
        model = make_pipeline(StandardScaler(), method)
        with np.errstate(invalid="ignore"):
            model.fit(X, y_marked)
            proba = model.predict_proba(X[hidden])
        # LabelPropagation has no answer for rows that no labelled one reaches.
        proba = np.nan_to_num(proba, nan=1 / proba.shape[1]).clip(1e-7)
        proba /= proba.sum(axis=1, keepdims=True)
        right = np.mean(model.classes_[proba.argmax(axis=1)] == y[hidden])
        rows.append((table, name, right, log_loss(y[hidden], proba)))
results = pd.DataFrame(rows, columns=["table", "method", "right", "log loss"])
print(results.pivot(index="method", columns="table", values="right").round(3))
print(results.pivot(index="method", columns="table", values="log loss").round(3))

# %%
# Up and left is better.
fig, axes = plt.subplots(1, 4, figsize=(12, 3.4), layout="constrained")
styles = zip(["#d55e00", "#0072b2", "#009e73", "#cc79a7"], "*os^", strict=True)
styles = dict(zip(METHODS, styles, strict=True))
for ax, (table, group) in zip(axes, results.groupby("table", sort=False), strict=True):
    for _, name, right, loss in group.itertuples(index=False):
        color, marker = styles[name]
        size = 200 if marker == "*" else 70
        ax.scatter(loss, 100 * right, color=color, marker=marker, s=size, label=name)
    ax.set(title=table, xlabel="log loss")
    ax.margins(0.2)
    ax.grid(alpha=0.3)
axes[0].set_ylabel("hidden labels right, %")
fig.legend(
    *axes[0].get_legend_handles_labels(),
    loc="outside lower center",
    ncols=4,
    frameon=False,
)
plt.show()
