"""Label gradient alignment in linear regression, step by step (Eqs. 8 to 11)."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .._types import Rows
from ._checks import as_rows, check_count, check_moments, check_positive, check_steps
from ._moments import Moments, data_moments, product
from ._stability import RADIUS_TOLERANCE, outside_unlabeled_range, spectral_radius


@dataclass(frozen=True)
class LGAPath:
    """Models along the training path.

    Parameters
    ----------
    steps : ndarray of shape (n_recorded,)
        Numbers of updates.

    coef : ndarray of shape (n_recorded, n_features) or (..., n_outputs)
        ``coef[r]`` is theta after ``steps[r]`` updates.

    label_coef : ndarray, shaped like coef
        ``label_coef[r]`` is the vector a that the imputed labels are made of.

    n_unlabeled : int or None, default=None
        Number of unlabelled rows that the path was computed from; None stands for the
        rows that ``labels`` is given.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lga.linear import LGAPath
    >>> path = LGAPath(np.array([0, 1]), np.eye(2), np.eye(2), n_unlabeled=10)
    >>> path.labels([[3.0, 4.0]])
    array([[0.3],
           [0.4]])
    """

    steps: np.ndarray
    coef: np.ndarray
    label_coef: np.ndarray
    n_unlabeled: int | None = None

    def labels(self, X_unlabeled: Rows) -> np.ndarray:
        """Imputed labels ``y_u = X_u a / n_u`` at every recorded step.

        Parameters
        ----------
        X_unlabeled : {array-like, sparse matrix} of shape (n_unlabeled, n_features)
            The unlabelled rows that the path was computed from, or some of them.

        Returns
        -------
        labels : ndarray of shape (n_recorded, n_unlabeled) or (..., n_outputs)
            One row of labels for each recorded step.
        """
        X = as_rows(X_unlabeled, "X_unlabeled")
        if X.shape[1] != self.label_coef.shape[1]:
            raise ValueError(
                f"X_unlabeled has {X.shape[1]} features, but the path is one of "
                f"{self.label_coef.shape[1]}."
            )
        return np.stack([X @ a for a in self.label_coef]) / (
            self.n_unlabeled or X.shape[0]
        )


def lga_path(
    X_labeled: Rows,
    y_labeled: ArrayLike,
    X_unlabeled: Rows,
    *,
    lr: float,
    label_lr: float,
    eps_norm: float,
    n_steps: int,
    record: ArrayLike | None = None,
) -> LGAPath:
    """Label gradient alignment in linear regression (Eqs. 8 to 11), from zero.

    Exact for any features, correlated ones and CSR included; a step costs
    O(n_features^2), or O(n_features) where both second moments are diagonal, and does
    not depend on the number of rows.

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

    eps_norm : float
        The stabilizer of Eq. 2, >= 0; 0 is the setting of Section 3.1, of which no path
        comes to rest.

    n_steps : int
        Number of updates.

    record : sequence of int or None, default=None
        Steps to keep, each in [0, n_steps]; None keeps the last only.

    Returns
    -------
    path : LGAPath
        The models at the recorded steps.

    Warns
    -----
    UserWarning
        If the fixed point is unstable for these step sizes (see
        :func:`spectral_radius`): the iteration is then chaotic, or diverges where
        ``lr`` is 2 or more over the largest eigenvalue of A_u. And if labelled rows
        have directions that no unlabelled row has: these are never learned.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lga.linear import lga_path
    >>> path = lga_path(
    ...     np.eye(2), [1.0, 2.0], np.eye(2),
    ...     lr=0.5, label_lr=0.5, eps_norm=1.0, n_steps=200,
    ... )
    >>> path.coef.round(6), path.labels(np.eye(2)).round(6)
    (array([[1., 2.]]), array([[1., 2.]]))
    """
    moments = data_moments(X_labeled, y_labeled, X_unlabeled)
    return lga_path_from_moments(
        **vars(moments),
        lr=lr,
        label_lr=label_lr,
        eps_norm=eps_norm,
        n_steps=n_steps,
        record=record,
    )


def lga_path_from_moments(
    A_l: ArrayLike,
    A_u: ArrayLike,
    b: ArrayLike,
    n_u: int,
    *,
    lr: float,
    label_lr: float,
    eps_norm: float,
    n_steps: int,
    record: ArrayLike | None = None,
) -> LGAPath:
    """The same as :func:`lga_path`, from the moments of the data.

    With z = X_u' y_u / n_u, one step is::

        r     = (A_l - A_u) theta - b + z           g_l - g_u
        d     = r / (eps_norm + r^2)                as sqrt(r^4) = r^2 in Eq. 2
        theta = theta - lr (A_u theta - z)          Eq. 10
        z     = z - (label_lr / n_u) A_u d          Eq. 11 for X_u' y_u / n_u
        a     = a - label_lr d                      y_u = X_u a / n_u

    Parameters
    ----------
    A_l, A_u : array-like of shape (n_features, n_features) or (n_features,)
        Second moments of the labelled and the unlabelled rows. Vectors stand for
        diagonal matrices: a step is then O(n_features), and the features do not touch
        each other (Proposition 1).

    b : array-like of shape (n_features,) or (n_features, n_outputs)
        ``X_l' y_l / n_l``.

    n_u : int
        Number of unlabelled rows.

    lr, label_lr : float
        The step sizes alpha_theta and alpha_w.

    eps_norm : float
        The stabilizer of Eq. 2, >= 0; 0 is the setting of Section 3.1, of which no path
        comes to rest.

    n_steps : int
        Number of updates.

    record : sequence of int or None, default=None
        Steps to keep, each in [0, n_steps]; None keeps the last only.

    Returns
    -------
    path : LGAPath
        The models at the recorded steps.

    Examples
    --------
    >>> from sklearn_lga.linear import lga_path_from_moments
    >>> path = lga_path_from_moments(
    ...     [1.0, 1.0], [2.0, 0.5], [1.0, 1.0], 10,
    ...     lr=0.1, label_lr=0.1, eps_norm=0.1, n_steps=100,
    ... )
    >>> bool(path.coef[0, 0] > path.coef[0, 1])  # the principal component is faster
    True
    """
    moments = Moments(*check_moments(A_l, A_u, b, n_u))
    n_steps = check_count(n_steps, "n_steps")
    check_positive(lr, "lr")
    for value, name in ((label_lr, "label_lr"), (eps_norm, "eps_norm")):
        check_positive(value, name, allow_zero=True)
    record = [n_steps] if record is None else record
    record = check_steps(record, "record", upper=n_steps)
    sizes = {"lr": lr, "label_lr": label_lr, "eps_norm": eps_norm}
    warn_outside_range(moments)
    warn_if_unstable(moments, **sizes)

    kept, wanted = {}, set(record.tolist())
    with np.errstate(over="ignore", invalid="ignore"):
        for k, (theta, a, _) in enumerate(iterates(moments, **sizes)):
            if k in wanted:
                kept[k] = theta, a
                if len(kept) == len(wanted):
                    break
    coef, label_coef = zip(*(kept[k] for k in record.tolist()), strict=True)
    return LGAPath(record, np.stack(coef), np.stack(label_coef), moments.n_u)


def iterates(moments, lr, label_lr, eps_norm):
    """Theta, a and r = g_l - g_u after 0, 1, 2, ... updates, without end."""
    A_u, b = moments.A_u, moments.b
    theta, z, a = np.zeros((3, *b.shape))
    difference, rate = moments.A_l - A_u, label_lr / moments.n_u
    eps_norm = max(eps_norm, np.finfo(np.float64).tiny)  # d is 0 where r is
    while True:
        r = product(difference, theta) - b + z
        yield theta, a, r
        d = r / (eps_norm + r * r)
        theta = theta - lr * (product(A_u, theta) - z)
        z = z - rate * product(A_u, d)
        a = a - label_lr * d


def warn_outside_range(moments):
    """Whether labelled rows have directions that no unlabelled row has; warn if so."""
    share = outside_unlabeled_range(moments)
    if share > 1e-9:
        warnings.warn(
            f"{100 * share:.3g} % of the second moment of the labelled rows lies in "
            "directions that no unlabelled row has (fewer unlabelled rows than "
            "features, or a column that is constant among them). Label gradient "
            "alignment never learns these, and does not converge to least squares.",
            UserWarning,
            stacklevel=3,
        )
    return share > 1e-9


def warn_if_unstable(moments, lr, label_lr, eps_norm):
    """Warn of step sizes with which the path never rests."""
    if eps_norm == 0.0:
        if label_lr:
            warnings.warn(
                "With eps_norm=0 the steps of the labels grow as r = g_l - g_u "
                "vanishes: the path jumps about its fixed point, in a way that depends "
                "on rounding, and never rests. Stop it early, or set eps_norm > 0.",
                UserWarning,
                stacklevel=3,
            )
        return
    rate = label_lr / (moments.n_u * eps_norm)
    radius = spectral_radius(moments.A_l, moments.A_u, lr=lr, label_rate=rate)
    if radius > 1.0 + RADIUS_TOLERANCE:
        warnings.warn(
            f"lr={lr:g} with label_lr / (n_u eps_norm) = {rate:g} makes the "
            f"fixed point unstable: the spectral radius is {radius:.6g}, not below 1. "
            "The path is chaotic near it, and depends on rounding, or it diverges. "
            "Lower label_lr or lr, or raise eps_norm.",
            UserWarning,
            stacklevel=3,
        )
