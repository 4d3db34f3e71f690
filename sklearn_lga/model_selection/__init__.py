"""Cross-validation where only some rows are labelled."""

from ._scorer import labeled_scorer
from ._split import SemiSupervisedSplit
from ._split import are_targets as are_targets

__all__ = ["SemiSupervisedSplit", "labeled_scorer"]
