"""How much the labels depend on each column."""

import numpy as np
from scipy.linalg import LinAlgError
from scipy.optimize import minimize

from .kernel import inverse_of_ridge

MAX_ROWS = 300
"""Factors are fitted to so many labelled rows at most."""

N_ITER = 20
"""L-BFGS takes so many iterations at most, as the last ones fit the labels' noise."""

REACH = 5.0
"""Logarithms of the factors go so far, on either side of their start."""

FIRST_RIDGE = 0.1
"""The ridge starts here."""

RIDGE_BOUNDS = 1e-4, 20.0
"""The ridge stays between these."""


def column_factors(X, Y, weights, kernel, n_iter=N_ITER):
    """Find the columns' factors with the highest posterior density, given the labels.

    The labels come from a Gaussian process whose kernel is of the scaled columns. The
    scale of its outputs is profiled out, its noise is fitted, and the factors'
    logarithms have a normal prior of unit variance about their mean.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Standardized columns of labelled rows.

    Y : ndarray of shape (n_rows, n_outputs)
        Labels; they are centred here.

    weights : ndarray of shape (n_rows,)
        The noise of a label is the ridge over its weight.

    kernel : NetworkKernel or SmoothKernel

    n_iter : int
        Iterations, at most.

    Returns
    -------
    factors : ndarray of shape (n_columns,)
    """
    d = X.shape[1]
    Y = Y - np.average(Y, axis=0, weights=weights)
    middle = -0.5 * np.log(d)
    start = np.append(np.full(d, middle), np.log(FIRST_RIDGE))
    bounds = [(middle - REACH, middle + REACH)] * d + [tuple(np.log(RIDGE_BOUNDS))]

    def objective(logs):
        try:
            value, slope = negative_log_likelihood(logs, X, Y, weights, kernel)
        except LinAlgError:
            return 1e10, np.zeros_like(logs)
        off = logs[:-1] - logs[:-1].mean()
        return value + 0.5 * off @ off, slope + np.append(off, 0.0)

    options = {"maxiter": n_iter, "maxfun": 2 * n_iter}
    found = minimize(objective, start, jac=True, bounds=bounds, options=options)
    return np.exp(found.x[:-1])


def negative_log_likelihood(logs, X, Y, weights, kernel):
    """Compute it for labels under a kernel of scaled columns, and its gradient.

    With G = K + diag(ridge / weights) and S = tr(Y' G^-1 Y), an output's scale profiled
    out::

        L = q/2 (n log S + log |G|),   dL/dG = q/2 (G^-1 - n/S (G^-1 Y)(G^-1 Y)').

    Parameters
    ----------
    logs : ndarray of shape (n_columns + 1,)
        Logarithms of the factors, then of the ridge.

    X, Y : ndarray of shape (n_rows, n_columns), (n_rows, n_outputs)

    weights : ndarray of shape (n_rows,)

    kernel : NetworkKernel or SmoothKernel

    Returns
    -------
    value : float

    gradient : ndarray of shape (n_columns + 1,)
    """
    n, q = Y.shape
    squares, ridge = np.exp(2.0 * logs[:-1]), np.exp(logs[-1])
    K, pull_back = kernel.differentiable(X, squares)
    noise = ridge / weights
    inverse, log_determinant = inverse_of_ridge(K, noise)
    fitted = inverse @ Y
    S = max((Y * fitted).sum(), 1e-12)  # It is 0 where all labels are the same.
    value = 0.5 * q * (n * np.log(S) + log_determinant)
    slope = 0.5 * q * (inverse - (n / S) * (fitted @ fitted.T))
    return value, np.append(pull_back(slope), noise @ np.diag(slope))
