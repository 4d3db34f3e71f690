"""Label a table without training a network: an experiment.

The package does not use it yet, and it may change with each measurement. Kernel ridge
regression, with targets as they are and classes as one-hot columns, answers in several
views of the table: its columns, their bins, columns scaled by what the labels depend
on, the clusters and neighbourhoods of all rows; trees answer, too. Predictions of
labelled rows from other folds choose each view's noise and sharpness, and the weights
with which the answers are combined.

The interface is one class; all entries of X are finite::

    form = ClosedForm.fit(X, labeled_rows, labels, task="classes", random_state=0)
    form.transductive       # probabilities, or targets, of all rows of X
    form.predict(X_new)     # the same for other rows
    form.evidence           # what held-out labelled rows tell of each view
    form.relevance          # each column's share of what the kernels see

``closed_form`` fits and predicts; ``table`` makes the parts of a table (``bins``,
``clusters``), of which ``views`` are made; ``kernel`` and ``relevance`` hold their
formulas, ``trees`` the other answer; ``combination`` weighs all of them (``weights``,
``probabilities``).

It is measured by ``examples/benchmarks/first_tries.py`` beside the package and
scikit-learn's methods; ``doc/benchmarks.rst`` has the numbers.
"""

from .closed_form import ClosedForm

__all__ = ["ClosedForm"]
