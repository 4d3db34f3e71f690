import numpy as np
import pytest
import torch
from scipy import sparse
from scipy.special import softmax
from sklearn.kernel_ridge import KernelRidge

from sklearn_lga._evidence import (
    RIDGES,
    evidence_of_classes,
    evidence_of_targets,
    leave_one_out,
    network_kernel,
)
from sklearn_lga.modules import MLP

RANDOM = np.random.RandomState(0)
X = RANDOM.randn(40, 3)
Y = np.column_stack([np.sin(X[:, 0]), X[:, 1] * X[:, 2]]) + 0.1 * RANDOM.randn(40, 2)
CODES = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)


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


def test_evidence_of_targets():
    got = evidence_of_targets(X, Y, 2)
    losses = {
        ridge: np.mean((p - Y) ** 2) / Y.var()
        for ridge, p in leave_one_out(network_kernel(X, 2), Y)
    }
    assert got.loss == pytest.approx(min(losses.values()))
    assert got.ridge == min(losses, key=losses.get)
    assert got.accuracy is None
    noise = RANDOM.randn(40, 2)
    assert evidence_of_targets(X, noise, 2).loss > 0.9 > got.loss
    assert evidence_of_targets(X, noise, 2).ridge > got.ridge


def test_evidence_of_classes():
    got = evidence_of_classes(X, CODES, 1)
    fits = dict(leave_one_out(network_kernel(X, 1), np.eye(3)[CODES]))
    hits = (fits[got.ridge].argmax(axis=1) == CODES).sum()
    assert got.accuracy == (hits + 1) / 42
    for predictions in fits.values():
        for sharpness in (1.0, 3.0, 10.0):
            proba = softmax(sharpness * predictions, axis=1)[np.arange(40), CODES]
            assert got.loss <= -np.log((40 * proba + 1 / 3) / 41).mean() + 0.01
    shuffled = evidence_of_classes(X, RANDOM.permutation(CODES), 1)
    assert shuffled.accuracy < 0.6 < got.accuracy
    assert shuffled.loss > got.loss


def test_loss_of_classes_has_a_floor():
    """However clear the classes, few rows are not proof of certainty."""
    rows = np.repeat([[-3.0], [3.0]], 10, axis=0)
    few = evidence_of_classes(rows, np.repeat([0, 1], 10), 1)
    many = evidence_of_classes(np.repeat(rows, 10, axis=0), np.repeat([0, 1], 100), 1)
    assert few.loss == pytest.approx(-np.log(20.5 / 21), rel=0.05)
    assert many.loss < few.loss
    assert few.accuracy == 21 / 22


def test_constant_targets_and_equal_rows():
    assert evidence_of_targets(X, np.ones((40, 1)), 1).loss == pytest.approx(0.0)
    assert np.isfinite(evidence_of_classes(np.zeros((40, 2)), CODES, 1).loss)
    assert np.isfinite(evidence_of_classes(1e30 * X, CODES, 1).loss)
