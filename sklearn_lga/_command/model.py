"""The pipeline from a table of mixed columns to labels, and its score."""

import numpy as np

from .._estimators.classifier import LGAClassifier
from .._estimators.regressor import LGARegressor
from ..callbacks._epoch_bar import EpochBar
from ..model_selection import SemiSupervisedSplit
from .files import CommandError

MAX_FOLDS = 5

INDICATOR = "missingindicator_"
"""What scikit-learn's imputer puts before the name of a column with gaps."""


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
    from skrub import tabular_pipeline

    estimator = {"classification": LGAClassifier, "regression": LGARegressor}[task]
    model = tabular_pipeline(
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


def source_columns(model):
    """The column of the table that each feature of the estimator is made of.

    Parameters
    ----------
    model : Pipeline
        Fitted.

    Returns
    -------
    names : list of str
        A feature's own name where it cannot be told.
    """
    made_of, names = model[0].output_to_input_, []
    for name in model[:-1].get_feature_names_out():
        origin = made_of.get(name, made_of.get(name.removeprefix(INDICATOR)))
        names.append(name if origin is None else origin)
    return names


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
