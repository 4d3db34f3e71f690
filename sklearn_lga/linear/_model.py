"""A linear model with an intercept, from the path on centred data (Section 3.1)."""

import warnings
from dataclasses import dataclass

import numpy as np

from ._moments import column_means, data_moments
from ._path import lga_path_from_moments
from ._stability import default_step_sizes, fixed_point, outside_unlabeled_range
from ._supervised import descend

MAX_RECORDED = 1000
"""Steps of a path that early stopping chooses among."""


@dataclass(frozen=True)
class LinearModel:
    """A linear model after some steps: ``(x - center) coef + level`` predicts.

    Parameters
    ----------
    coef : ndarray of shape (n_features, n_outputs)

    center, level : ndarray of shape (n_features,), (n_outputs,)

    imputed : ndarray of shape (n_unlabeled, n_outputs)
        Labels of the unlabelled rows.

    n_steps : float
        Updates of this model; infinity for the fixed point.

    max_steps : float
        Updates of the path that it was chosen from.

    sizes : dict
        "lr", "label_lr" and "eps_norm", as settled.
    """

    coef: np.ndarray
    center: np.ndarray
    level: np.ndarray
    imputed: np.ndarray
    n_steps: float
    max_steps: float
    sizes: dict

    def outputs(self, X):
        """Predictions of rows, shape (n_rows, n_outputs)."""
        return X @ self.coef - self.center @ self.coef + self.level


def follow_path(X_labeled, y, X_unlabeled, held_out, n_steps, sizes):
    """Follow the exact path of label gradient alignment from zero.

    Parameters
    ----------
    X_labeled : ndarray or CSR matrix of shape (n_labeled, n_features)
        Labelled rows.

    y : ndarray of shape (n_labeled, n_outputs)
        Their targets.

    X_unlabeled : ndarray or CSR matrix of shape (n_unlabeled, n_features)
        Unlabelled rows; without any, this is gradient descent (Eq. 7).

    held_out : tuple of (X, y)
        Labelled rows that choose the step, by the squared error; without any, it is
        the last one.

    n_steps : int or np.inf
        Number of updates; infinity is the fixed point.

    sizes : dict
        "lr", "label_lr" and "eps_norm", None where they are derived from the data.

    Returns
    -------
    model : LinearModel
    """
    n_unlabeled = X_unlabeled.shape[0]
    # Without unlabelled rows only A_l and b of the moments are used.
    moments = data_moments(
        X_labeled, y, X_unlabeled if n_unlabeled else X_labeled, center=True
    )
    center, level = column_means(X_labeled), y.mean(axis=0)
    chooses = len(held_out[1]) > 0
    record = recorded_steps(n_steps) if chooses else [n_steps]
    sizes = default_step_sizes(moments, **sizes)
    if n_unlabeled:
        _warn_outside_range(moments)
    coefs, label_coefs = models_on_path(moments, n_unlabeled, n_steps, record, sizes)
    if not np.isfinite(coefs).all():
        raise ValueError(
            f"The path diverged with lr={sizes['lr']:g}, "
            f"label_lr={sizes['label_lr']:g} and eps_norm={sizes['eps_norm']:g}. Lower "
            "lr or label_lr, or leave them at None to have them derived from the data."
        )
    best = 0
    if chooses:
        X, known = held_out
        errors = [np.sum((X @ c - center @ c + level - known) ** 2) for c in coefs]
        best = int(np.argmin(errors))
    imputed = np.empty((0, y.shape[1]))
    if n_unlabeled:
        # Centred by their own means, the labels lack a level: the model's at that mean.
        a, mean = label_coefs[best] / n_unlabeled, column_means(X_unlabeled)
        own_level = level + (mean - center) @ coefs[best]
        imputed = X_unlabeled @ a - mean @ a + own_level
    return LinearModel(
        coefs[best], center, level, imputed, record[best], n_steps, sizes
    )


def models_on_path(moments, n_unlabeled, n_steps, record, sizes):
    """Theta and a at each recorded step, or at the fixed point."""
    if not n_unlabeled:
        coefs = descend(moments.matrices()[0], moments.b, sizes["lr"], record)
        return coefs, np.zeros_like(coefs)
    if np.isinf(n_steps):
        return tuple(x[np.newaxis] for x in fixed_point(moments))
    path = lga_path_from_moments(
        **vars(moments), n_steps=n_steps, record=record, **sizes
    )
    return path.coef, path.label_coef


def recorded_steps(n_steps):
    """All steps, or as many in geometric progression where there are too many."""
    if n_steps <= MAX_RECORDED:
        return list(range(n_steps + 1))
    steps = np.geomspace(1, n_steps, MAX_RECORDED).round().astype(int)
    return [0, *np.unique(steps).tolist()]


def _warn_outside_range(moments):
    share = outside_unlabeled_range(moments)
    if share > 1e-9:
        warnings.warn(
            f"{100 * share:.3g} % of the variance of the labelled rows of X lies in "
            "directions that no unlabelled row has (fewer unlabelled rows than "
            "features, or a column that is constant among them). Label gradient "
            "alignment never learns these, and does not converge to least squares.",
            UserWarning,
            stacklevel=2,
        )
