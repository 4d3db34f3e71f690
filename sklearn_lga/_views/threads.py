"""One thread for the small matrices of a fit, which more of them do not pay for."""

import functools
import threading
from contextlib import contextmanager, nullcontext

import torch
from threadpoolctl import ThreadpoolController

MANY_ROWS = 5_000
"""A search for the neighbours of so many rows pays for all threads."""

_LOCK = threading.Lock()
_INSIDE = {"count": 0}
_OWN = threading.local()

# Which libraries are loaded takes milliseconds to find out.
_controller = functools.cache(ThreadpoolController)


@contextmanager
def one_thread(n_rows=0):
    """Have BLAS use one thread, and for few rows OpenMP and torch, too.

    BLAS does in all Python threads while any is inside: its products round differently
    in several threads, and the searches of a closed form make differences larger, so a
    fit is the same in a search's processes and alone. The threads of the others wait
    for each other after each operation, on busy cores for longer than it takes; they
    are limited in this Python thread alone.

    Parameters
    ----------
    n_rows : int, default=0
        Rows whose neighbours are searched.
    """
    with _LOCK:
        if not _INSIDE["count"]:
            _INSIDE["blas"] = _controller().limit(limits=1, user_api="blas")
            _INSIDE["torch"] = torch.get_num_threads()
        _INSIDE["count"] += 1
    own = n_rows < MANY_ROWS and not getattr(_OWN, "limited", False)
    try:
        with _own_limits(_INSIDE["torch"]) if own else nullcontext():
            yield
    finally:
        with _LOCK:
            _INSIDE["count"] -= 1
            if not _INSIDE["count"]:
                _INSIDE.pop("blas").restore_original_limits()


@contextmanager
def _own_limits(n_threads):
    """Limit OpenMP and torch in this Python thread; torch has so many afterwards."""
    with _controller().limit(limits=1, user_api="openmp"):
        _OWN.limited = True
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(n_threads)
            _OWN.limited = False
