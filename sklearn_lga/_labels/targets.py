"""Targets of regression: read, held out, scored, and made of a network's outputs."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import r2_score

from ..alignment import REGRESSION
from .marker import as_targets, resolve_target_marker, unlabeled_target_rows
from .task import GivenLabels, check_any_labeled, labeled_weights, score_labeled


@dataclass(frozen=True)
class Targets:
    """The targets of a fit, one or several for each row.

    Parameters
    ----------
    mean, scale : ndarray of shape () or (n_outputs,)
        Of the labelled rows, weighted; a scale of 0 is taken as 1.

    unlabeled : float or None
        The marker of unlabelled rows, as settled by them.
    """

    mean: np.ndarray
    scale: np.ndarray
    unlabeled: object

    kind = "targets"
    objective = REGRESSION
    weights = None

    @classmethod
    def read(cls, y, unlabeled, sample_weight, former=None):
        """Read the targets of training rows.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)

        unlabeled : float or None
            The estimator's parameter.

        sample_weight : ndarray of shape (n_samples,)

        former : Targets or None, default=None
            Those of the fit that a warm start goes on from, whose scale is kept.

        Returns
        -------
        task, given : Targets, GivenLabels
        """
        targets = target_columns(y)
        marker = resolve_target_marker(targets, unlabeled)
        marked = unlabeled_target_rows(targets, marker)
        check_any_labeled(marked, unlabeled)
        values, weights = targets[~marked], labeled_weights(sample_weight, marked)
        if former is not None and former.mean.shape == values.shape[1:]:
            task = cls(former.mean, former.scale, marker)
        else:
            mean = np.average(values, axis=0, weights=weights)
            scale = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weights))
            task = cls(mean, np.where(scale > 1e-12 * abs(mean), scale, 1.0), marker)
        labels = task.scaled(values).astype(np.float32)
        return task, GivenLabels(marked, values, labels, weights)

    @property
    def n_outputs(self):
        """Outputs of a network."""
        return self.mean.size

    def scaled(self, values):
        """Targets centred and scaled, of shape (n_rows, n_outputs)."""
        return ((values - self.mean) / self.scale).reshape(len(values), -1)

    @staticmethod
    def hold_out(values, n_held_out, random_state):
        """Positions of the labelled rows to train on."""
        return np.sort(random_state.permutation(len(values))[n_held_out:])

    @staticmethod
    def regularizers(regularizers):
        """Regularizers that compare targets."""
        return [r.for_targets() for r in regularizers]

    def fitted_attributes(self, outputs, start, given):
        """Fitted attributes that hold a target for every training row."""
        fitted = {"transduction_": self.decode(outputs)}
        if start is not None:
            fitted["start_"] = self.decode(start)
        for targets in fitted.values():
            targets[~given.unlabeled] = given.values
        return fitted

    def decode(self, outputs):
        """Undo the centring and scaling of the targets, and their reshaping."""
        return outputs.reshape(len(outputs), *self.mean.shape) * self.scale + self.mean

    def score(self, y, predicted, sample_weight=None):
        """Coefficient of determination on the rows of ``y`` that are not marked."""
        targets = target_columns(y)
        marked = unlabeled_target_rows(targets, self.unlabeled)
        values = targets[~marked]
        return score_labeled(r2_score, values, predicted, marked, sample_weight)


def target_columns(y):
    """Regression targets of shape (n_samples,) or (n_samples, n_outputs)."""
    targets = as_targets(y)
    if targets.ndim not in (1, 2):
        raise ValueError(
            "y must be of shape (n_samples,) or (n_samples, n_outputs), got "
            f"{targets.shape}."
        )
    return targets
