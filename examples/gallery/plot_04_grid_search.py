"""
Searching the settings
======================

``GridSearchCV`` over parameters of the estimator, and over one of the optimizer's,
which is reached by its routed name. A fold takes labels away, so search with some
hundred labels or more.
"""

# %%
# Breast-cancer data, 150 of 569 rows labelled.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lga import LGAClassifier
from sklearn_lga.datasets import hide_labels
from sklearn_lga.inspection import TrainingDisplay
from sklearn_lga.model_selection import SemiSupervisedSplit

X, y = load_breast_cancer(return_X_y=True)
y_marked = hide_labels(y, n_labeled=150, random_state=0)

# %%
# ``SemiSupervisedSplit`` folds the labelled rows. With an integer ``y`` that is marked
# by -1 a plain ``cv=3`` works as well, but a string scorer as this one would take the
# marker for a class.
model = make_pipeline(StandardScaler(), LGAClassifier(max_epochs=40, random_state=0))
grid = {
    "lgaclassifier__label_lr": [0.1, 0.4],
    "lgaclassifier__labeled_weight": ["linear", 1.0],
    "lgaclassifier__optimizer__betas": [(0.9, 0.999), (0.8, 0.99)],
}
search = GridSearchCV(
    model, grid, cv=SemiSupervisedSplit(3), scoring="neg_log_loss", n_jobs=1
)
search.fit(X, y_marked)

# %%
# The settings from the best to the worst, by the log loss on the held-out labels.
results = pd.DataFrame(search.cv_results_).sort_values("rank_test_score")
short = {f"param_{name}": name.split("__", 1)[1] for name in grid}
columns = [*short, "mean_test_score", "std_test_score"]
print(results[columns].rename(columns=short).to_string(index=False))

# %%
# The differences between settings, beside the spread over the folds: mostly noise.
fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
position = np.arange(len(results))
ax.errorbar(
    -results.mean_test_score,
    position,
    xerr=results.std_test_score,
    fmt="o",
    color="#0072b2",
)
ax.set(xlabel="log loss (lower is better)", ylabel="rank", yticks=position)
ax.invert_yaxis()

# %%
# What the search kept, refitted on all labels.
hidden = y_marked == -1
labels = search.best_estimator_[-1].transduction_
print(f"hidden labels right: {np.mean(labels[hidden] == y[hidden]):.3f}")
TrainingDisplay.from_estimator(search.best_estimator_)
plt.show()
