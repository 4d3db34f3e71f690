"""How well a network would do on its labelled rows, by leave-one-out in closed form."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh
from scipy.special import softmax
from sklearn.utils.extmath import safe_sparse_dot

RIDGES = np.logspace(-3, 1, 9)
"""Of the kernel's mean diagonal, that are tried."""

SHARPNESS = np.geomspace(1.0, 10.0, 8)
"""What the outputs, fitted to 0 and 1, are tried to be times as logits."""


class Evidence(NamedTuple):
    """What leaving each labelled row out tells of a network.

    Parameters
    ----------
    loss : float
        Log loss of classes, of probabilities that are mixed with one uniform vote
        among the rows; the squared error of targets over their variance.

    ridge : float
        The ridge with the lowest loss, relative to the kernel: the noise of the
        labels.

    accuracy : float or None
        Share of labelled rows whose class is found, (hits + 1) / (rows + 2); None for
        targets.
    """

    loss: float
    ridge: float
    accuracy: float | None


NO_EVIDENCE = Evidence(np.inf, np.inf, None)


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


def evidence_of_classes(X, codes, n_layers):
    """Evidence of a network that is to tell classes apart.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Its inputs for labelled rows.

    codes : ndarray of int, shape (n_rows,)
        Their classes, from 0.

    n_layers : int
        Its hidden layers.

    Returns
    -------
    evidence : Evidence
        Of the best ridge and sharpness.
    """
    n_rows, n_classes = len(codes), codes.max() + 1
    Y, rows = np.eye(n_classes)[codes], np.arange(n_rows)
    best = NO_EVIDENCE
    for ridge, predictions in leave_one_out(network_kernel(X, n_layers), Y):
        for sharpness in SHARPNESS:
            right = softmax(sharpness * predictions, axis=1)[rows, codes]
            right = (n_rows * right + 1.0 / n_classes) / (n_rows + 1.0)  # never 0
            loss = -np.log(right).mean()
            if loss < best.loss:
                hits = (predictions.argmax(axis=1) == codes).sum()
                accuracy = (hits + 1.0) / (n_rows + 2.0)
                best = Evidence(float(loss), float(ridge), float(accuracy))
    return best


def evidence_of_targets(X, Y, n_layers):
    """Evidence of a network that is to predict targets.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Its inputs for labelled rows.

    Y : ndarray of shape (n_rows, n_outputs)
        Their targets.

    n_layers : int
        Its hidden layers.

    Returns
    -------
    evidence : Evidence
        Of the best ridge.
    """
    losses = {
        ridge: np.mean((predictions - Y) ** 2)
        for ridge, predictions in leave_one_out(network_kernel(X, n_layers), Y)
    }
    ridge = min(losses, key=losses.get)
    return Evidence(float(losses[ridge] / (Y.var() or 1.0)), float(ridge), None)
