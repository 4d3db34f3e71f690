"""What a view says of labelled rows and of others, against refits of it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.kernel_ridge import KernelRidge

from sklearn_lga._views import views
from sklearn_lga._views.folding import N_PARTS, Folding
from sklearn_lga._views.kernel import NetworkKernel, SmoothKernel
from sklearn_lga._views.relevance import column_factors
from sklearn_lga._views.table import Table
from sklearn_lga._views.trees import N_TREES, Trees
from sklearn_lga._views.views import (
    DEVIATION,
    FOLD_ITER,
    RIDGES,
    USUAL,
    Factors,
    KernelAnswer,
    View,
    best_ridge,
    views_of,
)

RANDOM = np.random.RandomState(0)
X = RANDOM.randn(40, 3)
Y = np.column_stack([np.sin(X[:, 0]), X[:, 1] * X[:, 2]]) + 0.1 * RANDOM.randn(40, 2)
Y = (Y - Y.mean(axis=0)) / Y.std(axis=0)
SEEN = {"features": X, "bins": 0.3 * np.sign(X[:, :2])}
WEIGHTS = np.linspace(0.2, 1.8, 40)
NEW = {name: part + 0.1 for name, part in SEEN.items()}
VIEWS = {
    "line": View(("features",), NetworkKernel(0)),
    "two parts": View(("features", "bins"), NetworkKernel(2)),
    "relevant": View(("features",), NetworkKernel(1), True),
    "smooth": View(("features",), SmoothKernel(), True),
}


def fold(n_rows, codes=None):
    return Folding.draw(codes, n_rows, np.random.RandomState(0))


def answer_of(view, folding, Y=Y, seen=SEEN):
    weights = WEIGHTS[: len(Y)]
    factors = Factors(seen["features"], Y, weights, np.random.RandomState(0))
    return KernelAnswer(view, seen, Y, weights, folding, factors)


def refit(view, rest, ridge, factors):
    """Predictions of all rows, and of new ones, by a fit to some of the rows.

    The kernel's scale is its mean diagonal over all labelled rows.
    """
    columns, new = (view.columns(seen) * factors for seen in (SEEN, NEW))
    scale = np.diag(view.kernel(columns, columns)).mean()
    model = KernelRidge(alpha=ridge, kernel="precomputed")
    inner = view.kernel(columns[rest], columns[rest]) / scale + 1.0
    model.fit(inner, Y[rest], WEIGHTS[rest])
    kernels = (
        view.kernel(rows, columns[rest]) / scale + 1.0 for rows in (columns, new)
    )
    return [model.predict(kernel) for kernel in kernels]


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_an_answer_is_a_refit(view):
    """Of all labelled rows, and without each part, factors of the columns included."""
    folding = fold(40)
    answer = answer_of(view, folding)
    (whole, *without), everyone = answer.predict_each(NEW), np.ones(40, dtype=bool)

    def factors(rest, **settings):
        found = column_factors(X[rest], Y[rest], WEIGHTS[rest], view.kernel, **settings)
        return found if view.relevant else 1.0

    _, expected = refit(view, everyone, answer.ridge, factors(everyone))
    assert_allclose(answer.predict(NEW), expected, rtol=1e-3, atol=1e-3)
    assert_allclose(whole, answer.predict(NEW), rtol=1e-6, atol=1e-6)
    for part in range(N_PARTS):
        rest = folding.parts != part
        scales = factors(rest, n_iter=FOLD_ITER)
        own, expected = refit(view, rest, answer.ridge, scales)
        assert_allclose(answer.held_out[~rest], own[~rest], rtol=1e-6, atol=1e-6)
        assert_allclose(without[part], expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_what_is_held_out_is_what_is_predicted_without(view):
    """Where folds are parts; with few rows a part is several folds."""
    folding = fold(40)
    answer = answer_of(view, folding)
    without = answer.predict_each(SEEN)[1:][folding.parts, np.arange(40)]
    assert_allclose(without, answer.held_out, rtol=1e-3, atol=1e-3)
    some = {name: part[:12] for name, part in SEEN.items()}
    few = answer_of(view, fold(12), Y[:12], some)
    without = few.predict_each(some)[1:][fold(12).parts, np.arange(12)]
    assert abs(without - few.held_out).max() > 0.01


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("n_rows", [2, 3])
def test_without_a_part_that_is_empty_all_labels_are_seen(view, n_rows):
    some = {name: part[:n_rows] for name, part in SEEN.items()}
    folding = fold(n_rows)
    answer = answer_of(view, folding, Y[:n_rows], some)
    for part in range(N_PARTS):
        same = answer.without[part] is answer.whole
        assert same == (part not in folding.parts)
    for part, found in enumerate(answer.predict_each(NEW)[1:]):
        same = np.allclose(found, answer.predict(NEW), atol=1e-6)
        assert same == (part not in folding.parts)


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_part_has_no_influence_on_what_is_predicted_without_it(view, monkeypatch):
    """With a given ridge, which all labels choose."""
    monkeypatch.setattr(views, "best_ridge", lambda *args: 0.1)
    folding = fold(40)
    before = answer_of(view, folding)
    for part in range(N_PARTS):
        changed = np.where((folding.parts == part)[:, None], -3.0 * Y, Y)
        after = answer_of(view, folding, changed)
        found, other = (a.predict_each(NEW)[1:] for a in (before, after))
        assert_allclose(found[part], other[part], rtol=1e-4, atol=1e-4)
        assert abs(found - other).max(axis=(1, 2)).argmin() == part
        assert abs(before.predict(NEW) - after.predict(NEW)).max() > 0.1


def test_the_scales_of_the_columns():
    """Squares of factors over the kernel's scale: they give its inner products."""
    view = View(("features", "bins"), NetworkKernel(0))
    answer = answer_of(view, fold(40))
    squares = answer.column_squares()
    assert {name: s.shape for name, s in squares.items()} == {
        "features": (1 + N_PARTS, 3),
        "bins": (1 + N_PARTS, 2),
    }
    scaled = view.columns({n: SEEN[n] * np.sqrt(squares[n][0]) for n in SEEN})
    own = view.columns(SEEN)
    expected = (own @ own.T) / np.mean((own**2).sum(axis=1) + 1.0)
    assert_allclose(scaled @ scaled.T, expected, rtol=1e-5, atol=1e-6)
    relevant = answer_of(VIEWS["relevant"], fold(40))
    squares = relevant.column_squares()["features"]
    for part, fit in enumerate([relevant.whole, *relevant.without]):
        assert_allclose(squares[part], fit.factors**2 / fit.scale)


def test_shares_of_the_features():
    """Of the mean inner products; bins are of their columns, clusters of none."""
    table = Table(RANDOM.randn(40, 3), False)
    seen = table.see(RANDOM.randn(40, 3)) | {"clusters_5": RANDOM.randn(40, 2)}
    variances = {name: part.var(axis=0) for name, part in seen.items()}
    view = View(("features", "bins", "clusters_5"), NetworkKernel(1))
    found = answer_of(view, fold(40), Y, seen).shares(table, variances)
    of_bins = np.bincount(table.bins.columns, variances["bins"])
    total = sum(part.sum() for part in variances.values())
    assert_allclose(found, (variances["features"] + of_bins) / total)


def test_a_line_in_sparse_columns():
    """The same as in the columns of an array."""
    rows = sparse.random(40, 200, 0.1, format="csr", random_state=0)
    view = View(("sparse",), NetworkKernel(0))
    answers = [
        answer_of(view, fold(40), Y, {"features": X, "sparse": part})
        for part in (sparse.csr_array(rows), rows.toarray())
    ]
    assert_allclose(answers[0].held_out, answers[1].held_out)
    news = sparse.csr_array(rows[:7]), rows[:7].toarray()
    for method in ("predict", "predict_each"):
        found, expected = (
            getattr(answer, method)({"sparse": new})
            for answer, new in zip(answers, news, strict=True)
        )
        assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_the_ridge_follows_the_noise():
    ridges = []
    for noise in (0.0, 0.5, 100.0):
        labels = X[:, :1] + noise * np.random.RandomState(2).randn(40, 1)
        labels = (labels - labels.mean()) / labels.std()
        ridges.append(answer_of(VIEWS["two parts"], fold(40), labels).ridge)
    assert ridges[0] < ridges[1] < ridges[2]
    assert set(ridges) <= set(RIDGES)


@pytest.mark.parametrize("n_told", [1, 4, 600])
@pytest.mark.parametrize("best", [0, 4, 13])
def test_the_walk_finds_the_lowest_loss(n_told, best):
    """n/2 log error, less the logarithm of the prior, n the rows that count."""
    labels, counts = np.zeros((600, 1)), np.arange(600) < n_told

    def predict(ridge, rows):
        away = abs(np.log(ridge / RIDGES[best]))
        return np.where(counts[rows], np.exp(away), 1e9)[:, None]

    steps = np.arange(len(RIDGES))
    losses = (
        n_told * abs(np.log(RIDGES / RIDGES[best]))
        + ((steps - USUAL) / DEVIATION) ** 2 / 2
    )
    n_rows = max(n_told, 10)  # of 600 some are taken, which tell as much
    given = labels[:n_rows], np.ones(n_rows), counts[:n_rows]
    found = best_ridge(predict, *given)
    assert found == RIDGES[losses.argmin()]


def test_the_ridge_of_no_evidence_is_the_usual_one():
    folding = fold(4, codes=np.arange(4))
    answer = answer_of(
        VIEWS["line"], folding, Y[:4], {n: p[:4] for n, p in SEEN.items()}
    )
    assert answer.ridge == RIDGES[USUAL]
    assert not answer.held_out.any()


def test_which_views_there_are(monkeypatch):
    seen = dict.fromkeys(("features", "bins"), X)
    assert set(views_of(seen, False)) == {
        "line",
        "features",
        "features+bins",
        "relevant",
        "relevant_smooth",
    }
    names = ("clusters_5", "clusters_10", "neighborhood_10", "neighborhood_40")
    found = views_of(seen | dict.fromkeys(names, X), True)
    assert set(found) - set(views_of(seen, True)) == {
        "neighborhood_40",
        "relevant_neighborhood_10",
        "clusters_5",
        "clusters_10",
    }
    monkeypatch.setattr(views, "MAX_FACTORS", 2)
    assert set(views_of({"features": X}, True)) == {"line", "features"}


def test_many_labels_have_factors_by_some(monkeypatch):
    monkeypatch.setattr(views, "MAX_ROWS", 10)
    factors = Factors(X, Y, WEIGHTS, np.random.RandomState(0))
    rows, kernel = np.arange(40) % 4 > 0, NetworkKernel(1)
    found = factors.of(rows, kernel)
    assert factors.of(rows.copy(), kernel) is found
    some = np.random.RandomState(0).choice(np.flatnonzero(rows), 10, replace=False)
    expected = column_factors(X[some], Y[some], WEIGHTS[some], kernel, FOLD_ITER)
    assert_array_equal(found, expected)


@pytest.mark.parametrize("classes", [True, False])
def test_committees_of_trees(classes):
    """Each sees all but a part; what they say of it is held out."""
    codes = (X[:, 0] > 0.0) + (X[:, 1] > 1.0).astype(int)
    labels = np.eye(3)[codes] - 1 / 3 if classes else Y
    folding = fold(40, codes if classes else None)
    trees = Trees(X, labels, WEIGHTS, folding, classes, np.random.RandomState(0))
    mean, *each = trees.predict_each(NEW)
    each = np.array(each)
    assert each.shape == (N_PARTS, 40, labels.shape[1])
    for found in (trees.predict(NEW), mean):
        assert_allclose(found, each.mean(axis=0))
    model = ExtraTreesClassifier if classes else ExtraTreesRegressor
    draws = np.random.RandomState(0)
    for part in range(N_PARTS):
        rest, seed = folding.parts != part, draws.randint(2**31 - 1)
        expected = model(N_TREES // N_PARTS, random_state=seed)
        expected.fit(X[rest], codes[rest] if classes else Y[rest], WEIGHTS[rest])
        if classes:
            assert_allclose(each[part], expected.predict_proba(NEW["features"]) - 1 / 3)
            own = expected.predict_proba(X[~rest]) - 1 / 3
        else:
            assert_allclose(each[part], expected.predict(NEW["features"]))
            own = expected.predict(X[~rest])
        assert_allclose(trees.held_out[~rest], own)
    shares = trees.shares(Table(X, False), None)
    assert shares.shape == (3,)
    assert shares.sum() == pytest.approx(1.0)
    assert trees.column_squares() == {}


def test_trees_without_a_class():
    """A class of one row is in no part; one that a committee lacks has no vote."""
    codes = np.repeat([0, 1, 2], [10, 10, 1])
    labels = np.eye(4)[codes] - 1 / 4  # nobody has the last class
    folding = fold(21, codes)
    trees = Trees(X[:21], labels, np.ones(21), folding, True, np.random.RandomState(0))
    votes = trees.predict_each({"features": X})[1:] + 1 / 4
    assert_allclose(votes.sum(axis=2), 1.0)
    assert not votes[:, :, 3].any()
    assert votes[:, 20, 2].min() == 1.0
    assert not trees.held_out[20].any()


@pytest.mark.filterwarnings("error")
def test_trees_of_many_classes_warn_of_nothing():
    codes = np.arange(40) % 30
    labels = np.eye(30)[codes] - 1 / 30
    draws = np.random.RandomState(0)
    trees = Trees(X, labels, np.ones(40), fold(40, codes), True, draws)
    assert trees.predict({"features": X}).shape == (40, 30)
