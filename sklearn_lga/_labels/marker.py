"""The marker: which entries of y are unlabelled, and what the others hold."""

import numbers
import warnings

import numpy as np


def as_array(y) -> np.ndarray:
    """``y`` as an ndarray that keeps what pandas' own dtypes hold.

    Nullable and categorical values become objects, where ``np.asarray`` would turn
    integers into floats; a missing value among objects becomes None.
    """
    if y is None:
        raise ValueError("y is needed, labels or targets, got None.")
    dtype = getattr(y, "dtype", None)
    if dtype is not None and not isinstance(dtype, np.dtype) and hasattr(y, "astype"):
        y = y.astype(object)
    values = np.asarray(y)
    if values.dtype.kind == "O":
        values = np.where(is_missing(values), None, values)
    return values


def as_labels(y):
    """:func:`as_array` of class labels; a frame's only column keeps its dtype."""
    if hasattr(y, "iloc") and np.ndim(y) == 2 and y.shape[1] == 1:
        y = y.iloc[:, 0]
    return as_array(y)


def is_missing(values):
    """Where an array holds None, NaN, NaT or pandas' NA."""
    if values.dtype.kind in "fc":
        return np.isnan(values)
    if values.dtype.kind in "mM":
        return np.isnat(values)
    if values.dtype.kind == "O":
        flat = [_is_missing_object(value) for value in values.ravel()]
        return np.array(flat, dtype=bool).reshape(values.shape)
    return np.zeros(values.shape, dtype=bool)


def _is_missing_object(value):
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, numbers.Real) and value != value


def _equals(values, marker):
    """Where an array holds the marker; a bool is no number here."""
    if isinstance(marker, np.generic):  # Python's compare with integers of any size
        marker = marker.item()
    if values.dtype.kind == "O":
        flat = [_equals_object(value, marker) for value in values.ravel()]
        return np.array(flat, dtype=bool).reshape(values.shape)
    if values.dtype.kind == "b" or isinstance(marker, str) != (
        values.dtype.kind == "U"
    ):
        return np.zeros(values.shape, dtype=bool)
    return values == marker


def _equals_object(value, marker):
    if isinstance(value, bool | np.bool_) or isinstance(value, str) != isinstance(
        marker, str
    ):
        return False
    return value == marker


def check_marker(unlabeled):
    """Refuse a marker that is no number, string or None."""
    if not (unlabeled is None or isinstance(unlabeled, numbers.Real | str)):
        raise ValueError(
            f"unlabeled must be a number, a string or None, got {unlabeled!r}."
        )


def is_marked(values, marker):
    """Where an array holds the marker; a missing value is marked as well.

    Parameters
    ----------
    values : ndarray

    marker : scalar or None
        None marks nothing, and then a missing value is an error. NaN marks the
        missing values alone.

    Returns
    -------
    marked : ndarray of bool, shaped like values
    """
    missing = is_missing(values)
    if marker is None:
        if missing.any():
            row = int(np.argwhere(np.atleast_1d(missing))[0, 0])
            raise ValueError(
                f"y has a missing value in row {row}, and unlabeled=None says that "
                "every row is labelled. Fill it in, drop the row, or pass "
                "unlabeled=-1 to have missing values read as unlabelled."
            )
        return missing
    if is_missing(np.asarray(marker)).all():
        return missing
    return missing | _equals(values, marker)


def settle_marker(values, unlabeled):
    """The marker of labels or targets, settled once for fit and score.

    Where ``values`` holds a missing value, missing values alone mark rows, and -1 is
    a value like any other.

    Parameters
    ----------
    values : ndarray

    unlabeled : scalar or None
        The estimator's parameter.

    Returns
    -------
    marker : scalar or None
    """
    return np.nan if unlabeled == -1 and is_missing(values).any() else unlabeled


def resolve_label_marker(labels, unlabeled):
    """:func:`settle_marker` of class labels, with a warning where -1 is a class."""
    marker = settle_marker(labels, unlabeled)
    if marker is not unlabeled and _equals(labels, unlabeled).any():
        warnings.warn(
            "y holds missing values, which mark its unlabelled rows: -1 is read as a "
            "class. If -1 marks rows as well, replace it by a missing value; if it is "
            "a class, pass unlabeled=np.nan, and nothing is said.",
            UserWarning,
            stacklevel=2,
        )
    return marker


def labeled_values(y, marked, marker):
    """The class labels that were given, in a dtype of their own.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)

    marked : ndarray of bool, shape (n_samples,)
        The unlabelled rows.

    marker : scalar or None
        Named in the error.

    Returns
    -------
    values : ndarray of shape (n_labeled,)
        Objects that are all bool, int or float come in that dtype.
    """
    values = y[~marked]
    if marker == -1 and values.dtype.kind in "UO":
        _refuse_string_marker(values)
    return _native_dtype(values) if values.dtype.kind == "O" else values


def _refuse_string_marker(values):
    if any(isinstance(value, str) and value == "-1" for value in values):
        raise ValueError(
            'y holds the string "-1", which is not the marker of unlabelled rows, '
            "the number -1. Mark them in an object array, "
            "y = y.astype(object); y[unlabelled] = -1, or pass unlabeled='-1'. Where "
            "it is a label, mark rows with None and pass unlabeled=np.nan."
        )


def _native_dtype(values):
    kinds = {}
    for value in values:
        if isinstance(value, bool | np.bool_):
            kind = bool
        elif isinstance(value, numbers.Integral):
            kind = int
        elif isinstance(value, numbers.Real):
            kind = float
        else:
            kind = str if isinstance(value, str) else object
        kinds[kind] = value
    if len(kinds) > 1 and kinds.keys() - {int, float}:
        examples = ", ".join(f"{value!r}" for value in kinds.values())
        raise ValueError(
            f"y mixes labels of several types ({examples}); give all labels one "
            "type. Unlabelled rows are marked by the `unlabeled` parameter or a "
            "missing value."
        )
    native = kinds.keys() <= {bool, int, float}
    return np.asarray(values.tolist()) if native and kinds else values


LARGEST_TARGET = 1e150
"""So that sums of squares stay in the range of float64."""


def as_targets(y):
    """Regression targets as a new float64 array, NaN where a value is missing."""
    y = as_array(y)
    if y.dtype.kind == "c":
        raise ValueError("y must hold real targets, got complex numbers.")
    try:
        targets = np.array(y, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"y must hold numbers as targets: {error}.") from error
    if np.isinf(targets).any():
        row = int(np.argwhere(np.atleast_1d(np.isinf(targets)))[0, 0])
        raise ValueError(f"Input y contains infinity, in row {row}.")
    largest = np.abs(targets[~np.isnan(targets)]).max(initial=0.0)
    if largest > LARGEST_TARGET:
        raise ValueError(
            f"y holds a target of magnitude {largest:.3g}, beyond {LARGEST_TARGET:g}: "
            "its square would not be finite. Change the units."
        )
    return targets


def resolve_target_marker(targets, unlabeled):
    """:func:`settle_marker` of targets, with a warning where -1 lies among them.

    Where any target is NaN, the default -1 is no marker but a value.

    Parameters
    ----------
    targets : ndarray of float, shape (n_samples,) or (n_samples, n_outputs)

    unlabeled : float or None
        The estimator's parameter.

    Returns
    -------
    marker : float or None
    """
    unlabeled = settle_marker(targets, unlabeled)
    if unlabeled is None or np.isnan(unlabeled):
        return unlabeled
    marked = targets == unlabeled
    others = targets[~marked & ~np.isnan(targets)]
    if marked.any() and others.size and others.min() < unlabeled < others.max():
        warnings.warn(
            f"{unlabeled:g} read as unlabelled in {int(marked.sum())} entries of y, "
            "though it lies inside the range of the other targets, "
            f"[{others.min():g}, {others.max():g}]. If it is a value, mark the "
            "unlabelled rows with NaN and pass unlabeled=np.nan.",
            UserWarning,
            stacklevel=2,
        )
    return unlabeled


def unlabeled_target_rows(targets, marker):
    """Rows without a target, by the marker of :func:`resolve_target_marker`.

    Parameters
    ----------
    targets : ndarray of float, shape (n_samples,) or (n_samples, n_outputs)

    marker : float or None

    Returns
    -------
    unlabeled : ndarray of bool, shape (n_samples,)
    """
    marked = is_marked(targets, marker)
    if marked.ndim == 1:
        return marked
    partly = marked.any(axis=1) & ~marked.all(axis=1)
    if partly.any():
        row = int(np.flatnonzero(partly)[0])
        raise ValueError(
            f"Row {row} of y is marked as unlabelled in some outputs only: "
            f"{targets[row].tolist()}. Mark all of its outputs or none, or fit "
            "sklearn.multioutput.MultiOutputRegressor with a number as the marker."
        )
    return marked.all(axis=1)
