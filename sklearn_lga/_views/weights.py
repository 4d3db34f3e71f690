"""Weights of the views."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax

STRENGTH = 0.4
"""The prior counts so many times the root of the labelled rows.

That is how uncertain differences of losses are.
"""


def fitted_weights(loss, prior, n_rows):
    """Find weights that minimize a loss and the divergence from prior weights.

    The sum is loss(w) + strength sqrt(n_rows) KL(w || prior), w on the simplex.

    Parameters
    ----------
    loss : callable
        ``loss(weights)`` gives the summed loss of all rows and its slope.

    prior : ndarray of shape (n_views,)
        Positive, with the sum 1.

    n_rows : int
        Rows that the loss is of.

    Returns
    -------
    weights : ndarray of shape (n_views,)
    """
    strength = STRENGTH * np.sqrt(n_rows)

    def objective(logits):
        w = softmax(logits)
        ratio = np.log(np.maximum(w, 1e-300) / prior)
        value, slope = loss(w)
        slope = slope + strength * (ratio + 1.0)
        return value + strength * (w @ ratio), w * (slope - w @ slope)

    return softmax(minimize(objective, np.log(prior), jac=True, method="L-BFGS-B").x)


def log_loss_of_mixture(right, row_weights):
    """Make the loss of mixed probabilities.

    ``right`` (n_views, n_rows) holds those that the views give to the true class.
    """

    def loss(w):
        mixed = w @ right
        slope = -(right * row_weights) @ (1.0 / mixed)
        return -(row_weights * np.log(mixed)).sum(), slope

    return loss


def error_of_mean(held_out, Y, row_weights):
    """Make the loss n q / 2 log error of mean predictions, error the squared one.

    ``held_out`` (n_views, n_rows, q) holds the views' predictions.
    """
    size = Y.size

    def loss(w):
        residuals = np.tensordot(w, held_out, 1) - Y
        weighted = row_weights[:, None] * residuals
        error = (weighted * residuals).sum() + 1e-12 * size
        slope = size / error * np.tensordot(held_out, weighted, 2)
        return 0.5 * size * np.log(error), slope

    return loss
