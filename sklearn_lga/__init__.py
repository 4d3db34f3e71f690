"""Label gradient alignment: semi-supervised learning with a scikit-learn face."""

from ._estimators.base import ALGORITHM_1
from ._estimators.classifier import LGAClassifier
from ._estimators.regressor import LGARegressor
from ._version import __version__

__all__ = ["ALGORITHM_1", "LGAClassifier", "LGARegressor", "__version__"]
