"""Where label gradient alignment ends, and for which step sizes it gets there."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg

from ._checks import check_pair, check_positive
from ._moments import Moments, checked, is_regular, minimum_norm_solution, range_basis

RADIUS_TOLERANCE = 1e-9
"""Rounding of the spectral radius: a direction without labelled rows has exactly 1."""


def spectral_radius(
    A_l: ArrayLike, A_u: ArrayLike, *, lr: float, label_rate: float
) -> float:
    """Spectral radius of the dynamics near the fixed point, on the range of A_u.

    Near r = 0 the direction d is r / eps_norm, and with z = A_u s a step multiplies
    (theta, s) by::

        [[I - lr A_u,                 lr A_u            ],
         [-label_rate (A_l - A_u),    I - label_rate A_u]]

    The fixed point is stable if and only if its spectral radius is below 1. A
    direction that no labelled row has gives exactly 1: nothing moves there.

    Parameters
    ----------
    A_l, A_u : array-like of shape (n_features, n_features) or (n_features,)
        Second moments; vectors stand for diagonal matrices.

    lr : float
        alpha_theta.

    label_rate : float
        ``alpha_w / (n_u eps_norm)``; without the normalization ``alpha_w / n_u``.

    Returns
    -------
    radius : float
        Zero where A_u is zero.

    Examples
    --------
    >>> from sklearn_lga.linear import spectral_radius
    >>> round(spectral_radius([1.0], [1.0], lr=0.5, label_rate=0.5), 6)
    0.5
    """
    A_l, A_u = check_pair(A_l, A_u)
    check_positive(lr, "lr")
    check_positive(label_rate, "label_rate", allow_zero=True)
    if A_u.ndim == 1:
        seen = A_u > 0.0
        blocks = linear_dynamics(A_l[seen], A_u[seen], lr, label_rate)
        eigenvalues = np.linalg.eigvals(np.array(blocks).transpose(2, 0, 1))
    else:
        Q, u = range_basis(A_u)
        blocks = np.block(linear_dynamics(Q.T @ A_l @ Q, np.diag(u), lr, label_rate))
        # Of no directions: an error in old versions of scipy.
        eigenvalues = linalg.eigvals(blocks) if blocks.size else np.empty(0)
    return float(np.abs(eigenvalues).max(initial=0.0))


def linear_dynamics(A_l, A_u, lr, label_rate):
    """Blocks of the matrix that multiplies (theta, s) in a step without normalization.

    s = a / n_u stands for the labels, y_u = X_u s, so that z = A_u s. Vectors stand for
    diagonal matrices, and so do the blocks then.
    """
    eye = np.ones_like(A_u) if A_u.ndim == 1 else np.eye(len(A_u))
    return [
        [eye - lr * A_u, lr * A_u],
        [-label_rate * (A_l - A_u), eye - label_rate * A_u],
    ]


def fixed_point(moments: Moments) -> tuple[np.ndarray, np.ndarray]:
    """The fixed point of label gradient alignment (Proposition 3).

    Least squares on the labelled rows among the models in the range of A_u: a
    direction that no unlabelled row has is never learned.

    - Where the range of A_l lies in that of A_u, and A_l is regular on it, this is
      :func:`least_squares` and the limit of the path, with the normalization and
      without.
    - Where several models fit equally well (fewer labelled rows than features), it is
      the one of minimum norm, the limit without the normalization; with it, the limit
      is another of them unless A_l and A_u are diagonal. ``LGARegressor`` with
      ``solver="exact"`` and ``max_epochs=np.inf`` gives the latter.
    - Where labelled rows have a direction that no unlabelled row has, the labelled
      gradient cannot vanish whole. This is the limit without the normalization. With
      it, the limit has X_u d = 0 in place of X_u r = 0, where r is the gradient that
      is left and d = r / (eps_norm + r^2); the same if A_l and A_u are diagonal.

    Parameters
    ----------
    moments : Moments
        Of the data, see :func:`data_moments`.

    Returns
    -------
    coef, label_coef : ndarray, shaped like ``moments.b``
        theta and the part of a in the range of A_u.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lga.linear import data_moments, fixed_point
    >>> coef, _ = fixed_point(data_moments(np.eye(2), [1.0, 2.0], [[1.0, 0.0]]))
    >>> coef
    array([1., 0.])
    """
    moments = checked(moments)
    A_l, A_u = moments.matrices()
    Q = unlabeled_basis(A_u)
    coef = Q @ minimum_norm_solution(Q.T @ A_l @ Q, Q.T @ moments.b)
    # A_u theta = z = A_u a / n_u on the range of A_u
    return coef, moments.n_u * coef


def unlabeled_basis(A_u):
    """Orthonormal basis of what unlabelled rows span: the features, if that is all."""
    return np.eye(len(A_u)) if is_regular(A_u) else range_basis(A_u)[0]


def outside_unlabeled_range(moments):
    """Share of the labelled second moment that no unlabelled row spans, in [0, 1]."""
    A_l, A_u = moments.A_l, moments.A_u
    if A_u.ndim == 1:
        total, seen = A_l.sum(), A_l[A_u > 0.0].sum()
    else:
        Q = unlabeled_basis(A_u)
        total, seen = np.trace(A_l), np.trace(Q.T @ A_l @ Q)
    return float(1.0 - seen / total) if total > 0.0 else 0.0


def default_step_sizes(
    moments: Moments,
    lr: float | None = None,
    label_lr: float | None = None,
    eps_norm: float | None = None,
) -> dict[str, float]:
    """Step sizes for which the fixed point is stable, where None is given.

    ``lr`` is 1 / lambda, lambda the largest eigenvalue of A_l and A_u; ``eps_norm`` a
    hundredth of the largest square in b, so that gradients down to a tenth of the first
    are normalized; ``label_lr`` such that ``label_lr / (n_u eps_norm) = 1 / lambda``,
    halved as long as the spectral radius is not below 1; with ``eps_norm=0``, for which
    no step size is stable, that of the default ``eps_norm``.

    Parameters
    ----------
    moments : Moments
        Of the data, see :func:`data_moments`.

    lr, label_lr, eps_norm : float or None, default=None
        Values that are set already.

    Returns
    -------
    sizes : dict
        "lr", "label_lr" and "eps_norm".

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lga.linear import data_moments, default_step_sizes
    >>> moments = data_moments(np.eye(2), [2.0, 4.0], np.eye(2))
    >>> default_step_sizes(moments)
    {'lr': 2.0, 'label_lr': 0.16, 'eps_norm': 0.04}
    """
    moments = checked(moments)
    for name, value in {"lr": lr, "label_lr": label_lr, "eps_norm": eps_norm}.items():
        if value is not None:
            check_positive(value, name, allow_zero=name != "lr")
    largest = max(
        A.max() if A.ndim == 1 else linalg.eigvalsh(A)[-1]
        for A in (moments.A_l, moments.A_u)
    )
    unit = 1.0 / largest if largest > 0.0 else 1.0
    lr = unit if lr is None else lr
    default = 0.01 * float(np.square(moments.b).max()) or 1.0
    eps_norm = default if eps_norm is None else eps_norm
    if label_lr is None:
        rate = unit
        while rate > 1e-12 * unit and (
            spectral_radius(moments.A_l, moments.A_u, lr=lr, label_rate=rate)
            > 1.0 + RADIUS_TOLERANCE
        ):
            rate /= 2.0
        label_lr = rate * moments.n_u * (eps_norm or default)
    return {"lr": float(lr), "label_lr": float(label_lr), "eps_norm": float(eps_norm)}
