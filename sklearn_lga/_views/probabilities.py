"""From regression on classes to probabilities."""

import numpy as np

FLOOR = 0.04
"""An estimate of 0 becomes about this, as none is sure from few labels."""

SHARPNESS = 1.25
"""Estimates get this power before any evidence, as ridge regression shrinks them."""

PRECISION = 10.0
"""A sharpness e times its start costs half of this, in the rows' summed log loss."""

TRIED = np.geomspace(0.4, 4.0, 21)
"""These values of the sharpness are tried."""


def log_estimates(outputs):
    """Take logarithms of centred one-hot regression's estimates, made positive.

    The regression of one-hot classes estimates probabilities, q = output + 1 / k, but
    for its sign: (q + sqrt(q^2 + 4 floor^2)) / 2 is q where that is large.
    Far from all labels a line gives anything: q is kept between -1 and 2.
    """
    q = np.clip(outputs + 1.0 / outputs.shape[-1], -1.0, 2.0)
    return np.log(0.5 * (q + np.sqrt(q**2 + 4.0 * FLOOR**2)))


def best_sharpness(logs, codes, weights, start, tried):
    """Find the power of estimates with the lowest log loss, shrunk towards a start.

    Parameters
    ----------
    logs : ndarray of shape (n_rows, n_classes)
        Logarithms of held-out estimates, of any scale.

    codes : ndarray of int, shape (n_rows,)
        The rows' classes; without any row the start is returned.

    weights : ndarray of shape (n_rows,)
        Of the rows' losses.

    start : float

    tried : ndarray of float

    Returns
    -------
    sharpness : float
    """
    tried = np.append(tried, start)
    powers = tried[:, None, None] * logs
    highest = powers.max(axis=2, keepdims=True)
    totals = np.log(np.exp(powers - highest).sum(axis=2)) + highest[:, :, 0]
    losses = (totals - powers[:, np.arange(len(codes)), codes]) @ weights
    losses += 0.5 * PRECISION * np.log(tried / start) ** 2
    return float(tried[losses.argmin()])
