"""What leaving each labelled row out tells of a view, and the choice of views."""

import numpy as np
import pytest
from scipy.special import softmax

from sklearn_lga._labels.classes import Classes
from sklearn_lga._labels.targets import Targets
from sklearn_lga._views.evidence import Evidence, choose, evidence_of, noise_of
from sklearn_lga._views.kernel import leave_one_out, network_kernel

RANDOM = np.random.RandomState(0)
X = RANDOM.randn(40, 3)
Y = np.column_stack([np.sin(X[:, 0]), X[:, 1] * X[:, 2]]) + 0.1 * RANDOM.randn(40, 2)
CODES = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)


def evidence_of_targets(X, Y, n_layers):
    return evidence_of(X, Y, Targets, n_layers)


def evidence_of_classes(X, codes, n_layers):
    return evidence_of(X, np.eye(codes.max() + 1)[codes], Classes, n_layers)


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


def test_noise_is_the_geometric_mean_of_the_ridges():
    weighed = {"a": Evidence(1.0, 0.01, None), "b": Evidence(1.0, 1.0, None)}
    assert noise_of(weighed, ("a", "b")) == pytest.approx(0.1)
    assert noise_of(weighed, ("b", "b")) == pytest.approx(1.0)


def evidence(**losses):
    return {view.replace("_", "+"): Evidence(x, 0.1, 0.9) for view, x in losses.items()}


@pytest.mark.parametrize(
    ("losses", "order"),
    [
        ({"features": 1.0}, ["features"]),
        ({"features": 1.0, "features_bins": 0.9}, ["features+bins", "features"]),
        ({"features": 1.0, "features_bins": 0.6}, ["features+bins"]),
        ({"features_bins": 1.0, "eigenmaps": 0.95}, ["features+bins", "eigenmaps"]),
        (
            {"features_eigenmaps": 1.0, "eigenmaps": 0.8},
            ["eigenmaps", "features+eigenmaps"],
        ),
    ],
)
def test_choice(losses, order):
    assert choose(evidence(**losses), 100, 1.5) == order


def test_few_labels_keep_the_features():
    losses = evidence(features=1.0, eigenmaps=0.9)
    assert choose(losses, 25, 2.0) == ["features", "eigenmaps"]
    assert choose(losses, 100, 2.0) == ["eigenmaps", "features"]


def test_views_that_differ_in_bins_alone_are_not_both_chosen():
    losses = evidence(features=1.0)
    losses |= {"features+fine_bins": Evidence(0.8, 0.1, None)}
    losses |= {"features+bins": Evidence(0.9, 0.1, None)}
    assert choose(losses, 100, 2.0) == ["features+fine_bins", "features"]
