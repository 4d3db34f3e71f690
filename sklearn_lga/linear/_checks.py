"""Checks of the exact mode's input, and their errors."""

import numbers

import numpy as np
from scipy import sparse

LARGEST = 1e60
"""So that products of four numbers stay in the range of float64."""


def as_rows(X, name):
    """A 2-D array or CSR matrix of real numbers, not copied."""
    X = X.tocsr() if sparse.issparse(X) else np.asarray(X)
    if X.ndim != 2 or 0 in X.shape:
        raise ValueError(
            f"{name} must be of shape (n_rows, n_features) with at least one row and "
            f"one feature, got {X.shape}."
        )
    check_real_finite(X.data if sparse.issparse(X) else X, name)
    return X


def as_response(y, n_rows, name):
    """Targets in float64, one entry or row for each row of X."""
    y = np.asarray(y)
    if y.ndim not in (1, 2) or len(y) != n_rows:
        raise ValueError(
            f"{name} must be of shape ({n_rows},) or ({n_rows}, n_outputs), as X has "
            f"{n_rows} rows, got {y.shape}."
        )
    check_real_finite(y, name)
    return y.astype(np.float64)


def check_real_finite(values, name):
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold real numbers, got dtype {values.dtype}.")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ValueError(f"{name} must be finite, but holds NaN or infinity.")
    largest = max(float(values.max(initial=0)), -float(values.min(initial=0)))
    if largest > LARGEST:
        raise ValueError(
            f"{name} holds a value of magnitude {largest:.3g}, beyond {LARGEST:g}: its "
            "squares overflow float64. Scale it."
        )


def check_weights(sample_weight, n_rows):
    """Weights of the labelled rows in float64, with a mean of 1; None for None."""
    if sample_weight is None:
        return None
    weights = as_response(sample_weight, n_rows, "sample_weight")
    if weights.ndim != 1 or (weights < 0.0).any() or not weights.any():
        raise ValueError(
            "sample_weight must be a number >= 0 for each labelled row, not all 0, got "
            f"{sample_weight!r}."
        )
    return weights / weights.mean()


def check_rows(X_labeled, y_labeled, X_unlabeled):
    """All three inputs, checked against each other."""
    X_l = as_rows(X_labeled, "X_labeled")
    X_u = as_rows(X_unlabeled, "X_unlabeled")
    y = as_response(y_labeled, X_l.shape[0], "y_labeled")
    if X_l.shape[1] != X_u.shape[1]:
        raise ValueError(
            f"X_labeled and X_unlabeled must have the same features, got "
            f"{X_l.shape[1]} and {X_u.shape[1]}."
        )
    return X_l, y, X_u


def check_pair(A_l, A_u) -> tuple[np.ndarray, np.ndarray]:
    """Second moments in float64: two symmetric matrices, or two diagonals."""
    A_l, A_u = np.asarray(A_l), np.asarray(A_u)
    square = A_l.ndim == 2 and A_l.shape[0] == A_l.shape[1]
    if A_l.shape != A_u.shape or not (A_l.ndim == 1 or square) or not A_l.size:
        raise ValueError(
            "A_l and A_u must be both of shape (n_features, n_features) or both "
            f"(n_features,), got {A_l.shape} and {A_u.shape}."
        )
    for A, name in ((A_l, "A_l"), (A_u, "A_u")):
        check_real_finite(A, name)
        diagonal = A if A.ndim == 1 else np.diag(A)
        if (diagonal < 0).any() or not np.allclose(A, A.T):
            raise ValueError(
                f"{name} must be a second moment X' X / n: symmetric, with no negative "
                "entry on its diagonal."
            )
    return A_l.astype(np.float64), A_u.astype(np.float64)


def check_moments(A_l, A_u, b, n_u):
    """The moments of the data in float64."""
    A_l, A_u = check_pair(A_l, A_u)
    b = np.asarray(b)
    check_real_finite(b, "b")
    if b.ndim not in (1, 2) or len(b) != len(A_l):
        raise ValueError(
            f"b must be of shape ({len(A_l)},) or ({len(A_l)}, n_outputs), as A_l has "
            f"{len(A_l)} features, got {b.shape}."
        )
    return A_l, A_u, b.astype(np.float64), check_count(n_u, "n_u", at_least=1)


def check_count(value, name, at_least=0):
    """A whole number, as an int."""
    valid = isinstance(value, numbers.Real) and np.isfinite(value)
    if not valid or value < at_least or value % 1:
        raise ValueError(f"{name} must be a whole number >= {at_least}, got {value!r}.")
    return int(value)


def check_steps(steps, name, upper=None) -> np.ndarray:
    """Numbers of updates, as an array of int, or of float with infinity."""
    steps = np.atleast_1d(np.asarray(steps))
    finite = steps[np.isfinite(steps)] if steps.dtype.kind == "f" else steps
    allowed = "a whole number >= 0" + (", or np.inf" if upper is None else "")
    if upper is not None:
        allowed = f"a whole number in [0, {upper}]"
    valid = (
        steps.ndim == 1
        and steps.size > 0
        and steps.dtype.kind in "iuf"
        and not (steps.dtype.kind == "f" and np.isnan(steps).any())
        and np.all(finite >= 0)
        and np.all(finite == np.floor(finite))
        and np.all(finite < 2.0**63)
        and (upper is None or np.all(steps <= upper))
    )
    if not valid:
        raise ValueError(f"each of {name} must be {allowed}, got {steps.tolist()}.")
    return steps if len(finite) < len(steps) else steps.astype(np.int64)


def check_positive(value, name, allow_zero=False):
    """Refuse a number that is not positive and finite."""
    valid = isinstance(value, numbers.Real) and np.isfinite(value)
    valid = valid and (value > 0 or (allow_zero and value == 0))
    if not valid:
        bound = ">= 0" if allow_zero else "> 0"
        raise ValueError(f"{name} must be a finite number {bound}, got {value!r}.")
