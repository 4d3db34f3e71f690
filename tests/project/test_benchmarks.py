"""Benchmarks that nothing else runs, on little data: they fit the package as it is."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import make_classification

from sklearn_lga.datasets import hide_labels

BENCHMARKS = Path(__file__).parents[2] / "examples" / "benchmarks"


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.setattr("torch.set_num_threads", lambda n: None)


def test_step():
    import step

    assert (step.medians(8, 16, 10) > 0.0).all()


def test_fit():
    import fit

    X = np.random.RandomState(0).randn(60, fit.N_FEATURES).astype(np.float32)
    y = hide_labels(np.arange(60) % fit.N_CLASSES, n_labeled=20, random_state=0)
    assert fit.fit_seconds(X, y, 32, 1) > 0.0
    assert fit.loop_seconds(X, y, 32, 1) > 0.0


@pytest.mark.parametrize("shape", [(3, 32, 32), (50,)])
def test_gpu_without_one(shape):
    import gpu

    for case, size, build in gpu.CASES.values():
        if case == shape:
            problem = gpu.make_problem(case, min(size, 4), build, "cpu")
            steps = [gpu.supervised(*problem), gpu.lga(*problem)]
            assert (gpu.medians(steps, 1, "cpu") > 0.0).all()


def test_default_fits_of_the_gpus_script():
    import gpu

    assert gpu.medians([gpu.default_fit(1_200, "cpu")], 1, "cpu") > 0.0


def test_text(monkeypatch):
    import text

    monkeypatch.setitem(text.TABLES, "paragraphs", (text.paragraphs, 60))
    line = text.run("paragraphs", 30, 0, "naive Bayes")
    assert 0.0 < line["accuracy"] < 1.0
    for make, _ in text.TABLES.values():
        document, name = next(iter(make()))
        assert len(document.split()) >= 8
        assert name


@pytest.fixture
def stored(tmp_path):
    """A file of a table, as the benchmarks read it."""
    X, y = make_classification(400, 6, random_state=0)
    splits = np.random.RandomState(0).permutation(400)[None, :100]
    np.savez(tmp_path / "ssl_small.npz", X=X, y=y, labeled_idx_100=splits)
    return tmp_path / "ssl_small.npz"


def test_student(stored, monkeypatch):
    import student

    monkeypatch.setattr(student, "N_PREDICTED", 500)
    line = student.run(stored, 0)
    assert 0.5 < line["student accuracy"] <= 1.0
    assert 0.0 < line["LGA loss"] < np.log(2.0)
    assert line["LGA seconds"] > 0.0


@pytest.mark.parametrize("method", ["LogisticRegression", "LabelSpreading knn"])
def test_the_books_splits(stored, method):
    import ssl_book

    assert ssl_book.run(stored, method, 0, 100)["error"] < 0.5
