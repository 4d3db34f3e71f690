"""Piecewise-linear encoding of numerical columns."""

import numpy as np

N_BINS = 16
"""A column has so many bins at most, between quantiles."""

SCALE = 0.5
"""Encoded columns span so much, beside columns of unit variance."""

SUBSAMPLE = 2_000
"""Quantiles are taken of so many rows at most."""


class Bins:
    """Each bin is a column that rises from 0 to 1 across it and is flat beside it.

    A linear function of them is piecewise linear in each column, with knots at its
    quantiles [1]_. Columns of two values have no bins.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Rows, labelled or not. From more than ``SUBSAMPLE`` as many are drawn, the
        same ones at each call.

    Attributes
    ----------
    columns : ndarray of int, shape (n_encoded,)
        The column of each bin.

    lower, width : ndarray of shape (n_encoded,)
        Where the bin starts, and how wide it is.

    References
    ----------
    .. [1] Y. Gorishniy, I. Rubachev and A. Babenko, "On Embeddings for Numerical
       Features in Tabular Deep Learning", 2022.
    """

    def __init__(self, X):
        if len(X) > SUBSAMPLE:
            X = X[np.random.RandomState(0).choice(len(X), SUBSAMPLE, replace=False)]
        levels = np.linspace(0.0, 1.0, N_BINS + 1)
        edges = np.quantile(X, levels, axis=0, method="nearest")
        knots = [np.unique(column) for column in edges.T]
        binned = [j for j, knot in enumerate(knots) if len(knot) > 2]
        counts = [len(knots[j]) - 1 for j in binned]
        self.columns = np.repeat(binned, counts).astype(int)
        self.lower = np.concatenate([knots[j][:-1] for j in binned] or [[]])
        self.width = np.concatenate([np.diff(knots[j]) for j in binned] or [[]])

    def encode(self, X):
        """Turn (n_rows, n_columns) into (n_rows, n_encoded), centred and scaled."""
        position = (X[:, self.columns] - self.lower) / self.width
        position = np.clip(position, 0.0, 1.0).astype(np.float32)
        return np.float32(SCALE) * (position - np.float32(0.5))
