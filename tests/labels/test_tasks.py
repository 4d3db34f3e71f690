"""The tasks: what they read, hold out, judge and give back."""

import numpy as np
import pytest

from sklearn_lga._labels.classes import Classes
from sklearn_lga._labels.targets import Targets

Y = np.array([3, -1, 7, 3, -1, 7, 7])


def test_classes_are_read_as_weighted_one_hot_labels():
    task, given = Classes.read(Y, -1, class_weight={3: 2.0, 7: 0.5})
    assert task.classes.tolist() == [3, 7]
    assert task.n_outputs == 2
    assert given.unlabeled.tolist() == [False, True, False, False, True, False, False]
    assert given.values.tolist() == [0, 1, 0, 1, 1]
    expected = [[2, 0], [0, 0.5], [2, 0], [0, 0.5], [0, 0.5]]
    np.testing.assert_array_equal(given.labels, np.float32(expected))
    assert task.known(given.labels).all()
    np.testing.assert_array_equal(task.fit_to(given.labels), np.sign(expected))


@pytest.mark.parametrize("seed", range(5))
def test_held_out_rows_leave_a_row_of_each_class(seed):
    codes = np.array([0] * 20 + [1] * 3 + [2])
    task = Classes(np.arange(3), -1)
    kept = task.hold_out(codes, 8, np.random.RandomState(seed))
    assert len(kept) == 16
    assert set(codes[kept]) == {0, 1, 2}
    with pytest.raises(ValueError, match="leave a class without a labelled row"):
        task.hold_out(codes, 22, np.random.RandomState(seed))


def test_classes_are_judged_by_log_loss_and_hits():
    """A clear prediction is worth more than a faint one, a wrong one less than none."""
    labels = np.eye(2)[[0, 1, 0, 1]]
    losses = {}
    for name, predictions in {
        "clear": labels,
        "faint": 0.1 * labels,
        "none": np.zeros((4, 2)),
        "wrong": 1.0 - labels,
    }.items():
        losses[name], accuracy = Classes.judge(predictions, labels)
        hits = {"clear": 4, "faint": 4, "none": 2, "wrong": 0}[name]
        assert accuracy == (hits + 1) / 6
    assert losses["clear"] < losses["faint"] < losses["none"] < losses["wrong"]
    assert losses["none"] == pytest.approx(np.log(2))


def test_classes_are_given_back_for_every_row():
    task, given = Classes.read(Y, -1)
    outputs = np.array([[0.0, 2.0], [4.0, 0.0]])
    fitted = task.fitted_attributes(outputs, 2.0, given)
    assert fitted["transduction_"].tolist() == [3, 7, 7, 3, 3, 7, 7]
    odds = fitted["label_distributions_"][[1, 4]]
    np.testing.assert_allclose(odds[:, 1] / odds[:, 0], np.exp([1.0, -2.0]))
    assert fitted["temperature_"] == 2.0
    assert task.decode(outputs).tolist() == [7, 3]


@pytest.mark.parametrize(
    ("temperature", "accuracy", "n_rows", "expected"),
    [(3.0, 0.6, 5, 3.0), (None, None, 5, 1.0), (None, 0.6, 0, 1.0)],
)
def test_temperatures_without_anything_to_match(
    temperature, accuracy, n_rows, expected
):
    task = Classes(np.arange(2), -1, temperature)
    rows = np.arange(n_rows)
    assert task.calibrated_temperature(None, rows, accuracy) == expected


def test_a_temperature_takes_confidence_to_accuracy():
    logits = 10.0 * np.random.RandomState(0).randn(300, 3)
    task = Classes(np.arange(3), -1)
    found = task.calibrated_temperature(logits.__getitem__, np.arange(300), 0.6)
    p = np.exp(logits / found)
    confidence = (p / p.sum(axis=1, keepdims=True)).max(axis=1).mean()
    assert confidence == pytest.approx(0.6, abs=1e-6)


@pytest.mark.parametrize("shape", [(6,), (6, 1), (6, 2)])
def test_targets_are_scaled_and_given_back(shape):
    values = 100.0 + 5.0 * np.random.RandomState(0).randn(*shape)
    y = values.copy()
    y[[1, 4]] = np.nan
    task, given = Targets.read(y, -1)
    assert given.labels.shape == (4, task.n_outputs)
    np.testing.assert_allclose(given.labels.mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(given.labels.std(axis=0), 1.0, rtol=1e-6)
    np.testing.assert_allclose(task.decode(task.scaled(values)), values)
    imputed = task.fitted_attributes(task.scaled(values[[1, 4]]), None, given)
    np.testing.assert_allclose(imputed["transduction_"], values)
    np.testing.assert_array_equal(imputed["transduction_"][0], values[0])


def test_targets_of_a_warm_start_keep_their_scale():
    former, _ = Targets.read(np.array([1.0, 3.0, np.nan]), np.nan)
    task, given = Targets.read(np.array([5.0, 7.0, np.nan]), np.nan, former)
    assert (task.mean, task.scale) == (2.0, 1.0)
    np.testing.assert_array_equal(given.labels.ravel(), [3.0, 5.0])


def test_targets_are_judged_by_the_share_of_variance():
    labels = np.random.RandomState(0).randn(50, 2)
    assert Targets.judge(labels, labels) == (0.0, None)
    mean = np.broadcast_to(labels.mean(), labels.shape)
    assert Targets.judge(mean, labels)[0] == pytest.approx(1.0)
    assert Targets.judge(np.ones((3, 1)), np.zeros((3, 1))) == (1.0, None)


@pytest.mark.parametrize("read", [Classes.read, Targets.read])
@pytest.mark.parametrize("y", [np.full(4, -1.0), np.full(4, np.nan)])
def test_no_label_at_all(read, y):
    with pytest.raises(ValueError, match="y has no labelled row: all 4 entries"):
        read(y, -1)
