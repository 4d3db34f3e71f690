"""Extremely randomized trees: the view that learns where to split."""

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from .folding import N_PARTS

N_TREES = 50
"""All committees together have so many trees."""


class Trees:
    """Committees of trees, each grown without a part of the labelled rows.

    A committee predicts the part that it has not seen; all of them together predict any
    other row. One ensemble serves for both, and no tree is grown twice.

    Parameters
    ----------
    X : ndarray of shape (n_labeled, n_columns)

    Y : ndarray of shape (n_labeled, n_outputs)
        Centred one-hot classes, or targets.

    weights : ndarray of shape (n_labeled,)

    folding : Folding
        Each row's part.

    classes : bool
        Whether trees split by the impurity of classes.

    random_state : RandomState

    Attributes
    ----------
    held_out : ndarray of shape (n_labeled, n_outputs)
        What the committee that has not seen a row says of it.

    ridge : None
        Trees have no noise of their labels.
    """

    ridge = None
    parts = ("features",)

    def __init__(self, X, Y, weights, folding, classes, random_state):
        self.center = 1.0 / Y.shape[1] if classes else 0.0
        self.shape = Y.shape[1:]
        labels = Y.argmax(axis=1) if classes else Y[:, 0] if Y.shape[1] == 1 else Y
        make = ExtraTreesClassifier if classes else ExtraTreesRegressor
        self.committees, self.held_out = [], np.zeros(Y.shape)
        for part in range(N_PARTS):
            rest = folding.parts != part
            seed = random_state.randint(2**31 - 1)
            trees = make(N_TREES // N_PARTS, random_state=seed, n_jobs=1)
            trees.fit(X[rest], labels[rest], weights[rest])
            self.committees.append(trees)
            if not rest.all():
                self.held_out[~rest] = self._vote(trees, X[~rest])

    def _vote(self, trees, X):
        if not hasattr(trees, "classes_"):
            return trees.predict(X).reshape(len(X), *self.shape)
        votes = np.zeros((len(X), *self.shape))
        votes[:, trees.classes_] = trees.predict_proba(X)
        return votes - self.center

    @staticmethod
    def column_squares():
        """Nothing: trees see the order of each column only."""
        return {}

    def shares(self, table, variances):
        """How much purer each feature makes the leaves, (n_features,)."""
        found = [trees.feature_importances_ for trees in self.committees]
        return table.of_features("features", np.mean(found, axis=0))

    def predict(self, seen):
        """Average the committees' outputs for rows whose parts are seen."""
        return self.predict_each(seen)[0]

    def predict_each(self, seen):
        """Give their mean, then each one: (1 + N_PARTS, n_rows, n_outputs)."""
        X = seen["features"].astype(np.float32)
        votes = np.array([self._vote(trees, X) for trees in self.committees])
        return np.concatenate([votes.mean(axis=0, keepdims=True), votes])
