"""Pictures of a fit: its training, its labels, its features, the exact mode's path.

The displays follow scikit-learn's convention: ``from_estimator`` computes what is shown
and draws it, ``plot`` draws it again. matplotlib (``pip install 'sklearn_lga[plot]'``)
is imported when something is drawn.
"""

from ._convergence import ConvergenceDisplay
from ._relevance import RelevanceDisplay
from ._training import TrainingDisplay
from ._transduction import TransductionDisplay

__all__ = [
    "ConvergenceDisplay",
    "RelevanceDisplay",
    "TrainingDisplay",
    "TransductionDisplay",
]
