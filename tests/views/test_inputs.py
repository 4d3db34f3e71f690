import pickle

import numpy as np
import pytest
import torch
from scipy import sparse
from scipy.sparse.linalg import ArpackNoConvergence
from scipy.special import softmax
from sklearn.datasets import make_moons

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga._labels.classes import MAX_TEMPERATURE, matched_temperature
from sklearn_lga._views import evidence, table
from sklearn_lga._views.inputs import Inputs
from sklearn_lga._views.rows import JoinedColumns, take_rows
from sklearn_lga._views.table import VIEWS, Table
from sklearn_lga.baselines import RegularizedNetClassifier
from sklearn_lga.datasets import hide_labels
from sklearn_lga.modules import MLP

RANDOM = np.random.RandomState(0)
X = RANDOM.randn(300, 4)


def moons(n_labeled=20):
    """Two moons with columns of noise beside them: clusters, not directions."""
    rows, y = make_moons(600, noise=0.05, random_state=0)
    noise = np.random.RandomState(0).randn(600, 3)
    rows = np.column_stack([rows, 0.1 * noise])
    return rows, y, hide_labels(y, n_labeled=n_labeled, random_state=0)


def test_views_of_tables():
    assert Table(X, 32).weighed_views() == list(VIEWS)
    few = Table(X[:100], 32)
    assert few.weighed_views() == list(VIEWS[:3]) == list(few.possible_views)
    csr = Table(sparse.csr_matrix(X), 32)
    assert csr.weighed_views() == list(VIEWS[:1]) == list(csr.possible_views)
    wide = Table(np.tile(X, 10), 32)  # 1,280 fine bins
    assert wide.weighed_views() == [v for v in VIEWS if "fine" not in v]
    assert wide.possible_views == VIEWS


def test_graphs_without_eigenvectors(monkeypatch):
    """Where ARPACK finds none there are no eigenmaps, unless they were asked for."""

    def fail(*args):
        raise ArpackNoConvergence("no luck", [], [])

    monkeypatch.setattr(table, "Eigenmaps", fail)
    y = np.where(np.arange(300) < 50, X[:, 0] > 0, -1)
    model = LGAClassifier(max_epochs=1).fit(X, y)
    assert list(model.evidence_) == list(VIEWS[:3])
    with pytest.raises(ArpackNoConvergence):
        LGAClassifier(inputs=["eigenmaps"], max_epochs=1).fit(X, y)


@pytest.mark.parametrize("shape", [(100_001, 1), (200, 1001)])
def test_large_tables_are_not_mapped_unasked(shape, monkeypatch):
    monkeypatch.setattr(table, "Eigenmaps", lambda *args: 1 / 0)
    views = Table(np.zeros(shape), 32).weighed_views()
    assert not any("eigenmaps" in view for view in views)


@pytest.mark.parametrize("view", VIEWS)
def test_what_is_weighed_is_what_the_network_sees(view):
    rows_of = Table(X, 32)
    inputs = Inputs(rows_of, (view,))
    layer = inputs.layer
    rows = take_rows(inputs.rows(X), np.arange(50))
    seen = (rows if layer is None else layer()(rows)).numpy()
    weighed = rows_of.see(view, np.arange(50))
    np.testing.assert_allclose(seen[:, seen.any(axis=0)], weighed, rtol=1e-5)
    assert seen.shape[1] == sum(inputs.widths.values())


def test_members_with_views_of_their_own():
    views = ("features+bins", "eigenmaps", "features+fine_bins")
    inputs = Inputs(Table(X, 32), views)
    rows = take_rows(inputs.rows(X), np.arange(300))
    seen = inputs.layer()(rows).numpy()
    widths = inputs.widths
    assert widths == {"features": 4, "eigenmaps": 32, "bins": 32, "fine_bins": 128}
    starts = dict(zip(widths, np.cumsum([0, *widths.values()]), strict=False))
    for member, view in zip(seen, views, strict=True):
        for part, width in widths.items():
            columns = member[:, starts[part] : starts[part] + width]
            assert columns.any() == (part in view.split("+"))


def test_rows_are_joined_when_taken():
    left, right = X.astype(np.float64), X[:, :1].astype(np.float32)
    joined = JoinedColumns(left, right)
    assert joined.shape == (300, 5)
    for rows in (np.array([3, 1]), slice(2, 5)):
        taken = take_rows(joined, rows)
        assert taken.dtype == torch.float32
        np.testing.assert_array_equal(taken[:, :4], X[rows].astype(np.float32))
        np.testing.assert_array_equal(taken[:, 4:], right[rows])
        csr = JoinedColumns(sparse.csr_matrix(left), right)
        np.testing.assert_array_equal(take_rows(csr, rows), taken)


def test_clusters_are_seen():
    rows, y, marked = moons()
    before = rows.copy()
    model = LGAClassifier(max_epochs=100, random_state=0).fit(rows, marked)
    np.testing.assert_array_equal(rows, before)
    assert "eigenmaps" in model.inputs_[0]
    plain = LGAClassifier(inputs=["features"], max_epochs=100, random_state=0)
    plain.fit(rows, marked)
    hidden = marked == -1
    right, plainly = (np.mean((m.transduction_ == y)[hidden]) for m in (model, plain))
    assert right > max(0.95, plainly)
    assert model.score(rows, y) > 0.95
    np.testing.assert_allclose(
        model.predict_proba(sparse.csr_matrix(rows)),
        model.predict_proba(rows),
        rtol=1e-4,
    )
    assert list(model.evidence_) == list(VIEWS)
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(model)).predict_proba(rows), model.predict_proba(rows)
    )


def test_directions_are_left_alone():
    rows = RANDOM.randn(400, 10)
    y = np.where(np.arange(400) < 80, rows[:, 0] > 0, -1)
    model = LGAClassifier(max_epochs=1, random_state=0).fit(rows, y)
    assert not any("eigenmaps" in view for view in model.inputs_)


def test_steps_are_seen():
    """Of a target with many steps in one column both networks see fine bins."""
    rows = RANDOM.uniform(size=(800, 3))
    target = np.floor(16 * rows[:, 0]) % 2
    marked = np.where(np.arange(800) < 300, target, np.nan)
    model = LGARegressor(max_epochs=1, random_state=0).fit(rows, marked)
    assert model.inputs_ == ("features+fine_bins",) * 2


def test_decay_follows_the_noise():
    rows = RANDOM.randn(500, 4)
    decays = []
    for noise in (0.0, 1.0):
        target = rows[:, 0] + noise * RANDOM.randn(500)
        marked = np.where(np.arange(500) < 100, target, np.nan)
        model = LGARegressor(max_epochs=1, random_state=0).fit(rows, marked)
        decays.append(model.net_.optimizer_.param_groups[0]["weight_decay"])
    assert 0.3 <= decays[0] < decays[1] <= 20.0


def test_too_few_labels_to_choose_by():
    y = np.full(300, -1)
    y[:6] = [0, 1] * 3
    model = LGAClassifier(max_epochs=1, random_state=0).fit(X, y)
    assert model.evidence_ == {}
    assert model.inputs_ == ("features+bins", "features")
    assert model.temperature_ == 1.0


def test_no_class_that_weighs_anything():
    y = np.where(np.arange(300) < 50, X[:, 0] > 0, -1)
    model = LGAClassifier(class_weight={0: 0.0, 1: 0.0}, max_epochs=1).fit(X, y)
    assert model.evidence_ == {}
    assert model.temperature_ == 1.0


def test_many_labels(monkeypatch):
    """A part of them is weighed, the same one each time."""
    monkeypatch.setattr(evidence, "WEIGHED", (10, 50))
    y = (X[:, 0] > 0).astype(int)
    y[200:] = -1
    first, second = (LGAClassifier(max_epochs=1).fit(X, y).evidence_ for _ in range(2))
    assert first == second
    counts = {e.accuracy * 52 for e in first.values()}
    assert all(abs(count - round(count)) < 1e-9 for count in counts)


@pytest.mark.parametrize("estimator", [LGAClassifier, RegularizedNetClassifier])
def test_inputs_by_name(estimator):
    y = np.where(np.arange(300) < 50, X[:, 0] > 0, -1)
    views = ["features+bins", "features+eigenmaps"]
    model = estimator(inputs=views, n_members=3, max_epochs=2, random_state=0)
    model.fit(X, y)
    assert model.inputs_ == ("features+bins", "features+eigenmaps", "features+bins")
    assert list(model.evidence_) == views
    assert model.predict_proba(X[:7]).shape == (7, 2)


@pytest.mark.parametrize(
    ("rows", "inputs", "message"),
    [
        (X, [], "inputs must be 'auto' or a list of views"),
        (X, ["bins"], "inputs must be 'auto' or a list of views"),
        (X, "features", "The 'inputs' parameter"),
        (X, ["features"] * 3, "names 3 views, but n_members=2"),
        (sparse.csr_matrix(X), ["features+bins"], "which cannot be made of this X"),
        (X[:60], ["eigenmaps"], "eigenmaps of 128 rows or more"),
    ],
)
def test_inputs_that_cannot_be(rows, inputs, message):
    y = np.where(np.arange(rows.shape[0]) < 50, np.arange(rows.shape[0]) % 2, -1)
    with pytest.raises(ValueError, match=message):
        LGAClassifier(inputs=inputs, max_epochs=1).fit(rows, y)


def test_own_modules_have_none_of_it():
    y = np.where(np.arange(300) < 50, X[:, 0] > 0, -1)
    model = LGAClassifier(max_epochs=1, random_state=0).fit(X, y)
    model.set_params(module=MLP).fit(X, y)
    assert model.temperature_ == 1.0
    assert model.predict(X).shape == (300,)
    with pytest.raises(ValueError, match="inputs=.* sets the built-in network"):
        LGAClassifier(module=MLP, inputs=["features"]).fit(X, y)


def test_matched_temperature():
    outputs = 10.0 * RANDOM.randn(500, 3)
    for accuracy in (0.5, 0.9):
        temperature = matched_temperature(outputs, accuracy)
        confidence = softmax(outputs / temperature, axis=1).max(axis=1).mean()
        assert confidence == pytest.approx(accuracy, abs=1e-6)
    assert matched_temperature(outputs, 0.9999) == 1.0
    assert matched_temperature(outputs, 0.3) == MAX_TEMPERATURE


def test_confidence_is_no_higher_than_the_evidence():
    """Labels by chance: a network learns them by heart, and does not believe it."""
    y = np.where(np.arange(300) < 60, RANDOM.randint(2, size=300), -1)
    model = LGAClassifier(max_epochs=300, random_state=0).fit(X, y)
    accuracy = model.evidence_[model.inputs_[0]].accuracy
    confidence = model.predict_proba(X)[y == -1].max(axis=1).mean()
    assert confidence <= accuracy + 0.01 or model.temperature_ == MAX_TEMPERATURE
    assert model.temperature_ > 1.5
    sure = LGAClassifier(max_epochs=300, temperature=1.0, random_state=0).fit(X, y)
    np.testing.assert_array_equal(sure.predict(X), model.predict(X))
    labels = sure.label_distributions_[y == -1] ** (1.0 / model.temperature_)
    np.testing.assert_allclose(
        model.label_distributions_[y == -1],
        labels / labels.sum(axis=1, keepdims=True),
        rtol=1e-4,
    )
