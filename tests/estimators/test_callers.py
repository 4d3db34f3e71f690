"""Tools of scikit-learn that take the marker for a label, told apart as they call."""

import warnings

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingRegressor, VotingRegressor
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import cross_val_score
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.pipeline import make_pipeline
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
}


@pytest.mark.filterwarnings("ignore:The y of TargetEncoder")
@pytest.mark.parametrize("remedy", TAKEN)
def test_the_remedy_is_named(remedy):
    with pytest.warns(UserWarning, match=f"{WHAT}.*{remedy}"):
        TAKEN[remedy]()


FINE = {
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


def test_a_marker_among_strings():
    names = np.array(["no", "yes", "?"])[MARKED]
    with pytest.warns(UserWarning, match="'\\?' marks rows"):
        cross_val_score(classifier(unlabeled="?"), X, names, scoring="accuracy", cv=3)
