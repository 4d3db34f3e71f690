"""
What the labels depend on
=========================

``relevance_`` says how much the labels depend on each column. It comes from the closed
form, which scales the columns by factors that make the labels most likely.
"""

# %%
# First where the answer is known: Friedman's function depends on five of its ten
# columns, ``x0`` to ``x4``. 100 of 1,000 rows have a target.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_wine, make_friedman1
from sklearn.inspection import permutation_importance
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga.datasets import hide_labels
from sklearn_lga.inspection import RelevanceDisplay

X, y = make_friedman1(1000, noise=1.0, random_state=0)
y_marked = hide_labels(y, n_labeled=100, unlabeled=np.nan, random_state=0)
friedman = make_pipeline(StandardScaler(), LGARegressor(random_state=0))
friedman.fit(X, y_marked)
RelevanceDisplay.from_estimator(friedman)

# %%
# Beside it scikit-learn's permutation importance: what R2 loses when a column is
# shuffled, measured on the hidden targets, which nobody has outside of an experiment.
# Both have the five columns first. Two of them matter by their product, one by a bend,
# which no correlation shows. What the relevance measures is how much the answer bends
# along a column: ``x3`` and ``x4``, along which it is a straight line, have less than
# their share of R2.
hidden = np.isnan(y_marked)
importance = permutation_importance(
    friedman, X[hidden], y[hidden], n_repeats=5, random_state=0
)
columns = {
    "relevance": friedman[-1].relevance_,
    "permutation importance": importance.importances_mean,
    "correlation": np.abs(np.corrcoef(X[~hidden].T, y[~hidden])[-1, :-1]),
}
print(pd.DataFrame(columns, index=[f"x{i}" for i in range(10)]).round(2))

# %%
# Then a table of wines, 30 of 178 with a label. The names are those of the DataFrame.
# Columns that tell the same share their relevance, or one of them has it all: here
# flavanoids, with which total phenols and the optical density go. So a column without
# relevance may still go with the labels, and none of this is a statement about causes.
wine = load_wine(as_frame=True)
y_marked = hide_labels(wine.target.to_numpy(), n_labeled=30, random_state=0)
model = make_pipeline(StandardScaler(), LGAClassifier(random_state=0))
model.fit(wine.data, y_marked)
RelevanceDisplay.from_estimator(model)
print(wine.data.corr()["flavanoids"].sort_values(ascending=False).head(4).round(2))
plt.show()
