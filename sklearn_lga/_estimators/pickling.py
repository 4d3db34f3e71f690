"""Pickles that say which version wrote them."""

import warnings

from .._version import __version__


def reduced(estimator):
    """What pickle writes of an estimator: its class and version, then its state."""
    return restore, (type(estimator), __version__), estimator.__getstate__()


def restore(cls, version):
    """An instance without its state, which pickle sets next.

    The version stands in front of the state, so that the warning comes even where
    the state then fails to load.
    """
    if version != __version__:
        age = "newer" if _key(version) > _key(__version__) else "older"
        warnings.warn(
            f"This {cls.__name__} was pickled by sklearn_lga {version}, which is {age} "
            f"than this version, {__version__}: it may fail to load, or predict "
            "otherwise. Load it with that version, or fit it again with this one.",
            UserWarning,
            stacklevel=2,
        )
    return cls.__new__(cls)


def _key(version):
    return [int(part) for part in version.split(".") if part.isdigit()]
