"""Kernels of networks of infinite width and of smooth functions, and their ridge."""

from typing import NamedTuple

import numpy as np
import torch
from scipy import sparse
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.linalg.lapack import dpotrf, dpotri


class NetworkKernel(NamedTuple):
    """Kernel of ReLU networks of infinite width, as they are initialized.

    K_0 = x . z + 1 and, for each hidden layer, the arc-cosine kernel of the first
    order [1]_, with s the product of the rows' lengths, which all layers share::

        K_l = s (sin t + (pi - t) cos t) / pi,   cos t = K_(l-1) / s.

    Parameters
    ----------
    n_layers : int
        Hidden layers; 0: a line.

    References
    ----------
    .. [1] Y. Cho and L. K. Saul, "Kernel Methods for Deep Learning", 2009.
    """

    n_layers: int

    def __call__(self, A, B):
        """Compute it for rows (n_a, n_columns) and (n_b, n_columns): (n_a, n_b).

        Both are arrays, or both are CSR.
        """
        inner = A @ B.T
        kernel = (inner.toarray() if sparse.issparse(inner) else inner) + 1.0
        if not self.n_layers:
            return kernel
        left, right = (np.sqrt((Z * Z).sum(axis=1) + 1.0) for Z in (A, B))
        for _ in range(self.n_layers):
            kernel, _ = arc_cosine(kernel, left[:, None] * right)
        return kernel

    def differentiable(self, X, squares):
        """Compute it for columns with factors, and how it moves with these.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)

        squares : ndarray of shape (n_columns,)
            The factors' squares.

        Returns
        -------
        kernel : ndarray of shape (n_rows, n_rows)

        pull_back : callable
            From a symmetric slope by the kernel to one by the factors' logarithms.
        """
        kernel = (X * squares) @ X.T + 1.0
        lengths = np.sqrt(np.diag(kernel))
        angles = []
        for _ in range(self.n_layers):
            kernel, angle = arc_cosine(kernel, lengths[:, None] * lengths)
            angles.append(angle)

        def pull_back(slope):
            # K_l grows by sin t / pi with s, and by (pi - t) / pi with K_(l-1).
            diagonal = np.zeros(len(lengths))
            for angle in reversed(angles):
                by_length = slope * np.sin(angle)
                diagonal += by_length @ lengths / (np.pi * lengths)
                slope = slope * (np.pi - angle) / np.pi
            inner = (slope @ X + diagonal[:, None] * X) * X
            return 2.0 * squares * inner.sum(axis=0)

        return kernel, pull_back


class SmoothKernel:
    """Matern's kernel of order 5/2, of twice differentiable functions.

    K = (1 + s + s^2 / 3) exp(-s), s^2 = 5 |x - z|^2.
    """

    def __call__(self, A, B):
        """Compute it for rows, as :class:`NetworkKernel` does."""
        root = np.sqrt(5.0 * squared_distances(A, B))
        return (1.0 + root + root**2 / 3.0) * np.exp(-root)

    def differentiable(self, X, squares):
        """Compute it for columns with factors, as :class:`NetworkKernel` does."""
        scaled = X * np.sqrt(squares)
        root = np.sqrt(5.0 * squared_distances(scaled, scaled))
        decay = np.exp(-root)

        def pull_back(slope):
            # This is the slope by squared distances.
            slope = slope * (-5.0 / 6.0) * (1.0 + root) * decay
            moved = slope.sum(axis=1)[:, None] * X - slope @ X
            return 4.0 * squares * (moved * X).sum(axis=0)

        return (1.0 + root + root**2 / 3.0) * decay, pull_back


def arc_cosine(kernel, scale):
    """Add a hidden layer: the kernel above another one, and the angles t."""
    cosine = np.clip(kernel / scale, -1.0, 1.0)
    # torch's is five times as fast as numpy's, and most of what a kernel takes.
    angle = torch.arccos(torch.from_numpy(cosine)).numpy()
    sine = np.sqrt(1.0 - cosine**2)
    return scale * (sine + (np.pi - angle) * cosine) / np.pi, angle


def squared_distances(A, B):
    """Compute them for all pairs of rows; none is negative."""
    squares = (A**2).sum(axis=1)[:, None] + (B**2).sum(axis=1) - 2.0 * (A @ B.T)
    return np.maximum(squares, 0.0)


def inverse_of_ridge(kernel, ridge):
    """Compute G^-1 and log |G| of G = K + ridge I, or of a ridge for each row.

    Raises
    ------
    LinAlgError
        If G is not positive definite.
    """
    G = np.array(kernel, dtype=np.float64, order="F")
    diagonal = np.diag_indices_from(G)
    G[diagonal] += ridge
    factor, failed = dpotrf(G, lower=True, clean=True, overwrite_a=True)
    if failed:
        raise LinAlgError("The kernel with its ridge is not positive definite.")
    log_determinant = 2.0 * np.log(factor[diagonal]).sum()
    half, _ = dpotri(factor, lower=True, overwrite_c=True)
    inverse = half + half.T
    inverse[diagonal] -= half[diagonal]
    return inverse, log_determinant


def fit_ridge(kernel, Y, ridge):
    """Solve for the coefficients (K + diag(ridge))^-1 Y of kernel ridge regression."""
    return cho_solve(cho_factor(kernel + np.diag(ridge)), Y)


def fit_without(kernel, Y, groups, ridge):
    """Fit kernel ridge regression to all rows, and to all but each group of them.

    With H = (K + diag(ridge))^-1 of all rows and a = H Y, the fit without the rows S
    has the coefficients a - H_:S (H_SS)^-1 a_S, which are 0 at S, and predicts
    y_S - (H_SS)^-1 a_S there. One factorization takes the place of one a group.

    Parameters
    ----------
    kernel : ndarray of shape (n_rows, n_rows)

    Y : ndarray of shape (n_rows, n_outputs)

    groups : ndarray of int, shape (n_rows,)

    ridge : float or ndarray of shape (n_rows,)

    Returns
    -------
    coef : ndarray of shape (n_rows, n_outputs)

    without : dict of int to ndarray of shape (n_rows, n_outputs)
        By the group that is left out.

    held_out : ndarray of shape (n_rows, n_outputs)
        Predictions of each row without its group.
    """
    inverse, _ = inverse_of_ridge(kernel, ridge)
    coef = inverse @ Y
    without, held_out = {}, Y.astype(np.float64)
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        residuals = np.linalg.solve(inverse[np.ix_(rows, rows)], coef[rows])
        without[group] = coef - inverse[:, rows] @ residuals
        held_out[rows] -= residuals
    return coef, without, held_out
