"""The fitted estimator of this package that a display is asked to show."""

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted


def split_pipeline(estimator):
    """The steps before the last one, or None, and the last one."""
    if isinstance(estimator, Pipeline):
        return (estimator[:-1] if len(estimator) > 1 else None), estimator[-1]
    return None, estimator


def final_estimator(estimator, attribute, display, remedy):
    """The estimator, or the last step of a Pipeline, with a fitted attribute.

    Raises
    ------
    TypeError
        If it can never have that attribute, as another library's estimator.

    NotFittedError
        If it is not fitted yet.
    """
    last = split_pipeline(estimator)[1]
    if not hasattr(last, "unlabeled"):
        raise TypeError(
            f"{display} takes an estimator of sklearn_lga or a Pipeline that ends in "
            f"one, got {type(last).__name__}. From a search pass best_estimator_."
        )
    check_is_fitted(last, "transduction_")
    if not hasattr(last, attribute):
        raise ValueError(f"{display} needs {attribute} of {last!r}: {remedy}")
    return last
