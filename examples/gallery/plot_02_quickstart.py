"""
Quickstart
==========

Handwritten digits, 100 of 1,797 labelled. Mark the unlabelled rows by -1, scale the
features, fit: there is a label for every row, and a model for new ones.
"""

# %%
# The data. ``hide_labels`` is for experiments: in your own table, -1 or a missing value
# stands where you have no label.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lga import LGAClassifier
from sklearn_lga.datasets import hide_labels
from sklearn_lga.inspection import TrainingDisplay, TransductionDisplay

X, y = load_digits(return_X_y=True)
X, X_new, y, y_new = train_test_split(X, y, stratify=y, random_state=0)
y_marked = hide_labels(y, n_labeled=100, random_state=0)

# %%
# The fit. In a notebook the fitted pipeline shows itself, with the parameters that were
# changed marked.
model = make_pipeline(StandardScaler(), LGAClassifier(random_state=0))
model.fit(X, y_marked)

# %%
# ``transduction_`` has a label for every training row: the given ones as given.
labels = model[-1].transduction_
hidden = y_marked == -1
print(f"given labels kept: {(labels[~hidden] == y[~hidden]).all()}")
print(f"hidden labels right: {np.mean(labels[hidden] == y[hidden]):.3f}")
print(f"new rows right: {model.score(X_new, y_new):.3f}")

# %%
# The training, as it saw itself.
TrainingDisplay.from_estimator(model)

# %%
# The labels on the first two principal components; rings mark the given ones.
TransductionDisplay.from_estimator(model, X, y_marked)
plt.show()
