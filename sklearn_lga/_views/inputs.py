"""What the members of the built-in network see of a table."""

import functools

import numpy as np

from ..modules._mlp import MemberScales
from .folding import N_PARTS


class Inputs:
    """The table's columns, scaled as kernels see them.

    Each member sees them with the factors that were found without its part of the
    labels.

    Parameters
    ----------
    form : ClosedForm

    left_out : list of int or None
        The part of the labels that each member does without; None where it sees all.
    """

    def __init__(self, form, left_out):
        self.table = form.table
        self.scales = form.column_scales()[fits_of(left_out)].astype(np.float32)

    @property
    def n_columns(self):
        """How many columns the network sees."""
        return self.scales.shape[1]

    @property
    def layer(self):
        """Makes what stands before the network's first layer."""
        return functools.partial(MemberScales, self.scales)

    def rows(self, X):
        """Rows of a table as the network takes them, when it does."""
        return EncodedRows(self.table, X)


class EncodedRows:
    """Rows of a table that are encoded when they are taken.

    Parameters
    ----------
    table : Table

    X : ndarray or CSR matrix of shape (n_rows, n_features)
    """

    def __init__(self, table, X):
        self.table = table
        self.X = X
        self.shape = X.shape[0], len(table.scale)

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, rows):
        return self.table.features(self.X[rows]).astype(np.float32, copy=False)


def left_out(n_members):
    """The part of the labels that each member does without; None where all see all."""
    apart = n_members >= N_PARTS
    return [member % N_PARTS if apart else None for member in range(n_members)]


def fits_of(left_out):
    """Where fits without these parts stand: behind the one to all labels."""
    return [0 if part is None else 1 + part for part in left_out]
