"""Scores of the labelled rows."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn import metrics
from sklearn.base import is_regressor
from sklearn.utils import _safe_indexing, check_consistent_length
from sklearn.utils.metadata_routing import get_routing_for_object

from .._labels.marker import (
    as_labels,
    as_targets,
    check_marker,
    labeled_values,
    settle_marker,
    unlabeled_target_rows,
)
from .._labels.task import check_any_to_score
from .._types import Marker

SCORES = {"y_score", "y_proba", "pred_decision"}
"""What scikit-learn's metrics call predictions that are no labels or targets."""


def labeled_scorer(
    metric: str | Callable[..., float], *, unlabeled: Marker = -1
) -> Callable[..., float]:
    """Make a scorer that leaves unlabelled rows out.

    For ``scoring`` in cross-validation, searches, curves and inspection on a ``y`` in
    which unlabelled rows are marked: scikit-learn's own scorers take the marker for a
    class or a target, and say nothing.

    Parameters
    ----------
    metric : str, scorer or metric of scikit-learn
        The name of a scorer, such as "roc_auc"; a scorer, such as
        ``make_scorer(fbeta_score, beta=2)``; or a function of ``sklearn.metrics``,
        which stands for the scorer of its name or, where there is none, for a score
        of what ``predict`` gives, negated if it is a loss, an error or a deviance.

    unlabeled : scalar or None, default=-1
        The marker, as the estimators' parameter of that name, for estimators that do
        not tell it. Those of this package, and pipelines of them, are scored by their
        ``unlabeled_``.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y, sample_weight=None)`` is the score of the labelled
        rows.

    Raises
    ------
    ValueError
        If ``metric`` is none of these; when called, if no row is labelled.

    See Also
    --------
    SemiSupervisedSplit : Test parts without unlabelled rows, for any scorer.
    sklearn_lga.compose.WithUnlabeled : A supervised estimator, for any tool.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.metrics import accuracy_score
    >>> from sklearn_lga import LGAClassifier
    >>> from sklearn_lga.datasets import hide_labels
    >>> from sklearn_lga.model_selection import labeled_scorer
    >>> X, y = load_iris(return_X_y=True)
    >>> y_marked = hide_labels(y, n_labeled=30, random_state=0)
    >>> model = LGAClassifier(random_state=0).fit(X, y_marked)
    >>> labeled_scorer("accuracy")(model, X, y_marked) > 0.9
    True
    >>> accuracy_score(y_marked, model.predict(X)) > 0.9
    False
    """
    check_marker(unlabeled)
    return _LabeledScorer(_scorer_of(metric), unlabeled)


def _scorer_of(metric):
    """The scorer that a name, a scorer or a metric of scikit-learn stands for."""
    if isinstance(metric, str):
        return metrics.get_scorer(metric)
    name = getattr(metric, "__name__", "")
    if name and getattr(metrics, name, None) is metric:
        return _scorer_of_metric(metric, name)
    try:
        inspect.signature(metric).bind("estimator", "X", "y")
    except TypeError:
        raise ValueError(
            "metric must be the name of a scorer, a scorer or a metric of "
            f"scikit-learn, got {metric!r}. Of a function of y_true and y_pred make a "
            "scorer: make_scorer(function, greater_is_better=...)."
        ) from None
    return metric


def _scorer_of_metric(metric, name):
    """The scorer of the metric's name; else one by scikit-learn's rules for names."""
    known = metrics.get_scorer_names()
    for part in (name, name.removesuffix("_score"), name.removesuffix("_loss")):
        for candidate in (part, f"neg_{part}"):
            if candidate in known:
                return metrics.get_scorer(candidate)
    if SCORES & inspect.signature(metric).parameters.keys():
        raise ValueError(
            f"metric={name} is of scores, and there is no scorer of its name. Say "
            f"which: labeled_scorer(make_scorer({name}, response_method=...))."
        )
    is_loss = name.endswith(("_loss", "_error", "_deviance"))
    return metrics.make_scorer(metric, greater_is_better=not is_loss)


@dataclass(frozen=True)
class _LabeledScorer:
    """A scorer that is given the labelled rows alone."""

    scorer: object
    unlabeled: object

    def __call__(self, estimator, X, y, sample_weight=None, **params):
        y = as_targets(y) if is_regressor(estimator) else as_labels(y)
        check_consistent_length(X, y, sample_weight)
        marker = _fitted_marker(estimator, settle_marker(y, self.unlabeled))
        marked = unlabeled_target_rows(y, marker)
        check_any_to_score(marked)
        rows = np.flatnonzero(~marked)
        if sample_weight is not None:
            params["sample_weight"] = _safe_indexing(sample_weight, rows)
        values = labeled_values(y, marked, marker)
        X = _safe_indexing(X, rows)
        with np.errstate(invalid="ignore"):  # numbers beyond the integers: no class's
            return self.scorer(estimator, X, values, **params)

    def get_metadata_routing(self):
        """What the scorer asks of routed metadata."""
        return get_routing_for_object(self.scorer)


def _fitted_marker(estimator, unlabeled):
    """The marker as settled in the fit of an estimator, or of a pipeline's last."""
    while not hasattr(estimator, "unlabeled_") and hasattr(estimator, "steps"):
        estimator = estimator.steps[-1][1]
    return getattr(estimator, "unlabeled_", unlabeled)
