"""The answer before any training: several views of a table, weighted by evidence."""

import numpy as np
from sklearn.utils import check_random_state

from .combination import ClassMixture, TargetMean
from .table import Table
from .trees import Trees
from .views import Factors, KernelAnswer, views_of

MAX_LABELED = 2_000
"""Kernels are of so many labelled rows at most; trees see all of them."""

N_FOLDS = 5
"""Labelled rows are dealt to so many folds where they are not left out singly."""

LEAVE_ONE_OUT = 20
"""Up to so many labelled rows each is left out alone."""


class ClosedForm:
    """Kernel ridge regression in several views of a table, and trees, weighted.

    Each view predicts each labelled row from the other folds. Its outputs for classes
    become probabilities; the weights of the mixture, or of the mean of targets, have
    the lowest loss of these predictions, their divergence from prior weights included.
    Clusters and neighbourhoods are views of classes only: for targets they add nothing.

    Parameters
    ----------
    table : Table
        All rows, labelled or not.

    answers : dict of str to KernelAnswer or Trees
        By the view's name, those with a weight.

    combination : ClassMixture or TargetMean
        How the views' outputs become one answer.

    evidence : Evidence
        What held-out labelled rows tell of each view and of the combination.

    relevance : ndarray of shape (n_columns,)
        Each column's share of what the kernels see; their sum is 1.
    """

    def __init__(self, table, answers, combination, evidence, relevance):
        self.table = table
        self.answers = answers
        self.combination = combination
        self.evidence = evidence
        self.relevance = relevance

    @classmethod
    def fit(cls, X, rows, labels, *, task, n_classes=None, random_state=0):
        """Fit all views and their weights.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            All rows, finite.

        rows : ndarray of int, shape (n_labeled,)
            The labelled ones.

        labels : ndarray of shape (n_labeled,) or (n_labeled, n_outputs)
            Codes of classes from 0, or targets.

        task : {"classes", "targets"}

        n_classes : int, optional
            By default one more than the highest code.

        random_state : int, RandomState or None
            Of folds, of rows where there are too many, and of trees.

        Returns
        -------
        form : ClosedForm
        """
        random_state = check_random_state(random_state)
        classes = task == "classes"
        table = Table(X, with_clusters=classes)
        if classes:
            combination = ClassMixture(labels, n_classes or labels.max() + 1)
        else:
            combination = TargetMean(labels)
        codes = labels if classes else None
        folds = assign_folds(codes, len(labels), random_state)
        counts = rows_that_count(codes, folds)
        kept = np.arange(len(labels))
        if len(kept) > MAX_LABELED:
            kept = random_state.choice(kept, MAX_LABELED, replace=False)
        seen = table.see(X[rows])
        answers = fit_answers(
            seen, combination.Y, folds, counts, kept, classes, random_state
        )
        told = counts[kept]
        held_out = {v: answer.held_out[told] for v, answer in answers.items()}
        ridges = {v: answer.ridge for v, answer in answers.items()}
        evidence = combination.weigh(held_out, ridges, kept[told])
        relevance = shares(answers, combination.weights, seen["features"])
        used = {v: a for v, a in answers.items() if combination.weights[v] > 0.0}
        return cls(table, used, combination, evidence, relevance)

    @property
    def transductive(self):
        """Predictions of all rows of the table, as :meth:`predict` gives them."""
        return self.predict(self.table.X)

    def predict(self, X):
        """Give probabilities (n_rows, n_classes), or targets, shaped as the labels."""
        parts = []
        for rows in self.table.chunks(X):
            whole = rows.stop >= len(X) and rows.start == 0
            seen = self.table.see(X if whole else X[rows])
            outputs = {v: answer.predict(seen) for v, answer in self.answers.items()}
            parts.append(self.combination.combine(outputs))
        return np.concatenate(parts)


def fit_answers(seen, Y, folds, counts, kept, classes, random_state):
    """Fit each view's answer, by the view's name.

    Where no row counts, nothing tells whether columns or splits found by the labels
    are right, so the views that need them are left out.
    """
    parts = {name: part[kept] for name, part in seen.items()}
    factors = Factors(parts["features"], Y[kept], folds[kept], random_state)
    answers = {
        name: KernelAnswer(view, parts, Y[kept], folds[kept], counts[kept], factors)
        for name, view in views_of(seen, classes).items()
        if counts.any() or not view.relevant
    }
    if counts.any():
        answers["trees"] = Trees(
            seen["features"], Y, folds, kept, classes, random_state
        )
    return answers


def assign_folds(codes, n_rows, random_state):
    """Give each row a fold; rows of a class are dealt to all folds in turn."""
    order = random_state.permutation(n_rows)
    if codes is not None:
        order = order[np.argsort(codes[order], kind="stable")]
    folds = np.empty(n_rows, dtype=int)
    folds[order] = np.arange(n_rows) % (n_rows if n_rows <= LEAVE_ONE_OUT else N_FOLDS)
    return folds


def rows_that_count(codes, folds):
    """Mark rows whose class other folds know; of targets all, if there are two."""
    if codes is None:
        return np.full(len(folds), len(folds) > 1)
    known = np.zeros((codes.max() + 1, folds.max() + 1))
    np.add.at(known, (codes, folds), 1.0)
    return known.sum(axis=1)[codes] > known[codes, folds]


def shares(answers, weights, features):
    """Each column's share of the inner products that kernels of columns see."""
    variance = features.var(axis=0)
    total = np.full(len(variance), 1e-12)
    for name, answer in answers.items():
        if answer.of_columns:
            power = variance * np.square(answer.factors)
            total += max(weights[name], 1e-3) * power / max(power.sum(), 1e-12)
    return total / total.sum()
