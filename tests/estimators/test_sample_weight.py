"""Weights of the labelled rows, in the network and in the closed form."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import config_context
from sklearn.model_selection import GridSearchCV

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga.baselines import RegularizedNetClassifier, RegularizedNetRegressor
from sklearn_lga.model_selection import SemiSupervisedSplit

ESTIMATORS = [
    LGAClassifier,
    LGARegressor,
    RegularizedNetClassifier,
    RegularizedNetRegressor,
]
RANDOM = np.random.RandomState(0)
X = RANDOM.randn(120, 3)
LABELED, SAME_AGAIN = slice(0, 20), slice(20, 40)
X[SAME_AGAIN] = X[LABELED]
EQUAL = np.ones(120)


def fit(estimator, y, sample_weight=None, **settings):
    settings = {"n_members": 5, "random_state": 0} | settings
    return estimator(**settings).fit(X, y, sample_weight=sample_weight)


def contradictory(estimator):
    """Forty rows, each there twice with opposite labels; and which ones are true."""
    truth = np.sign(X[:, 0])
    y = np.full(120, np.nan)
    y[LABELED], y[SAME_AGAIN] = truth[LABELED], -truth[LABELED]
    if hasattr(estimator, "predict_proba"):
        y = np.where(np.isnan(y), -1.0, y + 1.0)  # classes 0 and 2
        truth = truth + 1.0
    return y, truth


def predictions(model):
    return getattr(model, "predict_proba", model.predict)(X)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("closed_form", [True, False])
def test_rows_of_more_weight_are_believed(estimator, closed_form):
    y, truth = contradictory(estimator)
    hidden = slice(40, None)
    for believed, sign in ((LABELED, 1.0), (SAME_AGAIN, -1.0)):
        weights = np.full(120, 0.05)
        weights[believed] = 1.0
        settings = {} if closed_form else {"max_epochs": 200, "lr": 0.01}
        model = fit(estimator, y, weights, closed_form=closed_form, **settings)
        centred = model.transduction_[hidden] - np.mean(np.unique(truth))
        agrees = np.sign(centred) == sign * np.sign(X[hidden, 0])
        assert agrees.mean() > 0.8
        given = slice(0, 40)
        assert_array_equal(model.transduction_[given], y[given])


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_only_ratios_count_and_equal_ones_change_nothing(estimator):
    y, _ = contradictory(estimator)
    expected = predictions(fit(estimator, y))
    for weights in (EQUAL, 4.0 * EQUAL):
        assert_array_equal(predictions(fit(estimator, y, weights)), expected)
    unequal = np.linspace(0.5, 2.0, 120)
    found, again = (predictions(fit(estimator, y, w * unequal)) for w in (1.0, 8.0))
    assert_allclose(again, found, rtol=1e-4, atol=1e-6)
    assert abs(found - expected).max() > 1e-3


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("closed_form", [True, False])
def test_a_row_of_weight_zero_teaches_nothing(estimator, closed_form):
    y, _ = contradictory(estimator)
    weights = EQUAL.copy()
    weights[SAME_AGAIN] = 0.0
    settings = {"closed_form": closed_form, "max_epochs": 3}
    model = fit(estimator, y, weights, **settings)
    other = y.copy()
    other[20:30] = y[LABELED][:10]
    again = fit(estimator, other, weights, **settings)
    assert_allclose(predictions(again), predictions(model), rtol=1e-5, atol=1e-7)
    assert_array_equal(again.transduction_[SAME_AGAIN], other[SAME_AGAIN])


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_weights_that_are_refused(estimator):
    y, _ = contradictory(estimator)
    for weights, message in (
        (-EQUAL, "Negative values.*sample_weight"),
        (EQUAL[:7], "sample_weight.shape"),
        (np.arange(120) >= 40.0, "sample_weight is 0 for each labelled row"),
        (np.full(120, np.nan), "sample_weight contains NaN"),
    ):
        with pytest.raises(ValueError, match=message):
            fit(estimator, y, weights)


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_matrix])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_exact_path_of_weighted_rows_is_that_of_repeated_ones(make, fit_intercept):
    counts = RANDOM.randint(0, 4, size=40)
    y = np.append(X[:40] @ [1.0, -2.0, 0.5] + RANDOM.randn(40), np.full(80, np.nan))
    settings = {"solver": "exact", "fit_intercept": fit_intercept, "max_epochs": 50}
    model = LGARegressor(**settings)
    model.fit(make(X + 3.0), y, sample_weight=np.append(counts, np.ones(80)))
    rows = np.append(np.repeat(np.arange(40), counts), np.arange(40, 120))
    repeated = LGARegressor(**settings).fit(X[rows] + 3.0, y[rows])
    assert_allclose(model.coef_, repeated.coef_)
    assert_allclose(model.intercept_, repeated.intercept_, atol=1e-12)
    assert_allclose(model.transduction_[40:], repeated.transduction_[counts.sum() :])
    plain = LGARegressor(**settings).fit(X + 3.0, y)
    assert abs(plain.coef_ - model.coef_).max() > 0.01


def test_held_out_rows_are_those_with_a_weight():
    y, _ = contradictory(LGAClassifier)
    weights = EQUAL.copy()
    weights[SAME_AGAIN] = 0.0
    settings = {"early_stopping": True, "validation_fraction": 0.2, "max_epochs": 2}
    model = fit(LGAClassifier, y, weights, **settings)
    assert model.evidence_.n_rows == 16


def test_a_search_hands_weights_down():
    y, _ = contradictory(LGAClassifier)
    weights = np.full(120, 0.05)
    weights[LABELED] = 1.0
    with config_context(enable_metadata_routing=True):
        model = LGAClassifier(random_state=0)
        model.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        search = GridSearchCV(model, {"lr": [0.01]}, cv=SemiSupervisedSplit(2))
        search.fit(X, y, sample_weight=weights)
    direct = fit(LGAClassifier, y, weights, lr=0.01)
    expected = direct.predict_proba(X)
    assert_array_equal(search.best_estimator_.predict_proba(X), expected)
    assert search.best_score_ > 0.6  # unweighted labels are right in half the rows
