"""What is common to classes and targets: what ``read`` gives, and scores."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import check_consistent_length


class GivenLabels(NamedTuple):
    """What ``y`` holds, as training needs it.

    Parameters
    ----------
    unlabeled : ndarray of bool, shape (n_samples,)
        The rows without a label.

    values : ndarray of shape (n_labeled,) or (n_labeled, n_outputs)
        Class codes, or targets in the units of ``y``, of the others.

    labels : ndarray of float32, shape (n_labeled, n_outputs)
        What the loss sees of them.

    weights : ndarray of shape (n_labeled,)
        Of their losses, with a mean of 1.
    """

    unlabeled: np.ndarray
    values: np.ndarray
    labels: np.ndarray
    weights: np.ndarray


def check_any_labeled(unlabeled, marker):
    """Refuse data without a label."""
    if unlabeled.all():
        raise ValueError(
            f"y has no labelled row: all {len(unlabeled)} entries are missing or "
            f"marked by unlabeled={marker!r}. At least one label is needed."
        )


def labeled_weights(sample_weight, unlabeled):
    """Weights of the labelled rows with a mean of 1: only their ratios count."""
    weights = sample_weight[~unlabeled]
    total = weights.sum()
    if not total > 0.0:
        raise ValueError(
            "sample_weight is 0 for each labelled row: nothing is left to learn from. "
            "Give at least one of them a positive weight."
        )
    return weights * (len(weights) / total)


def check_any_to_score(unlabeled):
    """Refuse to score rows of which none has a label."""
    if unlabeled.all():
        raise ValueError(
            f"score needs labelled rows, but all {len(unlabeled)} entries of y are "
            "missing or marked as unlabelled. In cross-validation SemiSupervisedSplit "
            "puts labelled rows in every test part."
        )


def score_labeled(metric, y_true, y_pred, unlabeled, sample_weight):
    """A metric of the labelled rows; ``y_true`` holds these, ``y_pred`` all rows."""
    if sample_weight is not None and np.ndim(sample_weight) != 1:
        raise ValueError(
            f"sample_weight must be of shape (n_samples,), got {sample_weight!r}."
        )
    check_consistent_length(y_pred, unlabeled, sample_weight)
    check_any_to_score(unlabeled)
    if sample_weight is not None:
        sample_weight = np.asarray(sample_weight)[~unlabeled]
    with np.errstate(invalid="ignore"):  # numbers beyond the integers: no class's
        return metric(y_true, y_pred[~unlabeled], sample_weight=sample_weight)
