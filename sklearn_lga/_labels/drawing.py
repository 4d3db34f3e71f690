"""Rows drawn such that each class is among them."""

import numpy as np


def choose_rows(codes, n_rows, stratify, random_state):
    """Draw rows without replacement, at least one of each class.

    Parameters
    ----------
    codes : ndarray of int, shape (n_samples,)
        Classes as 0..n_classes-1.

    n_rows : int
        How many to draw, at least n_classes.

    stratify : bool
        Draw the classes in proportion to their sizes, else at random.

    random_state : numpy.random.RandomState

    Returns
    -------
    rows : ndarray of int, shape (n_rows,)
        In increasing order.
    """
    order = random_state.permutation(len(codes))
    rank = _rank_within_class(codes[order])
    if stratify:
        chosen = rank < _allocate(np.bincount(codes), n_rows)[codes[order]]
    else:
        chosen = np.zeros(len(codes), dtype=bool)
        chosen[np.argsort(rank > 0, kind="stable")[:n_rows]] = True
    return np.sort(order[chosen])


def _rank_within_class(codes):
    """How many entries of the same class stand before each entry."""
    order = np.argsort(codes, kind="stable")
    counts = np.bincount(codes)
    starts = np.cumsum(counts) - counts
    rank = np.empty(len(codes), dtype=np.intp)
    rank[order] = np.arange(len(codes)) - starts[codes[order]]
    return rank


def _allocate(counts, n_rows):
    """Share n_rows out in proportion to counts, at least one each."""
    ideal = n_rows * counts / counts.sum()
    share = np.clip(np.floor(ideal).astype(int), 1, counts)
    while share.sum() < n_rows:
        share[np.argmax(np.where(share < counts, ideal - share, -np.inf))] += 1
    while share.sum() > n_rows:
        share[np.argmax(np.where(share > 1, share - ideal, -np.inf))] -= 1
    return share
