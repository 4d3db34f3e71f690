"""Extremely randomized trees: the view that learns where to split."""

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

N_TREES = 100
"""All committees together have so many trees."""

N_COMMITTEES = 5
"""Each of so many committees of trees is grown without some of the rows."""


class Trees:
    """Committees of trees, each grown without a part of the labelled rows.

    A committee predicts the part that it has not seen; all of them together predict any
    other row. One ensemble serves for both, and no tree is grown twice.

    Parameters
    ----------
    X : ndarray of shape (n_labeled, n_columns)

    Y : ndarray of shape (n_labeled, n_outputs)
        Centred one-hot classes, or targets.

    folds : ndarray of int, shape (n_labeled,)
        Each row's; more than ``N_COMMITTEES`` are joined.

    kept : ndarray of int, shape (n_kept,)
        Labelled rows whose held-out outputs are asked for.

    classes : bool
        Whether trees split by the impurity of classes.

    random_state : RandomState

    Attributes
    ----------
    held_out : ndarray of shape (n_kept, n_outputs)
        What the committee that has not seen a row says of it.

    ridge : None
        Trees have no noise of their labels.

    of_columns : bool
        False: factors of columns play no part.
    """

    ridge = None
    of_columns = False

    def __init__(self, X, Y, folds, kept, classes, random_state):
        self.center = 1.0 / Y.shape[1] if classes else 0.0
        self.shape = Y.shape[1:]
        labels = Y.argmax(axis=1) if classes else Y[:, 0] if Y.shape[1] == 1 else Y
        parts = folds % N_COMMITTEES
        make = ExtraTreesClassifier if classes else ExtraTreesRegressor
        self.committees, held_out = [], np.zeros(Y.shape)
        for part in np.unique(parts):
            rest = parts != part
            trees = make(
                N_TREES // N_COMMITTEES, random_state=random_state.randint(2**31 - 1)
            )
            trees.fit(X[rest], labels[rest])
            self.committees.append(trees)
            held_out[~rest] = self._vote(trees, X[~rest])
        self.held_out = held_out[kept]

    def _vote(self, trees, X):
        if not hasattr(trees, "classes_"):
            return trees.predict(X).reshape(len(X), *self.shape)
        votes = np.zeros((len(X), *self.shape))
        votes[:, trees.classes_] = trees.predict_proba(X)
        return votes - self.center

    def predict(self, seen):
        """Average the committees' outputs for rows whose parts are seen."""
        X = seen["features"].astype(np.float32)
        return np.mean([self._vote(trees, X) for trees in self.committees], axis=0)
