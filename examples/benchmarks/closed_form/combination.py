"""The views' answers combined, and what held-out rows tell of them."""

from typing import NamedTuple

import numpy as np

from .probabilities import SHARPNESS, TRIED, best_sharpness, log_estimates, sharpened
from .weights import error_of_mean, fitted_weights, log_loss_of_mixture

CLUSTERS_FIRST = 20.0
"""Before any evidence a view of clusters has so many times another one's weight."""

ROOT_AFTER = 10.0
"""After so many labelled rows the root of that is left."""

LEAST = 0.01
"""A view with a lower weight is left out."""


class ViewEvidence(NamedTuple):
    """What held-out labelled rows tell of a view.

    Parameters
    ----------
    loss : float or None
        Log loss of classes; squared error of targets over their variance. None where
        no row tells.

    accuracy : float or None
        Share of rows whose class is found, (hits + 1) / (rows + 2); None for targets.

    ridge : float or None
        The labels' noise over the kernel's scale; None for trees.

    weight : float
        In the combination.
    """

    loss: float | None
    accuracy: float | None
    ridge: float | None
    weight: float


class Evidence(NamedTuple):
    """What held-out labelled rows tell of the views, and of their combination.

    Parameters
    ----------
    views : dict of str to ViewEvidence

    loss, accuracy : float or None
        What is expected of the combination on other rows, as for a view.

    n_rows : int
        Rows that tell: those whose class is known from other folds, too.
    """

    views: dict
    loss: float | None
    accuracy: float | None
    n_rows: int


class ClassMixture:
    """Probabilities of the views, each as sure as evidence says, mixed by weights.

    Parameters
    ----------
    codes : ndarray of int, shape (n_labeled,)

    n_classes : int

    Attributes
    ----------
    Y : ndarray of shape (n_labeled, n_classes)
        What views fit: one-hot classes less 1 / n_classes.

    sharpness, weights : dict of str to float
        By the view's name.

    final : float
        Sharpness of the mixture: that of several views is less sure than they are.
    """

    def __init__(self, codes, n_classes):
        self.codes = codes
        self.Y = np.eye(n_classes)[codes] - 1.0 / n_classes

    def weigh(self, held_out, ridges, rows):
        """Choose each view's sharpness, the weights and the mixture's sharpness.

        Parameters
        ----------
        held_out : dict of str to ndarray of shape (n_told, n_classes)
            Each view's outputs of the rows that tell, from other folds.

        ridges : dict of str to float or None

        rows : ndarray of int, shape (n_told,)

        Returns
        -------
        evidence : Evidence
        """
        codes, each = self.codes[rows], np.arange(len(rows))
        logs = {v: log_estimates(outputs) for v, outputs in held_out.items()}
        self.sharpness = {
            v: best_sharpness(of, codes, SHARPNESS, TRIED) for v, of in logs.items()
        }
        told = {v: sharpened(logs[v], self.sharpness[v]) for v in logs}
        times = CLUSTERS_FIRST ** (ROOT_AFTER / (ROOT_AFTER + len(rows)))
        prior = np.array([times if "clusters" in v else 1.0 for v in told])
        loss = log_loss_of_mixture(np.array([p[each, codes] for p in told.values()]))
        self.weights = weights_by_name(told, loss, prior / prior.sum(), len(rows))
        mixed = np.log(sum(self.weights[v] * p for v, p in told.items()))
        self.final = best_sharpness(mixed, codes, 1.0, TRIED)
        views = {
            v: ViewEvidence(*tell(p, codes), ridges[v], self.weights[v])
            for v, p in told.items()
        }
        return Evidence(views, *tell(sharpened(mixed, self.final), codes), len(rows))

    def combine(self, outputs):
        """Mix the views' outputs, by name, to probabilities (n_rows, n_classes)."""
        mixed = sum(
            self.weights[v] * sharpened(log_estimates(out), self.sharpness[v])
            for v, out in outputs.items()
        )
        return sharpened(np.log(mixed), self.final)


class TargetMean:
    """Weighted mean of the views' predictions of standardized targets.

    Parameters
    ----------
    targets : ndarray of shape (n_labeled,) or (n_labeled, n_outputs)

    Attributes
    ----------
    Y : ndarray of shape (n_labeled, n_outputs)
        What views fit: targets with mean 0 and variance 1.

    weights : dict of str to float
        By the view's name.
    """

    def __init__(self, targets):
        self.shape = targets.shape[1:]
        columns = targets.reshape(len(targets), -1).astype(np.float64)
        self.mean, spread = columns.mean(axis=0), columns.std(axis=0)
        self.spread = np.where(spread > 1e-12 * np.abs(self.mean), spread, 1.0)
        self.Y = (columns - self.mean) / self.spread

    def weigh(self, held_out, ridges, rows):
        """Choose the weights, as :meth:`ClassMixture.weigh` does."""
        Y = self.Y[rows]
        prior = np.full(len(held_out), 1.0 / len(held_out))
        loss = error_of_mean(np.array(list(held_out.values())), Y)
        self.weights = weights_by_name(held_out, loss, prior, len(rows))

        def error(predictions):
            return float(np.mean((predictions - Y) ** 2)) if len(rows) else None

        views = {
            v: ViewEvidence(error(p), None, ridges[v], self.weights[v])
            for v, p in held_out.items()
        }
        mean = sum(self.weights[v] * p for v, p in held_out.items())
        return Evidence(views, error(mean), None, len(rows))

    def combine(self, outputs):
        """Average the views' outputs, by name, to targets shaped as the labels."""
        mean = sum(self.weights[v] * out for v, out in outputs.items())
        return (mean * self.spread + self.mean).reshape(len(mean), *self.shape)


def weights_by_name(names, loss, prior, n_rows):
    """Fit weights, or take the prior where no row tells; drop those below ``LEAST``."""
    weights = fitted_weights(loss, prior, n_rows) if n_rows else prior
    weights = np.where(weights < LEAST, 0.0, weights)
    return dict(zip(names, (weights / weights.sum()).tolist(), strict=True))


def tell(probabilities, codes):
    """Compute log loss and share of hits; both are None where there is no row."""
    if not len(codes):
        return None, None
    hits = (probabilities.argmax(axis=1) == codes).sum()
    loss = -np.log(probabilities[np.arange(len(codes)), codes]).mean()
    return float(loss), float((hits + 1.0) / (len(codes) + 2.0))
