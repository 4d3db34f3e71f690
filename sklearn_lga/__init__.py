"""Label gradient alignment: semi-supervised learning with a scikit-learn face."""

from importlib import import_module
from typing import TYPE_CHECKING

from ._version import __version__

if TYPE_CHECKING:
    from ._estimators.base import ALGORITHM_1
    from ._estimators.classifier import LGAClassifier
    from ._estimators.pipeline import table_pipeline
    from ._estimators.regressor import LGARegressor

__all__ = [
    "ALGORITHM_1",
    "LGAClassifier",
    "LGARegressor",
    "__version__",
    "table_pipeline",
]

_HOMES = {
    "ALGORITHM_1": "._estimators.base",
    "LGAClassifier": "._estimators.classifier",
    "LGARegressor": "._estimators.regressor",
    "table_pipeline": "._estimators.pipeline",
}


def __getattr__(name):
    """Import what is asked for, as torch and skorch take their time."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__():
    return [*globals(), *_HOMES]
