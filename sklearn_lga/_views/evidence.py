"""How well a network would do in each view, and the views that are worth seeing."""

from typing import NamedTuple

import numpy as np

from .kernel import leave_one_out, network_kernel
from .table import BINS, parts

WEIGHED = 10, 500
"""Labelled rows that views are weighed by, at least and at most."""


class Evidence(NamedTuple):
    """What leaving each labelled row out tells of a network.

    Parameters
    ----------
    loss : float
        Log loss of classes, of probabilities that are mixed with one uniform vote
        among the rows; the squared error of targets over their variance.

    ridge : float
        The ridge with the lowest loss, relative to the kernel: the noise of the
        labels.

    accuracy : float or None
        Share of labelled rows whose class is found, (hits + 1) / (rows + 2); None for
        targets.
    """

    loss: float
    ridge: float
    accuracy: float | None


def can_weigh(labels, task):
    """Whether there are labelled rows enough to choose by."""
    return task.known(labels).sum() >= WEIGHED[0]


def weigh(table, views, rows, labels, task, n_layers):
    """Evidence of each view.

    Parameters
    ----------
    table : Table

    views : sequence of str

    rows : ndarray of int, shape (n_labeled,)
        Labelled rows; of many, some are drawn, the same ones at each call.

    labels : ndarray of shape (n_labeled, n_outputs)
        Their labels.

    task : Classes or Targets

    n_layers : int
        Hidden layers of the network.

    Returns
    -------
    evidence : dict of str to Evidence
        Empty where a loss is not finite.
    """
    known = task.known(labels)
    rows, labels = rows[known], labels[known]
    if len(rows) > WEIGHED[1]:
        random = np.random.RandomState(0)
        chosen = random.choice(len(rows), WEIGHED[1], replace=False)
        rows, labels = rows[chosen], labels[chosen]
    evidence = {
        view: evidence_of(table.see(view, rows), task.fit_to(labels), task, n_layers)
        for view in views
    }
    return evidence if all(np.isfinite(e.loss) for e in evidence.values()) else {}


def evidence_of(X, Y, task, n_layers):
    """Evidence of a network with these inputs, that of the best ridge.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_rows, n_columns)
        What it sees of labelled rows.

    Y : ndarray of shape (n_rows, n_outputs)
        What is fitted in place of their labels.

    task : Classes or Targets

    n_layers : int
        Its hidden layers.
    """
    best = Evidence(np.inf, np.inf, None)
    for ridge, predictions in leave_one_out(network_kernel(X, n_layers), Y):
        loss, accuracy = task.judge(predictions, Y)
        if loss < best.loss:
            best = Evidence(loss, float(ridge), accuracy)
    return best


def noise_of(evidence, views):
    """The labels' noise: the ridge of the views, as a geometric mean."""
    ridges = [evidence[view].ridge for view in views]
    return float(np.exp(np.mean(np.log(ridges))))


def choose(evidence, n_labeled, tolerance):
    """Views in the order of their losses, without those that add nothing.

    A view that leaves the features out has to be better by a share of
    1 / sqrt(n_labeled).

    Parameters
    ----------
    evidence : dict of str to Evidence

    n_labeled : int
        Labelled rows that it is of.

    tolerance : float
        Loss, as a multiple of the lowest one, up to which a view is kept.

    Returns
    -------
    views : list of str
        At least one; not two that differ in their bins alone.
    """
    handicap = 1.0 + n_labeled**-0.5
    losses = {
        view: e.loss * (1.0 if "features" in parts(view) else handicap)
        for view, e in evidence.items()
    }
    order = sorted(losses, key=losses.get)
    binned = [view for view in order if not BINS.keys().isdisjoint(parts(view))]
    limit = tolerance * losses[order[0]]
    return [v for v in order if v not in binned[1:] and losses[v] <= limit]
