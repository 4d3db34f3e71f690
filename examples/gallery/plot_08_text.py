"""
Text
====

Paragraphs from the documentation of scikit-learn's own classes: which module do they
come from? TF-IDF gives a sparse matrix, which the estimators take as it is.
"""

# %%
# Collect the paragraphs. A few dozen have a label.
import inspect
import re

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.utils import all_estimators

from sklearn_lga import LGAClassifier
from sklearn_lga.datasets import hide_labels
from sklearn_lga.inspection import TransductionDisplay

MODULES = ["cluster", "decomposition", "ensemble", "linear_model", "preprocessing"]

texts = {}
for _, estimator in all_estimators():
    module = estimator.__module__.split(".")[1]
    if module in MODULES:
        for paragraph in re.split(r"\n\s*\n", inspect.getdoc(estimator)):
            if len(paragraph.split()) >= 8:
                texts[paragraph] = module  # what stands in several, once
documents, y = np.array(list(texts)), np.array(list(texts.values()))
y_marked = hide_labels(y, n_labeled=100, unlabeled=None, random_state=0)
hidden = np.array([label is None for label in y_marked])
print(f"{len(y)} paragraphs, {np.sum(~hidden)} labelled")
print(documents[0])

# %%
# The matrix has thousands of columns and stays sparse. The closed form sees it twice:
# by a straight line in all columns, and along its 100 leading singular directions, as
# latent semantic analysis does, in which the unlabelled paragraphs say what goes
# together. ``evidence_`` tells what each is worth.
X = TfidfVectorizer().fit_transform(documents)
print(f"{X.shape}, {100 * X.nnz / np.prod(X.shape):.2f} % not zero")

model = LGAClassifier(random_state=0).fit(X, y_marked)
right = np.mean(model.transduction_[hidden] == y[hidden])
print(f"LGA: {right:.3f} of the hidden labels right")
print(model.evidence_)

# %%
# Beside a linear model on the same matrix, alone and with self-training.
numbered = np.full(len(y), -1)
classes, numbered[~hidden] = np.unique(y[~hidden], return_inverse=True)
linear = LogisticRegression(C=10.0, max_iter=1000).fit(X[~hidden], y[~hidden])
print(f"logistic regression: {linear.score(X[hidden], y[hidden]):.3f}")
training = SelfTrainingClassifier(LogisticRegression(C=10.0, max_iter=1000)).fit(
    X, numbered
)
print(
    f"self-training: {np.mean(classes[training.predict(X[hidden])] == y[hidden]):.3f}"
)

# %%
# The first two principal components of a sparse matrix.
TransductionDisplay.from_estimator(model, X, y_marked)
plt.show()
