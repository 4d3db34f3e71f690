"""A table in the forms that views are made of."""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import norm as sparse_norm
from sklearn.utils.extmath import randomized_svd
from sklearn.utils.sparsefuncs import mean_variance_axis

from .bins import Bins
from .clusters import Clusters

MAX_ENCODED = 1_000
"""A table with more encoded columns has no bins."""

MAX_LANDMARKS = 5_000
"""Bins and clusters are made of so many rows at most."""

MAX_KEPT = 10_000
"""Parts of so many rows are kept at hand while a closed form is fitted."""

N_COMPONENTS = 100
"""A sparse table is seen in so many directions, of its largest singular values."""

FARTHEST = 1e8
"""Columns of rows that the table is not made of go so far, as float32 has limits."""

CHUNK = 5_000
"""So many rows are seen at a time."""


class Table:
    """All rows of a table, labelled or not.

    Columns are centred and have unit variance. Those of two values keep a distance
    of 1 between them, as a rare value would outweigh all else; constant ones are 0.
    A sparse table is projected on its leading singular vectors, which keep their
    proportions; where these leave columns out, it is seen as it is, too.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_rows, n_features)
        Finite. It is not kept.

    with_clusters : bool
        Whether clusters and neighbourhoods are among its parts.

    Attributes
    ----------
    n_rows : int

    projection : ndarray of shape (n_columns, n_features) or None
        Of a sparse table.

    unit : float or None
        The length of a row of a sparse table, the root of its mean square. None where
        all of the table is in its projection.

    center, scale : ndarray of shape (n_columns,)

    bins : Bins

    clusters : Clusters or None
    """

    def __init__(self, X, with_clusters):
        self.n_rows = X.shape[0]
        landmarks = X[some_rows(self.n_rows, MAX_LANDMARKS)]
        self.projection = self.unit = None
        if sparse.issparse(X):
            self.projection = leading_directions(landmarks)
            if X.shape[1] > N_COMPONENTS:
                self.unit = root_mean_square_length(landmarks)
            columns = landmarks @ self.projection.T
            self.center = columns.mean(axis=0)
            spread = np.sqrt(columns.var(axis=0).mean())
            varies = spread > 1e-7 * abs(columns).max()
            spread = np.full(len(self.center), spread if varies else 0.0)
        else:
            self.center, spread = spread_of_columns(X)
        self.scale = np.divide(1.0, spread, out=np.zeros(len(spread)), where=spread > 0)
        features = self.features(landmarks)
        self.bins = Bins(features)
        self.clusters = Clusters(features) if with_clusters else None

    def features(self, X):
        """Columns of rows, centred and scaled, (n_rows, n_columns).

        In single precision where X is, which predictions are then computed in.
        """
        if self.projection is not None:
            X = X @ self.projection.T
        elif sparse.issparse(X):
            X = X.toarray()
        columns = (X - self.center) * self.scale
        precision = np.float32 if X.dtype == np.float32 else np.float64
        return np.clip(columns, -FARTHEST, FARTHEST, out=columns).astype(precision)

    def of_features(self, part, shares):
        """Shares of the features, from those of a part's columns; clusters: none."""
        if part == "sparse":
            return shares
        columns = np.zeros(len(self.scale))
        if part == "bins":
            np.add.at(columns, self.bins.columns, shares)
        elif "clusters" not in part:
            columns += shares
        if self.projection is None:
            return columns
        return np.square(self.projection).T @ columns

    def see(self, X, parts=None, made_of=False):
        """Make parts of some rows, by name.

        Parameters
        ----------
        X : ndarray or CSR matrix of shape (n_rows, n_features)

        parts : container of str, optional
            Their names; by default all there are.

        made_of : bool
            Whether these are the rows that the clusters are made of.

        Returns
        -------
        parts : dict of str to ndarray or CSR array
            ``features``, and ``bins``, ``sparse``, ``clusters_5``, ``neighborhood_10``
            and the like where the table has them.
        """
        features = self.features(X)
        seen = {"features": features}
        if 0 < len(self.bins.columns) <= MAX_ENCODED:
            seen["bins"] = self.bins.encode(features)
        if self.unit is not None:
            seen["sparse"] = scaled_rows(X, self.unit)
        if self.clusters is not None and (parts is None or wants_graph(parts)):
            seen |= self.clusters.see(features, made_of)
        return {n: part for n, part in seen.items() if parts is None or n in parts}


class TableRows:
    """The rows that a table was made of; those that are looked at again are kept.

    Parameters
    ----------
    table : Table

    X : ndarray or CSR matrix of shape (n_rows, n_features)
    """

    def __init__(self, table, X):
        self.table = table
        self.X = X
        self.kept = None
        if table.n_rows <= MAX_KEPT:
            made_of = table.n_rows <= MAX_LANDMARKS
            self.kept = table.see(X, made_of=made_of)
        if table.clusters is not None:
            table.clusters.own = None  # neighbours of its landmarks, looked up by now

    def drop_but(self, parts):
        """Keep no other parts at hand; no others are to be seen any more."""
        if self.kept is not None:
            self.kept = {name: self.kept[name] for name in parts}

    def see(self, rows, parts=None):
        """Make parts of some rows, by name, as :meth:`Table.see` does."""
        if self.kept is None:
            return self.table.see(self.X[rows], parts)
        kept = self.kept.items()
        return {n: p[rows] for n, p in kept if parts is None or n in parts}


def chunks(n_rows):
    """Slices of so many rows, ``CHUNK`` each at most; none for no row."""
    return [slice(start, start + CHUNK) for start in range(0, n_rows, CHUNK)]


def wants_graph(parts):
    """Whether any of the parts takes a search for neighbours."""
    return any(name not in ("features", "bins", "sparse") for name in parts)


def leading_directions(X):
    """Right singular vectors of a sparse table, (n_directions, n_features).

    Those of singular values that are 0 but for rounding are left out.
    """
    unit = float(abs(X).max()) or 1.0
    n_directions = min(N_COMPONENTS, *X.shape)
    X = X.astype(np.float64) / unit
    _, values, directions = randomized_svd(X, n_directions, random_state=0)
    return directions[: max(1, (values > 1e-6 * values[0]).sum())]


def root_mean_square_length(X):
    """Root of the mean square length of rows of a CSR matrix; 1 where all are 0."""
    largest = float(abs(X).max()) or 1.0
    return largest * float(sparse_norm(X / largest) / np.sqrt(X.shape[0])) or 1.0


def scaled_rows(X, unit):
    """Rows of a CSR matrix over a length, as an array; no entry is too large."""
    rows = sparse.csr_array(X) / unit
    np.clip(rows.data, -FARTHEST, FARTHEST, out=rows.data)
    return rows


def variances_of(columns):
    """Variances of the columns of an array, dense or CSR."""
    if sparse.issparse(columns):
        return mean_variance_axis(columns, axis=0)[1]
    return columns.var(axis=0)


def spread_of_columns(X):
    """Mean and spread of the columns; a spread of 0 is that of constant ones.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Read a part at a time.

    Returns
    -------
    mean, spread : ndarray of shape (n_columns,)
        The spread is the standard deviation, or the distance of two values.
    """
    low, high = (f(axis=0).astype(np.float64) for f in (X.min, X.max))
    mean = X.mean(axis=0, dtype=np.float64)
    square, two_valued = np.zeros(X.shape[1]), np.ones(X.shape[1], dtype=bool)
    for rows in chunks(len(X)):
        chunk = X[rows]
        square += np.square(chunk - mean).sum(axis=0)
        two_valued &= ((chunk == low) | (chunk == high)).all(axis=0)
    spread = np.where(two_valued, high - low, np.sqrt(square / len(X)))
    largest = np.maximum(np.abs(low), np.abs(high))
    varies = spread > np.maximum(1e-7 * largest, np.finfo(np.float32).tiny)
    return mean, np.where(varies, spread, 0.0)


def some_rows(n_rows, n_wanted, seed=0):
    """Choose rows that stand for all, the same ones at each call with a seed."""
    if n_rows <= n_wanted:
        return np.arange(n_rows)
    random = np.random.RandomState(seed)
    return np.sort(random.choice(n_rows, n_wanted, replace=False))
