"""Laplacian eigenmaps: coordinates of rows along the clusters of a table."""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, eigsh
from sklearn.neighbors import KNeighborsRegressor, kneighbors_graph
from sklearn.utils import gen_batches

N_NEIGHBORS = 10
"""Of a row, in the graph and in the mean that gives its coordinates."""

MAX_LANDMARKS = 10_000
"""Rows, at most, that the graph is made of."""

ALPHA = 0.99
"""Share of a row's label that comes from its neighbours, in label spreading."""

CHUNK = 10_000
"""Rows whose neighbours are looked for at a time."""


class Eigenmaps:
    """Smooth functions on the neighbour graph of a table, as features.

    The leading eigenvectors of D^-1 A, where A is the symmetrized graph of each row's
    nearest neighbours and D holds its degrees: they are nearly constant where rows
    lie close together and change between clusters [1]_. Each is weighted by
    1 / (1 - alpha lambda), what label spreading amplifies it by [2]_, lambda being
    its eigenvalue: the smoother the more. Labels are not used. The coordinates of
    any row are the mean of those of its nearest rows in the graph.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Rows. Of more than ``MAX_LANDMARKS``, as many are drawn, the same ones at each
        call.

    n_components : int
        Coordinates, fewer than the rows of the graph.

    References
    ----------
    .. [1] M. Belkin and P. Niyogi, "Laplacian Eigenmaps for Dimensionality Reduction
       and Data Representation", Neural Computation, 2003.
    .. [2] D. Zhou, O. Bousquet, T. N. Lal, J. Weston and B. Schoelkopf, "Learning
       with Local and Global Consistency", NeurIPS 2003.
    """

    def __init__(self, X, n_components):
        self.n_components = n_components
        landmarks = np.asarray(X[landmark_rows(len(X))], dtype=np.float32)
        values, vectors = leading_eigenvectors(neighbor_graph(landmarks), n_components)
        weights = 1.0 / (1.0 - ALPHA * values)
        vectors *= weights / np.sqrt(np.mean(weights**2))
        with np.errstate(invalid="ignore"):
            self.regressor = KNeighborsRegressor(N_NEIGHBORS).fit(
                landmarks, vectors.astype(np.float32)
            )

    def coordinates(self, X):
        """Coordinates of rows.

        Parameters
        ----------
        X : ndarray or CSR matrix of shape (n_rows, n_features)
            A part of it at a time is made dense.

        Returns
        -------
        coordinates : ndarray of float32, shape (n_rows, n_components)
            Their mean square is about 1.
        """
        coordinates = np.empty((X.shape[0], self.n_components), dtype=np.float32)
        for rows in gen_batches(X.shape[0], CHUNK):
            chunk = X[rows].toarray() if sparse.issparse(X) else X[rows]
            with np.errstate(invalid="ignore"):  # sums near the limit, in checks
                chunk = np.asarray(chunk, dtype=np.float32)
                coordinates[rows] = self.regressor.predict(chunk)
        return coordinates


def n_landmarks(n_rows):
    """Rows of the graph."""
    return min(n_rows, MAX_LANDMARKS)


def landmark_rows(n_rows):
    """Which rows the graph is made of."""
    if n_rows <= MAX_LANDMARKS:
        return slice(None)
    random = np.random.RandomState(0)
    return np.sort(random.choice(n_rows, MAX_LANDMARKS, replace=False))


def neighbor_graph(X):
    """Symmetrized adjacency of nearest neighbours, a CSR matrix."""
    with np.errstate(invalid="ignore"):  # sums near the limit, in checks
        graph = kneighbors_graph(X, N_NEIGHBORS)
    return (0.5 * (graph + graph.T)).tocsr()


def leading_eigenvectors(adjacency, n_components):
    """Eigenvectors of D^-1 A beside the constant one, with unit variance.

    Parameters
    ----------
    adjacency : CSR matrix of shape (n_rows, n_rows)
        A, symmetric.

    n_components : int

    Returns
    -------
    values : ndarray of shape (n_components,)
        Eigenvalues, the largest first.

    vectors : ndarray of shape (n_rows, n_components)
        In the same order.
    """
    root = np.sqrt(np.asarray(adjacency.sum(axis=1)).ravel())
    scale = sparse.diags(1.0 / root)
    normalized = scale @ adjacency @ scale
    constant = root / np.linalg.norm(root)
    deflated = LinearOperator(  # the constant one's eigenvalue, 1, made 0
        normalized.shape,
        lambda v: normalized @ v - constant * (constant @ v),
        dtype=np.float64,
    )
    start = np.random.RandomState(0).uniform(-1.0, 1.0, len(root))
    values, vectors = eigsh(deflated, n_components, which="LA", v0=start)
    vectors = vectors[:, ::-1] / root[:, None]
    return values[::-1], vectors / vectors.std(axis=0)
