"""What a fit decides by itself: defaults that depend on the data, in one place."""

import math
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import NamedTuple

import numpy as np

from .._training.batches import n_steps_per_epoch
from .._views.evidence import can_weigh, choose, noise_of, weigh
from .._views.inputs import Inputs
from .._views.table import Table
from .checks import check_views_of_table, check_warm_inputs

DEFAULT_STEPS = 1000
"""Training steps that ``max_epochs=None`` aims at."""

MIN_EPOCHS = 20
"""Passes over the rows that ``max_epochs=None`` makes at least."""

DEFAULT_LR = 1e-3
"""Step size of the network's optimizer."""

DEFAULT_AVERAGING = 0.5
"""Share of the training over which the built-in network is averaged."""

DEFAULT_EPS_NORM = 1e-6
"""The stabilizer of Eq. 2."""

DECAY_AT_NOISE_1 = 10.0
"""Weight decay where the labels' noise is 1; it goes with the root of the noise."""

DECAY_RANGE = 0.3, 20.0
"""Bounds of the weight decay that follows from the noise."""

N_EIGENMAPS = 32
"""Eigenmaps of a table at least; three for each class where these are more."""

UNWEIGHED = ("features+bins", "features")
"""Views of the members where there are too few labels to choose by."""


class TaskDefaults(NamedTuple):
    """Defaults that differ between classes and targets.

    Parameters
    ----------
    label_travel : float
        How far a row's w can go in a whole run: ``label_lr`` times its visits.

    weight_decay : float
        Where no evidence tells the noise.

    view_tolerance : float
        Loss, as a multiple of the lowest one, up to which a view is seen.
    """

    label_travel: float
    weight_decay: float
    view_tolerance: float


TASK_DEFAULTS = {
    "classes": TaskDefaults(label_travel=15.0, weight_decay=1.0, view_tolerance=2.0),
    "targets": TaskDefaults(label_travel=3.0, weight_decay=3.0, view_tolerance=1.3),
}


@dataclass(frozen=True)
class Plan:
    """What a fit decided by itself; parameters that were given are as given.

    Parameters
    ----------
    inputs : tuple of str
        The view of each network; empty for a module of the user's.

    evidence : dict of str to Evidence
        What leaving each labelled row out tells of each view.

    n_epochs, n_steps : int
        Passes over the rows, and the steps that they make.

    lr, weight_decay : float
        Of the network's optimizer; no decay but the default of one of the user's.

    averaging : float
        Share of the training over which the parameters are averaged; 0 with early
        stopping, whatever was given.

    labeled_weight : float, callable, str or tuple
        T(i).

    label_lr, eps_norm : float or None
        alpha_w, and the stabilizer of Eq. 2; None where no labels are imputed.

    temperature : float or None
        What logits are divided by; None for targets and before the training.
    """

    inputs: tuple
    evidence: dict
    n_epochs: int
    n_steps: int
    lr: float
    weight_decay: float | None = 0.0
    averaging: float = 0.0
    labeled_weight: object = None
    label_lr: float | None = None
    eps_norm: float | None = None
    temperature: float | None = None

    @property
    def label_travel(self):
        """How far a row's w can go in the whole run."""
        return None if self.label_lr is None else self.label_lr * self.n_epochs

    @property
    def expected_accuracy(self):
        """Of the first member's view; None where nothing tells it."""
        evidence = self.evidence.get(self.inputs[0]) if self.inputs else None
        return evidence and evidence.accuracy


def choose_inputs(estimator, task, X, labeled, former=None):
    """What the members of the built-in network see, as asked or by the evidence.

    Parameters
    ----------
    estimator : NetEstimator

    task : Classes or Targets

    X : ndarray or CSR matrix of shape (n_samples, n_features)

    labeled : LabeledRows
        Those to train on.

    former : Fitted or None, default=None
        What a warm start goes on with.

    Returns
    -------
    inputs, evidence : Inputs or None, dict of str to Evidence
        None for a module of the user's.
    """
    if estimator.module is not None:
        return None, {}
    if former is not None and former.model.inputs is not None:
        asked = members(estimator.inputs, estimator)
        check_warm_inputs(asked, former.model.inputs.views)
        return former.model.inputs, former.plan.evidence
    table = Table(X, max(N_EIGENMAPS, task.n_clusters))
    auto, weighable = estimator.inputs == "auto", can_weigh(labeled.labels, task)
    if auto:
        views = table.weighed_views(eigenmaps=weighable)
    else:
        check_views_of_table(estimator.inputs, table.possible_views)
        views = list(dict.fromkeys(estimator.inputs))
    evidence, n_layers = {}, len(estimator.hidden_layer_sizes)
    if weighable:
        evidence = weigh(table, views, *labeled, task, n_layers)
    if not auto:
        views = estimator.inputs
    elif evidence:
        tolerance = TASK_DEFAULTS[task.kind].view_tolerance
        views = choose(evidence, len(labeled.rows), tolerance)
    else:
        views = [view for view in UNWEIGHED if view in views]
    return Inputs(table, members(views, estimator)), evidence


def members(views, estimator):
    """The view of each network; shorter lists are repeated. None for "auto"."""
    return None if views == "auto" else tuple(islice(cycle(views), estimator.n_members))


def make_plan(estimator, task, inputs, evidence, dataset):
    """Settle what the estimator's parameters leave open.

    Parameters
    ----------
    estimator : NetEstimator

    task : Classes or Targets

    inputs : Inputs or None

    evidence : dict of str to Evidence

    dataset : SemiSupervisedDataset

    Returns
    -------
    plan : Plan
    """
    defaults, views = TASK_DEFAULTS[task.kind], inputs.views if inputs else ()
    n_labeled, n_unlabeled = len(dataset.labeled_rows), len(dataset.unlabeled_rows)
    steps = n_steps_per_epoch(n_labeled, n_unlabeled, estimator.batch_size)
    n_epochs = max(MIN_EPOCHS, math.ceil(DEFAULT_STEPS / steps))
    n_epochs = given_or(estimator.max_epochs, n_epochs)
    decay = defaults.weight_decay if inputs else 0.0
    if evidence:
        noise = noise_of(evidence, views)
        decay = float(np.clip(DECAY_AT_NOISE_1 * noise**0.5, *DECAY_RANGE))
    averaging = given_or(estimator.averaging, DEFAULT_AVERAGING if inputs else 0.0)
    # What net_params say of the optimizer goes first.
    routed = estimator.net_params or {}
    decay = None if "optimizer" in routed else given_or(estimator.weight_decay, decay)
    plan = Plan(
        inputs=views,
        evidence=evidence,
        lr=routed.get("optimizer__lr", given_or(estimator.lr, DEFAULT_LR)),
        weight_decay=routed.get("optimizer__weight_decay", decay),
        # Early stopping restores the best epoch, whatever the average would be.
        averaging=0.0 if estimator.early_stopping else averaging,
        n_epochs=n_epochs,
        n_steps=n_epochs * steps,
    )
    if not (estimator._imputes_labels and n_unlabeled):
        return plan
    label_lr = given_or(estimator.label_lr, defaults.label_travel / n_epochs)
    return replace(
        plan,
        label_lr=label_lr,
        labeled_weight=estimator.labeled_weight,
        eps_norm=given_or(estimator.eps_norm, DEFAULT_EPS_NORM),
    )


def given_or(value, default):
    """A parameter's value, or what None stands for."""
    return default if value is None else value
