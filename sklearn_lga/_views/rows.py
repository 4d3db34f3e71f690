"""Rows of a table, taken some at a time as float32."""

import hashlib

import numpy as np
import torch
from scipy import sparse
from sklearn.utils import gen_batches

CHUNK = 8192
"""Rows that are read at a time where all are gone through."""


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


def on_device(X, rows, device):
    """Some rows of X, dense and in float32, on a device; copied in slices."""
    shape = len(rows), *X.shape[1:]
    copy = torch.empty(shape, dtype=torch.float32, device=device)
    for part in gen_batches(len(rows), CHUNK):
        copy[part] = take_rows(X, rows[part]).to(device)
    return copy


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
