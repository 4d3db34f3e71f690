"""Names that users of scikit-learn's other methods type, and what they mean here."""

from sklearn.exceptions import NotFittedError

PARAMETERS = {
    "max_iter": "max_epochs",
    "epochs": "max_epochs",
    "n_epochs": "max_epochs",
    "learning_rate": "lr",
    "learning_rate_init": "lr",
    "eta0": "lr",
    "n_estimators": "n_members",
    "seed": "random_state",
}
"""Parameters of other estimators, and ours in their place."""

CHOSEN = "kernel", "gamma", "n_neighbors", "degree", "metric", "n_components"
"""What the closed form chooses by held-out labels."""

ALTERNATIVES = {
    **dict.fromkeys(
        CHOSEN, "The closed form chooses by held-out labels, see evidence_."
    ),
    "alpha": "MLPClassifier's is weight_decay here; LabelSpreading's has none, as "
    "given labels stay.",
    "activation": "Pass module=sklearn_lga.modules.MLP and module__activation.",
    "solver": "Pass optimizer, a class of torch.optim.",
    "momentum": "Pass optimizer__betas, or another optimizer.",
    "estimator": "A network of your own is module; scikit-learn's "
    "SelfTrainingClassifier takes estimators.",
    "threshold": "Pass regularizers=[sklearn_lga.regularizers.PseudoLabel()].",
    "tol": "Improvements of less than 1e-4 do not count.",
    "n_jobs": "A fit is one process; searches and cross-validation have n_jobs.",
}
"""Parameters of other estimators that none of ours stands for."""

METHODS = {
    "partial_fit": "fit with warm_start=True goes on from the network of the last fit",
    "fit_predict": "fit(X, y).transduction_ holds a label for every row",
    "decision_function": "predict_proba and predict_log_proba tell how sure it is",
    "transform": "predict_proba gives numbers for the rows",
    "predict_proba": "a regressor has no probabilities",
    "coef_": 'the weights of LGARegressor(solver="exact") are the only ones',
    "feature_importances_": "relevance_ tells how much the labels depend on a feature",
    "relevance_": "the closed form tells it, of tables, with closed_form=True",
    "net_": 'there is a network with solver="network" alone',
    "labels_": "transduction_ holds a label for every row",
    "loss_curve_": 'history_[:, "labeled_loss"] holds it',
    "best_score_": "evidence_.accuracy is what is expected of predictions",
}
"""Methods and attributes that others have, and what to use."""


def alternative(name):
    """A clause that says what stands for another estimator's parameter, if any."""
    if name in PARAMETERS:
        return f" Here it is {PARAMETERS[name]!r}."
    return f" {ALTERNATIVES[name]}" if name in ALTERNATIVES else ""


def missing_attribute(estimator, name):
    """The error of an attribute that is not there.

    Parameters
    ----------
    estimator : NetEstimator

    name : str

    Returns
    -------
    error : AttributeError
        A ``NotFittedError``, which is one, where a fit would set it.
    """
    owner = type(estimator).__name__
    fitted = "transduction_" in vars(estimator)
    if name.endswith("_") and not name.startswith("_") and not fitted:
        return NotFittedError(
            f"This {owner} is not fitted yet and has no {name!r}: call fit(X, y) first."
        )
    hint = f": {METHODS[name]}." if name in METHODS else ""
    return AttributeError(f"{owner!r} object has no attribute {name!r}{hint}")
