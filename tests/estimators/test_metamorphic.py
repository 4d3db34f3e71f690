"""What a table's look must not change: relations between the answers of two fits.

Each relation changes the table or the labels in a way that the answer must follow. Where
the arithmetic is the same, the answers are, up to rounding. Where other random numbers
are drawn for the same question (the folds go by the order of the labelled rows, the first
weights by the columns), they agree as two values of ``random_state`` do: the bounds are
some twice the largest mean difference over 20 tables, that of two seeds among them.
"""

import numpy as np
from sklearn.datasets import make_classification, make_friedman1
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lga import LGAClassifier, LGARegressor

N, N_TEST = 80, 60
EXACT, ROUNDING, SINGLE, DRAWN = 0.0, 1e-9, 1e-5, 0.2
KINDS = {
    "classes": LGAClassifier(max_epochs=20, random_state=0),
    "targets": LGARegressor(max_epochs=20, random_state=0),
    # All rows in each batch, and nothing that is drawn by their order.
    "network": LGAClassifier(
        closed_form=False, max_epochs=20, lr=0.01, n_members=2, random_state=0
    ),
    "line": LGARegressor(solver="exact"),
}


class Table:
    """Training rows with 30 labels in no order, and rows to predict."""

    def __init__(self, kind, seed):
        self.model = KINDS[kind]
        self.is_classifier = isinstance(self.model, LGAClassifier)
        if self.is_classifier:
            X, y = make_classification(
                N + N_TEST,
                5,
                n_informative=3,
                n_redundant=0,
                n_classes=3,
                n_clusters_per_class=1,
                random_state=seed,
            )
        else:
            X, y = make_friedman1(N + N_TEST, 5, noise=0.5, random_state=seed)
        self.X, self.X_test, self.y = X[:N], X[N:], y[:N]
        self.labeled = np.random.RandomState(seed).permutation(N) < 30
        self.unit = 1.0 if self.is_classifier else self.y.std()
        self.answer = self.ask()

    def ask(self, X=None, X_test=None, y=None, rows=slice(None), **parameters):
        """Probabilities, or targets, of the rows to predict after a fit."""
        X = self.X if X is None else X
        y = self.y if y is None else y
        marker = None if y.dtype.kind == "U" else -1 if self.is_classifier else np.nan
        marked = np.where(self.labeled, y.astype(object), marker)
        marked = marked if marker is None else marked.astype(type(marker))
        model = make_pipeline(StandardScaler(), self.model.set_params(**parameters))
        model.fit(X[rows], marked[rows])
        X_test = self.X_test if X_test is None else X_test
        return (
            model.predict_proba(X_test) if self.is_classifier else model.predict(X_test)
        )

    def difference(self, answer):
        return np.abs(answer - self.answer).mean() / self.unit


def seeds(table):
    """No relation: what other random numbers change."""
    answer = table.ask(random_state=1)
    table.model.set_params(random_state=0)
    return answer


def labeled_first(table):
    return table.ask(rows=np.argsort(~table.labeled, kind="stable"))


def unlabeled_first(table):
    return table.ask(rows=np.argsort(table.labeled, kind="stable"))


def reversed_unlabeled(table):
    rows = np.arange(N)
    rows[~table.labeled] = rows[~table.labeled][::-1]
    return table.ask(rows=rows)


def permuted_rows(table):
    return table.ask(rows=np.random.RandomState(0).permutation(N))


def renamed(table):
    """In the same order: other names alone."""
    return table.ask(y=np.array(["a", "b", "c"])[table.y])


def permuted_classes(table):
    order = np.array([2, 0, 1])
    return table.ask(y=order[table.y])[:, order]


def other_units(table):
    return (table.ask(y=7.0 + 3.0 * table.y) - 7.0) / 3.0


def negated(table):
    return -table.ask(y=-table.y)


SCALE = np.array([1e3, 1e-2, 3.0, 5.0, 0.5])


def scaled_and_shifted(table):
    X, X_test = (rows * SCALE + [5.0, -3.0, 100.0, 0.0, 1.0] for rows in both(table))
    return table.ask(X, X_test)


def mirrored(table):
    X, X_test = (rows * [-1.0, 1.0, 1.0, -1.0, 1.0] for rows in both(table))
    return table.ask(X, X_test)


def permuted_columns(table):
    return table.ask(*(rows[:, [3, 1, 4, 0, 2]] for rows in both(table)))


def duplicated_column(table):
    return table.ask(*(np.column_stack([rows, rows[:, 0]]) for rows in both(table)))


def constant_column(table):
    return table.ask(*(np.column_stack([r, np.full(len(r), 3.0)]) for r in both(table)))


def duplicated_table(table):
    return table.ask(rows=np.tile(np.arange(N), 2))


def both(table):
    return table.X, table.X_test
