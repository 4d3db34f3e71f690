"""Bins between the quantiles of each column."""

import numpy as np

SUBSAMPLE = 10_000
"""Rows, at most, that quantiles are taken of."""


def quantile_bins(X, n_bins):
    """Bins between the quantiles of each column that has more than two values.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Rows, labelled or not. Of more than ``SUBSAMPLE``, as many are drawn, the same
        ones at each call.

    n_bins : int
        Bins of a column, at most: equal quantiles make one.

    Returns
    -------
    columns : ndarray of int, shape (n_encoded,)
        The column of each bin.

    lower, width : ndarray of float32, shape (n_encoded,)
        Where the bin starts, and how wide it is.
    """
    columns, lower, width = [], [], []
    if len(X) > SUBSAMPLE:
        rows = np.random.RandomState(0).choice(len(X), SUBSAMPLE, replace=False)
        X = X[np.sort(rows)]
    quantiles = np.linspace(0.0, 1.0, n_bins + 1)
    for j in range(X.shape[1]):
        edges = np.quantile(X[:, j], quantiles, method="nearest")  # values of X
        edges = np.unique(edges.astype(np.float32))
        steps = np.diff(edges)
        if len(steps) > 1 and np.isfinite(steps).all():
            columns += [j] * len(steps)
            lower += list(edges[:-1])
            width += list(steps)
    return (
        np.array(columns, dtype=np.int64),
        np.array(lower, dtype=np.float32),
        np.array(width, dtype=np.float32),
    )
