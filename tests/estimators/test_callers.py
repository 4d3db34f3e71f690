"""Tools of scikit-learn that take the marker for a label, told apart as they call."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import BaggingRegressor, StackingRegressor, VotingRegressor
from sklearn.ensemble._base import _fit_single_estimator
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay, get_scorer, make_scorer
from sklearn.model_selection import cross_val_score
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler, TargetEncoder

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga.model_selection import SemiSupervisedSplit, labeled_scorer

RANDOM = np.random.RandomState(0)
X = RANDOM.randn(40, 3)
CLASSES = (X[:, 0] > 0).astype(int)
MARKED = np.where(np.arange(40) % 3, CLASSES, -1)
TARGETS = np.where(np.arange(40) % 3, 5.0 + X[:, 0], -1.0)
CHEAP = {"closed_form": False, "n_members": 1, "max_epochs": 1}
WHAT = "takes it for a label"
EXACT = LGARegressor(solver="exact")


def classifier(**parameters):
    return LGAClassifier(random_state=0, **CHEAP, **parameters)


def chained(cv=None):
    return ClassifierChain(classifier(), cv=cv).fit(X, np.c_[MARKED, MARKED])


TAKEN = {
    "labeled_scorer": lambda: cross_val_score(
        classifier(), X, MARKED, scoring="accuracy"
    ),
    "WithUnlabeled": lambda: CalibratedClassifierCV(classifier(), cv=2).fit(X, MARKED),
    "compose.WithUnlabeled": lambda: VotingRegressor(
        [("ours", EXACT), ("other", LinearRegression())]
    ).fit(X, TARGETS),
    "labelled rows": lambda: ConfusionMatrixDisplay.from_estimator(
        classifier().fit(X, MARKED), X, MARKED
    ),
    "a cv": chained,
    "FrozenEstimator": lambda: make_pipeline(SelectKBest(k=1), classifier()).fit(
        X, MARKED
    ),
    "as a FrozenEstimator": lambda: make_pipeline(TargetEncoder(), classifier()).fit(
        X.round(), MARKED
    ),
    "lga.compose.WithUnlabeled": lambda: StackingRegressor([("ours", EXACT)], cv=2).fit(
        X, TARGETS
    ),
    # As a process of joblib fits it: no ensemble is on the stack.
    "sklearn_lga.compose.WithUnlabeled": lambda: _fit_single_estimator(
        EXACT, X, TARGETS, {}
    ),
}


@pytest.mark.filterwarnings("ignore:The y of TargetEncoder")
@pytest.mark.parametrize("remedy", TAKEN)
def test_the_remedy_is_named(remedy):
    with pytest.warns(UserWarning, match=f"{WHAT}.*{remedy}"):
        TAKEN[remedy]()


STEPS = {
    "a step's step": make_pipeline(StandardScaler(), SelectKBest(k=2)),
    "a column's": make_column_transformer((SelectKBest(k=1), [0, 1])),
    "a part's": make_union(SelectKBest(k=1), StandardScaler()),
    "a selector's": SelectFromModel(LogisticRegression()),
    "an eliminator's": RFE(LogisticRegression(), n_features_to_select=2),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_supervised_step_inside_a_step(step):
    with pytest.warns(UserWarning, match=f"{WHAT}.*FrozenEstimator"):
        make_pipeline(STEPS[step], classifier()).fit(X, MARKED)


class Duck:
    """A step that knows nothing of scikit-learn's tags."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X


class Broken(BaseEstimator, Duck):
    def __sklearn_tags__(self):
        raise RuntimeError


def masked(y, predicted):
    """A metric that leaves marked rows out by itself."""
    known = y != -1
    return np.mean(y[known] == predicted[known])


def frozen():
    return FrozenEstimator(SelectKBest(k=1).fit(X, CLASSES))


FINE = {
    "a step without tags": lambda: make_pipeline(Duck(), classifier()).fit(X, MARKED),
    "a step whose tags fail": lambda: make_pipeline(Broken(), classifier()).fit(
        X, MARKED
    ),
    "a frozen step": lambda: make_pipeline(frozen(), classifier()).fit(X, MARKED),
    "a selector by ours": lambda: make_pipeline(
        SelectFromModel(LGAClassifier(max_epochs=1), importance_getter="relevance_"),
        classifier(),
    ).fit(X, MARKED),
    "a metric of the user's": lambda: cross_val_score(
        classifier(), X, MARKED, scoring=make_scorer(masked), cv=3
    ),
    "members that all know": lambda: VotingRegressor(
        [("a", EXACT), ("b", make_pipeline(StandardScaler(), EXACT))]
    ).fit(X, TARGETS),
    "a stack that knows": lambda: StackingRegressor(
        [("a", EXACT)], final_estimator=EXACT, cv=2
    ).fit(X, TARGETS),
    "no tool": lambda: classifier().fit(X, MARKED).predict(X),
    "a scorer of ours": lambda: cross_val_score(
        classifier(), X, MARKED, scoring=labeled_scorer("accuracy"), cv=3
    ),
    "a splitter of ours": lambda: cross_val_score(
        classifier(), X, MARKED, scoring="accuracy", cv=SemiSupervisedSplit(3)
    ),
    "no scorer": lambda: cross_val_score(classifier(), X, MARKED, cv=3),
    "a step without y": lambda: make_pipeline(StandardScaler(), classifier()).fit(
        X, MARKED
    ),
    "one model a column": lambda: MultiOutputClassifier(classifier()).fit(
        X, np.c_[MARKED, MARKED]
    ),
    "a chain of predictions": lambda: chained(cv=2),
    "resampled rows": lambda: BaggingRegressor(EXACT, 2).fit(X, TARGETS),
    "-1 is a class": lambda: cross_val_score(
        classifier(unlabeled=None), X, 2 * CLASSES - 1, scoring="accuracy", cv=3
    ),
}


@pytest.mark.parametrize("name", FINE)
def test_nothing_is_said_where_nothing_is_wrong(name):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        FINE[name]()
    assert not [w for w in said if WHAT in str(w.message)]


STRANGE = {
    "structured": np.zeros(40, dtype=[("event", bool), ("time", float)]),
    "ragged": [[1], [1, 2]] * 20,
    "objects": np.array([X, MARKED, None], dtype=object),
    "a graph": torch.ones(40, requires_grad=True),
}


@pytest.mark.parametrize("y", STRANGE.values(), ids=STRANGE)
def test_no_labels_of_a_scorer_are_too_strange(y):
    """What they are is the scorer's to know, and no error of ours comes."""
    model = classifier().fit(X, MARKED)

    def metric(truth, predicted):
        return 0.7

    metric.__module__ = "sklearn.metrics"
    scorer = make_scorer(metric)
    assert scorer._score(lambda *a, **k: model.predict(X), model, X, y) == 0.7


def test_a_scorer_as_it_is():
    model = classifier().fit(X, MARKED)
    with pytest.warns(UserWarning, match=WHAT):
        get_scorer("accuracy")(model, X, MARKED)


def test_a_marker_among_strings():
    names = np.array(["no", "yes", "?"])[MARKED]
    with pytest.warns(UserWarning, match="'\\?' marks rows"):
        cross_val_score(classifier(unlabeled="?"), X, names, scoring="accuracy", cv=3)
