"""Tools of scikit-learn that take the marker for a label, told apart as they call.

They look into ``y`` themselves and hand an estimator nothing by which it could know,
but they are on the stack while it fits or predicts, and hold ``y`` there. What is
not found is not told: where scikit-learn renames a variable there is no warning.
"""

import sys
import warnings
from collections.abc import Callable
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
        ``applies(frame)`` tells it from others in the module, and from its uses that
        are right.
    """

    module: str
    name: str
    labels: str
    remedy: str
    applies: Callable = lambda frame: True


WRAP = "Wrap the estimator in sklearn_lga.compose.WithUnlabeled."
CHAIN = "Pass the chain a cv, so that predictions are handed on, not labels."
SCORE = (
    "Pass scoring=labeled_scorer(...) or cv=SemiSupervisedSplit(...), both of "
    "sklearn_lga.model_selection."
)
SHOW = "Give it labelled rows."
STEP = "Fit that step on labelled rows, and put it in as a FrozenEstimator."


def is_of_scikit_learn(thing):
    """Whether a function, or an object's class, is; of others nothing is certain."""
    module = getattr(thing, "__module__", None) or type(thing).__module__
    return module.startswith("sklearn.")


def has_metric_of_scikit_learn(frame):
    """A metric of the user's may leave marked rows out."""
    return is_of_scikit_learn(frame.f_locals["self"]._score_func)


def is_display(frame):
    """Whether a picture is made, by a class method."""
    return "cls" in frame.f_locals


def is_chain(frame):
    """Whether it hands labels on as features."""
    chain = frame.f_locals["self"]
    return hasattr(chain, "order_") and getattr(chain, "cv", None) is None


def has_other_members(frame):
    """Whether an ensemble has estimators besides ours."""
    ensemble = frame.f_locals["self"]
    members = [member for _, member in ensemble.estimators if member != "drop"]
    if hasattr(ensemble, "final_estimator"):
        members.append(ensemble.final_estimator)
    return not all(map(knows_marker, members))


def is_in_a_process(frame):
    """Whether a member is fitted where its ensemble is not on the stack."""
    names = "sklearn.ensemble._voting", "sklearn.ensemble._stacking"
    return not any(f.f_globals.get("__name__") in names for f in outward(frame))


def has_supervised_step(frame):
    """Whether a step before the last is fitted by ``y``."""
    steps = getattr(frame.f_locals["self"], "steps", [])
    return any(is_supervised(step) for _, step in steps[:-1])


def is_supervised(step):
    """Whether a step of scikit-learn's, or a part of it, takes markers for labels."""
    if not (hasattr(step, "fit") and is_of_scikit_learn(step)):
        return False
    for name in ("steps", "transformer_list", "transformers"):
        if hasattr(step, name):
            return any(is_supervised(part[1]) for part in getattr(step, name))
    if hasattr(step, "estimator"):
        frozen = type(step).__name__ == "FrozenEstimator"
        return not frozen and not knows_marker(step.estimator)
    if hasattr(step, "score_func"):  # a univariate selector, whose tags do not tell
        return is_of_scikit_learn(step.score_func)
    return get_tags(step).target_tags.required


def knows_marker(estimator):
    """Whether an estimator, or what it is around, leaves unlabelled rows out."""
    if hasattr(estimator, "steps"):
        estimator = estimator.steps[-1][1]
    if hasattr(estimator, "unlabeled"):
        return True
    inner = getattr(estimator, "estimator", None)
    return inner is not None and knows_marker(inner)


SCORERS = "sklearn.metrics._scorer"
CALIBRATION = "sklearn.calibration"

AS_IT_PREDICTS = (
    Tool(SCORERS, "A scorer", "y_true", SCORE, has_metric_of_scikit_learn),
    Tool("sklearn.metrics._plot", "A display", "y", SHOW),
    Tool(CALIBRATION, "CalibrationDisplay", "y", SHOW, is_display),
    Tool(CALIBRATION, "CalibratedClassifierCV", "y", WRAP),
)

AS_IT_FITS = (
    Tool("sklearn.ensemble._base", "An ensemble", "y", WRAP, is_in_a_process),
    Tool("sklearn.ensemble._voting", "Voting", "y", WRAP, has_other_members),
    Tool("sklearn.ensemble._stacking", "Stacking", "y", WRAP, has_other_members),
    Tool("sklearn.ensemble._weight_boosting", "AdaBoost", "y", WRAP),
    Tool("sklearn.multioutput", "A chain", "Y", CHAIN, is_chain),
    Tool("sklearn.pipeline", "A step of the Pipeline", "y", STEP, has_supervised_step),
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
    for frame in outward(sys._getframe(1)):
        module = f"{frame.f_globals.get('__name__', '')}."
        for tool in tools:
            if module.startswith(f"{tool.module}.") and is_certain(tool, frame, marker):
                warnings.warn(
                    f"{tool.name} of scikit-learn is given a y in which {marker!r} "
                    f"marks rows without a label, and takes it for a label. "
                    f"{tool.remedy}",
                    UserWarning,
                    stacklevel=2,
                )
                return


def outward(frame):
    """Yield a frame of the stack and its callers."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def is_certain(tool, frame, marker):
    """Whether a tool's labels hold the marker, and nothing leaves it out."""
    try:
        y = frame.f_locals.get(tool.labels)
        marked = y is not None and is_marked(as_array(y), marker).any()
        return bool(marked) and tool.applies(frame)
    except Exception:  # other people's variables: no fit is to fail by them
        return False
