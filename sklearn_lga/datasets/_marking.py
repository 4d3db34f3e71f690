"""Marking labels as unlabelled."""

import numbers

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from .._labels.drawing import choose_rows
from .._labels.marker import as_array, check_marker, is_marked, is_missing
from .._types import Marker, Seed


def hide_labels(
    y: ArrayLike,
    *,
    n_labeled: float,
    stratify: bool = True,
    random_state: Seed = None,
    unlabeled: Marker = -1,
) -> np.ndarray:
    """Mark all but a few entries of ``y`` as unlabelled.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The true labels or targets, none of them missing. Floating-point values
        are taken as regression targets.

    n_labeled : int or float
        How many rows keep their label: a count, or a fraction of all rows
        strictly between 0 and 1.

    stratify : bool, default=True
        Keep labels in proportion to the classes' sizes; otherwise they are drawn
        at random. At least one of each class is kept either way. Ignored for
        regression targets.

    random_state : int, RandomState instance or None, default=None
        Chooses the rows.

    unlabeled : scalar, default=-1
        The marker. Use NaN for targets among which -1 is a value.

    Returns
    -------
    y_marked : ndarray, shaped like y
        A new array, in the dtype of ``y`` where it can hold the marker. Strings
        and booleans come as objects.

    Raises
    ------
    ValueError
        If ``n_labeled`` is out of range or smaller than the number of classes, or if
        the marker stands in ``y``.

    Examples
    --------
    >>> from sklearn_lga.datasets import hide_labels
    >>> hide_labels([0, 0, 0, 1, 1, 1], n_labeled=2, random_state=0)
    array([-1, -1,  0, -1, -1,  1])
    """
    check_marker(unlabeled)
    if not isinstance(stratify, bool | np.bool_):
        raise ValueError(f"stratify must be True or False, got {stratify!r}.")
    y = as_array(y)
    if is_missing(y).any():
        raise ValueError("y has missing values: hide_labels takes the true labels.")
    if is_marked(y, unlabeled).any():
        raise ValueError(
            f"y holds unlabeled={unlabeled!r} as a label, so it cannot mark rows. Pass "
            "another marker, as unlabeled=np.nan."
        )
    n_samples = len(y)
    n_labeled = _count(n_labeled, n_samples)
    rng = check_random_state(random_state)
    continuous = y.dtype.kind == "f" or y.ndim > 1
    # Regression targets are all of one class.
    codes = np.unique(np.zeros(n_samples) if continuous else y, return_inverse=True)[1]
    n_classes = codes.max() + 1
    if n_labeled < n_classes:
        raise ValueError(
            f"n_labeled={n_labeled} is smaller than the number of classes, "
            f"{n_classes}: at least one label of each class is kept. Pass "
            f"n_labeled >= {n_classes}."
        )
    kept = choose_rows(codes, n_labeled, stratify, rng)
    marked = np.full(y.shape, unlabeled, dtype=_dtype_with_marker(y.dtype, unlabeled))
    marked[kept] = y[kept]
    return marked


def _count(n_labeled, n_samples):
    integral = isinstance(n_labeled, numbers.Integral)
    valid = isinstance(n_labeled, numbers.Real) and (
        1 <= n_labeled <= n_samples if integral else 0 < n_labeled < 1
    )
    if not valid:
        raise ValueError(
            f"n_labeled must be an int in [1, {n_samples}] or a fraction in (0, 1), "
            f"got {n_labeled!r}."
        )
    return int(n_labeled) if integral else max(1, round(n_labeled * n_samples))


def _dtype_with_marker(dtype, unlabeled):
    if dtype.kind not in "iuf" or not isinstance(unlabeled, numbers.Real):
        return np.dtype(object)
    joint = np.result_type(dtype, np.min_scalar_type(unlabeled))
    integral = dtype.kind in "iu" and isinstance(unlabeled, numbers.Integral)
    return np.dtype(object) if integral and joint.kind == "f" else joint
