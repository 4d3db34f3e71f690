"""
Regression
==========

Targets for a few rows: by a network, and by the exact linear mode. NaN marks the rows
without a target.
"""

# %%
# Friedman's function: five of ten columns matter, two of them by their product. 200 of
# 2,000 rows have a target.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from sklearn_lga import LGARegressor
from sklearn_lga.baselines import RegularizedNetRegressor
from sklearn_lga.datasets import hide_labels
from sklearn_lga.inspection import (
    ConvergenceDisplay,
    TrainingDisplay,
    TransductionDisplay,
)

X, y = make_friedman1(2000, noise=1.0, random_state=0)
y_marked = hide_labels(y, n_labeled=200, unlabeled=np.nan, random_state=0)
hidden = np.isnan(y_marked)

model = make_pipeline(StandardScaler(), LGARegressor(random_state=0))
model.fit(X, y_marked)
imputed = model[-1].transduction_[hidden]
print(f"R2 of transduction_ on the hidden rows: {r2_score(y[hidden], imputed):.3f}")
print(
    f"R2 of predict:                          {model.score(X[hidden], y[hidden]):.3f}"
)

# %%
# Beside methods that learn from the 200 targets alone.
for method in (
    RegularizedNetRegressor(random_state=0),
    HistGradientBoostingRegressor(random_state=0),
    RidgeCV(),
    SVR(C=10.0),
):
    other = make_pipeline(StandardScaler(), method).fit(X[~hidden], y[~hidden])
    name = type(method).__name__
    print(f"{name:32s}{other.score(X[hidden], y[hidden]):.3f}")

# %%
# The curves. For targets, the panel of the labels shows how far they are from what the
# network says, in standard deviations of the target.
TrainingDisplay.from_estimator(model)

# %%
# The two columns that matter by their product.
TransductionDisplay.from_estimator(model, X, y_marked, features=[0, 1])

# %%
# The exact mode is linear regression, followed step by step without a loop over rows.
# Directions in which the unlabelled rows vary much are learned first, so stopping early
# is a regularizer made of unlabelled rows; ``early_stopping`` picks the step by
# held-out labels (the dashed line).
X, y = load_diabetes(return_X_y=True)
y_marked = hide_labels(y, n_labeled=40, unlabeled=np.nan, random_state=0)
hidden = np.isnan(y_marked)
for settings in ({"early_stopping": True}, {"max_epochs": np.inf}):
    exact = LGARegressor(solver="exact", random_state=0, **settings).fit(X, y_marked)
    score = exact.score(X[hidden], y[hidden])
    print(f"{settings}: {exact.n_iter_} steps, R2 {score:.3f}")

# %%
# The way of each principal direction to least squares.
stopped = LGARegressor(solver="exact", early_stopping=True, random_state=0)
stopped.fit(X, y_marked)
ConvergenceDisplay.from_estimator(stopped, X, y_marked, principal=True)
plt.show()
