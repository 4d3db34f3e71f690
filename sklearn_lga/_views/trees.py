"""Extremely randomized trees: the view that learns where to split."""

import warnings

import numpy as np
from sklearn.tree import ExtraTreeClassifier, ExtraTreeRegressor

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
    committees : list of list
        Trees without each part of the rows: those that scikit-learn's forests would
        have, without a forest around them, which takes longer than trees of few rows.

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
        X, self.classes = np.ascontiguousarray(X, dtype=np.float32), classes
        self.committees, self.held_out = [], np.zeros(Y.shape)
        for part in range(N_PARTS):
            rest = folding.parts != part
            seeds = np.random.RandomState(random_state.randint(2**31 - 1))
            trees = [self._tree(seeds) for _ in range(N_TREES // N_PARTS)]
            with warnings.catch_warnings():
                # Many classes of few labels are no targets, as a tree may think.
                warnings.filterwarnings("ignore", "The number of unique classes")
                for tree in trees:
                    tree.fit(X[rest], labels[rest], weights[rest], check_input=False)
            self.committees.append(trees)
            if not rest.all():
                self.held_out[~rest] = self._vote(trees, X[~rest])

    def _tree(self, random_state):
        seed = random_state.randint(2**31 - 1)
        make = ExtraTreeClassifier if self.classes else ExtraTreeRegressor
        return make(random_state=seed)

    def _vote(self, trees, X):
        if not self.classes:
            outputs = [tree.predict(X, check_input=False) for tree in trees]
            return np.mean(outputs, axis=0).reshape(len(X), *self.shape)
        votes = np.zeros((len(X), *self.shape))
        proba = [tree.predict_proba(X, check_input=False) for tree in trees]
        votes[:, trees[0].classes_] = np.mean(proba, axis=0)
        return votes - self.center

    @staticmethod
    def column_squares():
        """Nothing: trees see the order of each column only."""
        return {}

    def shares(self, table, variances):
        """How much purer each feature makes the leaves, (n_features,)."""
        trees = [tree for committee in self.committees for tree in committee]
        found = np.sum([tree.feature_importances_ for tree in trees], axis=0)
        return table.of_features("features", found / max(found.sum(), 1e-300))

    def predict(self, seen):
        """Average the committees' outputs for rows whose parts are seen."""
        return self.predict_each(seen)[0]

    def predict_each(self, seen):
        """Give their mean, then each one: (1 + N_PARTS, n_rows, n_outputs)."""
        X = seen["features"].astype(np.float32)
        votes = np.array([self._vote(trees, X) for trees in self.committees])
        return np.concatenate([votes.mean(axis=0, keepdims=True), votes])
