"""Clusters of a table, and neighbourhoods: what unlabelled rows tell by themselves."""

import numpy as np
from scipy import sparse
from scipy.linalg import eigh
from scipy.sparse.linalg import ArpackError, ArpackNoConvergence, eigsh
from scipy.special import softmax
from sklearn.neighbors import NearestNeighbors

SIZES = 5, 10
"""Graphs have so many neighbours of a row.

Few keep thin clusters apart, more bear sparse ones.
"""

NEIGHBORHOODS = 10, 40
"""A row is averaged with so many neighbours."""

N_COMPONENTS = 40
"""A graph gives so many functions at most."""

ALPHA = 0.999
"""In label spreading, this share of a row's label comes from its neighbours."""

FAINT = 1e-6
"""No edge has a lower weight, not even that of a row far from all others."""

SAME = 1e-3
"""A row is a landmark up to this distance from it, over that to the last neighbour."""

MAX_TREE = 5
"""In more columns than this all distances are computed, as no tree is faster."""

LEAST = 4
"""Fewer distinct rows have no clusters."""

DENSE = 500
"""Up to so many landmarks all eigenvectors are computed."""


class Clusters:
    """Smooth functions on graphs of nearest neighbours, as columns.

    The eigenvectors of D^-1 A, A the symmetrized graph and D its degrees, are nearly
    constant where rows lie close together and change between clusters [1]_. Each is
    scaled by (1 - alpha lambda)^-1/2, so that inner products are label spreading's
    kernel (1 - alpha S)^-1 in these directions [2]_. Edges have the weights
    exp(-d_ij^2 / (s_i s_j)), s the distance to a row's last neighbour [3]_. Duplicate
    rows are one node. Labels are not used.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Rows, the landmarks; some thousand at most.

    Attributes
    ----------
    maps : dict of int to tuple
        Eigenvalues, eigenvectors and the landmarks' s, by the number of neighbours;
        empty where there are fewer than ``LEAST`` distinct rows.

    References
    ----------
    .. [1] M. Belkin and P. Niyogi, "Laplacian Eigenmaps", Neural Computation, 2003.
    .. [2] D. Zhou et al., "Learning with Local and Global Consistency", 2003.
    .. [3] L. Zelnik-Manor and P. Perona, "Self-Tuning Spectral Clustering", 2004.
    """

    def __init__(self, X):
        X = X.astype(np.float32)
        self.landmarks, node = np.unique(X, axis=0, return_inverse=True)
        n = len(self.landmarks)
        self.maps = {}
        self.n_neighbors = min(max(NEIGHBORHOODS), n - 1)
        if n < LEAST:
            return
        algorithm = "kd_tree" if X.shape[1] <= MAX_TREE else "brute"
        self.search = NearestNeighbors(
            n_neighbors=self.n_neighbors + 1, algorithm=algorithm
        )
        self.search.fit(self.landmarks)
        distances, neighbors = self.search.kneighbors(self.landmarks)
        self.own = distances[node.ravel()], neighbors[node.ravel()]
        for size in sorted({min(size, self.n_neighbors) for size in SIZES}):
            near = slice(1, size + 1)
            graph = self_tuned_graph(distances[:, near], neighbors[:, near])
            values, vectors = leading_eigenvectors(graph)
            if len(values):
                self.maps[size] = values, vectors, distances[:, size]

    def see(self, X, made_of=False):
        """Coordinates of rows in each graph, and the mean of their neighbourhood.

        A landmark has its own coordinates (its distance to itself has a rounding
        error). Any other row has the weighted mean of its neighbours' over the
        eigenvalue (Nystroem's extension), shrunk where that is small.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)

        made_of : bool
            Whether these are the rows that the graphs are made of, which are looked up
            once.

        Returns
        -------
        parts : dict of str to ndarray
            ``clusters_5``, ``neighborhood_10`` and the like.
        """
        if not self.maps:
            return {}
        if made_of:
            distances, neighbors = self.own
            self.own = None
        else:
            distances, neighbors = self.search.kneighbors(X.astype(np.float32))
        known = distances[:, 0] <= SAME * distances[:, -1]
        parts = self._means(X, neighbors, known)
        for size, (values, vectors, radius) in self.maps.items():
            columns = vectors[neighbors[:, 0]]
            columns[~known] = extended(
                distances[~known, :size],
                neighbors[~known, :size],
                values,
                vectors,
                radius,
            )
            columns *= np.sqrt((1.0 - ALPHA) / (1.0 - ALPHA * values))
            parts[f"clusters_{size}"] = columns
        return parts

    def _means(self, X, neighbors, known):
        """Average a row and its neighbours, as many for landmarks as for others."""
        parts = {}
        for size in sorted({min(size, self.n_neighbors) for size in NEIGHBORHOODS}):
            near = neighbors[:, : size + 1]
            used = np.ones(near.shape, dtype=np.float32)
            used[~known, -1] = 0.0
            total = edges(used, near, len(self.landmarks)) @ self.landmarks
            total = total + X * ~known[:, None]
            parts[f"neighborhood_{size}"] = total / (size + 1.0)
        return parts


def extended(distances, neighbors, values, vectors, radius):
    """Extend eigenvectors to new rows, from their nearest landmarks."""
    own = np.maximum(distances[:, -1:], 1e-12)
    logs = -(distances**2) / (own * np.maximum(radius[neighbors], 1e-12))
    mean = edges(softmax(logs, axis=1), neighbors, len(vectors)) @ vectors
    return mean * values / (values**2 + 0.01)


def edges(weights, neighbors, n_landmarks):
    """Weights from rows to their neighbours, a CSR matrix (n_rows, n_landmarks)."""
    n_rows, size = neighbors.shape
    starts = np.arange(0, n_rows * size + 1, size)
    shape = n_rows, n_landmarks
    return sparse.csr_matrix((weights.ravel(), neighbors.ravel(), starts), shape)


def self_tuned_graph(distances, neighbors):
    """Symmetrize the weights exp(-d_ij^2 / (s_i s_j)); they are a CSR matrix."""
    radius = np.maximum(distances[:, -1], 1e-12)
    weights = np.exp(-(distances**2) / (radius[:, None] * radius[neighbors]))
    graph = edges(np.maximum(weights, FAINT), neighbors, len(neighbors))
    return graph.maximum(graph.T).tocsr()


def leading_eigenvectors(graph):
    """Eigenvectors of D^-1 A with unit mean square, constant ones left out.

    Parameters
    ----------
    graph : CSR matrix of shape (n, n)
        A, symmetric; it may be disconnected: 1 is then a multiple eigenvalue.

    Returns
    -------
    values : ndarray of shape (n_components,)
        Positive eigenvalues; none where they could not be computed.

    vectors : ndarray of shape (n, n_components)
    """
    n = graph.shape[0]
    root = np.sqrt(np.asarray(graph.sum(axis=1)).ravel())
    scale = sparse.diags(1.0 / root)
    normalized = (scale @ graph @ scale).astype(np.float32)
    wanted = min(N_COMPONENTS + 1, n - 1)
    if n <= DENSE:
        first = [n - wanted, n - 1]
        values, vectors = eigh(normalized.toarray(), subset_by_index=first)
    else:
        values, vectors = sparse_eigenvectors(normalized, wanted)
    vectors = vectors.astype(np.float64) / root[:, None]
    vectors /= np.sqrt(np.mean(vectors**2, axis=0))
    # In float32 a constant one varies by some 1e-4 of its size.
    varying = (vectors.std(axis=0) > 1e-2) & (values > 1e-6)
    values = np.minimum(values[varying], 1.0).astype(np.float64)
    return values, vectors[:, varying]


def sparse_eigenvectors(matrix, wanted):
    """Compute those of the largest eigenvalues, as far as they converge."""
    random = np.random.RandomState(0)
    start = random.uniform(-1.0, 1.0, matrix.shape[0]).astype(matrix.dtype)
    try:
        return eigsh(matrix, wanted, which="LA", v0=start, tol=1e-3, maxiter=300)
    except ArpackNoConvergence as error:
        return error.eigenvalues, error.eigenvectors
    except ArpackError:
        return np.empty(0), np.empty((matrix.shape[0], 0))
