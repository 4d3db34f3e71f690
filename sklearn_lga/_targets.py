"""What classifiers and regressors add: labels in, predictions and scores out."""

import math
from dataclasses import dataclass
from numbers import Real
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_softmax, softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import check_consistent_length, column_or_1d, gen_batches
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from ._evidence import NO_EVIDENCE, evidence_of_classes, evidence_of_targets
from ._labels import (
    as_labels,
    as_targets,
    choose_rows,
    is_marked,
    labeled_values,
    resolve_target_marker,
    unlabeled_target_rows,
)
from .alignment import CLASSIFICATION, REGRESSION

N_EIGENMAPS = 32
"""Of a table, at least; three for each class where these are more."""

MAX_CALIBRATED = 10_000
"""Unlabelled rows, at most, whose mean confidence is taken."""

CHUNK = 10_000
"""Rows whose probabilities are computed at a time."""

MAX_TEMPERATURE = 20.0
"""Where predictions are next to uniform."""


class EncodedTargets(NamedTuple):
    """What ``y`` holds, as training needs it.

    ``unlabeled`` is a mask of shape (n_samples,); ``given`` holds the class codes or
    the targets of the labelled rows; ``labels``, float32 of shape (n_labeled,
    n_outputs), is what the loss sees of them.
    """

    unlabeled: np.ndarray
    given: np.ndarray
    labels: np.ndarray | None


def target_columns(y):
    """Regression targets of shape (n_samples,) or (n_samples, n_outputs)."""
    targets = as_targets(y)
    if targets.ndim not in (1, 2):
        raise ValueError(
            "y must be of shape (n_samples,) or (n_samples, n_outputs), got "
            f"{targets.shape}."
        )
    return targets


def check_true_labels(y):
    """Refuse to score without anything to score against."""
    if y is None:
        raise ValueError("score requires y, the true labels or targets, got None.")


def score_labeled(metric, y_true, y_pred, unlabeled, sample_weight):
    """A metric of the labelled rows; ``y_true`` holds these, ``y_pred`` all rows."""
    if sample_weight is not None and np.ndim(sample_weight) != 1:
        raise ValueError(
            f"sample_weight must be of shape (n_samples,), got {sample_weight!r}."
        )
    check_consistent_length(y_pred, unlabeled, sample_weight)
    if unlabeled.all():
        raise ValueError(
            f"score needs labelled rows, but all {len(unlabeled)} entries of y are "
            "missing or marked as unlabelled."
        )
    if sample_weight is not None:
        sample_weight = np.asarray(sample_weight)[~unlabeled]
    with np.errstate(invalid="ignore"):  # numbers beyond the integers: no class's
        return metric(y_true, y_pred[~unlabeled], sample_weight=sample_weight)


def matched_temperature(outputs, accuracy):
    """The temperature at which predictions are as sure as they are right.

    Networks that were trained on few labels are too sure. Their mean confidence is
    lowered to the accuracy that is expected; it is never raised.

    Parameters
    ----------
    outputs : ndarray of shape (n_rows, n_classes)
        Logits.

    accuracy : float in (0, 1)
        Share of right predictions to expect.

    Returns
    -------
    temperature : float in [1, ``MAX_TEMPERATURE``]
        What to divide the logits by.
    """

    def excess(log_temperature):
        confidence = softmax(outputs / np.exp(log_temperature), axis=1).max(axis=1)
        return confidence.mean() - accuracy

    highest = np.log(MAX_TEMPERATURE)
    if excess(0.0) <= 0.0:
        return 1.0
    if excess(highest) >= 0.0:
        return MAX_TEMPERATURE
    return float(np.exp(brentq(excess, 0.0, highest)))


@dataclass(kw_only=True, eq=False, repr=False)
class ClassifierTargets(ClassifierMixin):
    """Class labels, some of them marked as missing."""

    class_weight: object = None
    temperature: float | None = None

    _target_constraints = {
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "temperature": [Interval(Real, 1e-3, 1e3, closed="both"), None],
    }
    _objective = CLASSIFICATION
    _view_tolerance = 2.0

    def _encode(self, y, reset):
        y = column_or_1d(as_labels(y), warn=True)
        unlabeled = is_marked(y, self.unlabeled)
        values = labeled_values(y, unlabeled, self.unlabeled)
        if not len(values):
            return EncodedTargets(unlabeled, values, None)
        with np.errstate(invalid="ignore"):  # far beyond the integers: no classes
            # Twice, as it warns of many classes among few labels, our daily bread.
            check_classification_targets(np.tile(values, 2))
        classes, codes = np.unique(values, return_inverse=True)
        self._check_classes(classes, reset)
        self.classes_, self.unlabeled_ = classes, self.unlabeled
        weights = compute_class_weight(self.class_weight, classes=classes, y=values)
        limit = np.finfo(np.float32).max
        if not ((weights >= 0.0) & (weights < limit)).all():
            raise ValueError(
                f"class_weight must not be negative, NaN or beyond {limit:.3g}, got "
                f"{self.class_weight!r}. A weight of 0 leaves a class out of the loss."
            )
        # The loss is linear in the labels: weighted labels weight the loss.
        labels = np.zeros((len(codes), len(classes)), dtype=np.float32)
        labels[np.arange(len(codes)), codes] = weights[codes]
        return EncodedTargets(unlabeled, codes, labels)

    def _check_classes(self, classes, reset):
        if len(classes) < 2:
            raise ValueError(
                f"{type(self).__name__} needs labels of at least 2 classes, but the "
                f"labelled rows of y hold one class only: {classes.tolist()[0]!r}. "
                "Label a row of another class."
            )
        if not reset and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"warm_start=True continues with the classes of the previous fit, "
                f"{self.classes_.tolist()}, but y holds {classes.tolist()}. Pass "
                "warm_start=False to start anew."
            )

    def _split_labeled(self, codes, n_held_out, random_state):
        n_kept, n_classes = len(codes) - n_held_out, len(self.classes_)
        if n_kept < n_classes:
            raise ValueError(
                f"early_stopping=True with validation_fraction="
                f"{self.validation_fraction} would hold out {n_held_out} of "
                f"{len(codes)} labelled rows and so leave a class without a labelled "
                f"row to train on: there are {n_classes} classes. Label more rows, "
                "lower validation_fraction, or pass early_stopping=False."
            )
        return choose_rows(codes, n_kept, stratify=True, random_state=random_state)

    def _n_eigenmaps(self, n_outputs):
        return max(N_EIGENMAPS, 3 * n_outputs)

    def _evidence_of(self, inputs, labels, n_layers):
        known = labels.sum(axis=1) > 0.0  # of a class whose weight is not 0
        if not known.any():
            return NO_EVIDENCE
        codes = labels[known].argmax(axis=1)
        return evidence_of_classes(inputs[known], codes, n_layers)

    def _calibrate(self, net, dataset):
        """Set the temperature: given, or the one at which confidence is accuracy."""
        self.temperature_ = 1.0 if self.temperature is None else self.temperature
        evidence = self._inputs and self._inputs.best
        if self.temperature is None and evidence and len(dataset.unlabeled_rows):
            rows = dataset.unlabeled_rows
            rows = rows[:: math.ceil(len(rows) / MAX_CALIBRATED)]
            outputs = self._forward(net, dataset.X[rows])
            self.temperature_ = matched_temperature(outputs, evidence.accuracy)

    def _probabilities(self, outputs):
        return softmax(outputs / self.temperature_, axis=1)

    def _store_transduction(self, encoded, outputs):
        unlabeled, codes, _ = encoded
        distributions = np.zeros((len(unlabeled), len(self.classes_)))
        distributions[np.flatnonzero(~unlabeled), codes] = 1.0
        hidden = np.flatnonzero(unlabeled)
        for part in gen_batches(len(hidden), CHUNK):
            distributions[hidden[part]] = self._probabilities(outputs[part])
        self.label_distributions_ = distributions
        self.transduction_ = self.classes_[distributions.argmax(axis=1)]

    def predict(self, X):
        """Predict the class of each row.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Rows, seen in training or not.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,)
            The most probable of ``classes_``.
        """
        codes = self._predict_outputs(X).argmax(axis=1)
        return self.classes_[codes]

    def predict_proba(self, X):
        """Predict class probabilities.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Rows, seen in training or not.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``; each row sums to 1.
        """
        return self._probabilities(self._predict_outputs(X))

    def predict_log_proba(self, X):
        """Predict the logarithm of the class probabilities.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Rows, seen in training or not.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        return log_softmax(self._predict_outputs(X) / self.temperature_, axis=1)

    def score(self, X, y, sample_weight=None):
        """Accuracy on the labelled rows; unlabelled ones are left out.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Rows.

        y : array-like of shape (n_samples,)
            True labels, with rows marked as in ``fit`` where there is none.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        score : float
            The share of labelled rows whose class is predicted.
        """
        check_is_fitted(self, "transduction_")
        check_true_labels(y)
        y = column_or_1d(as_labels(y), warn=True)
        unlabeled = is_marked(y, self.unlabeled_)
        values = labeled_values(y, unlabeled, self.unlabeled_)
        return score_labeled(
            accuracy_score, values, self.predict(X), unlabeled, sample_weight
        )


@dataclass(kw_only=True, eq=False, repr=False)
class RegressorTargets(RegressorMixin):
    """Targets, some of them marked as missing; one or several for each row."""

    hidden_layer_sizes: object = (128, 128)

    _target_constraints = {"unlabeled": [Real, None]}
    _objective = REGRESSION
    _default_weight_decay = 3.0
    _view_tolerance = 1.3

    def _encode(self, y, reset):
        targets = target_columns(y)
        self.unlabeled_ = resolve_target_marker(targets, self.unlabeled)
        unlabeled = unlabeled_target_rows(targets, self.unlabeled_)
        given = targets[~unlabeled]
        if not len(given):
            return EncodedTargets(unlabeled, given, None)
        if reset or self._target_mean.shape != given.shape[1:]:
            scale = given.std(axis=0)
            self._target_mean = given.mean(axis=0)
            self._target_scale = np.where(scale > 0.0, scale, 1.0)
        return EncodedTargets(unlabeled, given, self._scaled(given).astype(np.float32))

    def _regularizers(self):
        return [r.for_targets() for r in super()._regularizers()]

    def _scaled(self, targets):
        """Targets centred and scaled, of shape (n_rows, n_outputs)."""
        scaled = (targets - self._target_mean) / self._target_scale
        return scaled.reshape(len(targets), -1)

    def _split_labeled(self, targets, n_held_out, random_state):
        return np.sort(random_state.permutation(len(targets))[n_held_out:])

    def _n_eigenmaps(self, n_outputs):
        return N_EIGENMAPS

    def _evidence_of(self, inputs, labels, n_layers):
        return evidence_of_targets(inputs, labels, n_layers)

    def _store_transduction(self, encoded, outputs):
        unlabeled, targets, _ = encoded
        self.transduction_ = np.empty((len(unlabeled), *targets.shape[1:]))
        self.transduction_[~unlabeled] = targets
        self.transduction_[unlabeled] = self._unscale(outputs)

    def _unscale(self, outputs):
        """Undo the centring and scaling of the targets, and their reshaping."""
        outputs = outputs.reshape(len(outputs), *np.shape(self._target_mean))
        return outputs * self._target_scale + self._target_mean

    def predict(self, X):
        """Predict the targets of each row.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Rows, seen in training or not.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the units of the training targets.
        """
        return self._unscale(self._predict_outputs(X))

    def score(self, X, y, sample_weight=None):
        """Coefficient of determination on the labelled rows; others are left out.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Rows.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True targets, with rows marked as in ``fit`` where there is none.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        score : float
            R^2 of ``predict(X)``.
        """
        check_is_fitted(self, "transduction_")
        check_true_labels(y)
        targets = target_columns(y)
        unlabeled = unlabeled_target_rows(targets, self.unlabeled_)
        values = targets[~unlabeled]
        return score_labeled(
            r2_score, values, self.predict(X), unlabeled, sample_weight
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
