"""The fitted estimator of this package that a display is asked to show."""

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted


def final_estimator(estimator, attribute, display, remedy):
    """The estimator, or the last step of a Pipeline, with a fitted attribute.

    Raises
    ------
    TypeError
        If it can never have that attribute, as another library's estimator.

    NotFittedError
        If it is not fitted yet.
    """
    last = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    if not hasattr(last, "unlabeled"):
        raise TypeError(
            f"{display} takes an estimator of sklearn_lga or a Pipeline that ends in "
            f"one, got {type(last).__name__}. From a search pass best_estimator_."
        )
    check_is_fitted(last, "transduction_")
    if not hasattr(last, attribute):
        raise ValueError(f"{display} needs {attribute} of {last!r}: {remedy}")
    return last


def final_rows(estimator, X):
    """Rows as the last step of a Pipeline is given them."""
    if isinstance(estimator, Pipeline) and len(estimator) > 1:
        return estimator[:-1].transform(X)
    return X
