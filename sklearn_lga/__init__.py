"""Label gradient alignment: semi-supervised learning with a scikit-learn face."""

from ._classifier import LGAClassifier
from ._regressor import LGARegressor
from ._version import __version__

__all__ = ["LGAClassifier", "LGARegressor", "__version__"]
