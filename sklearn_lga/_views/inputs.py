"""What the members of the built-in network see of a table."""

import functools

import numpy as np
from sklearn.utils import gen_batches

from ..modules._mlp import MemberScales
from .folding import N_PARTS
from .table import CHUNK

MAX_BYTES = 2**26
"""Rows are encoded once where they take no more than this; else at each visit."""


class Inputs:
    """The columns that the closed form's views are made of, scaled as kernels see them.

    Each member sees them with the factors that were found without its part of the
    labels.

    Parameters
    ----------
    form : ClosedForm

    n_members : int
        The first does without the first part, and so on; fewer than parts see all.
    """

    def __init__(self, form, n_members):
        self.table = form.table
        scales, variances = form.column_scales(), form.variances
        self.parts = tuple(scales)
        scales = np.hstack(list(scales.values()))
        scales = scales[[0 if part is None else 1 + part for part in left_out(n_members)]]
        variance = np.concatenate([variances[part] for part in self.parts])
        self.n_columns = len(variance)
        # As many columns of unit variance have the same mean length.
        total = np.maximum((np.square(scales) * variance).sum(axis=1), 1e-12)
        scales *= np.sqrt(self.n_columns / total)[:, None]
        self.scales = scales.astype(np.float32)

    @property
    def layer(self):
        """Makes what stands before the network's first layer."""
        return functools.partial(MemberScales, self.scales)

    def rows(self, X):
        """Rows as the network takes them: encoded now, or when they are taken.

        Parameters
        ----------
        X : ndarray or CSR matrix of shape (n_rows, n_features)

        Returns
        -------
        rows : ndarray or EncodedRows of shape (n_rows, n_columns)
        """
        encoded = EncodedRows(self, X)
        if 4 * len(encoded) * self.n_columns > MAX_BYTES:
            return encoded
        chunks = [encoded[rows] for rows in gen_batches(len(encoded), CHUNK)]
        return np.concatenate(chunks)

    def encode(self, seen):
        """Join parts of rows that are seen, as float32."""
        return np.hstack([seen[part].astype(np.float32) for part in self.parts])


def left_out(n_members):
    """The part of the labels that each member does without; None where all see all."""
    apart = n_members >= N_PARTS
    return [member % N_PARTS if apart else None for member in range(n_members)]


class EncodedRows:
    """Rows of a table that are encoded when they are taken.

    Parameters
    ----------
    inputs : Inputs

    X : ndarray or CSR matrix of shape (n_rows, n_features)
    """

    def __init__(self, inputs, X):
        self.inputs = inputs
        self.X = X
        self.shape = X.shape[0], inputs.n_columns

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, rows):
        table, parts = self.inputs.table, self.inputs.parts
        return self.inputs.encode(table.see(self.X[rows], parts))
