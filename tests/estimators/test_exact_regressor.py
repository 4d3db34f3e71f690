"""``LGARegressor(solver="exact")``."""

import pickle
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_lga import LGARegressor
from sklearn_lga.linear import (
    data_moments,
    default_step_sizes,
    least_squares,
    lga_path,
    spectral_radius,
)

from ..in_turn import pairs, seeds


@pytest.mark.filterwarnings(
    "ignore:y marks no row as unlabelled",
    "ignore:.*of the second moment of the labelled",
)
@parametrize_with_checks(
    [
        LGARegressor(solver="exact", unlabeled=unlabeled, max_epochs=n)
        for unlabeled in (None, -1)
        for n in (None, np.inf)
    ]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def table(seed=0, n=200, n_labeled=50, n_outputs=None):
    rng = np.random.RandomState(seed)
    X = rng.standard_normal((n, 4)) @ (np.eye(4) + 0.3 * rng.standard_normal((4, 4)))
    X += np.array([1.0, -2.0, 0.5, 10.0])
    shape = (4,) if n_outputs is None else (4, n_outputs)
    y = X @ rng.standard_normal(shape) + 3.0
    y = y + 0.3 * rng.standard_normal(y.shape)
    y_marked = y.copy()
    y_marked[n_labeled:] = np.nan
    return X, y, y_marked


def exact(**kwargs):
    return LGARegressor(solver="exact", **kwargs)


@pytest.mark.parametrize(
    ("n_outputs", "container"),
    pairs([None, 1, 3], [np.asarray, sparse.csr_array], every=2),
)
@pytest.mark.parametrize("seed", seeds(3))
def test_the_fixed_point_is_least_squares_with_an_intercept(seed, n_outputs, container):
    X, y, y_marked = table(seed, n_outputs=n_outputs)
    model = exact(max_epochs=np.inf).fit(container(X), y_marked)
    expected = least_squares(np.column_stack([np.ones(50), X[:50]]), y[:50])
    np.testing.assert_allclose(model.intercept_, expected[0], rtol=1e-8)
    np.testing.assert_allclose(model.coef_, expected[1:].T, rtol=1e-8)
    assert model.coef_.shape == (4,) if n_outputs is None else (n_outputs, 4)
    prediction = X @ expected[1:] + expected[0]
    np.testing.assert_allclose(model.predict(container(X)), prediction, rtol=1e-8)
    np.testing.assert_array_equal(model.transduction_[:50], y[:50])
    np.testing.assert_allclose(model.transduction_[50:], prediction[50:], rtol=1e-7)
    assert model.n_iter_ == np.inf
    long = exact(max_epochs=100_000).fit(container(X), y_marked)
    np.testing.assert_allclose(long.predict(X), prediction, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(
        long.transduction_[50:], prediction[50:], rtol=1e-6, atol=1e-6
    )


def test_it_follows_lga_path_on_centred_data():
    X, y, y_marked = table()
    sizes = {"lr": 0.1, "label_lr": 0.5, "eps_norm": 0.1}
    model = exact(max_epochs=37, **sizes).fit(X, y_marked)
    X_l, X_u = X[:50] - X[:50].mean(0), X[50:] - X[50:].mean(0)
    mean, scale = y[:50].mean(), y[:50].std()
    path = lga_path(X_l, (y[:50] - mean) / scale, X_u, **sizes, n_steps=37)
    np.testing.assert_allclose(model.coef_, path.coef[0] * scale, rtol=1e-9)
    level = mean + (X[50:].mean(0) - X[:50].mean(0)) @ model.coef_
    np.testing.assert_allclose(
        model.transduction_[50:], path.labels(X_u)[0] * scale + level, rtol=1e-9
    )
    assert model.n_iter_ == 37


@pytest.mark.parametrize("seed", range(5))
def test_default_step_sizes_are_stable(seed):
    rng = np.random.RandomState(seed)
    X_l = rng.standard_normal((20, 5)) * rng.uniform(0.01, 100, 5)
    X_u = rng.standard_normal((30, 5)) @ rng.standard_normal((5, 5))
    moments = data_moments(X_l, X_l @ rng.standard_normal(5), X_u, center=True)
    sizes = default_step_sizes(moments)
    rate = sizes["label_lr"] / (30 * sizes["eps_norm"])
    assert spectral_radius(*moments.matrices(), lr=sizes["lr"], label_rate=rate) < 1


def test_unstable_step_sizes_warn():
    X, _, y_marked = table()
    with pytest.warns(UserWarning, match="spectral radius is"):
        exact(label_lr=1e4).fit(X, y_marked)


def test_early_stopping_chooses_a_step_of_the_path():
    X, y, _ = table(n=120, n_labeled=60)
    rng = np.random.RandomState(0)
    X = np.column_stack([X, rng.standard_normal((120, 40))])
    y = y + 3 * rng.standard_normal(120)
    y[60:] = np.nan
    model = exact(early_stopping=True, validation_fraction=0.3, random_state=0)
    model.fit(X, y)
    assert 0 < model.n_iter_ < 1000
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(model.coef_, again.coef_)
    # the chosen step is the best of all on the held-out rows, whichever these are
    other = clone(model).set_params(random_state=1).fit(X, y)
    assert not np.array_equal(other.coef_, model.coef_)
    long = clone(model).set_params(max_epochs=50_000).fit(X, y)
    assert long.n_iter_ == pytest.approx(model.n_iter_, rel=0.02, abs=1)


@pytest.mark.parametrize("seed", seeds(5))
def test_early_stopping_has_the_intercept_of_the_rows_it_trains_on(seed):
    """Without noise a long path finds the plane, whichever rows are held out."""
    X, _, y_marked = table(seed)
    plane = X @ [1.0, 2.0, -1.0, 0.5] + 5.0
    y = np.where(np.isnan(y_marked), np.nan, plane)
    model = exact(
        early_stopping=True,
        validation_fraction=0.4,
        max_epochs=100_000,
        random_state=seed,
    ).fit(X, y)
    np.testing.assert_allclose(model.coef_, [1.0, 2.0, -1.0, 0.5], rtol=1e-6)
    assert model.intercept_ == pytest.approx(5.0, abs=1e-5)
    np.testing.assert_allclose(model.transduction_, plane, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("n_outputs", [None, 2])
def test_without_an_intercept_it_is_lga_path(n_outputs, container):
    X, y, y_marked = table(n_outputs=n_outputs)
    sizes = {"lr": 1e-3, "label_lr": 0.1, "eps_norm": 0.1}
    model = exact(max_epochs=40, fit_intercept=False, **sizes)
    model.fit(container(X), y_marked)
    scale = y[:50].std(axis=0)
    path = lga_path(X[:50], y[:50] / scale, X[50:], **sizes, n_steps=40)
    coef = path.coef[0] * scale
    np.testing.assert_allclose(model.coef_, coef.T, rtol=1e-9)
    np.testing.assert_allclose(model.predict(container(X)), X @ coef, rtol=1e-9)
    np.testing.assert_array_equal(model.intercept_, np.zeros(scale.shape))
    labels = path.labels(X[50:])[0] * scale
    np.testing.assert_allclose(model.transduction_[50:], labels, rtol=1e-9, atol=1e-9)
    end = clone(model).set_params(max_epochs=np.inf, lr=None, label_lr=None)
    np.testing.assert_allclose(
        end.fit(container(X), y_marked).coef_.T, least_squares(X[:50], y[:50])
    )


def test_without_an_intercept_and_unlabelled_rows():
    X, y, _ = table()
    model = exact(max_epochs=np.inf, fit_intercept=False)
    with pytest.warns(UserWarning, match="no row as unlabelled"):
        model.fit(X, y)
    np.testing.assert_allclose(model.coef_, least_squares(X, y), rtol=1e-8)


def test_fewer_labelled_rows_than_features_end_where_the_path_does():
    X, _, y_marked = table(n_labeled=3)
    end = exact(max_epochs=np.inf).fit(X, y_marked)
    long = exact(max_epochs=50_000).fit(X, y_marked)
    np.testing.assert_allclose(end.coef_, long.coef_, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(end.transduction_, long.transduction_, rtol=1e-5)


@pytest.mark.parametrize("offset", [1e5, 1e7])
def test_csr_columns_of_large_means(offset):
    X, _, y_marked = table()
    X = X + offset
    dense = exact().fit(X, y_marked)
    csr = exact().fit(sparse.csr_array(X), y_marked)
    np.testing.assert_allclose(csr.coef_, dense.coef_, rtol=1e-15 * offset)


def test_eps_norm_zero():
    X, _, y_marked = table()
    with pytest.warns(UserWarning, match="With eps_norm=0"):
        model = exact(eps_norm=0, max_epochs=50).fit(X, y_marked)
    assert np.isfinite(model.coef_).all()
    assert model.plan_.label_lr > 0.0


def test_warm_start_is_ignored():
    X, _, y_marked = table()
    model = exact(warm_start=True, max_epochs=np.inf).fit(X, y_marked)
    first = model.intercept_
    assert model.fit(X, y_marked + 100.0).intercept_ == pytest.approx(first + 100.0)
    switched = LGARegressor(warm_start=True, max_epochs=1).fit(X, y_marked)
    switched.set_params(solver="exact", max_epochs=np.inf).fit(X, y_marked + 100.0)
    assert switched.intercept_ == pytest.approx(first + 100.0)


def test_features_of_very_different_scales():
    X, _, y_marked = table()
    scales = np.array([1e8, 1.0, 1e-4, 1.0])
    plain = exact(max_epochs=np.inf).fit(X, y_marked)
    scaled = exact(max_epochs=np.inf).fit(X * scales, y_marked)
    np.testing.assert_allclose(scaled.coef_ * scales, plain.coef_, rtol=1e-6)


def test_diverging_or_overflowing_input_is_an_error():
    X, _, y_marked = table()
    with (
        pytest.warns(UserWarning, match="spectral radius"),
        pytest.raises(ValueError, match="path diverged with lr=10"),
    ):
        exact(lr=10.0).fit(X, y_marked)
    with pytest.raises(ValueError, match="squares overflow float64"):
        exact().fit(X * 1e200, y_marked)


def test_directions_without_unlabelled_rows_warn():
    X, _, y_marked = table()
    X[50:, 1] = 7.0
    with pytest.warns(UserWarning, match="of the second moment of the labelled rows"):
        model = exact(max_epochs=np.inf).fit(X, y_marked)
    assert model.coef_[1] == pytest.approx(0.0, abs=1e-12)


def test_constant_features():
    X, _, y_marked = table()
    X[:, 1] = 7.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = exact().fit(X, y_marked)
    assert model.coef_[1] == 0.0
    assert np.isfinite(model.transduction_).all()


def test_without_unlabelled_rows_it_is_gradient_descent():
    X, y, _ = table()
    with pytest.warns(UserWarning, match="no row as unlabelled"):
        model = exact(max_epochs=np.inf).fit(X, y)
    expected = least_squares(np.column_stack([np.ones(200), X]), y)
    np.testing.assert_allclose(model.coef_, expected[1:], rtol=1e-8)
    np.testing.assert_array_equal(model.transduction_, y)
    with (
        pytest.warns(UserWarning, match="no row as unlabelled"),
        pytest.raises(ValueError, match="2 / lambda_max"),
    ):
        exact(lr=1e3).fit(X, y)


def test_solvers_do_not_mix():
    X, _, y_marked = table()
    model = exact().fit(X, y_marked)
    assert not hasattr(model, "net_")
    linear = model.predict(X)
    model.set_params(solver="network", max_epochs=1)
    np.testing.assert_array_equal(model.predict(X), linear)  # as fitted
    model.fit(X, y_marked)
    assert not hasattr(model, "coef_")
    assert model.n_iter_ == 1
    model.set_params(solver="exact").fit(X, y_marked)
    assert not hasattr(model, "history_")


def test_pickle():
    X, _, y_marked = table()
    model = exact().fit(X, y_marked)
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_integers_and_float32():
    X, _, y_marked = table()
    X = np.round(10 * X)
    a, b, c = (
        exact().fit(X.astype(t), y_marked) for t in (np.float64, int, np.float32)
    )
    np.testing.assert_allclose(a.coef_, b.coef_, rtol=1e-10)
    np.testing.assert_allclose(a.coef_, c.coef_, rtol=1e-10)


def test_bad_combinations():
    X, _, y_marked = table()
    with pytest.raises(ValueError, match="max_epochs=inf is for solver=.exact."):
        LGARegressor(max_epochs=np.inf).fit(X, y_marked)
    with pytest.raises(ValueError, match="eps_norm=0 is for solver='exact'"):
        LGARegressor(eps_norm=0).fit(X, y_marked)
    with pytest.raises(ValueError, match="fit_intercept=False is for solver='exact'"):
        LGARegressor(fit_intercept=False).fit(X, y_marked)
    with pytest.raises(ValueError, match="early_stopping=True chooses among"):
        exact(max_epochs=np.inf, early_stopping=True).fit(X, y_marked)
    with pytest.raises(ValueError, match="'solver' parameter"):
        LGARegressor(solver="svd").fit(X, y_marked)
    with pytest.raises(ValueError, match="takes X of shape"):
        exact(module=dict).fit(X.reshape(200, 2, 2), y_marked)
