"""What each member of a network sees of a table."""

import functools

import numpy as np

from ..modules._mlp import MemberInputs
from .rows import JoinedColumns
from .table import BINS, parts


class Inputs:
    """What each member of the network sees.

    Parameters
    ----------
    table : Table

    views : tuple of str
        A view for each member.
    """

    def __init__(self, table, views):
        self.views = views
        self.n_features = table.X.shape[1]
        used = {part for view in views for part in parts(view)}
        self.bins = {kind: table.bins[kind] for kind in BINS if kind in used}
        self.eigenmaps = table.eigenmaps if "eigenmaps" in used else None

    def rows(self, X):
        """Rows as the network takes them: with their coordinates, where it sees them.

        Parameters
        ----------
        X : ndarray or CSR matrix of shape (n_rows, n_features)

        Returns
        -------
        rows : ndarray, CSR matrix or JoinedColumns
            X itself, if its columns are all there is; it is never copied.
        """
        if self.eigenmaps is None:
            return X
        return JoinedColumns(X, self.eigenmaps.coordinates(X))

    @property
    def widths(self):
        """Columns of each part, in the order of the network's inputs."""
        n_components = 0 if self.eigenmaps is None else self.eigenmaps.n_components
        widths = {"features": self.n_features, "eigenmaps": n_components}
        return widths | {kind: len(bins[0]) for kind, bins in self.bins.items()}

    @property
    def layer(self):
        """Makes what stands before the network's first layer; None for nothing.

        Of arrays alone, as what a net is made of is pickled with it.
        """
        if not self.bins and self.eigenmaps is None:
            return None
        widths = self.widths
        seen = np.array(
            [
                np.repeat([part in parts(view) for part in widths], [*widths.values()])
                for view in self.views
            ]
        )
        columns = zip(*self.bins.values(), strict=True)
        bins = tuple(np.concatenate(each) for each in columns)
        return functools.partial(MemberInputs, bins, self.n_features, seen)
