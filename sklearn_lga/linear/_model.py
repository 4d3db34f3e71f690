"""A linear model, with an intercept from centred data or without one (Section 3.1)."""

from dataclasses import dataclass

import numpy as np

from ._end import end_of_path
from ._moments import column_means, data_moments
from ._path import lga_path_from_moments
from ._stability import default_step_sizes
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
        Updates of this model; infinity for the path's end.

    max_steps : float
        Updates of the path that it was chosen from.

    sizes : dict
        "lr", "label_lr" and "eps_norm", as settled.

    origin : ndarray of shape (n_outputs,) or None
        As :func:`follow_path` was given it.
    """

    coef: np.ndarray
    center: np.ndarray
    level: np.ndarray
    imputed: np.ndarray
    n_steps: float
    max_steps: float
    sizes: dict
    origin: np.ndarray | None

    def outputs(self, X):
        """Predictions of rows, shape (n_rows, n_outputs)."""
        return X @ self.coef - self.center @ self.coef + self.level


def follow_path(labeled, X_unlabeled, held_out, n_steps, sizes, origin=None):
    """Follow the exact path of label gradient alignment from zero.

    Parameters
    ----------
    labeled : tuple of (X, y, weights)
        Labelled rows, ndarray or CSR matrix of shape (n_labeled, n_features), their
        targets (n_labeled, n_outputs) and the weights of their losses, (n_labeled,).

    X_unlabeled : ndarray or CSR matrix of shape (n_unlabeled, n_features)
        Unlabelled rows; without any, this is gradient descent (Eq. 7).

    held_out : tuple of (X, y, weights)
        Labelled rows that choose the step, by the squared error; without any, it is
        the last one.

    n_steps : int or np.inf
        Number of updates; infinity is the path's end.

    sizes : dict
        "lr", "label_lr" and "eps_norm", None where they are derived from the data.

    origin : ndarray of shape (n_outputs,) or None, default=None
        What a model without an intercept predicts at X = 0. None: with an intercept.

    Returns
    -------
    model : LinearModel
    """
    n_unlabeled = X_unlabeled.shape[0]
    X_labeled, y, weights = labeled
    moments = path_moments(labeled, X_unlabeled, origin)
    center, level = _center(X_labeled, origin, weights), origin
    if origin is None:
        level = np.average(y, axis=0, weights=weights)
    chooses = len(held_out[1]) > 0
    record = recorded_steps(n_steps) if chooses else [n_steps]
    sizes = default_step_sizes(moments, **sizes)
    coefs, label_coefs = models_on_path(moments, n_unlabeled, n_steps, record, sizes)
    if not np.isfinite(coefs).all():
        raise ValueError(
            f"The path diverged with lr={sizes['lr']:g}, "
            f"label_lr={sizes['label_lr']:g} and eps_norm={sizes['eps_norm']:g}. Lower "
            "lr or label_lr, or leave them at None to have them derived from the data."
        )
    best = 0
    if chooses:
        X, known, counts = held_out
        errors = [
            counts @ np.sum((X @ c - center @ c + level - known) ** 2, axis=1)
            for c in coefs
        ]
        best = int(np.argmin(errors))
    imputed = np.empty((0, y.shape[1]))
    if n_unlabeled:
        # Centred by their own means, the labels lack a level: the model's at that mean.
        a, mean = label_coefs[best] / n_unlabeled, _center(X_unlabeled, origin)
        own_level = level + (mean - center) @ coefs[best]
        imputed = X_unlabeled @ a - mean @ a + own_level
    return LinearModel(
        coefs[best], center, level, imputed, record[best], n_steps, sizes, origin
    )


def path_moments(labeled, X_unlabeled, origin):
    """The moments that :func:`follow_path` follows, of the same arguments."""
    X_labeled, y, weights = labeled
    if not X_unlabeled.shape[0]:
        X_unlabeled = X_labeled  # only A_l and b are used then
    if origin is None:
        return data_moments(
            X_labeled, y, X_unlabeled, center=True, sample_weight=weights
        )
    return data_moments(X_labeled, y - origin, X_unlabeled, sample_weight=weights)


def _center(X, origin, weights=None):
    return column_means(X, weights) if origin is None else np.zeros(X.shape[1])


def models_on_path(moments, n_unlabeled, n_steps, record, sizes):
    """Theta and a at each recorded step, or at the path's end."""
    if not n_unlabeled:
        coefs = descend(moments.matrices()[0], moments.b, sizes["lr"], record)
        return coefs, np.zeros_like(coefs)
    if np.isinf(n_steps):
        return tuple(x[np.newaxis] for x in end_of_path(moments, **sizes))
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
