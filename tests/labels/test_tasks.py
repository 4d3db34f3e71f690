"""The tasks: what they read, hold out and give back."""

import numpy as np
import pytest

from sklearn_lga._labels.classes import CHUNK, Classes
from sklearn_lga._labels.targets import Targets

Y = np.array([3, -1, 7, 3, -1, 7, 7])


def test_classes_are_read_as_weighted_one_hot_labels():
    task, given = Classes.read(Y, -1, np.ones(len(Y)), class_weight={3: 2.0, 7: 0.5})
    assert task.classes.tolist() == [3, 7]
    assert task.n_outputs == 2
    assert given.unlabeled.tolist() == [False, True, False, False, True, False, False]
    assert given.values.tolist() == [0, 1, 0, 1, 1]
    expected = [[2, 0], [0, 0.5], [2, 0], [0, 0.5], [0, 0.5]]
    np.testing.assert_array_equal(given.labels, np.float32(expected))
    assert task.weights.tolist() == [2.0, 0.5]


@pytest.mark.parametrize(
    ("class_weight", "expected"),
    [(None, [1.0, 1.0]), ("balanced", [5 / 4, 5 / 6]), ({7: 0.0}, [1.0, 0.0])],
)
def test_weights_of_classes(class_weight, expected):
    """A class of weight 0 is left out of the loss, but is a class."""
    task, given = Classes.read(Y, -1, np.ones(len(Y)), class_weight=class_weight)
    np.testing.assert_allclose(task.weights, expected)
    assert given.values.tolist() == [0, 1, 0, 1, 1]
    summed = given.labels.sum(axis=1)
    np.testing.assert_allclose(summed, task.weights[given.values], rtol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_held_out_rows_leave_a_row_of_each_class(seed):
    codes = np.array([0] * 20 + [1] * 3 + [2])
    task = Classes(np.arange(3), -1, np.ones(3))
    kept = task.hold_out(codes, 8, np.random.RandomState(seed))
    assert len(kept) == 16
    assert set(codes[kept]) == {0, 1, 2}
    with pytest.raises(ValueError, match="leave a class without a labelled row"):
        task.hold_out(codes, 22, np.random.RandomState(seed))


def test_classes_are_given_back_for_every_row():
    task, given = Classes.read(Y, -1, np.ones(len(Y)))
    outputs = np.zeros((7, 2))
    outputs[[1, 4]] = [0.0, 2.0], [4.0, 0.0]
    fitted = task.fitted_attributes(outputs.copy(), None, given)
    assert fitted["transduction_"].tolist() == [3, 7, 7, 3, 3, 7, 7]
    distributions = fitted["label_distributions_"]
    np.testing.assert_allclose(distributions.sum(axis=1), 1.0)
    odds = distributions[[1, 4]]
    np.testing.assert_allclose(odds[:, 1] / odds[:, 0], np.exp([2.0, -4.0]))
    one_hot = np.eye(2)[given.values]
    np.testing.assert_array_equal(distributions[~given.unlabeled], one_hot)
    assert "start_distributions_" not in fitted
    assert task.decode(outputs[[1, 4]]).tolist() == [7, 3]


def test_what_the_labels_of_classes_started_from():
    task, given = Classes.read(Y, -1, np.ones(len(Y)))
    outputs, start = np.random.RandomState(0).randn(2, 7, 2)
    fitted = task.fitted_attributes(outputs.copy(), start.copy(), given)
    first = task.fitted_attributes(start, None, given)
    np.testing.assert_array_equal(
        fitted.pop("start_distributions_"), first["label_distributions_"]
    )
    for name, value in task.fitted_attributes(outputs, None, given).items():
        np.testing.assert_array_equal(fitted.pop(name), value)
    assert not fitted


def test_distributions_of_more_rows_than_are_computed_at_a_time():
    y = np.where(np.arange(2 * CHUNK + 5) % 1000 < 2, np.arange(2 * CHUNK + 5) % 2, -1)
    task, given = Classes.read(y, -1, np.ones(len(y)))
    outputs = np.random.RandomState(0).randn(len(y), 2)
    assert len(outputs) > CHUNK
    expected = 1.0 / (1.0 + np.exp(outputs[:, ::-1] - outputs))
    got = task.distributions(outputs, given)
    np.testing.assert_allclose(got[given.unlabeled], expected[given.unlabeled])
    one_hot = np.eye(2)[given.values]
    np.testing.assert_array_equal(got[~given.unlabeled], one_hot)


@pytest.mark.parametrize("shape", [(6,), (6, 1), (6, 2)])
def test_targets_are_scaled_and_given_back(shape):
    values = 100.0 + 5.0 * np.random.RandomState(0).randn(*shape)
    y = values.copy()
    y[[1, 4]] = np.nan
    task, given = Targets.read(y, -1, np.ones(len(y)))
    assert given.labels.shape == (4, task.n_outputs)
    np.testing.assert_allclose(given.labels.mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(given.labels.std(axis=0), 1.0, rtol=1e-6)
    np.testing.assert_allclose(task.decode(task.scaled(values)), values)
    others = np.where(np.isnan(y), values, 0.0)
    imputed = task.fitted_attributes(task.scaled(others), None, given)
    assert list(imputed) == ["transduction_"]
    np.testing.assert_allclose(imputed["transduction_"], values)
    np.testing.assert_array_equal(imputed["transduction_"][0], values[0])
    started = task.fitted_attributes(
        task.scaled(others), task.scaled(others + 3.0), given
    )
    np.testing.assert_allclose(started["transduction_"], values)
    np.testing.assert_allclose(started["start_"][[1, 4]], values[[1, 4]] + 3.0)
    given_rows = ~given.unlabeled
    np.testing.assert_array_equal(started["start_"][given_rows], values[given_rows])


def test_targets_of_a_warm_start_keep_their_scale():
    former, _ = Targets.read(np.array([1.0, 3.0, np.nan]), np.nan, np.ones(3))
    task, given = Targets.read(np.array([5.0, 7.0, np.nan]), np.nan, np.ones(3), former)
    assert (task.mean, task.scale) == (2.0, 1.0)
    np.testing.assert_array_equal(given.labels.ravel(), [3.0, 5.0])


@pytest.mark.parametrize("read", [Classes.read, Targets.read])
@pytest.mark.parametrize("y", [np.full(4, -1.0), np.full(4, np.nan)])
def test_no_label_at_all(read, y):
    with pytest.raises(ValueError, match="y has no labelled row: all 4 entries"):
        read(y, -1, np.ones(4))
