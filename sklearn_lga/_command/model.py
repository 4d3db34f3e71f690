"""The pipeline from a table of mixed columns to labels, and its score."""

from typing import NamedTuple

import numpy as np

from .._estimators.classifier import LGAClassifier
from .._estimators.pipeline import table_pipeline
from .._estimators.regressor import LGARegressor
from ..callbacks._progress import Progress, RaiseInterrupt
from ..model_selection import SemiSupervisedSplit
from .files import CommandError

MAX_FOLDS = 5


class HeldOut(NamedTuple):
    """Labels that were given, held back in turn, and found again or not.

    Parameters
    ----------
    scores : ndarray of shape (n_folds,)
        Accuracy or R2 of each fold; none where there can be no fold.

    right : ndarray of bool, shape (n_held_out,), or None
        Whether a class was found; None for targets.

    confidence : ndarray of shape (n_held_out,) or None
        Its probability.

    errors : ndarray of shape (n_held_out,) or None
        Of targets, in their units.
    """

    scores: np.ndarray
    right: np.ndarray | None = None
    confidence: np.ndarray | None = None
    errors: np.ndarray | None = None


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
        What its progress begins with.

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
            callbacks=[Progress(title, options.quiet), RaiseInterrupt()],
        )
    )
    try:
        return model.fit(frame, y)
    except (TypeError, ValueError) as error:  # what it refuses is the user's to hear
        raise CommandError(error) from error


def cross_validate(frame, target, options):
    """Hold given labels back in turn; none where a class has but one.

    There are as many folds as the rarest class has labels, at most five.

    Returns
    -------
    held_out : HeldOut
    """
    given = target.y[~target.unlabeled]
    of_classes = target.task == "classification"
    if of_classes:
        counts = np.unique(given, return_counts=True)[1]
    else:
        counts = [len(given) // 2]  # R2 asks for two rows in a fold
    n_folds, scores, told = min(MAX_FOLDS, *counts), [], []
    if n_folds < 2:
        return HeldOut(np.empty(0))
    split = SemiSupervisedSplit(n_folds, unlabeled=np.nan)
    for train, test in split.split(frame, target.y):
        title = f"fold {len(scores) + 1} of {n_folds}"
        model = fit(frame.iloc[train], target.y[train], target.task, options, title)
        rows, y = frame.iloc[test], target.y[test]
        scores.append(model.score(rows, y))
        if of_classes:
            confidence = model.predict_proba(rows).max(axis=1)
            told.append({"right": model.predict(rows) == y, "confidence": confidence})
        else:
            told.append({"errors": model.predict(rows) - y})
    told = {name: np.concatenate([fold[name] for fold in told]) for name in told[0]}
    return HeldOut(np.array(scores), **told)
