"""Targets of regression: read, held out, scored, and made of a network's outputs."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import r2_score

from ..alignment import REGRESSION
from .marker import as_targets, resolve_target_marker, unlabeled_target_rows
from .task import GivenLabels, check_any_labeled, score_labeled


@dataclass(frozen=True)
class Targets:
    """The targets of a fit, one or several for each row.

    Parameters
    ----------
    mean, scale : ndarray of shape () or (n_outputs,)
        Of the labelled rows; a scale of 0 is taken as 1.

    unlabeled : float or None
        The marker of unlabelled rows, as settled by them.
    """

    mean: np.ndarray
    scale: np.ndarray
    unlabeled: object

    kind = "targets"
    objective = REGRESSION
    n_clusters = 0

    @classmethod
    def read(cls, y, unlabeled, former=None):
        """Read the targets of training rows.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)

        unlabeled : float or None
            The estimator's parameter.

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
        values = targets[~marked]
        if former is not None and former.mean.shape == values.shape[1:]:
            task = cls(former.mean, former.scale, marker)
        else:
            scale = values.std(axis=0)
            scale = np.where(scale > 0.0, scale, 1.0)
            task = cls(values.mean(axis=0), scale, marker)
        labels = task.scaled(values).astype(np.float32)
        return task, GivenLabels(marked, values, labels)

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

    @staticmethod
    def known(labels):
        """Which labelled rows count in evidence: all."""
        return np.ones(len(labels), dtype=bool)

    @staticmethod
    def fit_to(labels):
        """What a regression fits: the targets, in double precision."""
        return labels.astype(np.float64)

    @staticmethod
    def judge(predictions, labels):
        """How good predictions of labelled rows are.

        Parameters
        ----------
        predictions : ndarray of shape (n_rows, n_outputs)
            Each of a model that has not seen its row.

        labels : ndarray of shape (n_rows, n_outputs)
            What they were fitted to.

        Returns
        -------
        loss, accuracy : float, None
            The squared error over the variance.
        """
        return float(np.mean((predictions - labels) ** 2) / (labels.var() or 1.0)), None

    @staticmethod
    def calibrated_temperature(outputs_of, rows, accuracy):
        """Nothing: targets have no confidence."""
        return

    def fitted_attributes(self, outputs, temperature, given):
        """Fitted attributes that hold a target for every training row."""
        transduction = np.empty((len(given.unlabeled), *given.values.shape[1:]))
        transduction[~given.unlabeled] = given.values
        transduction[given.unlabeled] = self.decode(outputs)
        return {"transduction_": transduction}

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
