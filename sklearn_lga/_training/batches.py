"""Whole batches of rows: data sets that are indexed by a batch, and samplers."""

import math

import numpy as np
import torch
from torch.utils.data import Dataset

from .._views.rows import on_device, take_rows
from .processes import ALONE


def fits_on(device, n_rows, X):
    """Whether rows of X take at most a quarter of the free memory of a CUDA device."""
    if torch.device(device).type != "cuda":
        return False
    free, _ = torch.cuda.mem_get_info(device)
    return 4 * 4 * n_rows * math.prod(X.shape[1:]) <= free


class RowDataset(Dataset):
    """Rows of a table and their labels, fetched a whole batch at a time.

    Parameters
    ----------
    X : ndarray, CSR matrix, SomeRows or EncodedRows of shape (n_rows, ...)

    y : Tensor of shape (n_rows, n_outputs) or None, default=None
        None: a placeholder takes its place, as in ``skorch.dataset.Dataset``.
    """

    def __init__(self, X, y=None):
        self.X = X
        self.y = y

    def __len__(self):
        return self.X.shape[0]

    def __getitem__(self, rows):
        return take_rows(self.X, rows), 0 if self.y is None else self.y[rows]


class SemiSupervisedDataset(Dataset):
    """Labelled and unlabelled rows of one table, fetched a pair of batches a time.

    Parameters
    ----------
    X : ndarray, CSR matrix, SomeRows or EncodedRows of shape (n_rows, ...)
        All rows; they are never copied whole but by :meth:`keep_on`.

    labeled_rows : ndarray of shape (n_labeled,)
        Where the labelled rows stand in X.

    labels : ndarray or Tensor of shape (n_labeled, n_outputs)
        Their labels.

    unlabeled_rows : ndarray of shape (n_unlabeled,)
        Where the rows of the unlabelled stream stand in X.

    processes : Processes, default=ALONE
        The processes that share the batches. An unlabelled batch is indexed by
        positions among this one's own rows.

    weights : ndarray of shape (n_labeled,) or (n_labeled, n_members), default=None
        Of the labelled rows' losses. None: all are 1.
    """

    def __init__(
        self, X, labeled_rows, labels, unlabeled_rows, processes=ALONE, weights=None
    ):
        self.X = X
        self.labeled_rows = labeled_rows
        self.labels = torch.as_tensor(labels)
        weights = torch.ones(len(labels)) if weights is None else weights
        self.weights = torch.as_tensor(weights)
        self.unlabeled_rows = unlabeled_rows
        self.processes = processes
        self.own_rows = processes.own(unlabeled_rows)
        self.table = None

    def __len__(self):
        return max(len(self.unlabeled_rows), len(self.labeled_rows))

    def labeled_batch(self, positions):
        """Some labelled rows, as the network takes them."""
        return self._take(self.labeled_rows, torch.as_tensor(positions))

    def keep_on(self, device):
        """Copy rows and labels to a device, where batches are then taken from them."""
        rows = np.concatenate([self.labeled_rows, self.own_rows])
        table, n_labeled = on_device(self.X, rows, device), len(self.labeled_rows)
        self.labels, self.weights = self.labels.to(device), self.weights.to(device)
        # Where they stand in the copy.
        where = torch.arange(len(rows), device=device)
        self.labeled_rows, self.own_rows = where[:n_labeled], where[n_labeled:]
        self.table = table

    def __getitem__(self, batch):
        labeled, unlabeled = map(self._where_rows_are, batch)
        rows = self._take(self.labeled_rows, labeled)
        labeled_batch = rows, self.labels[labeled], self.weights[labeled]
        if unlabeled is None:
            return (labeled_batch,)
        return labeled_batch, (self._take(self.own_rows, unlabeled), unlabeled)

    def _where_rows_are(self, positions):
        if positions is None or self.table is None:
            return positions
        return positions.to(self.table.device, non_blocking=True)

    def _take(self, rows, positions):
        if self.table is None:
            return take_rows(self.X, rows[positions.numpy()])
        return self.table[rows[positions]]


def n_batches(n_rows, batch_size):
    """Batches in one pass over the rows."""
    return math.ceil(n_rows / batch_size)


def n_steps_per_epoch(n_labeled, n_unlabeled, batch_size):
    """Steps in one pass over the unlabelled rows, or the labelled where none are."""
    return n_batches(n_unlabeled or n_labeled, batch_size)


class BatchStream:
    """Endless shuffled passes over rows, in batches of nearly equal size.

    No row is left out of a pass, and no batch is much smaller than the others
    (which batch norm would not bear).

    Parameters
    ----------
    n_rows, batch_size : int
        ``batch_size`` is an upper bound. Where it takes in all rows, they come
        in their order.

    generator : torch.Generator
        Source of the order.
    """

    def __init__(self, n_rows, batch_size, generator):
        self.n_rows = n_rows
        self.n_batches = n_batches(n_rows, batch_size)
        self.generator = generator
        self.batches = ()
        self.position = 0

    def next(self):
        """Positions of the next batch's rows, a Tensor of int64."""
        if self.position == len(self.batches):
            self.batches = self._order().tensor_split(self.n_batches)
            self.position = 0
        self.position += 1
        return self.batches[self.position - 1]

    def remaining(self):
        """The batches that are left of the pass."""
        return list(self.batches[self.position :])

    def resume(self, batches):
        """Go on with what :meth:`remaining` gave."""
        self.batches, self.position = tuple(batches), 0

    def _order(self):
        if self.n_batches == 1:
            return torch.arange(self.n_rows)
        return torch.randperm(self.n_rows, generator=self.generator)


class PairedSampler:
    """Pairs of a labelled and an unlabelled batch; one iteration is one epoch.

    An epoch is one pass over the unlabelled rows, or over the labelled ones
    where there are no others (the second of a pair is then None, and a data set
    gives the labelled batch alone).

    Parameters
    ----------
    n_labeled, n_unlabeled : int
        Rows of each kind.

    batch_size : int
        Rows of each kind in a pair, at most.

    generator : torch.Generator
        Source of both orders.

    processes : Processes, default=ALONE
        The processes that share the batches, which all draw them alike.
    """

    def __init__(self, n_labeled, n_unlabeled, batch_size, generator, processes=ALONE):
        self.processes = processes
        self.n_steps = n_steps_per_epoch(n_labeled, n_unlabeled, batch_size)
        self.generator = generator
        self.n_skipped = 0
        self.labeled = BatchStream(n_labeled, batch_size, generator)
        self.unlabeled = None
        if n_unlabeled:
            self.unlabeled = BatchStream(n_unlabeled, batch_size, generator)

    def __len__(self):
        return self.n_steps

    def __iter__(self):
        n_skipped, self.n_skipped = self.n_skipped, 0
        for step in range(self.n_steps):
            unlabeled = None
            if self.unlabeled:
                unlabeled = self.processes.own_positions(self.unlabeled.next())
            pair = self.processes.part(self.labeled.next()), unlabeled
            if step >= n_skipped:
                yield pair

    def state(self):
        """Where both streams and their generator stand, between two epochs."""
        return {
            "generator": self.generator.get_state(),
            "labeled": self.labeled.remaining(),
            "unlabeled": self.unlabeled and self.unlabeled.remaining(),
        }

    def resume(self, state, n_skipped):
        """Begin the epoch at ``state``, and leave out its first pairs."""
        self.generator.set_state(state["generator"])
        self.labeled.resume(state["labeled"])
        if self.unlabeled:
            self.unlabeled.resume(state["unlabeled"])
        self.n_skipped = n_skipped


class Batches:
    """A data set's batches as a sampler says, fetched one at a time.

    What ``torch.utils.data.DataLoader`` does without workers, but for its bookkeeping.

    Parameters
    ----------
    dataset : Dataset
        Indexed by a batch.

    sampler : PairedSampler or list of slice
    """

    def __init__(self, dataset, sampler):
        self.dataset = dataset
        self.sampler = sampler

    def __len__(self):
        return len(self.sampler)

    def __iter__(self):
        return map(self.dataset.__getitem__, self.sampler)
