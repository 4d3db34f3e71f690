"""A table in the forms that views are made of."""

import numpy as np

from .bins import Bins
from .clusters import Clusters

MAX_ENCODED = 1_000
"""A table with more encoded columns has no bins."""

MAX_LANDMARKS = 10_000
"""Bins and clusters are made of so many rows at most."""

CHUNK = 10_000
"""So many rows are seen at a time."""


class Table:
    """All rows of a table, labelled or not.

    Columns are centred and have unit variance. Those of two values keep a distance
    of 1 between them, as a rare value would outweigh all else; constant ones are 0.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)

    with_clusters : bool
        Whether clusters and neighbourhoods are among its parts.
    """

    def __init__(self, X, with_clusters):
        self.X = X
        low, high = X.min(axis=0).astype(np.float64), X.max(axis=0).astype(np.float64)
        two_valued = np.all((low == X) | (high == X), axis=0)
        spread = X.std(axis=0, dtype=np.float64)
        spread = np.where(two_valued, high - low, spread)
        varies = spread > 1e-7 * np.maximum(np.abs(low), np.abs(high))
        self.center = X.mean(axis=0, dtype=np.float64)
        self.scale = np.where(varies, 1.0 / np.where(varies, spread, 1.0), 0.0)
        features = self.standardized(X[landmark_rows(len(X))])
        self.bins = Bins(features)
        self.clusters = Clusters(features) if with_clusters else None

    def standardized(self, X):
        """Centre and scale the columns of rows."""
        return (X - self.center) * self.scale

    def see(self, X):
        """Make all parts of some rows, by name.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)

        Returns
        -------
        parts : dict of str to ndarray
            ``features``, and ``bins``, ``clusters_5``, ``neighborhood_10`` and the like
            where the table has them.
        """
        features = self.standardized(X)
        parts = {"features": features}
        if 0 < len(self.bins.columns) <= MAX_ENCODED:
            parts["bins"] = self.bins.encode(features)
        if self.clusters is None:
            return parts
        made_of = X is self.X and len(X) <= MAX_LANDMARKS
        return parts | self.clusters.see(features, made_of)

    def chunks(self, X):
        """Slice rows by those seen at a time; the table's own are one slice, if few."""
        size = MAX_LANDMARKS if X is self.X and len(X) <= MAX_LANDMARKS else CHUNK
        return [slice(start, start + size) for start in range(0, len(X), size)]


def landmark_rows(n_rows):
    """Choose rows that stand for all, the same ones at each call."""
    if n_rows <= MAX_LANDMARKS:
        return slice(None)
    random = np.random.RandomState(0)
    return np.sort(random.choice(n_rows, MAX_LANDMARKS, replace=False))
