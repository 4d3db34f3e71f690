"""Tools of scikit-learn that take the marker for a label, told apart as they call.

They look into ``y`` themselves and hand an estimator nothing by which it could know,
but they are on the stack while it fits or predicts, and hold ``y`` there. What is
not found is not told: where scikit-learn renames a variable there is no warning.
"""

import sys
import warnings
from typing import NamedTuple

from sklearn.utils import get_tags

from .._labels.marker import as_array, is_marked


class Tool(NamedTuple):
    """What takes the marker for a label.

    Parameters
    ----------
    module : str
        Where it stands, or a package of such.

    name : str
        How a user knows it.

    labels : str
        Its variable that holds ``y``.

    remedy : str

    applies : callable, optional
        ``applies(variables)`` tells it from others in the module.
    """

    module: str
    name: str
    labels: str
    remedy: str
    applies: object = lambda variables: True


WRAP = "Wrap the estimator in sklearn_lga.compose.WithUnlabeled."
CHAIN = "Pass the chain a cv, so that predictions are handed on, not labels."
SCORE = (
    "Pass scoring=labeled_scorer(...) or cv=SemiSupervisedSplit(...), both of "
    "sklearn_lga.model_selection."
)
SHOW = "Give it labelled rows."
STEP = "Fit that step on labelled rows, and put it in as a FrozenEstimator."


def is_chain(variables):
    """Whether it hands labels on as features."""
    chain = variables.get("self")
    return hasattr(chain, "order_") and getattr(chain, "cv", None) is None


def has_supervised_step(variables):
    """Whether a step before the last is fitted by ``y``, and not by an estimator.

    A univariate selector, which has a score of its columns, does not say so.
    """
    steps = [step for _, step in getattr(variables.get("self"), "steps", [])[:-1]]
    return any(
        hasattr(step, "score_func") or get_tags(step).target_tags.required
        for step in steps
        if hasattr(step, "fit") and not hasattr(step, "estimator")
    )


AS_IT_PREDICTS = (
    Tool("sklearn.metrics._scorer", "A scorer", "y_true", SCORE),
    Tool("sklearn.metrics._plot", "A display", "y", SHOW),
    Tool("sklearn.calibration", "CalibratedClassifierCV", "y", WRAP),
)

AS_IT_FITS = (
    Tool("sklearn.ensemble._voting", "Voting", "y", WRAP),
    Tool("sklearn.ensemble._stacking", "Stacking", "y", WRAP),
    Tool("sklearn.ensemble._weight_boosting", "AdaBoost", "y", WRAP),
    Tool("sklearn.multioutput", "A chain", "Y", CHAIN, is_chain),
    Tool(
        "sklearn.pipeline",
        "A step of the Pipeline",
        "y",
        STEP,
        has_supervised_step,
    ),
)


def warn_of_callers(tools, marker):
    """Warn where a tool that calls holds a ``y`` with the marker, among labels.

    Parameters
    ----------
    tools : tuple of Tool

    marker : scalar or None
        As it was settled; missing values are refused by the tools themselves.
    """
    if marker is None or marker != marker:
        return
    frame = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        for tool in tools:
            stands_there = f"{module}.".startswith(f"{tool.module}.")
            if stands_there and takes_marker(tool, frame.f_locals, marker):
                warnings.warn(
                    f"{tool.name} of scikit-learn is given a y in which {marker!r} "
                    f"marks rows without a label, and takes it for a label. "
                    f"{tool.remedy}",
                    UserWarning,
                    stacklevel=2,
                )
                return
        frame = frame.f_back


def takes_marker(tool, variables, marker):
    """Whether the labels among a tool's variables hold the marker."""
    y = variables.get(tool.labels)
    if y is None or not is_marked(as_array(y), marker).any():
        return False
    return tool.applies(variables)
