"""Second moments of the data, all that the exact mode needs of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg, sparse

from .._types import Rows
from ._checks import check_moments, check_rows, check_weights

CHUNK_ROWS = 65_536


@dataclass(frozen=True)
class Moments:
    """What the exact mode needs of the data.

    Parameters
    ----------
    A_l, A_u : ndarray of shape (n_features, n_features) or (n_features,)
        Second moments of the labelled and of the unlabelled rows; vectors stand for
        diagonal matrices.

    b : ndarray of shape (n_features,) or (n_features, n_outputs)
        ``X_l' y_l / n_l``.

    n_u : int
        Number of unlabelled rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lga.linear import Moments
    >>> A_l, A_u = Moments(np.array([1.0, 2.0]), np.ones(2), np.ones(2), 10).matrices()
    >>> A_l
    array([[1., 0.],
           [0., 2.]])
    """

    A_l: np.ndarray
    A_u: np.ndarray
    b: np.ndarray
    n_u: int

    def matrices(self) -> tuple[np.ndarray, np.ndarray]:
        """A_l and A_u as matrices, also where they are kept as vectors.

        Returns
        -------
        A_l, A_u : ndarray of shape (n_features, n_features)
            Diagonal matrices in place of vectors.
        """
        A_l, A_u = (np.diag(A) if A.ndim == 1 else A for A in (self.A_l, self.A_u))
        return A_l, A_u


def checked(moments):
    """Moments in float64, refused where they are none."""
    names = ("A_l", "A_u", "b", "n_u")
    if not all(hasattr(moments, name) for name in names):
        raise TypeError(
            f"moments must be Moments, as data_moments gives them, got {moments!r}."
        )
    return Moments(*check_moments(*(getattr(moments, name) for name in names)))


def second_moment(X, y=None, center=None, weights=None):
    """``(X - c)' W (X - c) / n``, or ``(X - c)' W y / n``, in chunks of rows.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_rows, n_features)
        Rows of any real dtype; a CSR matrix is never made dense, nor changed.

    y : ndarray of shape (n_rows,) or (n_rows, n_outputs), default=None
        None: X itself.

    center : ndarray of shape (n_features,), default=None
        c, the weighted mean; None means zero.

    weights : ndarray of shape (n_rows,), default=None
        The diagonal of W, with a mean of 1; None means 1 for each.

    Returns
    -------
    moment : ndarray of shape (n_features, n_features) or (n_features, n_outputs)
    """
    n_rows = X.shape[0]
    if sparse.issparse(X):
        X = X.astype(np.float64)
        if center is not None:
            X, center = _centered_where_whole(X, center, weights)
        weighted = X if weights is None else sparse.diags(weights) @ X
        moment = (X.T @ weighted).toarray() if y is None else weighted.T @ y
        if center is not None:
            other = n_rows * center
            if y is not None:
                other = y.sum(axis=0) if weights is None else weights @ y
            moment = moment - np.multiply.outer(center, other)
        return moment / n_rows
    total = 0.0
    for start in range(0, n_rows, CHUNK_ROWS):
        rows = slice(start, start + CHUNK_ROWS)
        chunk = X[rows].astype(np.float64)
        if center is not None:
            chunk -= center
        weighted = chunk if weights is None else weights[rows, np.newaxis] * chunk
        total = total + weighted.T @ (chunk if y is None else y[rows])
    return total / n_rows


def _centered_where_whole(X, center, weights):
    """CSR rows with their whole columns centred, and the centre that is left.

    To subtract n c c' from X' X would cancel the digits of a column whose mean is large
    beside its deviation. Where no entry of it is left out, c is subtracted from them
    first; any other column deviates by c itself where one is.
    """
    X.sum_duplicates()
    whole = np.bincount(X.indices, minlength=X.shape[1]) == X.shape[0]
    X.data -= np.where(whole, center, 0.0)[X.indices]
    return X, column_means(X, weights)


def column_means(X, weights=None):
    """Means of the features, in float64 whatever the dtype of the rows.

    ``weights`` (n_rows,) are those of a weighted mean.
    """
    if weights is not None:
        return np.asarray(weights @ X).ravel() / weights.sum()
    if sparse.issparse(X):
        X = X.astype(np.float64)
    return np.asarray(X.mean(axis=0, dtype=np.float64)).ravel()


def data_moments(
    X_labeled: Rows,
    y_labeled: ArrayLike,
    X_unlabeled: Rows,
    *,
    center: bool = False,
    sample_weight: ArrayLike | None = None,
) -> Moments:
    """The moments of the data, in one pass over it.

    Parameters
    ----------
    X_labeled : {array-like, sparse matrix} of shape (n_labeled, n_features)
        Labelled rows.

    y_labeled : array-like of shape (n_labeled,) or (n_labeled, n_outputs)
        Their targets.

    X_unlabeled : {array-like, sparse matrix} of shape (n_unlabeled, n_features)
        Unlabelled rows.

    center : bool, default=False
        Centre the labelled rows and targets by their means, the unlabelled rows by
        their own: the fixed point is then least squares with an intercept.

    sample_weight : array-like of shape (n_labeled,), default=None
        Weights of the labelled rows' losses, of which only ratios count.

    Returns
    -------
    moments : Moments
        With vectors A_l and A_u where both matrices are diagonal.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lga.linear import data_moments
    >>> moments = data_moments(np.eye(2), [1.0, 2.0], 2 * np.eye(2))
    >>> moments.A_u, moments.b
    (array([2., 2.]), array([0.5, 1. ]))
    """
    X_l, y, X_u = check_rows(X_labeled, y_labeled, X_unlabeled)
    if not isinstance(center, bool | np.bool_):
        raise ValueError(f"center must be True or False, got {center!r}.")
    weights = check_weights(sample_weight, X_l.shape[0])
    centers = (None, None)
    if center:
        centers = column_means(X_l, weights), column_means(X_u)
        y = y - np.average(y, axis=0, weights=weights)
    A_l = second_moment(X_l, center=centers[0], weights=weights)
    A_u = second_moment(X_u, center=centers[1])
    b = second_moment(X_l, y, center=centers[0], weights=weights)
    if all(np.count_nonzero(A) == np.count_nonzero(np.diag(A)) for A in (A_l, A_u)):
        A_l, A_u = np.diag(A_l).copy(), np.diag(A_u).copy()
    return Moments(A_l, A_u, b, X_u.shape[0])


def product(A, v):
    """A v, A being a matrix or the diagonal of one."""
    if A.ndim == 2:
        return A @ v
    return (A * v.T).T


def range_basis(A):
    """Orthonormal basis of the range of a second moment, and its eigenvalues.

    Eigenvalues below ``100 n_features`` times the rounding of the largest are zero.
    """
    eigenvalues, Q = linalg.eigh(A)
    rounding = 100 * len(A) * np.finfo(np.float64).eps
    seen = eigenvalues > rounding * eigenvalues.max(initial=0.0)
    return Q[:, seen], eigenvalues[seen]


def minimum_norm_solution(A, b):
    """The coefficients of minimum norm with ``A coef = b``, A a second moment.

    Where A is regular, features on very different scales do no harm: it is scaled to
    a unit diagonal first.
    """
    unit, scale = _unit_diagonal(A)
    Q, eigenvalues = range_basis(unit)
    if len(eigenvalues) < len(A):
        (Q, eigenvalues), scale = range_basis(A), np.ones(len(A))
    scaled = Q @ ((Q.T @ (b.T / scale).T).T / eigenvalues).T
    return (scaled.T / scale).T


def is_regular(A):
    """Whether a second moment has full rank, whatever the features' scales."""
    unit, _ = _unit_diagonal(A)
    return len(range_basis(unit)[1]) == len(A)


def _unit_diagonal(A):
    """A second moment scaled to a unit diagonal, and the scales of the features.

    A feature that is zero keeps its zero.
    """
    scale = np.sqrt(np.diag(A))
    scale = np.where(scale > 0.0, scale, 1.0)
    return A / np.multiply.outer(scale, scale), scale
