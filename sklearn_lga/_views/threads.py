"""One thread for the small matrices of a fit, which more of them do not pay for."""

import functools
import threading
from contextlib import contextmanager

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
    outermost = n_rows < MANY_ROWS and not getattr(_OWN, "limited", False)
    try:
        if outermost:
            _OWN.limited, openmp = (
                True,
                _controller().limit(limits=1, user_api="openmp"),
            )
            torch.set_num_threads(1)
        yield
    finally:
        if outermost:
            openmp.restore_original_limits()
            torch.set_num_threads(_INSIDE["torch"])
            _OWN.limited = False
        with _LOCK:
            _INSIDE["count"] -= 1
            if not _INSIDE["count"]:
                _INSIDE.pop("blas").restore_original_limits()
