"""The pipeline from a table of mixed columns to labels, and its score."""

import numpy as np

from .._estimators.classifier import LGAClassifier
from .._estimators.pipeline import table_pipeline
from .._estimators.regressor import LGARegressor
from ..callbacks._epoch_bar import EpochBar
from ..model_selection import SemiSupervisedSplit
from .files import CommandError

MAX_FOLDS = 5


def fit(frame, y, task, options, title="fit"):
    """Encoding of all columns, imputation of missing values, scaling, LGA.

    Parameters
    ----------
    frame : DataFrame
        The rows.

    y, task : ndarray, str
        As in a ``Target``.

    options : Namespace
        The command's.

    title : str, default="fit"
        What stands before the progress bar.

    Returns
    -------
    model : Pipeline
        Fitted.
    """
    estimator = {"classification": LGAClassifier, "regression": LGARegressor}[task]
    model = table_pipeline(
        estimator(
            unlabeled=np.nan,
            max_epochs=options.max_epochs,
            random_state=options.seed,
            device=options.device,
            callbacks=[EpochBar(title, options.quiet)],
        )
    )
    try:
        return model.fit(frame, y)
    except (TypeError, ValueError) as error:  # what it refuses is the user's to hear
        raise CommandError(error) from error


def cross_validate(frame, target, options):
    """Scores on labelled rows that each fold holds out; none where that cannot be.

    There are as many folds as the rarest class has labels, at most five.

    Returns
    -------
    scores : ndarray of shape (n_folds,)
        Accuracy or R2.
    """
    given = target.y[~target.unlabeled]
    if target.task == "classification":
        counts = np.unique(given, return_counts=True)[1]
    else:
        counts = [len(given) // 2]  # R2 asks for two rows in a fold
    n_folds, scores = min(MAX_FOLDS, *counts), []
    if n_folds < 2:
        return np.empty(0)
    split = SemiSupervisedSplit(n_folds, unlabeled=np.nan)
    for train, test in split.split(frame, target.y):
        title = f"fold {len(scores) + 1} of {n_folds}"
        model = fit(frame.iloc[train], target.y[train], target.task, options, title)
        scores.append(model.score(frame.iloc[test], target.y[test]))
    return np.array(scores)
