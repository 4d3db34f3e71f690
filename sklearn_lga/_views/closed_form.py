"""The answer before any training: several views of a table, weighted by evidence."""

import numpy as np
from sklearn.utils import check_random_state

from .combination import ClassMixture, TargetMean
from .folding import N_PARTS, Folding
from .table import Table, TableRows, chunks, some_rows, variances_of, wants_graph
from .trees import Trees
from .views import Factors, KernelAnswer, views_of

MAX_LABELED = 2_000
"""Kernels are of so many labelled rows at most; trees see all of them."""

SAMPLE = 2_000
"""Variances of columns are taken of so many rows at most."""


class ClosedForm:
    """Kernel ridge regression in several views of a table, and trees, weighted.

    Each view predicts each labelled row from the other folds. Its outputs for classes
    become probabilities; the weights of the mixture, or of the mean of targets, have
    the lowest loss of these predictions, their divergence from prior weights included.
    Clusters and neighbourhoods are views of classes only: for targets they add nothing.

    Outputs are those of a network: logits of classes, or targets.

    Parameters
    ----------
    table : Table

    answers : dict of str to KernelAnswer or Trees
        By the view's name, those with a weight.

    combination : ClassMixture or TargetMean
        How the views' outputs become one answer.

    evidence : Evidence
        What held-out labelled rows tell of each view and of the combination.

    folding : Folding
        Which labelled rows were held out together.

    told : ndarray of int, shape (n_told,)
        The labelled rows that tell.

    held_out : ndarray of shape (n_told, n_outputs)
        Outputs of these, without their folds.

    variances : dict of str to ndarray of shape (n_columns,)
        Of the columns of each part.
    """

    def __init__(
        self,
        table,
        answers,
        combination,
        evidence,
        folding,
        told,
        held_out,
        variances,
    ):
        self.table = table
        self.answers = answers
        self.combination = combination
        self.evidence = evidence
        self.folding = folding
        self.told = told
        self.held_out = held_out
        self.variances = variances

    @classmethod
    def fit(cls, X, rows, labels, class_weight=None, weights=None, random_state=0):
        """Fit all views and their weights.

        Parameters
        ----------
        X : ndarray or CSR matrix of shape (n_rows, n_features)
            All rows, finite.

        rows : ndarray of int, shape (n_labeled,)
            The labelled ones.

        labels : ndarray of shape (n_labeled,) or (n_labeled, n_outputs)
            Codes of classes from 0, or targets.

        class_weight : ndarray of shape (n_classes,) or None
            None: the labels are targets.

        weights : ndarray of shape (n_labeled,) or None
            Of the labelled rows, positive, with a mean of 1. None: all are 1.

        random_state : int, RandomState or None
            Of folds, of rows where there are too many, and of trees.

        Returns
        -------
        form, table_rows : ClosedForm, TableRows
        """
        random_state = check_random_state(random_state)
        classes = class_weight is not None
        table = Table(X, with_clusters=classes)
        table_rows = TableRows(table, X)
        codes = labels if classes else None
        weights = np.ones(len(labels)) if weights is None else weights
        combination = (
            ClassMixture(codes, class_weight, weights)
            if classes
            else TargetMean(labels, weights)
        )
        folding = Folding.draw(codes, len(labels), random_state)
        kept = np.arange(len(labels))
        if len(kept) > MAX_LABELED:
            kept = random_state.choice(kept, MAX_LABELED, replace=False)
        answers = fit_answers(
            table_rows.see(rows),
            combination.Y,
            weights,
            folding,
            kept,
            classes,
            random_state,
        )
        counts = folding.counts[kept]
        held_out = {v: answer.held_out[counts] for v, answer in answers.items()}
        ridges = {v: answer.ridge for v, answer in answers.items()}
        evidence = combination.weigh(held_out, ridges, kept[counts])
        used = {v: a for v, a in answers.items() if combination.weights[v] > 0.0}
        held_out = combination.combine({v: held_out[v] for v in used})
        told = kept[counts]
        sample = table_rows.see(some_rows(X.shape[0], SAMPLE))
        variances = {part: variances_of(columns) for part, columns in sample.items()}
        form = cls(
            table, used, combination, evidence, folding, told, held_out, variances
        )
        if not wants_graph(form.parts):
            table.clusters = None
        table_rows.drop_but(form.parts)
        return form, table_rows

    @property
    def n_outputs(self):
        """Classes, or targets."""
        return self.held_out.shape[1]

    @property
    def parts(self):
        """What the views with a weight are made of."""
        return {part for answer in self.answers.values() for part in answer.parts}

    def outputs(self, X):
        """Outputs of any rows, (n_rows, n_outputs)."""
        outputs = np.empty((X.shape[0], self.n_outputs))
        for chunk in chunks(len(outputs)):
            outputs[chunk] = self.combined(self.table.see(X[chunk], self.parts))
        return outputs

    def outputs_of(self, table_rows, rows):
        """Outputs of some of the table's own rows, or of none."""
        outputs = np.empty((len(rows), self.n_outputs))
        for chunk in chunks(len(rows)):
            outputs[chunk] = self.combined(table_rows.see(rows[chunk], self.parts))
        return outputs

    def combined(self, seen):
        """Outputs of rows whose parts are seen."""
        outputs = {v: answer.predict(seen) for v, answer in self.answers.items()}
        return self.combination.combine(outputs)

    def outputs_of_each(self, table_rows, rows):
        """Outputs by all labels, then without each part of them.

        Returns
        -------
        outputs : ndarray of shape (n_rows, 1 + N_PARTS, n_outputs)
        """
        outputs = np.empty((len(rows), 1 + N_PARTS, self.n_outputs))
        for chunk in chunks(len(rows)):
            seen = table_rows.see(rows[chunk], self.parts)
            each = {v: answer.predict_each(seen) for v, answer in self.answers.items()}
            for fit in range(1 + N_PARTS):
                by_view = {v: out[fit] for v, out in each.items()}
                outputs[chunk, fit] = self.combination.combine(by_view)
        return outputs

    def column_scales(self):
        """Scales of the features, by which a network sees them as kernels do.

        The squares are the weighted means of those with which the views see a column;
        all are 1 where no view of features has a weight. With them the rows' mean
        square length is the number of columns.

        Returns
        -------
        scales : ndarray of shape (1 + N_PARTS, n_columns)
            By all labels, then without those of each part.
        """
        squares = np.zeros((1 + N_PARTS, len(self.table.scale)))
        for name, answer in self.answers.items():
            each = answer.column_squares().get("features", 0.0)
            squares += self.combination.weights[name] * each
        if not squares.any():
            squares += 1.0
        lengths = np.maximum(squares @ self.variances["features"], 1e-12)
        return np.sqrt(squares * (squares.shape[1] / lengths)[:, None])

    def relevance(self):
        """How much the labels depend on each feature: shares, whose sum is 1.

        Those of each view, weighted as the view is; clusters are of no single column.
        All are equal where no view of columns has a weight.
        """
        shares = sum(
            self.combination.weights[name] * answer.shares(self.table, self.variances)
            for name, answer in self.answers.items()
        )
        whole = shares.sum()
        return shares / whole if whole > 0.0 else np.full(len(shares), 1 / len(shares))


def fit_answers(seen, Y, weights, folding, kept, classes, random_state):
    """Fit each view's answer, by the view's name.

    Where no row counts, nothing tells whether columns or splits found by the labels
    are right, so the views that need them are left out.
    """
    parts = {name: part[kept] for name, part in seen.items()}
    factors = Factors(parts["features"], Y[kept], weights[kept], random_state)
    few, told = folding.of(kept), folding.counts.any()
    answers = {
        name: KernelAnswer(view, parts, Y[kept], weights[kept], few, factors)
        for name, view in views_of(seen, classes).items()
        if told or not view.relevant
    }
    if told:
        trees = Trees(seen["features"], Y, weights, folding, classes, random_state)
        trees.held_out = trees.held_out[kept]
        answers["trees"] = trees
    return answers
