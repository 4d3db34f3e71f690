"""The experiment that labels a table without a network, on small tables."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import approx_fprime
from sklearn.datasets import load_diabetes, load_iris, make_circles

BENCHMARKS = Path(__file__).parents[2] / "examples" / "benchmarks"
with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(str(BENCHMARKS))
    from closed_form import ClosedForm
    from closed_form.kernel import NetworkKernel, SmoothKernel, fit_ridge, held_out
    from closed_form.relevance import negative_log_likelihood
    from closed_form.weights import error_of_mean, log_loss_of_mixture
KERNELS = [NetworkKernel(0), NetworkKernel(1), NetworkKernel(2), SmoothKernel()]


@pytest.fixture
def random():
    return np.random.RandomState(0)


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_gradient_of_relevance(kernel, random):
    X, Y = random.normal(size=(30, 4)), random.normal(size=(30, 2))
    X[5] = X[4]  # A distance of 0 is where a root has no slope.
    logs = np.append(random.normal(size=4) / 2, -1.0)

    def value(logs):
        return negative_log_likelihood(logs, X, Y, kernel)[0]

    _, gradient = negative_log_likelihood(logs, X, Y, kernel)
    steps = 1e-5 * np.eye(5)
    differences = [(value(logs + s) - value(logs - s)) / 2e-5 for s in steps]
    assert_allclose(gradient, differences, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_kernel_with_factors_is_that_of_the_scaled_columns(kernel, random):
    X, factors = random.normal(size=(20, 3)), np.array([0.5, 1.0, 2.0])
    found, _ = kernel.differentiable(X, factors**2)
    assert_allclose(found, kernel(X * factors, X * factors), atol=1e-12)


def test_slopes_of_the_weights_losses(random):
    outputs, Y = random.uniform(0.1, 1.0, size=(3, 8, 2)), random.normal(size=(8, 2))
    w = np.array([0.2, 0.3, 0.5])
    for loss in (log_loss_of_mixture(outputs[:, :, 0]), error_of_mean(outputs, Y)):
        differences = approx_fprime(w, lambda w, loss=loss: loss(w)[0])
        assert_allclose(loss(w)[1], differences, rtol=1e-5)


def test_held_out_rows_are_those_of_a_fit_without_them(random):
    X, Y = random.normal(size=(30, 4)), random.normal(size=(30, 2))
    K, folds = NetworkKernel(1)(X, X), random.randint(4, size=30)
    found = held_out(K, Y, folds, 0.1)
    for fold in range(4):
        test, rest = folds == fold, folds != fold
        coef = fit_ridge(K[np.ix_(rest, rest)], Y[rest], 0.1)
        assert_allclose(found[test], K[np.ix_(test, rest)] @ coef, atol=1e-8)


@pytest.mark.parametrize("n_labeled", [4, 12, 60])
def test_classes_have_probabilities_for_old_and_new_rows(n_labeled, random):
    X, y = load_iris(return_X_y=True)
    rows = np.append([0, 50, 100], random.permutation(150))[:n_labeled]
    form = ClosedForm.fit(X, rows, y[rows], task="classes")
    old = form.transductive
    assert_allclose(old.sum(axis=1), 1.0)
    assert old.min() > 0.0
    # Landmarks are stored as float32, and so are distances to them.
    assert_allclose(form.predict(X.copy()), old, atol=1e-4)
    assert_allclose(form.predict(X[40:60]), old[40:60], atol=1e-4)
    assert_allclose(form.predict(X + 100.0).sum(axis=1), 1.0)
    assert np.mean(old.argmax(axis=1) == y) > 0.7
    weights = [view.weight for view in form.evidence.views.values()]
    assert_allclose(sum(weights), 1.0)
    assert_allclose(form.relevance.sum(), 1.0)


@pytest.mark.parametrize("n_outputs", [None, 2])
def test_targets_keep_their_shape_and_unit(n_outputs):
    X, y = load_diabetes(return_X_y=True)
    labels = y if n_outputs is None else np.column_stack([y, -1000.0 * y])
    form = ClosedForm.fit(X, np.arange(60), labels[:60], task="targets")
    found = form.transductive
    assert found.shape == labels.shape
    assert_allclose(form.predict(X.copy()), found, rtol=1e-6)
    assert np.mean((found - labels) ** 2) < 0.7 * labels.var()


def test_clusters_find_what_four_labels_leave_open():
    X, y = make_circles(200, factor=0.5, noise=0.05, random_state=0)
    rows = np.concatenate([np.flatnonzero(y == c)[:2] for c in (0, 1)])
    form = ClosedForm.fit(X, rows, y[rows], task="classes")
    assert np.mean(form.transductive.argmax(axis=1) == y) > 0.95


def test_relevance_finds_the_columns(random):
    X = random.normal(size=(300, 8))
    y = np.sin(2.0 * X[:, 2]) + X[:, 5]
    form = ClosedForm.fit(X, np.arange(80), y[:80], task="targets")
    assert set(np.argsort(form.relevance)[-2:]) == {2, 5}


def normal(n_rows, n_columns):
    return np.random.RandomState(1).normal(size=(n_rows, n_columns))


TWO = np.arange(20) % 2
DEGENERATE = {
    "constant columns": (np.hstack([normal(60, 2), np.full((60, 2), 3.3)]), TWO),
    "all columns constant": (np.ones((60, 3)), TWO),
    "two distinct rows": (np.tile([[0.0, 1.0], [1.0, 0.0]], (30, 1)), TWO),
    "five distinct rows": (np.tile(normal(5, 3), (12, 1)), np.arange(20) % 5),
    "duplicates": (np.tile(normal(50, 3), (4, 1)), TWO),
    "disconnected pairs": (np.repeat(np.arange(30.0), 2)[:, None] * 100.0, TWO),
    "four rows": (normal(4, 3), TWO[:2]),
    "two rows": (normal(2, 3), TWO[:2]),
    "one label a class": (normal(60, 3), np.arange(20)),
    "classes of one label": (normal(60, 3), np.maximum(np.arange(20) - 10, 0)),
    "one class": (normal(60, 3), np.zeros(20, dtype=int)),
    "one label": (normal(60, 3), TWO[:1]),
    "a class without a label": (normal(60, 3), 2 * TWO),
    "more columns than rows": (normal(30, 200), TWO),
    "large values": (1e14 + 1e12 * normal(60, 3), TWO),
    "a far row": (np.vstack([normal(60, 3), np.full((1, 3), 1e9)]), TWO),
    "integers": (np.round(normal(60, 3)).astype(int), TWO),
    "a constant target": (normal(60, 3), np.ones(20)),
    "one target": (normal(60, 3), np.array([2.0])),
    "two targets": (normal(60, 3), np.array([2.0, 1.0])),
    "an exact line": (normal(60, 3), normal(60, 3)[:20].sum(axis=1)),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_tables(name):
    X, labels = DEGENERATE[name]
    task = "classes" if labels.dtype.kind == "i" else "targets"
    form = ClosedForm.fit(X, np.arange(len(labels)), labels, task=task)
    for found in (form.transductive, form.predict(X[:2]), form.predict(X + 1e6)):
        assert np.isfinite(found).all()
        if task == "classes":
            assert_allclose(found.sum(axis=1), 1.0, rtol=1e-6)
    assert len(form.transductive) == len(X)
    assert np.isfinite(form.relevance).all()


def test_first_tries_runs_and_reports(monkeypatch, capsys):
    pytest.importorskip("pandas")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.setattr("torch.set_num_threads", lambda n: None)
    import first_tries
    from small_tables import draw

    for name in ("circles", "s-curve"):
        X, y, marked = draw(name, 20, 0)
        assert np.sum(marked == y) == 20
        X_again, *_ = draw(name, 20, 0)
        assert_allclose(X, X_again)
    peers = {"circles": "ExtraTrees", "moons": "ExtraTrees", "s-curve": "RidgeCV"}
    lines = [
        first_tries.run(name, 20, 0, method)
        for name, peer in peers.items()
        for method in ("closed form", peer)
    ]
    assert not any("error" in line for line in lines)
    first_tries.report(lines)
    assert "lead on the best peer" in capsys.readouterr().out
