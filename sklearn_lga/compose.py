"""A semi-supervised estimator as a supervised one, for scikit-learn's other tools."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import check_consistent_length, get_tags
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from ._labels.marker import as_labels, check_marker, is_marked

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from typing_extensions import Self

    from ._types import Marker, Rows

__all__ = ["WithUnlabeled"]


class WithUnlabeled(BaseEstimator):
    """An estimator that brings its unlabelled rows along.

    To scikit-learn it is a supervised estimator: ``fit`` takes labelled rows and adds
    the unlabelled ones. So it works wherever a classifier or a regressor does, in
    meta-estimators that encode ``y``, calibrate, resample or hold rows out, and with
    any scorer: none of them sees a marker that it could take for a class.

    Parameters
    ----------
    estimator : estimator
        One of this package, or a Pipeline that ends in one: all steps see all rows.

    X_unlabeled : {array-like, sparse matrix} of shape (n_unlabeled, n_features)
        The unlabelled rows, with the columns of ``X`` in ``fit``. Clones hold copies.

    unlabeled : scalar or None, default=-1
        What ``y`` must not hold, so that a marked ``y`` is not taken for a labelled
        one. Pass None where -1 is a label or a target.

    Attributes
    ----------
    estimator_ : estimator
        The fitted clone. Its ``transduction_`` has the labelled rows of ``fit`` first,
        the unlabelled ones after them. All its public attributes and methods are those
        of this object as well.

    unlabeled_ : scalar
        What marks rows for ``labeled_scorer``.

    See Also
    --------
    sklearn_lga.model_selection.labeled_scorer : Scores on a marked ``y``.

    Examples
    --------
    >>> from sklearn.calibration import CalibratedClassifierCV
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_lga import LGAClassifier
    >>> from sklearn_lga.compose import WithUnlabeled
    >>> X, y = load_iris(return_X_y=True)
    >>> model = WithUnlabeled(LGAClassifier(random_state=0), X[1::2])
    >>> calibrated = CalibratedClassifierCV(model, cv=3).fit(X[::2], y[::2])
    >>> calibrated.score(X[1::2], y[1::2]) > 0.9
    True
    """

    def __init__(
        self, estimator: BaseEstimator, X_unlabeled: Rows, *, unlabeled: Marker = -1
    ) -> None:
        self.estimator = estimator
        self.X_unlabeled = X_unlabeled
        self.unlabeled = unlabeled

    def fit(
        self, X: Rows, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Fit the estimator on the rows of ``X`` and the unlabelled ones.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Labelled rows.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            A label, or targets, for each of them.

        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weights of these labels, for the estimator or the last step of a Pipeline.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If ``y`` holds the marker or a missing value or has not one entry for each
            row of ``X``, the columns of ``X`` are not those of ``X_unlabeled``, or
            weights are negative.
        """
        check_marker(self.unlabeled)
        marker = np.nan if self.unlabeled is None else self.unlabeled
        y = labeled_only(y, marker)
        check_consistent_length(X, y)
        rows = stacked(X, self.X_unlabeled)
        # None marks rows of all kinds of y, and what knows no marker refuses it.
        hidden = np.full((rows.shape[0] - len(y), *y.shape[1:]), None)
        labels = np.concatenate([y.astype(object), hidden])
        weights = {}
        if sample_weight is not None:
            given = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
            name = weight_name(self.estimator)
            weights[name] = np.concatenate([given, np.ones(len(hidden))])
        self.estimator_ = clone(self.estimator).fit(rows, labels, **weights)
        self.unlabeled_ = marker
        return self

    def score(
        self, X: Rows, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Score of the estimator on labelled rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True labels or targets; the marker is refused as in ``fit``.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        score : float
            What the estimator's ``score`` gives.
        """
        check_is_fitted(self)
        y = labeled_only(y, self.unlabeled_)
        return self.estimator_.score(X, y, sample_weight=sample_weight)

    def __getattr__(self, name):
        # Without an estimator, in a copy that is being made, there is none to ask.
        if name.startswith("_") or name in ("estimator", "estimator_"):
            raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
        return getattr(vars(self).get("estimator_", self.estimator), name)

    def __sklearn_tags__(self):
        return get_tags(self.estimator)


def weight_name(estimator):
    """What ``fit`` calls the weights of rows; a Pipeline puts a step before it.

    With metadata routing it does not: its steps say whether they want them.
    """
    if isinstance(estimator, Pipeline) and not get_config()["enable_metadata_routing"]:
        name, last = estimator.steps[-1]
        return f"{name}__{weight_name(last)}"
    return "sample_weight"


def labeled_only(y, marker) -> np.ndarray:
    """Labels or targets of rows that all have one."""
    y = as_labels(y)
    marked = is_marked(y, marker)
    if marked.any():
        raise ValueError(
            f"y has {marked.sum()} entries that are missing or {marker!r}, but "
            "WithUnlabeled takes labelled rows: the others go to X_unlabeled. If that "
            "is a label or a target, pass WithUnlabeled(..., unlabeled=None)."
        )
    return y


def stacked(X, X_unlabeled):
    """Rows of both, in the kind of table that ``X`` is; frames must agree in names."""
    tables = [X, X_unlabeled]
    names = [getattr(table, "columns", None) for table in tables]
    if all(columns is not None for columns in names):
        columns = [list(columns) for columns in names]
        library = sys.modules[type(X).__module__.partition(".")[0]]  # of the frame
        stack = library.concat
    else:
        tables = [t if sparse.issparse(t) else np.asarray(t) for t in tables]
        columns = [table.shape[1:] for table in tables]
        stack = sparse.vstack if any(map(sparse.issparse, tables)) else np.concatenate
    if columns[0] != columns[1]:
        raise ValueError(
            f"X has the columns {columns[0]} and X_unlabeled has {columns[1]}. Give "
            "WithUnlabeled rows of the same kind; what chooses columns, such as RFE or "
            "BaggingClassifier(max_features=...), belongs inside it."
        )
    return stack(tables)
