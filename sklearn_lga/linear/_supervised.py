"""Supervised linear regression: its solution and the way there (Eqs. 5 to 7)."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg, sparse

from .._types import Rows
from ._checks import (
    as_response,
    as_rows,
    check_positive,
    check_real_finite,
    check_steps,
)
from ._moments import minimum_norm_solution, range_basis, second_moment


def least_squares(X: Rows, y: ArrayLike) -> np.ndarray:
    """Least squares, the limit of gradient descent from zero (Eqs. 5 and 6).

    Where X has not full column rank, it is the solution of minimum norm.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_rows, n_features)
        Rows.

    y : array-like of shape (n_rows,) or (n_rows, n_outputs)
        Targets.

    Returns
    -------
    coef : ndarray of shape (n_features,) or (n_features, n_outputs)
        The solution theta.

    Examples
    --------
    >>> from sklearn_lga.linear import least_squares
    >>> least_squares([[1.0, 0.0], [0.0, 2.0]], [1.0, 1.0])
    array([1. , 0.5])
    """
    X = as_rows(X, "X")
    y = as_response(y, X.shape[0], "y")
    if sparse.issparse(X):
        return minimum_norm_solution(second_moment(X), second_moment(X, y))
    return linalg.lstsq(X.astype(np.float64), y)[0]


def gradient_descent_path(
    X: Rows, y: ArrayLike, lr: float, steps: ArrayLike
) -> np.ndarray:
    """Gradient descent on the squared error from zero, at any steps (Eq. 7).

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_rows, n_features)
        Rows.

    y : array-like of shape (n_rows,) or (n_rows, n_outputs)
        Targets.

    lr : float
        The step size alpha.

    steps : sequence of int
        Numbers of updates, each >= 0; ``np.inf`` is the limit.

    Returns
    -------
    coefs : ndarray of shape (len(steps), n_features) or (..., n_outputs)
        One model for each of the steps, in their order.

    Raises
    ------
    ValueError
        If ``lr`` is 2 or more over the largest eigenvalue of ``X' X / n``: the
        iteration would diverge.

    Examples
    --------
    >>> from sklearn_lga.linear import gradient_descent_path
    >>> gradient_descent_path([[1.0]], [2.0], 0.5, [0, 1, 2, float("inf")]).ravel()
    array([0. , 1. , 1.5, 2. ])
    """
    X = as_rows(X, "X")
    y = as_response(y, X.shape[0], "y")
    return descend(second_moment(X), second_moment(X, y), lr, steps)


def descend(A, b, lr, steps):
    """:func:`gradient_descent_path` from the moments A = X' X / n and b = X' y / n."""
    steps = check_steps(steps, "steps")
    check_positive(lr, "lr")
    largest = linalg.eigvalsh(A)[-1]
    if lr * largest >= 2.0:
        raise ValueError(
            f"lr={lr:g} makes gradient descent diverge: it must be below "
            f"2 / lambda_max = {2.0 / largest:.6g}, where lambda_max = {largest:.6g} "
            "is the largest eigenvalue of X' X / n."
        )
    return eq_7(A, b, lr, steps)


def eq_7(A, b, lr, steps):
    """Eq. 7 at each of the steps.

    Directions of eigenvalue zero, to rounding, stay at zero: b has no part there.
    """
    Q, eigenvalues = range_basis(A)
    projected = (Q.T @ b).T
    return np.stack(
        [
            minimum_norm_solution(A, b)
            if np.isinf(k)
            else Q @ (_learned_share(lr * eigenvalues, k) / eigenvalues * projected).T
            for k in steps
        ]
    )


def _learned_share(x, k):
    """``1 - (1 - x)^k``, x in (0, 2), without cancellation where x is small."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x < 1.0, -np.expm1(k * np.log1p(-x)), 1.0 - (1.0 - x) ** k)


def convergence_coefficients(
    coef: ArrayLike, X_labeled: Rows, y_labeled: ArrayLike
) -> np.ndarray:
    """How far each feature's coefficient has come, c of Eqs. 12 and 28.

    For uncorrelated features, c_i = lambda_i^l theta_i / b_i is 1 where theta_i is the
    least-squares solution.

    Parameters
    ----------
    coef : array-like of shape (..., n_features) or (..., n_features, n_outputs)
        theta at one or several steps.

    X_labeled : {array-like, sparse matrix} of shape (n_labeled, n_features)
        Labelled rows.

    y_labeled : array-like of shape (n_labeled,) or (n_labeled, n_outputs)
        Their targets.

    Returns
    -------
    c : ndarray, shaped like coef
        NaN for a feature that is uncorrelated with the target (b_i = 0).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lga.linear import convergence_coefficients
    >>> convergence_coefficients([0.5, 2.0], np.eye(2), [1.0, 2.0])
    array([0.5, 1. ])
    """
    X = as_rows(X_labeled, "X_labeled")
    y = as_response(y_labeled, X.shape[0], "y_labeled")
    b = second_moment(X, y)
    if sparse.issparse(X):
        squares = X.astype(np.float64).power(2)
        eigenvalues = np.asarray(squares.mean(axis=0)).ravel()
    else:
        eigenvalues = np.square(X, dtype=np.float64).mean(axis=0)
    coef = np.asarray(coef)
    check_real_finite(coef, "coef")
    if coef.shape[-b.ndim :] != b.shape:
        raise ValueError(
            f"coef must end in the shape {b.shape} of a model for these data, got "
            f"{coef.shape}."
        )
    scale = (eigenvalues * np.ones_like(b).T).T
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(b != 0.0, scale * coef / b, np.nan)
