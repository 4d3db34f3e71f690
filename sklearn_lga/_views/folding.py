"""Which labelled rows are left out together."""

from typing import NamedTuple

import numpy as np

N_PARTS = 5
"""Labelled rows are dealt to so many parts; these are the folds, too, if not few."""

LEAVE_ONE_OUT = 20
"""Up to so many labelled rows each is a fold of its own."""


class Folding(NamedTuple):
    """Which labelled rows are left out together.

    Parameters
    ----------
    folds : ndarray of int, shape (n_labeled,)
        Each row's fold: it is predicted by the rows of the others.

    counts : ndarray of bool, shape (n_labeled,)
        Rows whose class other folds know, so that their predictions tell something; of
        targets all, if there are two.

    parts : ndarray of int, shape (n_labeled,)
        ``N_PARTS`` that folds are joined to: networks and trees do without one each.
        -1 for rows that all of them see, as no other row has their class.
    """

    folds: np.ndarray
    counts: np.ndarray
    parts: np.ndarray

    @classmethod
    def draw(cls, codes, n_rows, random_state):
        """Deal rows to folds; those of a class are dealt to all folds in turn."""
        order = random_state.permutation(n_rows)
        if codes is not None:
            order = order[np.argsort(codes[order], kind="stable")]
        folds = np.empty(n_rows, dtype=int)
        n_folds = n_rows if n_rows <= LEAVE_ONE_OUT else N_PARTS
        folds[order] = np.arange(n_rows) % n_folds
        counts = np.full(n_rows, n_rows > 1)
        if codes is not None:
            known = np.zeros((codes.max() + 1, n_folds))
            np.add.at(known, (codes, folds), 1.0)
            counts = known.sum(axis=1)[codes] > known[codes, folds]
        return cls(folds, counts, np.where(counts, folds % N_PARTS, -1))

    def of(self, rows):
        """The same for some of the rows."""
        return Folding(*(each[rows] for each in self))
