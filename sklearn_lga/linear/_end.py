"""Where the path of label gradient alignment ends, with its normalization."""

import warnings

import numpy as np

from ._moments import is_regular, range_basis
from ._path import iterates, warn_if_unstable, warn_outside_range
from ._stability import fixed_point, unlabeled_basis

MOST_STEPS = 100_000
"""Steps within which a path should come near its end."""


def end_of_path(moments, lr, label_lr, eps_norm):
    """Theta and a where the path ends.

    That is :func:`fixed_point`, but where several models fit the labelled rows equally
    well: the path chooses among these, by its step sizes. It is followed until r is
    small beside the root of eps_norm. From there on d = r / eps_norm, the path is
    linear, and what the labelled rows do not see of label_lr theta + lr eps_norm a
    stays as it is, so that the rest of the way is known.
    """
    if label_lr == 0.0:  # labels that do not move: nothing is learned
        return np.zeros((2, *moments.b.shape))
    outside = warn_outside_range(moments)
    coef, label_coef = fixed_point(moments)
    A_l, A_u = moments.matrices()
    Q = unlabeled_basis(A_u)
    if outside or is_regular(Q.T @ A_l @ Q):
        return coef, label_coef
    sizes = {"lr": lr, "label_lr": label_lr, "eps_norm": eps_norm}
    theta, a = _near_the_end(moments, sizes)
    conserved = (label_lr * theta + lr * eps_norm * a) / (
        label_lr + lr * eps_norm * moments.n_u
    )
    R = Q @ range_basis(Q.T @ A_l @ Q)[0]
    coef = coef + Q @ (Q.T @ conserved) - R @ (R.T @ conserved)
    return coef, moments.n_u * coef


def _near_the_end(moments, sizes):
    """Theta and a of the first step from which the path is linear."""
    warn_if_unstable(moments, **sizes)
    with np.errstate(over="ignore", invalid="ignore"):
        for k, (theta, a, r) in enumerate(iterates(moments, **sizes)):
            if (r * r <= 1e-8 * sizes["eps_norm"]).all():
                return theta, a
            if k == MOST_STEPS:
                break
    warnings.warn(
        f"The path has not come near its end within {MOST_STEPS:,} steps. Several "
        "models fit the labelled rows equally well (fewer rows than features, or "
        "collinear features): the one returned is an estimate of the end. Give "
        "a number of steps, or leave lr, label_lr and eps_norm to be derived.",
        UserWarning,
        stacklevel=4,
    )
    return theta, a
