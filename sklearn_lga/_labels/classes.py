"""Class labels: read, held out, scored, and made of a network's outputs."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import softmax
from sklearn.metrics import accuracy_score
from sklearn.utils import column_or_1d, gen_batches
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from ..alignment import CLASSIFICATION
from .drawing import choose_rows
from .marker import as_labels, is_marked, labeled_values
from .task import GivenLabels, check_any_labeled, score_labeled

SHARPNESS = np.geomspace(1.0, 10.0, 8)
"""Factors that turn predictions, fitted to 0 and 1, into logits; the best is taken."""

MAX_TEMPERATURE = 20.0
"""Probabilities are not flattened further than by this: they are next to uniform."""

MAX_CALIBRATED = 10_000
"""Unlabelled rows, at most, whose mean confidence is taken."""

CHUNK = 10_000
"""Rows whose probabilities are computed at a time."""


@dataclass(frozen=True)
class Classes:
    """The classes of a fit.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        In increasing order.

    unlabeled : scalar or None
        The marker of unlabelled rows.

    temperature : float or None, default=None
        What logits are divided by; None: by evidence.
    """

    classes: np.ndarray
    unlabeled: object
    temperature: float | None = None

    kind = "classes"
    objective = CLASSIFICATION

    @classmethod
    def read(cls, y, unlabeled, former=None, *, class_weight=None, temperature=None):
        """Read the labels of training rows.

        Parameters
        ----------
        y : array-like of shape (n_samples,)

        unlabeled : scalar or None
            The marker.

        former : Classes or None, default=None
            Those of the fit that a warm start goes on from, which must be the same.

        class_weight : dict, "balanced" or None, default=None

        temperature : float or None, default=None

        Returns
        -------
        task, given : Classes, GivenLabels
        """
        y = column_or_1d(as_labels(y), warn=True)
        marked = is_marked(y, unlabeled)
        check_any_labeled(marked, unlabeled)
        values = labeled_values(y, marked, unlabeled)
        with np.errstate(invalid="ignore"):  # far beyond the integers: no classes
            # Twice, as it warns of many classes among few labels, our daily bread.
            check_classification_targets(np.tile(values, 2))
        classes, codes = np.unique(values, return_inverse=True)
        check_classes(classes, former)
        weights = checked_weights(class_weight, classes, values)
        # The loss is linear in the labels: weighted labels weight the loss.
        labels = np.zeros((len(codes), len(classes)), dtype=np.float32)
        labels[np.arange(len(codes)), codes] = weights[codes]
        task = cls(classes, unlabeled, temperature)
        return task, GivenLabels(marked, codes, labels)

    @property
    def n_outputs(self):
        """Outputs of a network."""
        return len(self.classes)

    @property
    def n_clusters(self):
        """Clusters that the rows may be in: three for each class."""
        return 3 * len(self.classes)

    def hold_out(self, codes, n_held_out, random_state):
        """Positions of the labelled rows to train on, all classes among them."""
        n_kept, n_classes = len(codes) - n_held_out, len(self.classes)
        if n_kept < n_classes:
            raise ValueError(
                f"early_stopping=True would hold out {n_held_out} of {len(codes)} "
                "labelled rows and so leave a class without a labelled row to train "
                f"on: there are {n_classes} classes. Label more rows, lower "
                "validation_fraction, or pass early_stopping=False."
            )
        return choose_rows(codes, n_kept, stratify=True, random_state=random_state)

    @staticmethod
    def regularizers(regularizers):
        """Regularizers as they are: they compare distributions by themselves."""
        return list(regularizers)

    @staticmethod
    def known(labels):
        """Which labelled rows count in evidence: those of a weight that is not 0."""
        return labels.sum(axis=1) > 0.0

    @staticmethod
    def fit_to(labels):
        """What a regression fits in place of the labels: 0 and 1, without weights."""
        return (labels > 0.0).astype(np.float64)

    @staticmethod
    def judge(predictions, labels):
        """How good predictions of labelled rows are.

        Parameters
        ----------
        predictions : ndarray of shape (n_rows, n_classes)
            Fitted to 0 and 1; each of a model that has not seen its row.

        labels : ndarray of shape (n_rows, n_classes)
            What they were fitted to.

        Returns
        -------
        loss, accuracy : float
            Log loss of probabilities that are mixed with one uniform vote among the
            rows, at the best of ``SHARPNESS``; (hits + 1) / (n_rows + 2).
        """
        n_rows, n_classes = labels.shape
        codes, losses = labels.argmax(axis=1), []
        for sharpness in SHARPNESS:
            probabilities = softmax(sharpness * predictions, axis=1)
            right = probabilities[np.arange(n_rows), codes]
            right = (n_rows * right + 1.0 / n_classes) / (n_rows + 1.0)  # never 0
            losses.append(-np.log(right).mean())
        hits = (predictions.argmax(axis=1) == codes).sum()
        return float(min(losses)), float((hits + 1.0) / (n_rows + 2.0))

    def calibrated_temperature(self, outputs_of, rows, accuracy):
        """The temperature: as given, or the one at which confidence is accuracy.

        Parameters
        ----------
        outputs_of : callable
            Gives the logits of rows.

        rows : ndarray of int, shape (n_unlabeled,)

        accuracy : float or None
            Share of right predictions to expect.
        """
        if self.temperature is not None or accuracy is None or not len(rows):
            return 1.0 if self.temperature is None else self.temperature
        every = math.ceil(len(rows) / MAX_CALIBRATED)
        return matched_temperature(outputs_of(rows[::every]), accuracy)

    def fitted_attributes(self, outputs, temperature, given):
        """Fitted attributes that hold a label for every training row.

        Parameters
        ----------
        outputs : ndarray of shape (n_unlabeled, n_classes)
            Logits of the unlabelled rows.

        temperature : float
            What they are divided by.

        given : GivenLabels
            Which are one-hot among the distributions.

        Returns
        -------
        fitted : dict of str to object
        """
        distributions = np.zeros((len(given.unlabeled), len(self.classes)))
        distributions[np.flatnonzero(~given.unlabeled), given.values] = 1.0
        hidden = np.flatnonzero(given.unlabeled)
        for part in gen_batches(len(hidden), CHUNK):
            logits = outputs[part] / temperature
            distributions[hidden[part]] = softmax(logits, axis=1)
        return {
            "classes_": self.classes,
            "label_distributions_": distributions,
            "temperature_": temperature,
            "transduction_": self.classes[distributions.argmax(axis=1)],
        }

    def decode(self, outputs):
        """The most probable class of each row."""
        return self.classes[outputs.argmax(axis=1)]

    def score(self, y, predicted, sample_weight=None):
        """Accuracy on the rows of ``y`` that are not marked."""
        y = column_or_1d(as_labels(y), warn=True)
        marked = is_marked(y, self.unlabeled)
        values = labeled_values(y, marked, self.unlabeled)
        return score_labeled(accuracy_score, values, predicted, marked, sample_weight)


def check_classes(classes, former):
    """Refuse a single class, and other classes than those of a former fit."""
    if len(classes) < 2:
        raise ValueError(
            "A classifier needs labels of at least 2 classes, but the labelled rows of "
            f"y hold one class only: {classes.tolist()[0]!r}. Label a row of another "
            "class."
        )
    if former is not None and not np.array_equal(classes, former.classes):
        raise ValueError(
            f"warm_start=True continues with the classes of the previous fit, "
            f"{former.classes.tolist()}, but y holds {classes.tolist()}. Pass "
            "warm_start=False to start anew."
        )


def checked_weights(class_weight, classes, values):
    """Weights of the classes, refused where the loss could not use them."""
    weights = compute_class_weight(class_weight, classes=classes, y=values)
    limit = np.finfo(np.float32).max
    if not ((weights >= 0.0) & (weights < limit)).all():
        raise ValueError(
            f"class_weight must not be negative, NaN or beyond {limit:.3g}, got "
            f"{class_weight!r}. A weight of 0 leaves a class out of the loss."
        )
    return weights


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
