"""Tools of scikit-learn on a marked y: a case for each row of the page about them.

A case is ``run(model, X, y)``, which gives a number near 1 where the tool is right.
Where it is not there is a remedy, a call without arguments that gives the like.
"""

from types import SimpleNamespace

import numpy as np
from sklearn import metrics
from sklearn.base import clone

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga.compose import WithUnlabeled

N = 60
rng = np.random.RandomState(0)
CLASSES = np.arange(N) % 2
X = rng.standard_normal((N, 2)) + np.outer(8.0 * CLASSES - 4.0, [1.0, 0.0])
TARGETS = X[:, 0] + 8.0 + 0.1 * rng.standard_normal(N)
HIDDEN = rng.permutation(N) < 36
X_L, X_U = X[~HIDDEN], X[HIDDEN]


def task(truth, model, missing):
    """Labels or targets of all rows, the same marked in two ways, and a model."""
    kind = object if missing is None else float
    return SimpleNamespace(
        truth=truth,
        labeled=truth[~HIDDEN],
        by_minus_one=np.where(HIDDEN, -1, truth),
        by_missing=np.where(HIDDEN, missing, truth.astype(kind)),
        model=model,
        with_unlabeled=WithUnlabeled(model, X_U),
    )


CHEAP = {"closed_form": False, "n_members": 1, "hidden_layer_sizes": (16,)}
FAST = {"max_epochs": 15, "lr": 0.3, "label_lr": 0.2, "labeled_weight": 10.0}
C = task(CLASSES, LGAClassifier(random_state=0, **CHEAP, **FAST), None)
R = task(TARGETS, LGARegressor(solver="exact"), np.nan)
CASES, REMEDIES = {}, {}


def case(name, run, remedy=None, task=C):
    """Add a case by its name on the page."""
    CASES[name] = run, task
    if remedy is not None:
        REMEDIES[name] = remedy


def on_marked(run, task=C):
    """A remedy that takes y as it is marked."""
    return lambda: run(clone(task.model), X, task.by_minus_one)


def on_labeled(run, task=C):
    """The remedy for most: WithUnlabeled(model, X_u), on the labelled rows."""
    return lambda: run(clone(task.with_unlabeled), X_L, task.labeled)


def on_given(run, task=C):
    """The other one: a model that is fitted on all rows, then labelled rows alone."""
    return lambda: run(clone(task.model).fit(X, task.by_minus_one), X_L, task.labeled)


def meta_estimator(name, make, task=C):
    """A case of ``make(model)``, by how well it predicts the unlabelled rows."""

    def run(model, X, y):
        predicted = make(model).fit(X, y).predict(X_U)
        if task is R:
            return metrics.r2_score(TARGETS[HIDDEN], predicted)
        return np.mean(predicted == CLASSES[HIDDEN])

    case(name, run, on_labeled(run, task), task)
