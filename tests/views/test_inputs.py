"""What the members of a network see of a table: scaled columns of its parts."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.datasets import make_moons

from sklearn_lga import LGAClassifier
from sklearn_lga._views.closed_form import ClosedForm
from sklearn_lga._views.folding import N_PARTS, Folding
from sklearn_lga._views.inputs import Inputs, left_out
from sklearn_lga._views.rows import take_rows
from sklearn_lga.datasets import hide_labels
from sklearn_lga.modules import MLP

X, ROWS = np.random.RandomState(0).randn(300, 4), np.arange(300)
CODES = (X[:60, 0] > 0.0) + (X[:60, 1] > 0.5).astype(int)
SPARSE = sparse.csr_matrix(np.where(abs(X) > 0.5, X, 0.0))
ALL, EACH = [None], list(range(N_PARTS))


def fit(X=X, labels=CODES):
    return ClosedForm.fit(X, np.arange(60), labels, np.ones(3), random_state=0)


@pytest.fixture(scope="module")
def fitted():
    return fit()


def test_what_members_do_without():
    assert left_out(1) == [None]
    assert left_out(N_PARTS - 1) == [None] * (N_PARTS - 1)
    assert left_out(N_PARTS) == EACH
    assert left_out(N_PARTS + 2) == [*EACH, 0, 1]


def test_columns_have_the_mean_length_of_columns_of_unit_variance(fitted):
    inputs = Inputs(fitted[0], [*EACH, None])
    rows = inputs.rows(X)[ROWS]
    assert rows.shape == (300, inputs.n_columns)
    for scales in inputs.scales:
        lengths = np.square((rows - rows.mean(axis=0)) * scales).sum(axis=1)
        assert lengths.mean() == pytest.approx(inputs.n_columns, rel=1e-4)


def test_each_member_has_the_scales_without_its_part(fitted):
    """But for a factor, which is the same for all columns."""
    form, _ = fitted
    scales = form.column_scales()
    assert np.ptp(scales, axis=0).max() > 0.0
    for members in (ALL, [None] * 3, EACH, [2, 2, None]):
        found = Inputs(form, members).scales
        assert found.shape == (len(members), scales.shape[1])
        assert found.dtype == np.float32
        for member, part in zip(found, members, strict=True):
            expected = scales[0 if part is None else 1 + part]
            assert_allclose(member / expected, member[0] / expected[0], rtol=1e-5)


def test_scales_without_a_part_do_not_depend_on_its_labels(monkeypatch):
    folding = fit()[0].folding
    monkeypatch.setattr(Folding, "draw", lambda *args: folding)
    changed = np.where(folding.parts == 1, (CODES + 1) % 3, CODES)
    before, after = (
        fit(labels=labels)[0].answers["relevant"].column_squares()["features"]
        for labels in (CODES, changed)
    )
    assert_allclose(after[2], before[2])
    others = np.delete(after / before, 2, axis=0)
    assert abs(others - 1.0).max(axis=1).min() > 1e-3


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_matrix])
def test_rows_are_encoded_when_they_are_taken(make):
    form, _ = fit(make(X))
    found = Inputs(form, EACH).rows(make(X))
    assert found.shape == (300, len(form.table.scale))
    assert len(found) == 300
    taken = found[[17, 299]]
    assert taken.dtype == np.float32
    assert_allclose(taken, form.table.features(make(X)[[17, 299]]), rtol=1e-5)
    assert_array_equal(take_rows(found, np.array([17, 299])), torch.from_numpy(taken))


def test_the_layer_scales_the_columns(fitted):
    form, _ = fitted
    rows = torch.from_numpy(Inputs(form, ALL).rows(X)[ROWS[:7]])
    for members in (ALL, EACH):
        inputs = Inputs(form, members)
        network = MLP(inputs.n_columns, 2, n_members=len(members), inputs=inputs.layer)
        seen = network[0](rows)
        expected = rows * torch.from_numpy(inputs.scales)[:, None]
        torch.testing.assert_close(seen.expand_as(expected), expected)
        assert not any("scales" in name for name, _ in network.named_parameters())
        assert "0.scales" in network.state_dict()


def test_ensembles_predict_their_mean(fitted):
    inputs = Inputs(fitted[0], EACH)
    network = MLP(inputs.n_columns, 2, n_members=N_PARTS, inputs=inputs.layer)
    rows = torch.from_numpy(inputs.rows(X)[ROWS])
    members = network(rows)
    assert members.shape == (300, N_PARTS, 2)
    torch.testing.assert_close(network.eval()(rows), members.mean(dim=1))
    torch.testing.assert_close(network.members(rows), members)
    assert not torch.equal(members[:, 0], members[:, 1])


def test_constant_columns_stay_finite():
    rows = np.ones((300, 3))
    form, _ = fit(rows)
    inputs = Inputs(form, EACH)
    assert np.isfinite(inputs.scales).all()
    assert not inputs.rows(rows)[ROWS].any()


def test_what_an_estimator_sees():
    rows, y = make_moons(400, noise=0.05, random_state=0)
    marked, before = hide_labels(y, n_labeled=10, random_state=0), rows.copy()
    model = LGAClassifier(max_epochs=3, random_state=0).fit(rows, marked)
    assert_array_equal(rows, before)
    assert np.mean((model.transduction_ == y)[marked == -1]) > 0.95
    assert model.score(rows, y) > 0.95
    proba = model.predict_proba(rows)
    assert_allclose(model.predict_proba(sparse.csr_matrix(rows)), proba, rtol=1e-4)
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict_proba(rows), proba)
