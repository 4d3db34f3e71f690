import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.kernel_ridge import KernelRidge

from sklearn_lga._views.kernel import RIDGES, leave_one_out, network_kernel
from sklearn_lga.modules import MLP

RANDOM = np.random.RandomState(0)
X = RANDOM.randn(40, 3)
Y = np.column_stack([np.sin(X[:, 0]), X[:, 1] * X[:, 2]]) + 0.1 * RANDOM.randn(40, 2)


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
    products /= np.diag(products).mean()
    np.testing.assert_allclose(products, network_kernel(X[:6], n_layers), atol=0.08)


def test_kernel_of_csr():
    dense = np.where(X > 0.5, X, 0.0)
    np.testing.assert_allclose(
        network_kernel(sparse.csr_matrix(dense), 2), network_kernel(dense, 2)
    )


def test_leave_one_out_is_refitting_without_each_row():
    kernel, centred = network_kernel(X, 1), Y - Y.mean(axis=0)
    n_ridges = 0
    for ridge, predictions in leave_one_out(kernel, Y):
        for i in (0, 17, 39):
            rest = np.arange(40) != i
            model = KernelRidge(alpha=ridge, kernel="precomputed")
            model.fit(kernel[np.ix_(rest, rest)], centred[rest])
            expected = model.predict(kernel[i : i + 1, rest])[0] + Y.mean(axis=0)
            np.testing.assert_allclose(predictions[i], expected, rtol=1e-6, atol=1e-8)
        n_ridges += 1
    assert n_ridges == len(RIDGES)
