"""The kernel of a network of infinite width, and its predictions in closed form."""

import numpy as np
from scipy.linalg import eigh
from sklearn.utils.extmath import safe_sparse_dot

RIDGES = np.logspace(-3, 1, 9)
"""Of the kernel's mean diagonal, that are tried."""


def network_kernel(X, n_layers):
    """Kernel of ReLU networks of infinite width, as they are initialized.

    K_0 = x . z + 1 for the first layer and, for each hidden one, the arc-cosine
    kernel of the first order [1]_::

        K_l = sqrt(K(x, x) K(z, z)) (sin t + (pi - t) cos t) / pi
        cos t = K(x, z) / sqrt(K(x, x) K(z, z)),  with K of layer l - 1.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_rows, n_features)
        Inputs.

    n_layers : int
        Hidden layers.

    Returns
    -------
    kernel : ndarray of float64, shape (n_rows, n_rows)
        With a mean diagonal of 1.

    References
    ----------
    .. [1] Y. Cho and L. K. Saul, "Kernel Methods for Deep Learning", 2009.
    """
    X = X.astype(np.float64)
    kernel = safe_sparse_dot(X, X.T, dense_output=True) + 1.0
    norms = np.sqrt(np.diag(kernel))  # the diagonal is the same in all layers
    scale = np.outer(norms, norms)
    for _ in range(n_layers):
        cosine = np.clip(kernel / scale, -1.0, 1.0)
        angle = np.arccos(cosine)
        kernel = scale * (np.sin(angle) + (np.pi - angle) * cosine) / np.pi
    return kernel / np.diag(kernel).mean()


def leave_one_out(kernel, Y):
    """Kernel ridge regression of each row on all others, for each of ``RIDGES``.

    Without the ith row its prediction is y_i - (G^-1 y)_i / (G^-1)_ii, where
    G = K + ridge I.

    Parameters
    ----------
    kernel : ndarray of shape (n_rows, n_rows)
        K.

    Y : ndarray of shape (n_rows, n_outputs)
        What to fit; it is centred by its mean over all rows.

    Yields
    ------
    ridge, predictions : float, ndarray of shape (n_rows, n_outputs)
    """
    values, vectors = eigh(kernel)
    projected = vectors.T @ (Y - Y.mean(axis=0))
    for ridge in RIDGES:
        inverse = 1.0 / (np.maximum(values, 0.0) + ridge)
        residuals = vectors @ (inverse[:, None] * projected)
        yield ridge, Y - residuals / (vectors**2 @ inverse)[:, None]
