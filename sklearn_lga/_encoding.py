"""Piecewise-linear encoding of numerical features."""

import numpy as np
import torch
from torch import nn

SCALE = 0.5
"""Of the encoded features, beside features of unit variance."""

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


class PiecewiseLinearEncoding(nn.Module):
    """Each bin as a feature that rises from 0 to 1 across it, and is flat beside it.

    A linear layer on them is a piecewise-linear function of each column, with knots
    at its quantiles [1]_.

    Parameters
    ----------
    columns, lower, width : ndarray of shape (n_encoded,)
        As :func:`quantile_bins` gives them.

    References
    ----------
    .. [1] Y. Gorishniy, I. Rubachev and A. Babenko, "On Embeddings for Numerical
       Features in Tabular Deep Learning", 2022.
    """

    def __init__(self, columns, lower, width):
        super().__init__()
        self.register_buffer("columns", torch.from_numpy(columns))
        self.register_buffer("lower", torch.from_numpy(lower))
        self.register_buffer("width", torch.from_numpy(width))

    def forward(self, x):
        """From (n_rows, n_features) to (n_rows, n_encoded), centred and scaled."""
        position = (x[:, self.columns] - self.lower) / self.width
        return SCALE * (position.clamp(0.0, 1.0) - 0.5)

    def extra_repr(self):
        """What repr shows."""
        return f"n_encoded={len(self.columns)}"


class MemberInputs(nn.Module):
    """What each of several networks side by side sees of a row.

    Parameters
    ----------
    bins : tuple of ndarray
        ``(columns, lower, width)`` of the encoded features, which stand behind the
        other columns; empty for none.

    n_features : int
        Columns, the first ones, that are encoded.

    seen : ndarray of bool, shape (n_members, n_columns + n_encoded)
        Which columns each network sees; zeros stand for the others.
    """

    def __init__(self, bins, n_features, seen):
        super().__init__()
        self.encoding = PiecewiseLinearEncoding(*bins) if bins else None
        self.n_features = n_features
        mask = torch.from_numpy(seen.astype(np.float32)).unsqueeze(1)
        self.register_buffer("mask", None if seen.all() else mask)

    def forward(self, x):
        """Inputs of shape (n_rows, n_inputs), (n_members, ...) where they differ."""
        if self.encoding is not None:
            x = torch.cat([x, self.encoding(x[:, : self.n_features])], dim=-1)
        if self.mask is None:
            return x
        return x * (self.mask if len(self.mask) > 1 else self.mask[0])
