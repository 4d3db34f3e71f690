"""What the built-in network sees of a table, chosen by the labelled rows."""

import functools

import numpy as np
import torch
from scipy.sparse import issparse
from scipy.sparse.linalg import ArpackNoConvergence

from ._batches import JoinedColumns
from ._eigenmaps import Eigenmaps, n_landmarks
from ._encoding import MemberInputs, PiecewiseLinearEncoding, quantile_bins

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
"""Rows up to which eigenmaps are weighed ..."""

MIN_MAPPED = 4
"""... and landmarks that each of them takes at least."""

WEIGHED = 10, 500
"""Labelled rows that views are weighed by, at least and at most."""


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
        enough = n_landmarks(len(self.X)) >= MIN_MAPPED * self.n_components
        return tuple(view for view in VIEWS if enough or "eigenmaps" not in view)

    @property
    def weighed_views(self):
        """Those of them whose cost is small enough to try them unasked."""
        n_rows, n_columns = self.X.shape
        if issparse(self.X) or n_columns > MAX_COLUMNS:
            return [VIEWS[0]]
        views = self.possible_views
        mapped = VIEWS[-1] in views and n_rows <= MAX_MAPPED and self.has_eigenmaps
        if not mapped:
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


class Inputs:
    """What each member of the network sees.

    Parameters
    ----------
    table : Table

    views : tuple of str
        A view for each member.

    evidence : dict of str to Evidence
        Of all views that were weighed; empty where there were too few labelled rows.
    """

    def __init__(self, table, views, evidence):
        self.views = views
        self.evidence = evidence
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

    @property
    def best(self):
        """Evidence of the first member's view; None where nothing was weighed."""
        return self.evidence.get(self.views[0])

    @property
    def noise(self):
        """The ridge of the members' views, as a geometric mean."""
        ridges = [self.evidence[view].ridge for view in self.views]
        return float(np.exp(np.mean(np.log(ridges))))


def parts(view):
    """What a view is made of."""
    return view.split("+")


def weigh(table, views, rows, labels, evidence_of):
    """Evidence of each view.

    Parameters
    ----------
    table : Table

    views : sequence of str

    rows : ndarray of int, shape (n_labeled,)
        Labelled rows; of many, some are drawn, the same ones at each call.

    labels : ndarray of shape (n_labeled, n_outputs)
        Their labels.

    evidence_of : callable
        ``evidence_of(columns, labels)`` gives an ``Evidence``.

    Returns
    -------
    evidence : dict of str to Evidence
        Empty where there are too few rows.
    """
    least, most = WEIGHED
    if len(rows) < least:
        return {}
    if len(rows) > most:
        chosen = np.random.RandomState(0).choice(len(rows), most, replace=False)
        rows, labels = rows[chosen], labels[chosen]
    evidence = {view: evidence_of(table.see(view, rows), labels) for view in views}
    return evidence if all(np.isfinite(e.loss) for e in evidence.values()) else {}


def choose(evidence, n_labeled, tolerance):
    """Views in the order of their losses, without those that add nothing.

    A view that leaves the features out has to be better by a share of
    1 / sqrt(n_labeled).

    Parameters
    ----------
    evidence : dict of str to Evidence

    n_labeled : int
        Labelled rows that it is of.

    tolerance : float
        Loss, as a multiple of the lowest one, up to which a view is kept.

    Returns
    -------
    views : list of str
        At least one; not two that differ in their bins alone.
    """
    handicap = 1.0 + n_labeled**-0.5
    losses = {
        view: e.loss * (1.0 if "features" in parts(view) else handicap)
        for view, e in evidence.items()
    }
    order = sorted(losses, key=losses.get)
    binned = [view for view in order if not BINS.keys().isdisjoint(parts(view))]
    limit = tolerance * losses[order[0]]
    return [v for v in order if v not in binned[1:] and losses[v] <= limit]
