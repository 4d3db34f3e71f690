"""Probabilities of views, their weights, and a network that joins them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import approx_fprime
from scipy.special import log_softmax, softmax
from sklearn.metrics import log_loss

from sklearn_lga._views import combination
from sklearn_lga._views.combination import (
    CLUSTERS_FIRST,
    LEAST,
    ClassMixture,
    Evidence,
    TargetMean,
    ViewEvidence,
    network_prior,
    with_network,
)
from sklearn_lga._views.probabilities import (
    FLOOR,
    PRECISION,
    SHARPNESS,
    TRIED,
    best_sharpness,
    log_estimates,
)
from sklearn_lga._views.weights import (
    STRENGTH,
    error_of_mean,
    fitted_weights,
    log_loss_of_mixture,
)

RANDOM = np.random.RandomState(0)
CODES = RANDOM.randint(3, size=60)
ROWS, NONE = np.arange(60), np.arange(0)
ONE_HOT = np.eye(3)[CODES]
ONES = np.ones(60)
TARGETS = RANDOM.randn(60, 2) * [1.0, 100.0] + [0.0, 1e4]


def outputs_of_classes():
    """A view that is right, one that is by chance, and clusters that are wrong."""
    return {
        "good": 0.7 * (ONE_HOT - 1 / 3) + 0.1 * RANDOM.randn(60, 3),
        "chance": 0.3 * RANDOM.randn(60, 3),
        "clusters_5": 0.7 * (ONE_HOT[:, [1, 2, 0]] - 1 / 3),
    }


def mixture(class_weight=None, rows=ROWS, outputs=None):
    made = ClassMixture(
        CODES, np.ones(3) if class_weight is None else class_weight, ONES
    )
    outputs = outputs_of_classes() if outputs is None else outputs
    held_out = {v: out[rows] for v, out in outputs.items()}
    return made, outputs, made.weigh(held_out, dict.fromkeys(outputs, 0.1), rows)


# Estimates and their sharpness


def test_estimates_are_positive_and_those_of_the_regression_where_large():
    q = np.array([[0.9, 0.4, 2.0], [1.0, 1.9, 0.5]])
    assert_allclose(np.exp(log_estimates(q - 1 / 3)), q, rtol=0.01)
    assert np.exp(log_estimates(np.zeros((1, 3)) - 1 / 3)) == pytest.approx(FLOOR)
    outputs = np.linspace(-3.0, 3.0, 50)[:, None] * np.ones(2)
    found = log_estimates(outputs)
    assert np.isfinite(found).all()
    assert (np.diff(found, axis=0) >= 0.0).all()
    assert_allclose(
        log_estimates(np.array([[-1e9, 1e9]])), found[[0, -1], [0, 1]][None]
    )


def test_the_sharpness_has_the_lowest_loss():
    """Of the rows together, less the logarithm of the prior."""
    logs = RANDOM.randn(60, 3) + 2.0 * ONE_HOT
    for start in (SHARPNESS, 1.0):
        tried = [*TRIED, start]
        losses = [
            log_loss(CODES, softmax(s * logs, axis=1), normalize=False)
            + 0.5 * PRECISION * np.log(s / start) ** 2
            for s in tried
        ]
        found = best_sharpness(logs, CODES, ONES, start, TRIED)
        assert found == tried[int(np.argmin(losses))]
        shifted = logs + RANDOM.randn(60, 1)  # of any scale
        assert best_sharpness(shifted, CODES, ONES, start, TRIED) == found
        assert best_sharpness(logs[:0], CODES[:0], ONES[:0], start, TRIED) == start
    assert best_sharpness(20.0 * logs, CODES, ONES, 1.0, TRIED) == TRIED[0]
    assert best_sharpness(logs * 0.0, CODES, ONES, 1.0, TRIED) == 1.0


# Weights


@pytest.mark.parametrize("weighted", [False, True])
def test_slopes_of_the_losses(weighted):
    outputs, Y = RANDOM.uniform(0.1, 1.0, size=(3, 8, 2)), RANDOM.normal(size=(8, 2))
    row_weights = RANDOM.rand(8) if weighted else np.ones(8)
    w = np.array([0.2, 0.3, 0.5])
    mixed = log_loss_of_mixture(outputs[:, :, 0], row_weights)
    for loss in (mixed, error_of_mean(outputs, Y, row_weights)):
        differences = approx_fprime(w, lambda w, loss=loss: loss(w)[0])
        assert_allclose(loss(w)[1], differences, rtol=1e-5)
    expected = -(row_weights * np.log(w @ outputs[:, :, 0])).sum()
    assert mixed(w)[0] == pytest.approx(expected)


def test_weights_minimize_the_loss_and_the_divergence():
    right, prior = RANDOM.uniform(0.1, 1.0, size=(2, 30)), np.array([0.3, 0.7])
    loss = log_loss_of_mixture(right, 1.0)
    found = fitted_weights(loss, prior, 30)
    assert found.sum() == pytest.approx(1.0)
    first = np.linspace(1e-6, 1.0 - 1e-6, 10_001)
    grid = np.column_stack([first, 1.0 - first])
    divergences = (grid * np.log(grid / prior)).sum(axis=1)
    values = [loss(w)[0] for w in grid] + STRENGTH * np.sqrt(30) * divergences
    assert_allclose(found, grid[np.argmin(values)], atol=1e-3)
    same = log_loss_of_mixture(np.ones((2, 30)), 1.0)
    assert_allclose(fitted_weights(same, prior, 30), prior, atol=1e-4)


# The mixture of classes


def test_the_mixture_prefers_what_is_right(monkeypatch):
    monkeypatch.setattr(combination, "NEVER_SEEN", 0.0)
    made, outputs, evidence = mixture()
    weights = {v: view.weight for v, view in evidence.views.items()}
    assert weights == made.weights
    assert sum(weights.values()) == pytest.approx(1.0)
    assert weights["good"] > 0.8
    assert weights["clusters_5"] == 0.0 == min(weights.values())
    assert all(w == 0.0 or w >= LEAST for w in weights.values())
    combined = made.combine(outputs)
    assert_allclose(np.exp(combined).sum(axis=1), 1.0)
    assert made.tell(combined, ROWS) == pytest.approx(
        (evidence.loss, evidence.accuracy)
    )
    assert evidence.n_rows == 60


def test_the_mixture_is_as_sure_as_evidence_says(monkeypatch):
    monkeypatch.setattr(combination, "NEVER_SEEN", 0.0)
    made, outputs, _ = mixture()
    made.final = 1.0
    plain = made.combine(outputs)
    expected = sum(
        made.weights[v] * softmax(made.sharpness[v] * log_estimates(out), axis=1)
        for v, out in outputs.items()
    )
    assert_allclose(np.exp(plain), expected)
    made.final = 2.0
    assert_allclose(made.combine(outputs), log_softmax(2.0 * plain, axis=1))


def test_losses_are_those_of_the_probabilities():
    made, outputs, evidence = mixture()
    proba = softmax(made.sharpness["good"] * log_estimates(outputs["good"]), axis=1)
    view = evidence.views["good"]
    assert view.loss == pytest.approx(log_loss(CODES, proba))
    hits = (outputs["good"].argmax(axis=1) == CODES).sum()
    assert view.accuracy == (hits + 1) / 62
    assert view.ridge == 0.1
    assert made.tell(np.log(proba) + 7.0, ROWS)[0] == pytest.approx(view.loss)


@pytest.mark.parametrize("class_weight", [[1.0, 1.0, 1.0], [3.0, 0.5, 1.0]])
def test_probabilities_times_the_class_weight(class_weight, monkeypatch):
    """p w over their sum, and the views' weights are as before."""
    monkeypatch.setattr(combination, "NEVER_SEEN", 0.0)
    outputs = outputs_of_classes()
    plain, _, _ = mixture(outputs=outputs)
    made, _, _ = mixture(np.array(class_weight), outputs=outputs)
    assert made.weights == plain.weights
    expected = np.exp(plain.combine(outputs)) * class_weight
    expected /= expected.sum(axis=1, keepdims=True)
    assert_allclose(np.exp(made.combine(outputs)), expected)


def test_nothing_is_certain():
    """As if a row more, or a part of one, had been of any class."""
    made, _, _ = mixture(np.array([2.0, 1.0, 1.0]))
    sure = np.array([[100.0, 0.0, 0.0]])
    few = ClassMixture(CODES[:3], made.class_weight, ONES[:3])
    lost, more = (1.0 - np.exp(m.unsure(sure))[0, 0] for m in (made, few))
    assert 0.0 < lost < more < 0.5
    proba = np.exp(few.unsure(sure))[0]
    assert proba.sum() == pytest.approx(1.0)
    assert proba[1] == pytest.approx(proba[2])
    uniform = np.log([[0.5, 0.25, 0.25]])
    assert_allclose(few.unsure(uniform), uniform)


@pytest.mark.parametrize("n_zeros", [1, 2, 3])
def test_a_class_without_a_weight_is_never_predicted(n_zeros):
    weights = np.where(np.arange(3) < n_zeros, 0.0, 2.0)
    made, outputs, evidence = mixture(weights)
    proba = np.exp(made.combine(outputs))
    assert_allclose(proba.sum(axis=1), 1.0)
    assert np.isfinite(made.combine(outputs)).all()
    if n_zeros < 3:  # of none with a weight all are as before
        assert proba[:, :n_zeros].max() < 1e-9
    weight, _, told = made.join(made.combine(outputs), RANDOM.randn(60, 3), ROWS)
    assert 0.0 <= weight < 1.0
    assert np.isfinite([evidence.loss, *told["network"], *told["all"]]).all()


def test_without_evidence_clusters_come_first():
    made, outputs, evidence = mixture(rows=NONE)
    assert made.weights["clusters_5"] == pytest.approx(
        CLUSTERS_FIRST / (CLUSTERS_FIRST + 2)
    )
    assert made.weights["good"] == made.weights["chance"]
    assert set(made.sharpness.values()) == {SHARPNESS}
    assert (evidence.loss, evidence.accuracy, evidence.n_rows) == (None, None, 0)
    assert {view.loss for view in evidence.views.values()} == {None}
    assert np.isfinite(made.combine(outputs)).all()


# The mean of targets


def targets_by(noise):
    return {
        v: (TARGETS - TARGETS.mean(axis=0)) / TARGETS.std(axis=0)
        + n * RANDOM.randn(60, 2)
        for v, n in noise.items()
    }


def test_targets_are_standardized():
    made = TargetMean(TARGETS, ONES)
    assert_allclose(made.Y.mean(axis=0), 0.0, atol=1e-9)
    assert_allclose(made.Y.std(axis=0), 1.0)
    assert_allclose(made.in_units(made.Y), TARGETS)
    constant = TargetMean(np.full((5, 1), 0.1), ONES[:5])
    assert_allclose(constant.Y, 0.0, atol=1e-12)
    assert_allclose(constant.in_units(constant.Y), 0.1)


def test_the_mean_of_targets():
    made = TargetMean(TARGETS, ONES)
    outputs = targets_by({"good": 0.1, "fair": 0.5, "chance": 3.0})
    evidence = made.weigh(outputs, dict.fromkeys(outputs), ROWS)
    weights = made.weights
    assert weights["good"] > weights["fair"] > weights["chance"]
    combined = made.combine(outputs)
    expected = sum(weights[v] * out for v, out in outputs.items())
    assert_allclose(combined, expected * TARGETS.std(axis=0) + TARGETS.mean(axis=0))
    losses = {
        v: np.mean(((made.in_units(out) - TARGETS) / TARGETS.std(axis=0)) ** 2)
        for v, out in outputs.items()
    }
    assert_allclose([view.loss for view in evidence.views.values()], [*losses.values()])
    assert evidence.loss < 1.5 * losses["good"]
    assert evidence.accuracy is None


def test_the_mean_of_no_evidence():
    made = TargetMean(TARGETS, ONES)
    outputs = {v: out[:0] for v, out in targets_by({"a": 0.1, "b": 0.1}).items()}
    evidence = made.weigh(outputs, dict.fromkeys(outputs), NONE)
    assert made.weights == {"a": 0.5, "b": 0.5}
    assert (evidence.loss, evidence.accuracy, evidence.n_rows) == (None, None, 0)


# A network beside them


def answers_of(kind):
    """A combination, and outputs: right ones, right at chance, and constant ones."""
    if kind == "classes":
        right = log_softmax(3.0 * ONE_HOT + 0.1 * RANDOM.randn(60, 3), axis=1)
        shuffled = log_softmax(3.0 * ONE_HOT[RANDOM.permutation(60)], axis=1)
        constant = np.full((60, 3), -np.log(3.0))
        return ClassMixture(CODES, np.ones(3), ONES), right, shuffled, constant
    shuffled = TARGETS[RANDOM.permutation(60)]
    right = TARGETS + 0.1 * TARGETS.std(axis=0) * RANDOM.randn(60, 2)
    return (
        TargetMean(TARGETS, ONES),
        right,
        shuffled,
        0.0 * TARGETS + TARGETS.mean(axis=0),
    )


@pytest.mark.parametrize("kind", ["classes", "targets"])
def test_a_network_gets_the_weight_that_it_earns(kind):
    made, right, shuffled, constant = answers_of(kind)
    prior = network_prior(60)
    weight, sharpness, told = made.join(shuffled, right, ROWS)
    assert weight > 0.5 > prior
    assert told["network"][0] < made.tell(shuffled, ROWS)[0]
    found = made.mix(shuffled, right, weight, sharpness)
    assert told["all"] == made.tell(found, ROWS)
    for bad in (shuffled, constant):
        weight, _, told = made.join(right, bad, ROWS)
        assert weight < prior
        assert told["all"][0] < told["network"][0]
    same, sharpness, _ = made.join(constant, constant, ROWS)
    assert same == pytest.approx(prior, abs=1e-3)
    assert sharpness == 1.0


@pytest.mark.parametrize("kind", ["classes", "targets"])
def test_without_rows_that_tell_a_network_has_its_prior_weight(kind):
    made, right, _, constant = answers_of(kind)
    weight, sharpness, told = made.join(right[:0], right[:0], NONE)
    assert (weight, sharpness) == (network_prior(60), 1.0)
    assert told == {"network": (None, None), "all": (None, None)}
    one = made.join(constant[:1], constant[:1], ROWS[:1])
    assert one[0] == pytest.approx(weight, abs=1e-4)


@pytest.mark.parametrize("kind", ["classes", "targets"])
def test_mixing_with_the_weights_0_and_1(kind):
    made, right, shuffled, _ = answers_of(kind)
    assert_allclose(made.mix(right, shuffled, 0.0, 2.0), right)
    alone = made.unsure(2.0 * shuffled) if kind == "classes" else shuffled
    assert_allclose(made.mix(right, shuffled, 1.0, 2.0), alone)
    half = made.mix(right, shuffled, 0.5, 2.0)
    if kind == "classes":
        assert_allclose(np.exp(half), 0.5 * (np.exp(right) + np.exp(alone)))
    else:
        assert_allclose(half, 0.5 * (right + shuffled))


def test_a_weight_of_next_to_nothing_is_none():
    codes = np.zeros(500, dtype=int)
    made = ClassMixture(codes, np.ones(2), np.ones(len(codes)))
    right, wrong = np.log([[0.99, 0.01]] * 500), np.log([[0.01, 0.99]] * 500)
    assert made.join(right, wrong, np.arange(500))[0] == 0.0


def test_networks_are_trusted_by_the_number_of_labels():
    priors = [network_prior(n) for n in (0, 2, 20, 2000)]
    assert priors[0] == 0.0
    assert priors == sorted(set(priors))
    assert priors[-1] < 1.0


# Evidence


def test_evidence_with_a_network():
    before = Evidence(
        {
            "line": ViewEvidence(0.5, 0.8, 0.25, 0.1),
            "trees": ViewEvidence(0.4, 0.9, 0.75),
        },
        loss=0.35,
        accuracy=0.95,
        n_rows=20,
    )
    told = {"network": (0.3, 0.7), "all": (0.2, 0.97)}
    after = with_network(before, 0.2, told)
    assert [view.weight for view in after.views.values()] == pytest.approx(
        [0.2, 0.6, 0.2]
    )
    assert after.views["line"].loss == 0.5
    assert after.views["network"] == ViewEvidence(0.3, 0.7, 0.2)
    assert (after.loss, after.accuracy, after.n_rows) == (0.2, 0.97, 20)
    assert before.views["line"].weight == 0.25


def test_evidence_in_words():
    """A line for each view, and one for all; what nobody tells is left blank."""
    views = {"relevant_neighborhood_10": ViewEvidence(0.51234, 0.8, 0.25, 0.1)}
    views |= {"network": ViewEvidence(None, None, 0.75)}
    lines = str(Evidence(views, 0.35, None, 20)).split("\n")
    assert len({len(line) for line in lines}) == 1
    words = [line.split() for line in lines]
    assert words[0] == ["weight", "loss", "accuracy"]
    assert words[1] == ["relevant_neighborhood_10", "0.250", "0.512", "0.800"]
    assert words[2] == ["network", "0.750"]
    assert words[3] == ["all,", "by", "20", "rows", "0.350"]
