"""Ensembles, reductions to other tasks, thresholds and calibration."""

import numpy as np
from sklearn import ensemble
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, RANSACRegressor
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.multiclass import (
    OneVsOneClassifier,
    OneVsRestClassifier,
    OutputCodeClassifier,
)
from sklearn.multioutput import (
    ClassifierChain,
    MultiOutputClassifier,
    MultiOutputRegressor,
    RegressorChain,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier

from sklearn_lga.compose import WithUnlabeled

from .cases import (
    HIDDEN,
    X_L,
    X_U,
    C,
    R,
    case,
    meta_estimator,
    on_given,
    on_labeled,
    on_marked,
)


def beside(model, other):
    """Two members: the model, and one of scikit-learn's that knows no marker."""
    return [("lga", model), ("other", other)]


def fitted(make):
    """What needs no remedy."""

    def run(model, X, y):
        return np.mean(make(model).fit(X, y).predict(X_U) == C.truth[HIDDEN])

    return run


case("Pipeline", fitted(lambda m: make_pipeline(StandardScaler(), m)))
case("SelfTrainingClassifier", fitted(SelfTrainingClassifier))
meta_estimator(
    "VotingClassifier",
    lambda m: ensemble.VotingClassifier(beside(m, LogisticRegression()), voting="soft"),
)
meta_estimator(
    "StackingClassifier",
    lambda m: ensemble.StackingClassifier(beside(m, LogisticRegression()), cv=3),
)
meta_estimator(
    "BaggingClassifier", lambda m: ensemble.BaggingClassifier(m, 3, random_state=0)
)
meta_estimator(
    "VotingRegressor",
    lambda m: ensemble.VotingRegressor(beside(m, LinearRegression())),
    R,
)
meta_estimator(
    "StackingRegressor",
    lambda m: ensemble.StackingRegressor(beside(m, LinearRegression()), cv=3),
    R,
)
meta_estimator(
    "BaggingRegressor", lambda m: ensemble.BaggingRegressor(m, 3, random_state=0), R
)
meta_estimator(
    "RANSACRegressor",
    lambda m: RANSACRegressor(m, min_samples=10, random_state=0),
    R,
)


def spying(model, seen):
    """The same model, whose fits and predictions append their rows to ``seen``."""
    if isinstance(model, WithUnlabeled):
        inner = spying(model.estimator, seen)
        return clone(model).set_params(estimator=inner)
    return make_pipeline(FunctionTransformer(lambda X: seen.append(X) or X), model)


def boosted(model, X, y):
    """Members by weights of the labelled rows."""
    boosting = ensemble.AdaBoostClassifier(model, n_estimators=3, random_state=0)
    return boosting.fit(X, y).score(X, y)


def boosted_rows(model, X, y):
    """How many labelled rows the last member is given, by how many there are."""
    seen = []
    regressor = ensemble.AdaBoostRegressor(
        spying(model, seen), n_estimators=6, random_state=0
    )
    regressor.fit(X, y)
    return np.isin(seen[-2][:, 0], X_L[:, 0]).mean() / (~HIDDEN).mean()


case("AdaBoostClassifier", boosted, on_labeled(boosted))
case("AdaBoostRegressor", boosted_rows, on_labeled(boosted_rows, R), R)

meta_estimator("OneVsRestClassifier", OneVsRestClassifier)
meta_estimator("OneVsOneClassifier", OneVsOneClassifier)
meta_estimator(
    "OutputCodeClassifier", lambda m: OutputCodeClassifier(m, random_state=0)
)
meta_estimator(
    "TransformedTargetRegressor",
    lambda m: TransformedTargetRegressor(m, transformer=StandardScaler()),
    R,
)


def in_both_columns(make, task=C):
    """The same labels twice, by how well both are predicted."""

    def run(model, X, y):
        predicted = make(model).fit(X, np.column_stack([y, y])).predict(X_U)
        return 1.0 - np.abs(predicted.T - task.truth[HIDDEN]).mean()

    return run


def chained(make):
    """The share of rows whose label a second link is given as a feature."""

    def run(model, X, y):
        seen = []
        make(spying(model, seen)).fit(X, np.column_stack([y, y]))
        return np.mean(seen[-1][:, X.shape[1]] != -1)

    return run


case("MultiOutputClassifier", in_both_columns(MultiOutputClassifier))
case("MultiOutputRegressor", in_both_columns(MultiOutputRegressor, R), None, R)
for chain, task in ((ClassifierChain, C), (RegressorChain, R)):
    folded = chained(lambda model, chain=chain: chain(model, cv=3))
    case(chain.__name__, chained(chain), on_marked(folded, task), task)


def calibrated(model, X, y):
    """What is frozen was fitted before; labelled rows for the calibration remain."""
    model = model if hasattr(model, "transduction_") else model.fit(X, y)
    calibration = CalibratedClassifierCV(FrozenEstimator(model)).fit(X, y)
    return np.mean(calibration.predict(X_U) == C.truth[HIDDEN])


meta_estimator("CalibratedClassifierCV", lambda m: CalibratedClassifierCV(m, cv=3))
case("CalibratedClassifierCV(FrozenEstimator(...))", calibrated, on_given(calibrated))
meta_estimator("FixedThresholdClassifier", FixedThresholdClassifier)
meta_estimator(
    "TunedThresholdClassifierCV", lambda m: TunedThresholdClassifierCV(m, cv=3)
)
