"""The exact mode of LGARegressor: the path of a linear model in place of a network."""

import numpy as np

from .._labels.targets import Targets
from .._training.seeds import Seeds
from ..linear._model import follow_path
from . import checks, fitting
from .plan import STEPS_FROM_NOTHING, Plan, given_or


def fit_exact(estimator, X, y, sample_weight=None):
    """Follow the path of the linear model, and keep where it ends.

    Parameters
    ----------
    estimator : LGARegressor

    X, y, sample_weight : array-like
        As ``fit`` takes them.

    Returns
    -------
    estimator : LGARegressor
        Fitted; where anything fails, it is as it was.
    """
    with fitting.all_or_nothing(estimator):
        X, task, given = fitting.read_table(
            estimator, X, y, Targets.read, sample_weight
        )
        checks.check_two_dimensional(X)
        seed = Seeds.draw(estimator.random_state).split
        # In double precision, which the labels of a network are not in.
        given = given._replace(labels=task.scaled(given.values))
        origin = None
        if not estimator.fit_intercept:
            origin = task.scaled(np.zeros((1, *task.mean.shape)))[0]
        labeled, held_out = fitting.split_labeled(estimator, task, given, seed)
        model = follow_path(
            (X[labeled.rows], labeled.labels, labeled.weights),
            X[np.flatnonzero(given.unlabeled)],
            (X[held_out.rows], held_out.labels, held_out.weights),
            given_or(estimator.max_epochs, STEPS_FROM_NOTHING),
            {name: getattr(estimator, name) for name in ("lr", "label_lr", "eps_norm")},
            origin,
        )
        coef = model.coef * task.scale
        intercept = task.mean + model.level * task.scale - model.center @ coef
        if not estimator.fit_intercept:
            intercept = np.zeros_like(intercept)  # which it is, to rounding
        flat = task.mean.ndim == 0
        plan = Plan(model.n_steps, model.n_steps, **model.sizes)
        outputs = np.zeros((len(given.unlabeled), task.n_outputs))
        outputs[given.unlabeled] = model.imputed
        fitted = {
            "coef_": coef[:, 0] if flat else coef.T,
            "intercept_": float(intercept[0]) if flat else intercept,
            "n_iter_": model.n_steps,
            "unlabeled_": task.unlabeled,
            "plan_": plan,
            "_fitted_": fitting.Fitted(task, model, plan),
            **task.fitted_attributes(outputs, None, given),
        }
        fitting.keep(estimator, fitted)
    return estimator
