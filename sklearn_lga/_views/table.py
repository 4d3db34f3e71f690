"""A table's rows in the forms that a view is made of, and which views there are."""

import functools

import numpy as np
import torch
from scipy.sparse import issparse
from scipy.sparse.linalg import ArpackNoConvergence

from ..modules._mlp import PiecewiseLinearEncoding
from .bins import quantile_bins
from .clusters import Eigenmaps, n_landmarks

BINS = {"bins": 8, "fine_bins": 32}
"""Parts of a view that are encoded features, and the bins of a column."""

VIEWS = (
    "features",
    "features+bins",
    "features+fine_bins",
    "features+eigenmaps",
    "eigenmaps",
)
"""What a network may see of a row."""

MAX_COLUMNS = 1_000
"""Features, and bins of a kind, up to which more than the features is weighed."""

MAX_MAPPED = 100_000
"""Rows up to which eigenmaps are weighed."""

MIN_LANDMARKS = 4
"""Landmarks that each eigenmap takes at least."""


class Table:
    """A table's rows in the forms that a view is made of, each made when asked for.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_rows, n_features)

    n_components : int
        Eigenmaps.
    """

    def __init__(self, X, n_components):
        self.X = X
        self.n_components = n_components

    @property
    def possible_views(self):
        """The views that can be made of this table."""
        if issparse(self.X):
            return VIEWS[:1]
        enough = n_landmarks(len(self.X)) >= MIN_LANDMARKS * self.n_components
        return tuple(view for view in VIEWS if enough or "eigenmaps" not in view)

    def weighed_views(self, eigenmaps=True):
        """Those of them whose cost is small enough to try them unasked.

        Parameters
        ----------
        eigenmaps : bool, default=True
            Whether to try those with eigenmaps, too, which takes computing them.
        """
        n_rows, n_columns = self.X.shape
        if issparse(self.X) or n_columns > MAX_COLUMNS:
            return [VIEWS[0]]
        views = self.possible_views
        mapped = eigenmaps and VIEWS[-1] in views and n_rows <= MAX_MAPPED
        if not (mapped and self.has_eigenmaps):
            views = [view for view in views if "eigenmaps" not in view]
        return [
            v for v in views if all(self.n_bins(p) <= MAX_COLUMNS for p in parts(v))
        ]

    @functools.cached_property
    def bins(self):
        """``(columns, lower, width)`` of each kind of bins."""
        most = len(self.X)
        return {kind: quantile_bins(self.X, min(n, most)) for kind, n in BINS.items()}

    def n_bins(self, part):
        """Columns that a part of a view has beside the features, if these are bins."""
        return len(self.bins[part][0]) if part in BINS else 0

    @functools.cached_property
    def eigenmaps(self):
        """Coordinates of the table's graph."""
        return Eigenmaps(self.X, self.n_components)

    @property
    def has_eigenmaps(self):
        """Whether they can be computed."""
        try:
            return self.eigenmaps is not None
        except ArpackNoConvergence:
            return False

    def see(self, view, rows):
        """Columns of some rows, as a network with this view gets them."""
        chosen = self.X[rows]
        if issparse(chosen):
            return chosen
        chosen = np.asarray(chosen, dtype=np.float32)
        return np.hstack([self._part(part, chosen) for part in parts(view)])

    def _part(self, part, rows):
        if part == "features":
            return rows
        if part == "eigenmaps":
            return self.eigenmaps.coordinates(rows)
        encode = PiecewiseLinearEncoding(*self.bins[part])
        return encode(torch.from_numpy(rows)).numpy()


def parts(view):
    """What a view is made of."""
    return view.split("+")
