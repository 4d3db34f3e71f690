"""Class labels: read, held out, scored, and made of a network's outputs."""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax
from sklearn.metrics import accuracy_score
from sklearn.utils import column_or_1d, gen_batches
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from ..alignment import CLASSIFICATION
from .drawing import choose_rows
from .marker import as_labels, is_marked, labeled_values, resolve_label_marker
from .task import GivenLabels, check_any_labeled, labeled_weights, score_labeled

EMPTY_WORDS = {"", "nan", "NaN", "None", "<NA>"}
"""Strings that missing values become."""

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
        The marker of unlabelled rows, as settled by the labels.

    weights : ndarray of shape (n_classes,)
        Of the classes in the loss.
    """

    classes: np.ndarray
    unlabeled: object
    weights: np.ndarray

    kind = "classes"
    objective = CLASSIFICATION

    @classmethod
    def read(cls, y, unlabeled, sample_weight, former=None, *, class_weight=None):
        """Read the labels of training rows.

        Parameters
        ----------
        y : array-like of shape (n_samples,)

        unlabeled : scalar or None
            The estimator's parameter.

        sample_weight : ndarray of shape (n_samples,)

        former : Classes or None, default=None
            Those of the fit that a warm start goes on from, which must be the same.

        class_weight : dict, "balanced" or None, default=None

        Returns
        -------
        task, given : Classes, GivenLabels
        """
        y = column_or_1d(as_labels(y), warn=True)
        marker = resolve_label_marker(y, unlabeled)
        marked = is_marked(y, marker)
        check_any_labeled(marked, unlabeled)
        values = labeled_values(y, marked, unlabeled)
        check_discrete(values)
        classes, codes = np.unique(values, return_inverse=True)
        check_classes(classes, former, marked, marker)
        warn_of_empty_words(classes, unlabeled)
        weights = checked_weights(class_weight, classes, values)
        # The loss is linear in the labels: weighted labels weight the loss.
        labels = np.zeros((len(codes), len(classes)), dtype=np.float32)
        labels[np.arange(len(codes)), codes] = weights[codes]
        task = cls(classes, marker, weights)
        counts = labeled_weights(sample_weight, marked)
        return task, GivenLabels(marked, codes, labels, counts)

    @property
    def n_outputs(self):
        """Outputs of a network."""
        return len(self.classes)

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

    def fitted_attributes(self, outputs, start, given):
        """Fitted attributes that hold a label for every training row.

        Parameters
        ----------
        outputs : ndarray of shape (n_samples, n_classes)
            Logits of the unlabelled rows; they become distributions in their place.

        start : ndarray of shape (n_samples, n_classes) or None
            Logits that the imputed labels started from, likewise.

        given : GivenLabels
            Which are one-hot among the distributions.

        Returns
        -------
        fitted : dict of str to object
        """
        distributions = self.distributions(outputs, given)
        fitted = {
            "classes_": self.classes,
            "label_distributions_": distributions,
            "transduction_": self.classes[distributions.argmax(axis=1)],
        }
        if start is not None:
            fitted["start_distributions_"] = self.distributions(start, given)
        return fitted

    def distributions(self, outputs, given):
        """Turn logits into distributions, those of labelled rows into one-hot ones."""
        for part in gen_batches(len(outputs), CHUNK):
            outputs[part] = softmax(outputs[part], axis=1)
        outputs[~given.unlabeled] = np.eye(len(self.classes))[given.values]
        return outputs

    def decode(self, outputs):
        """The most probable class of each row."""
        return self.classes[outputs.argmax(axis=1)]

    def score(self, y, predicted, sample_weight=None):
        """Accuracy on the rows of ``y`` that are not marked."""
        y = column_or_1d(as_labels(y), warn=True)
        marked = is_marked(y, self.unlabeled)
        values = labeled_values(y, marked, self.unlabeled)
        return score_labeled(accuracy_score, values, predicted, marked, sample_weight)


def check_discrete(values):
    """Refuse labels that are no classes, such as targets of a regression."""
    try:
        with np.errstate(invalid="ignore"):  # far beyond the integers: no classes
            # Twice, as it warns of many classes among few labels, our daily bread.
            check_classification_targets(np.tile(values, 2))
    except ValueError as error:
        raise ValueError(
            f"{error} For targets use a regressor, LGARegressor for example; pass "
            "classes as integers or strings."
        ) from error


def warn_of_empty_words(classes, unlabeled):
    """Warn of strings that stand for nothing elsewhere, and are classes here."""
    if classes.dtype.kind not in "UO":
        return
    words = [label for label in classes.tolist() if label in EMPTY_WORDS]
    if words:
        warnings.warn(
            f"y holds {', '.join(map(repr, words))}, taken for a class: unlabelled "
            f"rows are marked by unlabeled={unlabeled!r} or a missing value. Pass "
            f"unlabeled={words[0]!r} if that marks them.",
            UserWarning,
            stacklevel=2,
        )


def check_classes(classes, former, marked, marker):
    """Refuse a single class, and other classes than those of a former fit."""
    if len(classes) < 2:
        read = ""
        if marker == -1 and marked.any():
            read = (
                f" The {marked.sum()} entries -1 were read as unlabelled: if -1 is a "
                "class, pass unlabeled=None where every row has a label, or mark the "
                "unlabelled rows with a missing value and pass unlabeled=np.nan."
            )
        raise ValueError(
            "A classifier needs labels of at least 2 classes, but the labelled rows of "
            f"y hold one class only: {classes.tolist()[0]!r}. Label a row of another "
            f"class.{read}"
        )
    if former is not None and not np.array_equal(classes, former.classes):
        raise ValueError(
            f"warm_start=True continues with the classes of the previous fit, "
            f"{former.classes.tolist()}, but y holds {classes.tolist()}. Pass "
            "warm_start=False to start anew."
        )


def checked_weights(class_weight, classes, values):
    """Weights of the classes, refused where the loss could not use them."""
    if isinstance(class_weight, dict):
        unknown = class_weight.keys() - set(classes.tolist())
        if unknown:
            raise ValueError(
                f"class_weight has weights for {sorted(unknown, key=str)}, which are "
                f"no classes of y. Give the classes as y does: {classes.tolist()}."
            )
    weights = compute_class_weight(class_weight, classes=classes, y=values)
    limit = np.finfo(np.float32).max
    if not ((weights >= 0.0) & (weights < limit)).all():
        raise ValueError(
            f"class_weight must not be negative, NaN or beyond {limit:.3g}, got "
            f"{class_weight!r}. A weight of 0 leaves a class out of the loss."
        )
    return weights
