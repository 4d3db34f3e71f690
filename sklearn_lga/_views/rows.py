"""Rows of a table, taken some at a time as float32."""

import hashlib

import numpy as np
import torch
from scipy import sparse
from sklearn.utils import gen_batches

CHUNK = 8192
"""Rows that are read at a time where all are gone through."""


class JoinedColumns:
    """Two tables of as many rows side by side; rows are joined when they are taken.

    Parameters
    ----------
    left, right : ndarray or CSR matrix of shape (n_rows, ...)
    """

    def __init__(self, left, right):
        self.tables = left, right
        self.shape = left.shape[0], left.shape[1] + right.shape[1]

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, rows):
        return np.concatenate([dense(table[rows]) for table in self.tables], axis=1)


def dense(rows):
    """Rows, dense or CSR, as float32."""
    if sparse.issparse(rows):
        return rows.astype(np.float32, copy=False).toarray()
    return np.asarray(rows, dtype=np.float32)


def take_rows(X, rows):
    """Rows of X as a new float32 tensor; only they are made dense."""
    batch = dense(X[rows])
    is_view = isinstance(X, np.ndarray) and np.may_share_memory(batch, X)
    return torch.from_numpy(batch.copy() if is_view else batch)


def on_device(X, device):
    """All rows of X, dense and in float32, on a device; copied in slices."""
    rows = torch.empty(X.shape, dtype=torch.float32, device=device)
    for part in gen_batches(len(rows), CHUNK):
        rows[part] = take_rows(X, part).to(device)
    return rows


def digest(X, rows):
    """A hash of the content of some rows, of which a part is read at a time."""
    content = hashlib.blake2b(str((X.shape[1:], len(rows), X.dtype)).encode())
    for chunk in gen_batches(len(rows), CHUNK):
        part = X[rows[chunk]]
        arrays = (
            [part.data, part.indices, part.indptr] if sparse.issparse(X) else [part]
        )
        for array in arrays:
            content.update(np.ascontiguousarray(array).tobytes())
    return content.hexdigest()
