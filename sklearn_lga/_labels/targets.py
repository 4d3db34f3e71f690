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
    weights = None

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

    def fitted_attributes(self, outputs, start, given):
        """Fitted attributes that hold a target for every training row."""
        fitted = {"transduction_": outputs} | (
            {} if start is None else {"start_": start}
        )
        for name, imputed in fitted.items():
            targets = np.empty((len(given.unlabeled), *given.values.shape[1:]))
            targets[~given.unlabeled] = given.values
            targets[given.unlabeled] = self.decode(imputed)
            fitted[name] = targets
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
