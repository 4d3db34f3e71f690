"""Kernels by their definitions, and fits without some rows against refits."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.linalg import LinAlgError
from sklearn.gaussian_process.kernels import Matern
from sklearn.kernel_ridge import KernelRidge

from sklearn_lga._views.kernel import (
    NetworkKernel,
    SmoothKernel,
    fit_ridge,
    fit_without,
    inverse_of_ridge,
)
from sklearn_lga.modules import MLP

RANDOM = np.random.RandomState(0)
X = RANDOM.randn(40, 3)
Y = np.column_stack([np.sin(X[:, 0]), X[:, 1] * X[:, 2]]) + 0.1 * RANDOM.randn(40, 2)
KERNELS = [NetworkKernel(0), NetworkKernel(1), NetworkKernel(2), SmoothKernel()]


@pytest.mark.parametrize("n_layers", [0, 1, 2])
def test_kernel_is_that_of_wide_networks(n_layers):
    """The mean of products of outputs over networks that were not trained."""
    rows = torch.from_numpy(X[:6]).float()
    outputs = []
    for seed in range(300):
        network = MLP(
            3,
            20,
            hidden_layer_sizes=(512,) * n_layers,
            generator=torch.Generator().manual_seed(seed),
        )
        with torch.no_grad():
            outputs.append(network(rows))
    outputs = torch.cat(outputs, dim=1).numpy().astype(float)
    products = outputs @ outputs.T
    kernel = NetworkKernel(n_layers)(X[:6], X[:6])
    products, kernel = (K / np.diag(K).mean() for K in (products, kernel))
    assert_allclose(products, kernel, atol=0.08)


def test_smooth_kernel_is_materns():
    assert_allclose(SmoothKernel()(X[:7], X), Matern(nu=2.5)(X[:7], X), atol=1e-7)


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernels_are_of_each_pair_of_rows(kernel):
    whole = kernel(X, X)
    assert_allclose(whole, whole.T)
    assert_allclose(kernel(X[3:5], X[6:7]), whole[3:5, 6:7])
    assert np.linalg.eigvalsh(whole).min() > -1e-9
    single = kernel(X.astype(np.float32), X.astype(np.float32))
    assert single.dtype == np.float32
    assert_allclose(single, whole, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_kernel_with_factors_is_that_of_the_scaled_columns(kernel):
    factors = np.array([0.5, 1.0, 2.0])
    found, _ = kernel.differentiable(X, factors**2)
    assert_allclose(found, kernel(X * factors, X * factors), atol=1e-12)


@pytest.mark.parametrize("kernel", KERNELS)
def test_how_a_kernel_moves_with_the_factors(kernel):
    rows, logs = X[:9].copy(), np.array([0.3, -0.2, 0.1])
    rows[5] = rows[4]  # a distance of 0 is where a root has no slope
    slope = RANDOM.randn(9, 9)
    slope += slope.T

    def value(logs):
        return (slope * kernel.differentiable(rows, np.exp(2 * logs))[0]).sum()

    _, pull_back = kernel.differentiable(rows, np.exp(2 * logs))
    steps = 1e-5 * np.eye(3)
    differences = [(value(logs + s) - value(logs - s)) / 2e-5 for s in steps]
    assert_allclose(pull_back(slope), differences, rtol=1e-5)


def test_the_inverse():
    kernel = NetworkKernel(1)(X, X)
    inverse, log_determinant = inverse_of_ridge(kernel, 0.3)
    ridge = kernel + 0.3 * np.eye(40)
    assert_allclose(inverse, np.linalg.inv(ridge), atol=1e-9)
    assert_allclose(log_determinant, np.linalg.slogdet(ridge)[1])
    assert_allclose(inverse @ Y, fit_ridge(kernel, Y, np.full(len(Y), 0.3)), atol=1e-9)
    with pytest.raises(LinAlgError, match="not positive definite"):
        inverse_of_ridge(-kernel, 0.3)


GROUPS = {
    "four": np.arange(40) % 4,
    "each row": np.arange(40),
    "some of no part": np.maximum(np.arange(40) % 6 - 1, -1),
    "one": np.zeros(40, dtype=int),
}


@pytest.mark.parametrize("groups", GROUPS.values(), ids=GROUPS)
@pytest.mark.parametrize("ridge", [1e-3, 1.0])
@pytest.mark.parametrize("weights", [np.ones(40), np.linspace(0.2, 3.0, 40)])
def test_fits_without_each_group_are_refits(groups, ridge, weights):
    kernel = NetworkKernel(1)(X, X) + 1.0
    coef, without, held_out = fit_without(kernel, Y, groups, ridge / weights)
    model = KernelRidge(alpha=ridge, kernel="precomputed")
    model.fit(kernel, Y, weights)
    assert_allclose(coef, model.dual_coef_, rtol=1e-5, atol=1e-7)
    assert set(without) == set(groups)
    for group, found in without.items():
        rest = groups != group
        assert_allclose(found[~rest], 0.0, atol=1e-7)
        if rest.any():
            model.fit(kernel[np.ix_(rest, rest)], Y[rest], weights[rest])
            assert_allclose(found[rest], model.dual_coef_, rtol=1e-5, atol=1e-6)
            expected = model.predict(kernel[np.ix_(~rest, rest)])
            assert_allclose(held_out[~rest], expected, rtol=1e-5, atol=1e-6)
        else:
            assert_allclose(held_out, 0.0, atol=1e-7)
