"""The views' answers combined, and what held-out rows tell of them."""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import log_softmax, logsumexp, softmax

from .probabilities import SHARPNESS, TRIED, best_sharpness, log_estimates
from .weights import error_of_mean, fitted_weights, log_loss_of_mixture

CLUSTERS_FIRST = 20.0
"""Before any evidence a view of clusters has so many times another one's weight."""

ROOT_AFTER = 10.0
"""After so many labelled rows the root of that is left."""

SHARPER_FIRST = 1.5
"""Before any evidence the mixture gets this power: clusters are right when unsure."""

NEVER_SEEN = 0.5
"""Probabilities are mixed with the uniform ones as if so many rows more had been seen.

A few labels that are all predicted cannot tell how seldom the next ones are not.
"""

NETWORK_AT_LAST = 0.5
"""Before any evidence a network has this weight beside the views, of many rows."""

HALF_AFTER = 50.0
"""After so many labelled rows it has half of that; of none, nothing."""

LEAST = 0.01
"""What has a lower weight is left out."""


@dataclass(frozen=True)
class ViewEvidence:
    """What held-out labelled rows tell of a view, or of the network.

    Parameters
    ----------
    loss : float or None
        Log loss of classes; squared error of targets over their variance. None where
        no row tells.

    accuracy : float or None
        Share of rows whose class is found, (hits + 1) / (rows + 2); None for targets.

    weight : float
        In the combination.

    ridge : float or None
        The labels' noise over the kernel's scale; None for trees and the network.
    """

    loss: float | None
    accuracy: float | None
    weight: float
    ridge: float | None = None


@dataclass(frozen=True)
class Evidence:
    """What held-out labelled rows tell of the views, and of their combination.

    Parameters
    ----------
    views : dict of str to ViewEvidence
        The views of the closed form, and "network". Their weights have the sum 1.

    loss, accuracy : float or None
        What is expected of the combination on other rows, as for a view.

    n_rows : int
        Rows that tell: those whose class is known from other folds, too.
    """

    views: dict = field(default_factory=dict)
    loss: float | None = None
    accuracy: float | None = None
    n_rows: int = 0

    def __str__(self):
        lines = [f"{'':26s}{'weight':>7s}{'loss':>8s}{'accuracy':>10s}"]
        for name, view in self.views.items():
            lines.append(f"{name:26s}{view.weight:7.3f}{told(view)}")
        lines.append(f"{f'all, by {self.n_rows} rows':26s}{'':7s}{told(self)}")
        return "\n".join(lines)


def told(view):
    """Loss and accuracy as columns of text."""
    loss = "" if view.loss is None else f"{view.loss:.3f}"
    accuracy = "" if view.accuracy is None else f"{view.accuracy:.3f}"
    return f"{loss:>8s}{accuracy:>10s}"


class ClassMixture:
    """Probabilities of the views, each as sure as evidence says, mixed by weights.

    Outputs that it gives are logarithms of probabilities: logits, as a network's.

    Parameters
    ----------
    codes : ndarray of int, shape (n_labeled,)

    class_weight : ndarray of shape (n_classes,)
        Probabilities are multiplied by it: what minimizes a loss with these weights.

    row_weights : ndarray of shape (n_labeled,)
        How much what is told of a row counts.

    Attributes
    ----------
    Y : ndarray of shape (n_labeled, n_classes)
        What views fit: one-hot classes less 1 / n_classes.

    loss_of_a_guess : float
        What one loses who knows nothing of a row.

    sharpness, weights : dict of str to float
        By the view's name.

    final : float
        Sharpness of the mixture: that of several views is less sure than they are.
    """

    def __init__(self, codes, class_weight, row_weights):
        self.codes = codes
        self.class_weight = class_weight
        self.row_weights = row_weights
        self.Y = np.eye(len(class_weight))[codes] - 1.0 / len(class_weight)
        self.loss_of_a_guess = float(np.log(len(class_weight)))

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
        weights = self.row_weights[rows]
        logs = {v: log_estimates(outputs) for v, outputs in held_out.items()}
        self.sharpness = {
            v: best_sharpness(of, codes, weights, SHARPNESS, TRIED)
            for v, of in logs.items()
        }
        told = {v: softmax(self.sharpness[v] * logs[v], axis=1) for v in logs}
        left = ROOT_AFTER / (ROOT_AFTER + len(rows))
        times = CLUSTERS_FIRST**left
        prior = np.array([times if "clusters" in v else 1.0 for v in told])
        right = np.array([p[each, codes] for p in told.values()])
        loss = log_loss_of_mixture(right, weights)
        self.weights = weights_by_name(told, loss, prior / prior.sum(), len(rows))
        mixed = np.log(sum(self.weights[v] * p for v, p in told.items()))
        self.final = best_sharpness(mixed, codes, weights, SHARPER_FIRST**left, TRIED)
        views = {
            v: ViewEvidence(
                *self.tell(np.log(p) + self.shift, rows), self.weights[v], ridges[v]
            )
            for v, p in told.items()
        }
        all_of_them = self.tell(self.final * mixed + self.shift, rows)
        return Evidence(views, *all_of_them, len(rows))

    def combine(self, outputs):
        """Mix the views' outputs, by name: (n_rows, n_classes)."""
        mixed = sum(
            self.weights[v] * softmax(self.sharpness[v] * log_estimates(out), axis=1)
            for v, out in outputs.items()
        )
        return self.unsure(log_softmax(self.final * np.log(mixed), axis=1) + self.shift)

    @property
    def shift(self):
        """Logarithms of the classes' weights, that of 0 as a small one."""
        return np.log(np.maximum(self.class_weight, 1e-22))

    def unsure(self, outputs):
        """Mix probabilities, given as logits, with uniform ones; as logarithms."""
        share = NEVER_SEEN / (len(self.codes) + NEVER_SEEN)
        uniform = np.maximum(self.class_weight, 1e-30)  # all weights may be 0
        uniform = uniform / uniform.sum()
        mixed = (1.0 - share) * softmax(outputs, axis=1) + share * uniform
        return np.log(np.maximum(mixed, 1e-30))

    def join(self, form, network, rows):
        """Weigh a network beside the views, by outputs of rows that both held out.

        Parameters
        ----------
        form, network : ndarray of shape (n_told, n_classes)

        rows : ndarray of int, shape (n_told,)

        Returns
        -------
        weight, sharpness : float
            The network's.

        told : dict of str to tuple
            Loss and accuracy of the "network" and of "all".
        """
        codes, each = self.codes[rows], np.arange(len(rows))
        logs = log_softmax(network, axis=1)
        weights = self.row_weights[rows]
        sharpness = best_sharpness(logs, codes, weights, 1.0, TRIED)
        both = form, self.unsure(sharpness * network)
        right = np.exp([outputs[each, codes] for outputs in both])
        prior = network_prior(len(self.codes))
        weights = weights * self.class_weight[codes]
        loss = log_loss_of_mixture(np.maximum(right, 1e-12), weights)
        weight = joined_weight(loss, prior, len(rows))
        mixed = self.mix(form, network, weight, sharpness)
        told = {
            "network": self.tell(sharpness * network, rows),
            "all": self.tell(mixed, rows),
        }
        return weight, sharpness, told

    def mix(self, form, network, weight, sharpness):
        """Mix outputs of the closed form and a network: (n_rows, n_classes)."""
        both = np.array([form, self.unsure(sharpness * network)])
        with np.errstate(divide="ignore"):
            logs = np.log([1.0 - weight, weight])
        return logsumexp(both + logs[:, None, None], axis=0)

    def tell(self, outputs, rows):
        """Compute log loss and share of hits; both are None where there is no row.

        The loss of a row has the weight of its class.
        """
        codes = self.codes[rows]
        if not len(codes):
            return None, None
        weights = self.row_weights[rows]
        hits = (outputs.argmax(axis=1) == codes) @ weights
        accuracy = (hits + 1.0) / (weights.sum() + 2.0)
        losses = -log_softmax(outputs, axis=1)[np.arange(len(codes)), codes]
        weights = weights * self.class_weight[codes]
        return float(losses @ weights / max(weights.sum(), 1e-30)), float(accuracy)


class TargetMean:
    """Weighted mean of the views' predictions of standardized targets.

    Parameters
    ----------
    targets : ndarray of shape (n_labeled, n_outputs)

    row_weights : ndarray of shape (n_labeled,)
        How much what is told of a row counts.

    Attributes
    ----------
    Y : ndarray of shape (n_labeled, n_outputs)
        What views fit: targets with mean 0 and variance 1.

    loss_of_a_guess : float

    weights : dict of str to float
        By the view's name.
    """

    def __init__(self, targets, row_weights):
        targets = targets.astype(np.float64)
        self.row_weights = row_weights
        self.mean = np.average(targets, axis=0, weights=row_weights)
        squares = np.square(targets - self.mean)
        spread = np.sqrt(np.average(squares, axis=0, weights=row_weights))
        self.spread = np.where(spread > 1e-12 * np.abs(self.mean), spread, 1.0)
        self.Y = (targets - self.mean) / self.spread
        self.loss_of_a_guess = 1.0

    def weigh(self, held_out, ridges, rows):
        """Choose the weights, as :meth:`ClassMixture.weigh` does."""
        prior = np.full(len(held_out), 1.0 / len(held_out))
        each = np.array(list(held_out.values()))
        loss = error_of_mean(each, self.Y[rows], self.row_weights[rows])
        self.weights = weights_by_name(held_out, loss, prior, len(rows))
        views = {
            v: ViewEvidence(
                *self.tell(self.in_units(p), rows), self.weights[v], ridges[v]
            )
            for v, p in held_out.items()
        }
        mean = self.combine(held_out)
        return Evidence(views, *self.tell(mean, rows), len(rows))

    def combine(self, outputs):
        """Average the views' outputs, by name, (n_rows, n_outputs)."""
        return self.in_units(sum(self.weights[v] * out for v, out in outputs.items()))

    def in_units(self, outputs):
        """Undo the standardization."""
        return outputs * self.spread + self.mean

    def join(self, form, network, rows):
        """Weigh a network beside the views, as :meth:`ClassMixture.join` does."""
        both = (np.array([form, network]) - self.mean) / self.spread
        prior = network_prior(len(self.Y))
        loss = error_of_mean(both, self.Y[rows], self.row_weights[rows])
        weight = joined_weight(loss, prior, len(rows))
        told = {
            "network": self.tell(network, rows),
            "all": self.tell(self.mix(form, network, weight, 1.0), rows),
        }
        return weight, 1.0, told

    @staticmethod
    def mix(form, network, weight, sharpness):
        """Average outputs of the closed form and a network."""
        return (1.0 - weight) * form + weight * network

    def tell(self, predictions, rows):
        """Compute the squared error over the variance; no accuracy."""
        if not len(rows):
            return None, None
        errors = (predictions - self.mean) / self.spread - self.Y[rows]
        errors = np.mean(errors**2, axis=1)
        return float(np.average(errors, weights=self.row_weights[rows])), None


def network_prior(n_labeled):
    """Weight of a network before any evidence: the more, the more labels it has."""
    return NETWORK_AT_LAST * n_labeled / (n_labeled + HALF_AFTER)


def joined_weight(loss, prior, n_rows):
    """Fit the weight of the second of two answers; below ``LEAST`` it is 0."""
    weight = prior
    if n_rows:
        weight = float(fitted_weights(loss, np.array([1.0 - prior, prior]), n_rows)[1])
    return 0.0 if weight < LEAST else weight


def with_network(evidence, weight, told):
    """Evidence of the views and of a network that joins them."""
    views = {
        v: replace(view, weight=(1.0 - weight) * view.weight)
        for v, view in evidence.views.items()
    }
    views["network"] = ViewEvidence(*told["network"], weight)
    return replace(evidence, views=views, loss=told["all"][0], accuracy=told["all"][1])


def weights_by_name(names, loss, prior, n_rows):
    """Fit weights, or take the prior where no row tells; drop those below ``LEAST``."""
    weights = fitted_weights(loss, prior, n_rows) if n_rows else prior
    weights = np.where(weights < LEAST, 0.0, weights)
    return dict(zip(names, (weights / weights.sum()).tolist(), strict=True))
