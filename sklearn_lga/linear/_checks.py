"""Checks of the exact mode's input, and their errors."""

import numpy as np
from scipy import sparse


def as_rows(X, name):
    """A 2-D array or CSR matrix of real numbers, not copied."""
    X = X.tocsr() if sparse.issparse(X) else np.asarray(X)
    if X.ndim != 2 or not X.shape[0]:
        raise ValueError(
            f"{name} must be of shape (n_rows, n_features) with at least one row, got "
            f"{X.shape}."
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


def check_moments(A_l, A_u, b, n_u):
    A_l, A_u, b = (np.asarray(x) for x in (A_l, A_u, b))
    for values, name in ((A_l, "A_l"), (A_u, "A_u"), (b, "b")):
        check_real_finite(values, name)
    m = len(b) if b.ndim else 0
    if A_l.shape != A_u.shape or A_l.shape not in ((m,), (m, m)) or b.ndim > 2:
        raise ValueError(
            "A_l and A_u must be both of shape (n_features, n_features) or both "
            f"(n_features,), and b of n_features entries, got {A_l.shape}, {A_u.shape} "
            f"and {b.shape}."
        )
    if n_u < 1:
        raise ValueError(f"n_u must be at least 1, got {n_u!r}.")
    return tuple(x.astype(np.float64) for x in (A_l, A_u, b))


def check_steps(steps, name, upper=None):
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
        and (upper is None or np.all(steps <= upper))
    )
    if not valid:
        raise ValueError(f"each of {name} must be {allowed}, got {steps.tolist()}.")
    return steps if len(finite) < len(steps) else steps.astype(np.int64)


def check_n_steps(n_steps):
    if n_steps != n_steps or n_steps < 0 or n_steps == np.inf or n_steps % 1:
        raise ValueError(f"n_steps must be a whole number >= 0, got {n_steps!r}.")
    return int(n_steps)


def check_positive(value, name, allow_zero=False):
    """Refuse a number that is not positive and finite."""
    valid = np.isfinite(value) and (value > 0 or (allow_zero and value == 0))
    if not valid:
        bound = ">= 0" if allow_zero else "> 0"
        raise ValueError(f"{name} must be a finite number {bound}, got {value!r}.")
