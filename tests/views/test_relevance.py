"""Factors of the columns: their likelihood's gradient, and what they find."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar
from scipy.stats import multivariate_normal

from sklearn_lga._views.kernel import NetworkKernel, SmoothKernel
from sklearn_lga._views.relevance import (
    REACH,
    column_factors,
    negative_log_likelihood,
)

KERNELS = [NetworkKernel(0), NetworkKernel(1), NetworkKernel(2), SmoothKernel()]


@pytest.fixture
def random():
    return np.random.RandomState(0)


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_gradient(kernel, random):
    X, Y = random.normal(size=(30, 4)), random.normal(size=(30, 2))
    X[5] = X[4]
    weights = random.uniform(0.2, 3.0, size=30)
    logs = np.append(random.normal(size=4) / 2, -1.0)

    def value(logs):
        return negative_log_likelihood(logs, X, Y, weights, kernel)[0]

    _, gradient = negative_log_likelihood(logs, X, Y, weights, kernel)
    steps = 1e-5 * np.eye(5)
    differences = [(value(logs + s) - value(logs - s)) / 2e-5 for s in steps]
    assert_allclose(gradient, differences, rtol=1e-5, atol=1e-5)


def test_the_likelihood_is_that_of_a_gaussian_process(random):
    """With the best scale of its outputs, but for a constant."""
    X, Y, kernel = random.normal(size=(12, 2)), random.normal(size=(12, 2)), KERNELS[1]
    differences, weights = [], random.uniform(0.2, 3.0, size=12)
    for logs in ([0.3, -1.0, -0.5], [-1.0, 0.5, 0.7]):
        factors, ridge = np.exp(logs[:2]), np.exp(logs[2])
        covariance = kernel(X * factors, X * factors) + np.diag(ridge / weights)
        scale = np.sum(Y * np.linalg.solve(covariance, Y)) / Y.size
        process = multivariate_normal(cov=scale * covariance)
        value, _ = negative_log_likelihood(np.array(logs), X, Y, weights, kernel)
        differences.append(value + process.logpdf(Y.T).sum())
    assert_allclose(*differences)


@pytest.mark.parametrize("kernel", KERNELS)
def test_factors_are_where_likelihood_and_prior_balance(kernel, random):
    """A normal prior of the logarithms, of unit variance about their mean."""
    X = random.normal(size=(40, 3))
    Y = X @ [[1.0], [0.3], [0.0]] + 0.5 * random.normal(size=(40, 1))
    weights = random.uniform(0.5, 2.0, size=40)
    Y -= np.average(Y, axis=0, weights=weights)
    logs = np.log(column_factors(X, Y, weights, kernel, n_iter=500))

    def value(ridge):
        return negative_log_likelihood(np.append(logs, ridge), X, Y, weights, kernel)

    ridge = minimize_scalar(lambda r: value(r)[0], bounds=(-9.0, 2.9)).x
    slope = value(ridge)[1][:-1]
    assert abs(slope).max() > 0.1
    assert_allclose(slope, logs.mean() - logs, atol=0.02)


@pytest.mark.parametrize("kernel", KERNELS)
def test_columns_that_tell_have_the_largest_factors(kernel, random):
    X = random.normal(size=(80, 5))
    y = 2.0 * X[:, 1] + X[:, 3] + 0.1 * random.normal(size=80)
    factors = column_factors(X, y[:, None], np.ones(len(y)), kernel)
    assert set(np.argsort(factors)[-2:]) == {1, 3}
    moved = column_factors(X, 1e6 * y[:, None] + 1e7, np.ones(len(y)), kernel)
    assert_allclose(moved, factors, rtol=0.01)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("n_rows", [1, 2, 30])
def test_labels_that_are_all_the_same(kernel, n_rows, random):
    X, ones = random.normal(size=(n_rows, 3)), np.ones(n_rows)
    factors = column_factors(X, ones[:, None], ones, kernel)
    assert np.isfinite(factors).all()
    assert (abs(np.log(factors) + 0.5 * np.log(3)) <= REACH + 1e-9).all()
    assert factors.max() < 2.0 * factors.min()  # none of them tells anything
