"""The pipeline from a table of mixed columns to labels."""

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from .classifier import LGAClassifier

ENCODER_SEED = "tablevectorizer__high_cardinality__random_state"
"""Text is encoded by a truncated SVD, which draws at random."""


def table_pipeline(estimator: BaseEstimator | None = None) -> Pipeline:
    """Make a pipeline that takes tables as they are: text, categories, dates, gaps.

    The columns of a pandas or polars frame become numbers by skrub's
    :func:`~skrub.tabular_pipeline`: few categories one-hot, many and free text by
    their n-grams, dates by their parts, truth values as 0 and 1; gaps are filled in
    and marked, and all is scaled. The command ``sklearn-lga label`` fits the same
    pipeline.

    Parameters
    ----------
    estimator : estimator, default=None
        What is fitted on the numbers. None: ``LGAClassifier()``; for targets pass
        ``LGARegressor()``. Its ``random_state`` is that of the encoding of text, too.

    Returns
    -------
    pipeline : sklearn.pipeline.Pipeline
        Not fitted; ``pipeline[-1]`` is the estimator.

    Raises
    ------
    ImportError
        If skrub, of the extra ``table``, is not installed.

    TypeError
        If ``estimator`` is none: a class in place of an instance, for example.

    See Also
    --------
    sklearn_lga.inspection.RelevanceDisplay : How much the labels depend on each column.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_lga import LGAClassifier, table_pipeline
    >>> X = pd.DataFrame(
    ...     {
    ...         "price": [1.2, 3.4, None, 3.1, 1.1, 3.3] * 5,
    ...         "place": ["field", "garden", "garden", "garden", "field", "garden"] * 5,
    ...         "day": pd.date_range("2025-03-01", periods=30),
    ...     }
    ... )
    >>> y = ["cheap", "dear", "dear", None, None, None] * 5
    >>> model = table_pipeline(LGAClassifier(random_state=0)).fit(X, y)
    >>> model[-1].transduction_[3:6].tolist()
    ['dear', 'cheap', 'dear']
    """
    estimator = LGAClassifier() if estimator is None else estimator
    if isinstance(estimator, type) or not hasattr(estimator, "fit"):
        raise TypeError(
            "estimator must be an instance of an estimator, such as LGAClassifier(), "
            f"got {estimator!r}."
        )
    try:
        from skrub import tabular_pipeline
    except ImportError as error:
        raise ImportError(
            "table_pipeline needs skrub: pip install 'sklearn_lga[table]'."
        ) from error
    pipeline = tabular_pipeline(estimator)
    seed = {ENCODER_SEED: getattr(estimator, "random_state", None)}
    return pipeline.set_params(**seed)
