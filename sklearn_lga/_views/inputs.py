"""What the members of the built-in network see of a table."""

import functools

import numpy as np

from ..modules._mlp import MemberScales
from .folding import N_PARTS
from .table import chunks

MAX_BYTES = 2**26
"""Rows are encoded once where they take no more than this; else at each visit."""


class Inputs:
    """The columns that the closed form's views are made of, scaled as kernels see them.

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
        scales, variances = form.column_scales(), form.variances
        self.parts = tuple(scales)
        scales = np.hstack(list(scales.values()))
        scales = scales[[0 if part is None else 1 + part for part in left_out]]
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

    def rows(self, X, used=None, table_rows=None):
        """Rows as the network takes them: encoded now, or when they are taken.

        Parameters
        ----------
        X : ndarray or CSR matrix of shape (n_rows, n_features)

        used : ndarray of int, shape (n_used,), default=None
            The rows that will be taken more than once.

        table_rows : TableRows or None, default=None
            All rows, where the table was made of them.

        Returns
        -------
        rows : ndarray, SomeRows or EncodedRows of shape (n_rows, n_columns)
        """
        encoded = EncodedRows(self, X)
        if table_rows is not None and table_rows.table is self.table:
            encoded.see = table_rows.see
        if used is None or 4 * len(used) * self.n_columns > MAX_BYTES:
            return encoded
        return SomeRows(encoded, used)

    def encode(self, seen):
        """Join parts of rows that are seen, as float32."""
        return np.hstack([seen[part].astype(np.float32) for part in self.parts])


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
        return self.inputs.encode(self.see(rows, self.inputs.parts))

    def see(self, rows, parts):
        """Make parts of some rows."""
        return self.inputs.table.see(self.X[rows], parts)


class SomeRows:
    """Some rows of a table, encoded once; no others can be taken.

    Parameters
    ----------
    encoded : EncodedRows

    used : ndarray of int, shape (n_used,)
        Where they stand in the table.
    """

    def __init__(self, encoded, used):
        self.shape = encoded.shape
        self.place = np.full(len(encoded), -1, dtype=np.int32)
        self.place[used] = np.arange(len(used))
        parts = [encoded[used[rows]] for rows in chunks(len(used))]
        self.encoded = np.concatenate(parts)

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, rows):
        place = self.place[rows]
        if (place < 0).any():
            raise IndexError("These rows were not encoded.")
        return self.encoded[place]


def left_out(n_members):
    """The part of the labels that each member does without; None where all see all."""
    apart = n_members >= N_PARTS
    return [member % N_PARTS if apart else None for member in range(n_members)]
