"""The answer before any training: on small tables, and on tables of hardly anything."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import softmax
from sklearn.datasets import load_diabetes, load_iris, make_circles

from sklearn_lga._views import closed_form, combination, table, trees, views
from sklearn_lga._views.closed_form import ClosedForm
from sklearn_lga._views.folding import N_PARTS, Folding
from sklearn_lga._views.inputs import Inputs


def normal(n_rows, n_columns, seed=1):
    return np.random.RandomState(seed).normal(size=(n_rows, n_columns))


X, ROWS, HIDDEN = normal(300, 4), np.arange(60), np.arange(60, 300)
CODES = (X[:60, 0] > 0.0) + (X[:60, 1] > 0.5).astype(int)
TARGETS = np.column_stack([np.sin(2.0 * X[:60, 0]), X[:60, 1] * X[:60, 2]])
LABELS = {"classes": CODES, "targets": TARGETS}


def fit(X=X, labels=CODES, rows=None, class_weight=None):
    if labels.dtype.kind == "i" and class_weight is None:
        class_weight = np.ones(labels.max() + 1)
    rows = np.arange(len(labels)) if rows is None else rows
    return ClosedForm.fit(X, rows, labels, class_weight, random_state=0)


def circles():
    """A fit to four labels, whose answer is that of clusters."""
    X, y = make_circles(200, factor=0.5, noise=0.05, random_state=0)
    rows = np.concatenate([np.flatnonzero(y == c)[:2] for c in (0, 1)])
    return X, y, *fit(X, y[rows], rows)


def give_weights(monkeypatch, **weights):
    """Have the views' weights be these, whatever the labels say."""
    monkeypatch.setattr(
        combination, "weights_by_name", lambda v, *args: dict.fromkeys(v, 0.0) | weights
    )


@pytest.fixture(scope="module", params=LABELS)
def fitted(request):
    return fit(labels=LABELS[request.param])


# What it finds


@pytest.mark.parametrize("n_labeled", [4, 12, 60])
def test_classes(n_labeled):
    X, y = load_iris(return_X_y=True)
    rows = np.append([0, 50, 100], np.random.RandomState(0).permutation(150))
    rows = rows[:n_labeled]
    form, table_rows = fit(X, y[rows], rows)
    found = form.outputs_of(table_rows, np.arange(150))
    assert np.mean(found.argmax(axis=1) == y) > 0.7
    assert_allclose(np.exp(found).sum(axis=1), 1.0)
    assert np.exp(found).min() > 0.0
    assert_allclose(np.exp(form.outputs(X + 100.0)).sum(axis=1), 1.0)
    weights = [view.weight for view in form.evidence.views.values()]
    assert_allclose(sum(weights), 1.0)


def test_targets_keep_their_unit():
    X, y = load_diabetes(return_X_y=True)
    labels = np.column_stack([y, -1000.0 * y])
    form, table_rows = fit(X, labels[:60])
    found = form.outputs_of(table_rows, np.arange(len(y)))
    assert found.shape == labels.shape
    assert_allclose(found[:, 1], -1000.0 * found[:, 0])
    assert np.mean((found - labels) ** 2) < 0.7 * labels.var()


def test_clusters_find_what_four_labels_leave_open():
    _, y, form, table_rows = circles()
    found = form.outputs_of(table_rows, np.arange(200))
    assert np.mean(found.argmax(axis=1) == y) > 0.95


def test_a_seed_is_a_fit(fitted):
    form, _ = fitted
    kind = "classes" if form.combination.Y.shape[1] == 3 else "targets"
    again, _ = fit(labels=LABELS[kind])
    assert again.evidence == form.evidence
    assert_array_equal(again.outputs(X[:9]), form.outputs(X[:9]))
    other, _ = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(other.outputs(X[:9]), form.outputs(X[:9]))


# Outputs of the same rows by different ways


def test_the_tables_rows_are_as_any_others(fitted):
    """Landmarks are stored as float32, and so are distances to them."""
    form, table_rows = fitted
    found = form.outputs_of(table_rows, HIDDEN)
    assert_allclose(form.outputs(X[HIDDEN].copy()), found, atol=1e-4)
    assert_allclose(form.outputs(X[70:75]), found[10:15], atol=1e-4)
    seen = form.table.see(X[HIDDEN], form.parts)
    assert_allclose(form.combined(seen), found, atol=1e-4)


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("make", [np.asarray, sparse.csr_matrix])
def test_many_rows(labels, make, monkeypatch):
    """Read in parts; clusters and bins are of some of them."""
    monkeypatch.setattr(table, "MAX_LANDMARKS", 100)
    monkeypatch.setattr(table, "MAX_KEPT", 10)
    monkeypatch.setattr(table, "CHUNK", 70)
    rows = make(X)
    form, table_rows = fit(rows, labels)
    assert table_rows.kept is None
    found = form.outputs_of(table_rows, HIDDEN)
    assert_allclose(form.outputs(rows[HIDDEN]), found, atol=1e-4)
    whole, *without = form.outputs_of_each(table_rows, HIDDEN).swapaxes(0, 1)
    assert_allclose(whole, found, atol=1e-5)
    monkeypatch.setattr(table, "CHUNK", 1000)
    assert_allclose(form.outputs_of(table_rows, HIDDEN), found, atol=1e-5)
    again = form.outputs_of_each(table_rows, HIDDEN).swapaxes(0, 1)[1:]
    assert_allclose(again, without, atol=1e-5)


def test_outputs_of_no_rows(fitted):
    form, table_rows = fitted
    nothing, n_outputs = np.arange(0), form.combination.Y.shape[1]
    assert form.outputs_of(table_rows, nothing).shape == (0, n_outputs)
    without = form.outputs_of_each(table_rows, nothing)[:, 1:]
    assert without.shape == (0, N_PARTS, n_outputs)


# What is held out


def held_out_again(form, table_rows, rows=ROWS):
    """What is predicted of labelled rows without their own parts."""
    without = form.outputs_of_each(table_rows, rows[form.told])[:, 1:]
    return without[np.arange(len(form.told)), form.folding.parts[form.told]]


def test_held_out_rows_are_predicted_without_their_part(fitted):
    form, table_rows = fitted
    assert_array_equal(form.told, ROWS)
    assert_allclose(held_out_again(form, table_rows), form.held_out, atol=2e-3)


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_many_labels(labels, monkeypatch):
    """Kernels see some of them, which tell; trees see all."""
    monkeypatch.setattr(closed_form, "MAX_LABELED", 40)
    form, table_rows = fit(labels=labels)
    assert len(set(form.told)) == 40
    assert form.evidence.n_rows == 40
    assert_allclose(held_out_again(form, table_rows), form.held_out, atol=2e-3)
    monkeypatch.setattr(combination, "LEAST", 0.0)  # so that all are kept
    answers = fit(labels=labels)[0].answers
    assert len(answers["line"].whole.coef) == 40
    assert answers["trees"].committees[0][0].n_features_in_ == 4


def test_rows_that_no_other_has_the_class_of_tell_nothing():
    codes = np.append(CODES, [3, 4])
    form, table_rows = fit(labels=codes)
    assert_array_equal(form.told, ROWS)
    assert_array_equal(form.folding.parts[60:], -1)
    without = form.outputs_of_each(table_rows, np.arange(62))[:, 1:]
    # All see these, and no one else of their class.
    assert (without[60:].argmax(axis=2) == [[3], [4]]).mean() > 0.5


@pytest.mark.parametrize("kind", LABELS)
def test_a_part_of_the_labels_has_no_influence_without_it(kind, monkeypatch):
    """But by ridges and weights, of which all labels tell; they are given here.

    Labels trade places within the part, so that none of their moments change; not by
    rounding either, which trees take notice of.
    """
    labels = LABELS[kind]
    if kind == "targets":
        labels = np.round(4.0 * labels)
        labels[0] -= labels.sum(axis=0)
    folding = Folding.draw(CODES, 60, np.random.RandomState(0))
    monkeypatch.setattr(Folding, "draw", lambda *args: folding)
    monkeypatch.setattr(views, "best_ridge", lambda *args: 0.03)
    monkeypatch.setattr(
        combination, "weights_by_name", lambda v, *args: dict.fromkeys(v, 1 / len(v))
    )
    monkeypatch.setattr(combination, "best_sharpness", lambda *args: 1.0)
    before, table_rows = fit(labels=labels)
    expected = before.outputs_of_each(table_rows, HIDDEN)[:, 1:]
    for part in (0, 3):
        rows = np.flatnonzero(folding.parts == part)
        rows = rows[np.argsort(CODES[rows], kind="stable")]
        changed = labels.copy()
        changed[rows] = labels[np.roll(rows, 4)]
        form, table_rows = fit(labels=changed)
        found = form.outputs_of_each(table_rows, HIDDEN)[:, 1:]
        moved = abs(found - expected).max(axis=(0, 2))
        assert moved[part] < 1e-4
        assert np.delete(moved, part).min() > 0.01
        assert abs(form.outputs(X) - before.outputs(X)).max() > 0.01


# Weights of classes


def test_a_class_weight_shifts_probabilities(monkeypatch):
    """p w over their sum, if nothing is kept for classes never seen."""
    monkeypatch.setattr(combination, "NEVER_SEEN", 0.0)
    weights = np.array([5.0, 1.0, 0.0])
    plain, weighted = fit()[0], fit(class_weight=weights)[0]
    assert plain.combination.weights == weighted.combination.weights
    expected = np.exp(plain.outputs(X)) * weights
    expected /= expected.sum(axis=1, keepdims=True)
    assert_allclose(np.exp(weighted.outputs(X)), expected, atol=1e-9)


def test_a_class_without_a_weight_has_no_probability():
    form, table_rows = fit(class_weight=np.array([0.0, 1.0, 2.0]))
    for found in (form.outputs(X), form.outputs_of(table_rows, HIDDEN)):
        assert np.isfinite(found).all()
        assert softmax(found, axis=1)[:, 0].max() < 1e-9


# What it says of the columns


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_matrix])
@pytest.mark.parametrize("kind", LABELS)
def test_relevance(make, kind):
    """Most is of the only column that the labels depend on."""
    rows = normal(200, 8)
    labels = np.sin(rows[:80, 5:6]) if kind == "targets" else (rows[:80, 5] > 0) + 0
    relevance = fit(make(rows), labels)[0].relevance()
    assert relevance.shape == (8,)
    assert relevance.sum() == pytest.approx(1.0)
    assert relevance.min() >= 0.0
    if make is np.asarray:  # a direction of a sparse table is of several columns
        assert relevance[5] > 0.5
    else:
        assert relevance[5] > 1.5 / 8


def test_a_wide_sparse_table():
    """A line in all of its columns is among the views, and tells of each column."""
    rows = sparse.random(300, 400, 0.05, format="csr", random_state=0)
    labels = (rows[:150, :200].sum(axis=1) > rows[:150, 200:].sum(axis=1)).A1 + 0
    form, table_rows = fit(rows, labels)
    assert "sparse_line" in form.answers
    unseen = form.outputs_of(table_rows, np.arange(150, 300))
    assert_allclose(form.outputs(rows[150:]), unseen, atol=1e-5)
    alone = {"sparse_line": form.answers["sparse_line"]}
    found = ClosedForm(**{**vars(form), "answers": alone}).relevance()
    expected = rows.toarray().var(axis=0)
    assert_allclose(found, expected / expected.sum())


def test_relevance_by_clusters_alone():
    """They are of no single column; each view of columns tells them apart."""
    form = circles()[2]
    for name, answer in form.answers.items():
        alone = ClosedForm(**{**vars(form), "answers": {name: answer}})
        equal = np.allclose(alone.relevance(), 0.5, atol=1e-9)
        assert equal == ("clusters" in name or name in ("line", "features"))
    assert any("clusters" in name for name in form.answers)


def test_relevance_is_weighted_as_the_views_are(monkeypatch):
    weights = {"relevant": 0.25, "trees": 0.75}
    give_weights(monkeypatch, **weights)
    form, _ = fit()
    expected = 0.0
    for name, weight in weights.items():
        alone = ClosedForm(**{**vars(form), "answers": {name: form.answers[name]}})
        expected = expected + weight * alone.relevance()
    assert_allclose(form.relevance(), expected)


def test_a_constant_column_is_irrelevant():
    rows = np.column_stack([X[:, :2], np.full(300, 7.0)])
    relevance = fit(rows)[0].relevance()
    assert relevance[2] == 0.0
    assert relevance.sum() == pytest.approx(1.0)
    assert_allclose(fit(np.ones((300, 3)))[0].relevance(), 1 / 3)


def test_scales_of_the_features(fitted):
    """Mean squares of those of the views, weighted as these are, at one length."""
    form, _ = fitted
    squares = np.zeros((1 + N_PARTS, 4))
    for view, answer in form.answers.items():
        each = answer.column_squares().get("features", 0.0)
        squares += form.combination.weights[view] * each
    scales = form.column_scales()
    ratio = scales**2 / squares
    assert_allclose(ratio, np.repeat(ratio[:, :1], 4, axis=1))
    assert_allclose(scales**2 @ form.variances["features"], 4.0)


def test_scales_where_no_view_of_features_has_a_weight(monkeypatch):
    """Steps in a column beside which no kernel is of any use."""
    give_weights(monkeypatch, trees=1.0)
    form, table_rows = fit()
    assert form.parts == {"features"}
    assert_allclose(form.column_scales(), np.ones((1 + N_PARTS, 4)), rtol=1e-3)
    assert np.isfinite(form.outputs_of(table_rows, HIDDEN)).all()


def test_graphs_are_kept_only_where_they_are_used(monkeypatch):
    assert circles()[2].table.clusters is not None
    assert fit(labels=TARGETS)[0].table.clusters is None
    give_weights(monkeypatch, line=0.5, trees=0.5)
    form, table_rows = fit()
    assert form.table.clusters is None
    assert set(form.answers) == {"line", "trees"}
    found = form.outputs_of(table_rows, HIDDEN)
    assert_allclose(form.outputs(X[HIDDEN]), found, atol=1e-4)


# Tables of hardly anything

TWO = np.arange(12) % 2
SPARSE = sparse.random(60, 30, 0.2, format="csr", random_state=0)
FAR = np.full((1, 20), 1e9)
DEGENERATE = {
    "constant columns": (np.hstack([normal(60, 2), np.full((60, 2), 3.3)]), TWO),
    "all columns constant": (np.ones((60, 3)), TWO),
    "one column": (normal(60, 1), TWO),
    "two distinct rows": (np.tile([[0.0, 1.0], [1.0, 0.0]], (30, 1)), TWO),
    "five distinct rows": (np.tile(normal(5, 3), (12, 1)), np.arange(20) % 5),
    "duplicates": (np.tile(normal(50, 3), (4, 1)), TWO),
    "disconnected pairs": (np.repeat(np.arange(30.0), 2)[:, None] * 100.0, TWO),
    "disconnected halves": (normal(60, 2) + 1e4 * (np.arange(60) % 2)[:, None], TWO),
    "four rows": (normal(4, 3), TWO[:2]),
    "two rows": (normal(2, 3), TWO[:2]),
    "one label a class": (normal(60, 3), np.arange(20)),
    "classes of one label": (normal(60, 3), np.maximum(np.arange(20) - 10, 0)),
    "one class": (normal(60, 3), np.zeros(20, dtype=int)),
    "one label": (normal(60, 3), TWO[:1]),
    "a class without a label": (normal(60, 3), 2 * TWO),
    "more columns than rows": (normal(30, 200), TWO),
    "large values": (1e14 + 1e12 * normal(60, 3), TWO),
    "large float32 values": ((1e30 * normal(60, 3)).astype(np.float32), TWO),
    "an offset": (1e6 + 0.01 * normal(60, 3), TWO),
    "a float32 offset": ((1e6 + normal(60, 3)).astype(np.float32), TWO),
    "a far row": (np.vstack([normal(60, 20), FAR]), TWO),
    "integers": (np.round(normal(60, 3)).astype(int), TWO),
    "sparse": (SPARSE, TWO),
    "sparse large values": ((1e30 * SPARSE).astype(np.float32), TWO),
    "sparse zeros": (sparse.csr_matrix((60, 5)), TWO),
    "a sparse column": (sparse.csr_matrix(normal(60, 1)), TWO),
    "two sparse rows": (sparse.csr_matrix(normal(2, 5)), TWO[:2]),
    "one target": (normal(60, 3), np.array([[2.0]])),
    "one row": (normal(1, 3), np.array([[2.0]])),
    "two targets": (normal(60, 3), np.array([[2.0], [1.0]])),
    "three targets": (SPARSE, np.array([[2.0], [1.0], [5.0]])),
    "a constant target": (normal(60, 3), np.full((20, 1), 0.1)),
    "a constant target beside": (normal(60, 3), np.eye(2)[TWO] * [1.0, 0.0]),
    "an exact line": (normal(60, 3), normal(60, 3)[:20].sum(axis=1)[:, None]),
    "large targets": (normal(60, 3), 1e30 * normal(20, 2)),
    "small targets": (normal(60, 3), 1e-30 * normal(20, 2)),
}


def far_from(X):
    """Rows as far from those of a table as float32 goes."""
    far = np.full((2, X.shape[1]), 3e38, dtype=np.float32)
    return sparse.csr_matrix(far) if sparse.issparse(X) else far


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_tables(name, monkeypatch):
    monkeypatch.setattr(trees, "N_TREES", 10)  # as many tell as much here
    X, labels = DEGENERATE[name]
    form, table_rows = fit(X, labels)
    everyone = np.arange(X.shape[0])
    whole = form.outputs_of(table_rows, everyone)
    without = form.outputs_of_each(table_rows, everyone)[:, 1:]
    for found in (whole, *without.swapaxes(0, 1), form.outputs(far_from(X))):
        assert np.isfinite(found).all()
        if labels.dtype.kind == "i":
            assert_allclose(np.exp(found).sum(axis=1), 1.0)
    scale = max(1.0, abs(labels).max())
    # Of neighbours at the same distance any may count.
    assert_allclose(form.outputs(X) / scale, whole / scale, atol=0.02)
    assert form.relevance().shape == (X.shape[1],)
    assert form.relevance().sum() == pytest.approx(1.0)
    inputs = Inputs(form, [0, 1, 2, 3, 4])
    assert np.isfinite(inputs.scales).all()
    assert np.isfinite(inputs.rows(X)[everyone]).all()
    assert all(word in str(form.evidence) for word in form.answers)


@pytest.mark.parametrize("value", [0.1, -1e20])
def test_of_targets_that_are_all_the_same_nothing_else_is_said(value):
    form, _ = fit(X, np.full((20, 1), value))
    assert_allclose(form.outputs(X), value, rtol=1e-6)
    assert_allclose(fit(X, np.array([[value]]))[0].outputs(X), value, rtol=1e-6)
