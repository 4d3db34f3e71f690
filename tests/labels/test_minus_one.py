"""-1 as a label: what it is beside missing values, and what is said of it."""

import warnings

import numpy as np
import pandas as pd
import pytest

from sklearn_lga import LGAClassifier
from sklearn_lga.baselines import RegularizedNetClassifier
from sklearn_lga.model_selection import SemiSupervisedSplit, labeled_scorer

FAST = {"max_epochs": 1, "hidden_layer_sizes": (4,), "random_state": 0}
N = 30
X = np.random.RandomState(0).standard_normal((N, 3))
HIDDEN = np.arange(N) % 3 == 2
SIGNS = np.arange(N) % 4 - 1  # -1, 0, 1, 2
CONTAINERS = {
    "float": np.where(HIDDEN, np.nan, SIGNS),
    "object": np.where(HIDDEN, None, SIGNS.astype(object)),
    "Int64": pd.Series(SIGNS).mask(HIDDEN).astype("Int64"),
    "category": pd.Series(SIGNS).mask(HIDDEN).astype("Int64").astype("category"),
    "list": np.where(HIDDEN, None, SIGNS.astype(object)).tolist(),
}


@pytest.mark.parametrize("y", CONTAINERS.values(), ids=CONTAINERS)
@pytest.mark.parametrize("estimator", [LGAClassifier, RegularizedNetClassifier])
def test_minus_one_is_a_class_beside_missing_values(estimator, y):
    with pytest.warns(UserWarning, match=r"-1 is read as a class.*unlabeled=np\.nan"):
        model = estimator(**FAST).fit(X, y)
    assert model.classes_.tolist() == [-1, 0, 1, 2]
    assert np.isnan(model.unlabeled_)
    np.testing.assert_array_equal(model.transduction_[~HIDDEN], SIGNS[~HIDDEN])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = estimator(unlabeled=np.nan, **FAST).fit(X, y)
    np.testing.assert_array_equal(told.predict_proba(X), model.predict_proba(X))


def test_the_rule_of_the_fit_is_that_of_the_score():
    """A part without missing values does not read a true -1 as unlabelled."""
    model = LGAClassifier(unlabeled=np.nan, **FAST).fit(X, CONTAINERS["float"])
    model.set_params(unlabeled=-1)
    expected = np.mean(model.predict(X) == SIGNS)
    assert model.score(X, SIGNS) == expected
    assert labeled_scorer("accuracy")(model, X, SIGNS) == expected


@pytest.mark.parametrize("y", CONTAINERS.values(), ids=CONTAINERS)
def test_the_rule_of_the_fit_is_that_of_the_folds(y):
    tests = [test for _, test in SemiSupervisedSplit(4).split(X, y)]
    rows = np.sort(np.concatenate(tests))
    np.testing.assert_array_equal(rows, np.flatnonzero(~HIDDEN))


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_labels_minus_one_and_one(missing):
    y = np.where(np.arange(N) % 2, 1, -1).astype(object)
    y[HIDDEN] = missing
    with pytest.warns(UserWarning, match="-1 is read as a class"):
        model = LGAClassifier(**FAST).fit(X, y)
    assert model.classes_.tolist() == [-1, 1]
    assert model.classes_.dtype.kind == "i"


@pytest.mark.parametrize("dtype", [int, float, object, "Int64"])
def test_one_class_only_says_how_minus_one_was_read(dtype):
    y = pd.Series(np.where(np.arange(N) % 2, 1, -1)).astype(dtype)
    with pytest.raises(ValueError, match="one class only: 1.*15 entries -1 were read"):
        LGAClassifier(**FAST).fit(X, y)
    with pytest.warns(UserWarning, match="marks no row as unlabelled"):
        model = LGAClassifier(unlabeled=None, **FAST).fit(X, y)  # the remedy
    assert model.classes_.tolist() == [-1, 1]


@pytest.mark.parametrize("y", [[1.0, np.nan] * 15, ["a", None] * 15])
def test_one_class_only_says_nothing_of_minus_one_without_one(y):
    with pytest.raises(ValueError, match="hold one class only") as raised:
        LGAClassifier(**FAST).fit(X, np.array(y))
    assert "-1" not in str(raised.value)


def test_the_string_minus_one_is_a_label_where_that_is_said():
    y = np.where(HIDDEN, None, SIGNS.astype(str).astype(object))
    with pytest.raises(ValueError, match=r'string "-1".*unlabeled=np\.nan'):
        LGAClassifier(**FAST).fit(X, y)
    model = LGAClassifier(unlabeled=np.nan, **FAST).fit(X, y)
    assert model.classes_.tolist() == ["-1", "0", "1", "2"]
