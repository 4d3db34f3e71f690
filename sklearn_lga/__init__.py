"""Label gradient alignment: semi-supervised learning with a scikit-learn face."""

from ._classifier import LGAClassifier
from ._regressor import LGARegressor

__version__ = "0.1.0"

__all__ = ["LGAClassifier", "LGARegressor", "__version__"]
