"""Label gradient alignment without its normalization, at any step at once."""

import numpy as np
from numpy.typing import ArrayLike

from .._types import Rows
from ._checks import check_positive, check_steps
from ._moments import data_moments, range_basis
from ._path import LGAPath
from ._stability import RADIUS_TOLERANCE, fixed_point, linear_dynamics, spectral_radius


def lga_closed_form(
    X_labeled: Rows,
    y_labeled: ArrayLike,
    X_unlabeled: Rows,
    *,
    lr: float,
    label_lr: float,
    steps: ArrayLike,
) -> LGAPath:
    """Label gradient alignment without the normalization of Eq. 2, at any steps.

    With r in place of d the dynamics is linear in (theta, a), and step k is a power of
    one matrix, taken by squaring (it can be defective: eigenvectors would not do).

    Parameters
    ----------
    X_labeled : {array-like, sparse matrix} of shape (n_labeled, n_features)
        Labelled rows.

    y_labeled : array-like of shape (n_labeled,) or (n_labeled, n_outputs)
        Their targets.

    X_unlabeled : {array-like, sparse matrix} of shape (n_unlabeled, n_features)
        Unlabelled rows.

    lr, label_lr : float
        The step sizes alpha_theta and alpha_w.

    steps : sequence of int
        Numbers of updates, each >= 0; ``np.inf`` is the limit.

    Returns
    -------
    path : LGAPath
        Its ``label_coef`` is the part of a in the range of A_u; what lies outside keeps
        growing where labelled rows have directions that no unlabelled row has, and
        makes no difference to the labels.

    Raises
    ------
    ValueError
        If the spectral radius is 1 or more: the iteration would diverge.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lga.linear import lga_closed_form
    >>> path = lga_closed_form(
    ...     np.eye(2), [1.0, 2.0], np.eye(2), lr=0.5, label_lr=0.5, steps=[0, np.inf]
    ... )
    >>> path.coef
    array([[0., 0.],
           [1., 2.]])
    """
    moments = data_moments(X_labeled, y_labeled, X_unlabeled)
    steps = check_steps(steps, "steps")
    check_positive(lr, "lr")
    check_positive(label_lr, "label_lr")
    A_l, A_u = moments.matrices()
    rate = label_lr / moments.n_u
    radius = spectral_radius(A_l, A_u, lr=lr, label_rate=rate)
    if radius > 1.0 + RADIUS_TOLERANCE:
        raise ValueError(
            f"lr={lr:g} and label_lr={label_lr:g} make the iteration diverge: its "
            f"spectral radius is {radius:.6g} and must be below 1. Lower label_lr "
            f"(label_lr / n_u = {rate:.6g}) or lr."
        )
    # In a basis of the range of A_u, so that nothing else can pile up rounding.
    Q, u = range_basis(A_u)
    matrix = np.block(linear_dynamics(Q.T @ A_l @ Q, np.diag(u), lr, rate))
    b = Q.T @ moments.b
    states = _affine_powers(matrix, np.concatenate([0.0 * b, rate * b]), steps)
    coef, s = (
        (Q @ half).reshape(len(steps), *moments.b.shape)
        for half in (states[:, : len(u)], states[:, len(u) :])
    )
    label_coef = moments.n_u * s
    for i in np.flatnonzero(np.isinf(steps)):
        coef[i], label_coef[i] = fixed_point(moments)
    return LGAPath(steps, coef, label_coef, moments.n_u)


def _affine_powers(matrix, constant, steps):
    """The states s_k of s -> matrix s + constant, s_0 = 0; zero where k is infinite."""
    constant = constant.reshape(len(constant), -1)
    size, n_outputs = constant.shape
    step = np.block(
        [[matrix, constant], [np.zeros((n_outputs, size)), np.eye(n_outputs)]]
    )
    states = np.zeros((len(steps), size, n_outputs))
    total, done = np.eye(len(step)), 0
    for i in np.argsort(steps):
        if np.isfinite(steps[i]):
            k = int(steps[i])
            total = np.linalg.matrix_power(step, k - done) @ total
            states[i], done = total[:size, size:], k
    return states
