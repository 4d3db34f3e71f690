"""Folds of the labelled rows."""

import numbers
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike
from sklearn.model_selection import KFold, StratifiedKFold, check_cv
from sklearn.utils import indexable
from sklearn.utils.metadata_routing import MetadataRequest, get_routing_for_object

from .._labels.marker import (
    as_labels,
    as_targets,
    check_marker,
    is_marked,
    labeled_values,
    resolve_target_marker,
    settle_marker,
    unlabeled_target_rows,
)
from .._types import Labels, Marker, Rows

MIN_ROWS_PER_CLASS = 2
"""Whole numbers are class labels with that many labelled rows each on average."""


class SemiSupervisedSplit:
    """Folds the labelled rows; every unlabelled row stays in the training part.

    A test part holds labelled rows alone, so that any scorer can be used, and
    ``y`` may be of any kind that the estimators take: marked by -1, by NaN or by
    None, nullable, categorical or object.

    Parameters
    ----------
    cv : int or cross-validation splitter, default=5
        How to split the labelled rows. An int stands for ``StratifiedKFold``
        where they hold class labels of which any occurs in ``cv`` rows, and for
        ``KFold`` otherwise. Floating-point values are class labels if all are whole
        and each occurs at least twice on average, and targets otherwise; pass a
        splitter where your targets look like class labels. A splitter gets the
        labelled rows only.

    unlabeled : scalar or None, default=-1
        The marker, as the estimators' parameter of that name: where ``y`` holds a
        missing value, missing values alone mark rows, and -1 is a value.

    See Also
    --------
    labeled_scorer : Scores of labelled rows, for test parts that hold others as well.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lga.model_selection import SemiSupervisedSplit
    >>> y = np.array([0, 0, 1, 1, -1, -1])
    >>> for train, test in SemiSupervisedSplit(2).split(np.zeros((6, 1)), y):
    ...     print(train, test)
    [1 3 4 5] [0 2]
    [0 2 4 5] [1 3]
    """

    def __init__(self, cv: object = 5, *, unlabeled: Marker = -1) -> None:
        self.cv = cv
        self.unlabeled = unlabeled

    def __repr__(self):
        return f"SemiSupervisedSplit(cv={self.cv!r}, unlabeled={self.unlabeled!r})"

    def split(
        self, X: Rows, y: Labels | None = None, groups: ArrayLike | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Give the indices of the training and the test part of each split.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Only its length matters.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels or targets, with unlabelled rows marked.

        groups : array-like of shape (n_samples,), default=None
            Passed on to a splitter, for the labelled rows.

        Yields
        ------
        train : ndarray of int
            Labelled rows of the training part and all unlabelled rows, sorted.

        test : ndarray of int
            Labelled rows.
        """
        indexable(X, y, groups)
        marked, values = read_labels(y, self.unlabeled)
        labeled, unlabeled = np.flatnonzero(~marked), np.flatnonzero(marked)
        given = labeled_part(marked, values, groups)
        for train, test in self._splitter(values).split(*given):
            yield np.sort(np.concatenate([labeled[train], unlabeled])), labeled[test]

    def get_n_splits(
        self,
        X: Rows | None = None,
        y: Labels | None = None,
        groups: ArrayLike | None = None,
    ) -> int:
        """Number of splits.

        Parameters
        ----------
        X : array-like or None, default=None
            Not used.

        y : array-like or None, default=None
            Needed by splitters whose number of splits depends on the data.

        groups : array-like or None, default=None
            Likewise.

        Returns
        -------
        n_splits : int
            How often the labelled rows are split.
        """
        if isinstance(self.cv, numbers.Integral):
            return int(self.cv)
        if y is not None:
            marked, values = read_labels(y, self.unlabeled)
            X, y, groups = labeled_part(marked, values, groups)
        return self._splitter(y).get_n_splits(X, y, groups)

    def get_metadata_routing(self) -> MetadataRequest:
        """Get what ``split`` asks of routed metadata: what the splitter ``cv`` asks.

        Returns
        -------
        routing : MetadataRequest
            ``groups``, where ``cv`` is a splitter of groups.
        """
        return get_routing_for_object(check_cv(self.cv))

    def _splitter(self, values):
        """What ``cv`` stands for."""
        if isinstance(self.cv, numbers.Integral):
            if values.dtype.kind == "f" or np.bincount(values).max() < self.cv:
                return KFold(self.cv)
            return StratifiedKFold(self.cv)
        if hasattr(self.cv, "split") and not hasattr(self.cv, "get_n_splits"):
            raise ValueError(
                "cv must be an int, a cross-validation splitter or an iterable of "
                f"splits, got {self.cv!r}."
            )
        return check_cv(self.cv)


def labeled_part(marked, values, groups):
    """Rows, labels and groups as a splitter gets them: of the labelled rows."""
    groups = None if groups is None else np.asarray(groups)[~marked]
    return np.zeros((len(values), 1)), values, groups


def read_labels(y, unlabeled):
    """Unlabelled rows of ``y``, and what the labelled ones hold.

    Returns
    -------
    marked : ndarray of bool, shape (n_samples,)

    values : ndarray of shape (n_labeled,) or (n_labeled, n_outputs)
        Class labels as int codes, or targets as floats.
    """
    check_marker(unlabeled)
    y = as_labels(y)
    if y.ndim not in (1, 2):
        raise ValueError(
            f"y must be of shape (n_samples,) or (n_samples, n_outputs), got {y.shape}."
        )
    if y.ndim == 2 and y.shape[1] == 1:
        y = y.ravel()
    if y.ndim == 1:
        marked = is_marked(y, settle_marker(y, unlabeled))
        values = labeled_values(y, marked, unlabeled)
        codes = np.unique(values, return_inverse=True)[1]
    if y.ndim > 1 or (values.dtype.kind == "f" and are_targets(values)):
        targets = as_targets(y)
        marked = unlabeled_target_rows(
            targets, resolve_target_marker(targets, unlabeled)
        )
        codes = targets[~marked]
    if not len(codes):
        raise ValueError(
            f"y has no labelled row to split: all are marked by unlabeled="
            f"{unlabeled!r} or missing."
        )
    return marked, codes


def are_targets(values):
    """Whether numbers are targets of a regression, by how they look.

    They are class labels if all are whole and each occurs at least twice on average,
    so that one class with a single labelled row does not make targets of the others.
    """
    whole = np.isfinite(values) & (values == np.round(values))
    n_distinct = len(np.unique(values))
    return not whole.all() or n_distinct * MIN_ROWS_PER_CLASS > len(values)
