"""One thread for the matrices of a closed form, which more of them do not pay for."""

import threading
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

_LOCK = threading.Lock()
_INSIDE = {"count": 0}


@contextmanager
def one_thread():
    """Have BLAS use one thread, in all Python threads while any is inside.

    Products round differently in several threads, and the searches of a closed form
    make differences larger: so a fit is the same in a search's processes and alone.
    """
    with _LOCK:
        if not _INSIDE["count"]:
            _INSIDE["limit"] = threadpool_limits(1, user_api="blas")
        _INSIDE["count"] += 1
    try:
        yield
    finally:
        with _LOCK:
            _INSIDE["count"] -= 1
            if not _INSIDE["count"]:
                _INSIDE.pop("limit").restore_original_limits()
