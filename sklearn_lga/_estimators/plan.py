"""What a fit decides by itself: defaults that depend on the data, in one place."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from .._training.batches import n_steps_per_epoch

STEPS_FROM_CLOSED_FORM = 40
"""Training steps that ``max_epochs=None`` aims at, from the closed form's answer."""

STEPS_FROM_NOTHING = 1000
"""The same for labels that start uniform, and for networks of the user's."""

MAX_ROWS = 10_000
"""Unlabelled rows, at most, that ``max_epochs=None`` trains on."""

LR_FROM_CLOSED_FORM = 1e-2
"""Step size of the built-in network's optimizer in so few steps."""

LR = 1e-3
"""Step size of a network's optimizer."""

EPS_NORM = 1e-6
"""The stabilizer of Eq. 2."""


class LabelTravel(NamedTuple):
    """How far a row's w can go in a whole run: ``label_lr`` times its visits.

    Parameters
    ----------
    from_closed_form, from_nothing : float
        Where w starts at the closed form's answer, and at 0.
    """

    from_closed_form: float
    from_nothing: float


LABEL_TRAVEL = {"classes": LabelTravel(1.0, 15.0), "targets": LabelTravel(0.2, 3.0)}
"""By the kind of the task; in standard deviations of targets."""


@dataclass(frozen=True)
class Plan:
    """What a fit decided by itself; parameters that were given are as given.

    Parameters
    ----------
    n_epochs, n_steps : int
        Passes over the rows, and the steps that they make.

    n_rows : int
        Unlabelled rows that are trained on.

    lr, weight_decay : float
        Of the network's optimizer; no decay but the default of one of the user's.

    labeled_weight : float, callable, str or tuple
        T(i).

    label_lr, eps_norm : float or None
        alpha_w, and the stabilizer of Eq. 2; None where no labels are imputed.
    """

    n_epochs: int
    n_steps: int
    lr: float
    n_rows: int = 0
    weight_decay: float | None = 0.0
    labeled_weight: object = None
    label_lr: float | None = None
    eps_norm: float | None = None

    @property
    def label_travel(self):
        """How far a row's w can go in the whole run."""
        return None if self.label_lr is None else self.label_lr * self.n_epochs


def make_plan(estimator, task, form, n_labeled, n_unlabeled):
    """Settle what the estimator's parameters leave open.

    Parameters
    ----------
    estimator : NetEstimator

    task : Classes or Targets

    form : ClosedForm or None
        Where the imputed labels start; None: at 0.

    n_labeled, n_unlabeled : int
        Rows of each kind.

    Returns
    -------
    plan : Plan
    """
    built_in = estimator.module is None
    short = built_in and form is not None
    n_rows = n_unlabeled
    if estimator.max_epochs is None:
        n_rows = min(n_rows, MAX_ROWS)
    steps = n_steps_per_epoch(n_labeled, n_rows, estimator.batch_size)
    wanted = STEPS_FROM_CLOSED_FORM if short else STEPS_FROM_NOTHING
    n_epochs = given_or(estimator.max_epochs, math.ceil(wanted / steps))
    lr = given_or(estimator.lr, LR_FROM_CLOSED_FORM if short else LR)
    settings = {}
    if estimator._imputes_labels and n_unlabeled:
        travel = LABEL_TRAVEL[task.kind]
        travel = travel.from_nothing if form is None else travel.from_closed_form
        settings = {
            "label_lr": given_or(estimator.label_lr, travel / n_epochs),
            "labeled_weight": estimator.labeled_weight,
            "eps_norm": given_or(estimator.eps_norm, EPS_NORM),
        }
    # What net_params say of the optimizer goes first.
    routed = estimator.net_params or {}
    decay = None if "optimizer" in routed else estimator.weight_decay
    return Plan(
        n_epochs=n_epochs,
        n_steps=n_epochs * steps,
        n_rows=n_rows,
        lr=routed.get("optimizer__lr", lr),
        weight_decay=routed.get("optimizer__weight_decay", decay),
        **settings,
    )


def given_or(value, default):
    """A parameter's value, or what None stands for."""
    return default if value is None else value
