"""The pipeline from a table of mixed columns to labels, and its score."""

import numpy as np
from skorch.callbacks import Callback
from tqdm import tqdm

from .._classifier import LGAClassifier
from .._regressor import LGARegressor
from ..model_selection import SemiSupervisedSplit
from ._files import CommandError

MAX_FOLDS = 5


class EpochBar(Callback):
    """A bar over the epochs, on standard error where that is a terminal.

    Parameters
    ----------
    title : str
        What stands before the bar.

    quiet : bool, default=False
        Whether to draw nothing.
    """

    def __init__(self, title, quiet=False):
        self.title = title
        self.quiet = quiet

    def on_train_begin(self, net, **kwargs):
        """Open the bar."""
        self.bar_ = tqdm(
            total=net.max_epochs,
            desc=self.title,
            unit="epoch",
            disable=True if self.quiet else None,
        )

    def on_epoch_end(self, net, **kwargs):
        """Move on."""
        self.bar_.update()

    def on_train_end(self, net, **kwargs):
        """Leave the full bar standing."""
        self.bar_.close()


def make_model(task, title, options):
    """Encoding of all columns, imputation of missing values, scaling, LGA."""
    from skrub import tabular_pipeline

    estimator = {"classification": LGAClassifier, "regression": LGARegressor}[task]
    return tabular_pipeline(
        estimator(
            unlabeled=np.nan,
            max_epochs=options.max_epochs,
            random_state=options.seed,
            device=options.device,
            callbacks=[EpochBar(title, options.quiet)],
        )
    )


def fit(frame, target, options):
    """The fitted pipeline."""
    return _fitted(make_model(target.task, "fit", options), frame, target.y)


def _fitted(model, frame, y):
    """The model, fitted; what it refuses is the user's to hear."""
    try:
        return model.fit(frame, y)
    except (TypeError, ValueError) as error:
        raise CommandError(error) from error


def cross_validate(frame, target, options):
    """Scores on labelled rows that each fold holds out; none where that cannot be.

    Returns
    -------
    scores : ndarray of shape (n_folds,)
        Accuracy or R2.
    """
    n_folds = _count_folds(target)
    split = SemiSupervisedSplit(n_folds, unlabeled=np.nan) if n_folds > 1 else None
    scores = []
    for train, test in split.split(frame, target.y) if split else []:
        title = f"fold {len(scores) + 1} of {n_folds}"
        model = make_model(target.task, title, options)
        _fitted(model, frame.iloc[train], target.y[train])
        scores.append(model.score(frame.iloc[test], target.y[test]))
    return np.array(scores)


def _count_folds(target):
    """As many as the rarest class has labels, at most five."""
    given = target.y[~target.unlabeled]
    if target.task == "classification":
        counts = np.unique(given, return_counts=True)[1]
    else:
        counts = [len(given) // 2]  # R2 asks for two rows in a fold
    return min(MAX_FOLDS, *counts)
