"""A fit copies batches of a table, never the table."""

import tracemalloc

import numpy as np
import pytest
from scipy import sparse

from sklearn_lga import LGAClassifier
from sklearn_lga.baselines import RegularizedNetClassifier

from ..in_turn import pairs

N_ROWS, N_FEATURES = 100_000, 40


@pytest.fixture
def marked():
    y = np.full(N_ROWS, -1)
    y[:100] = np.arange(100) % 3
    return y


def mapped(folder):
    X = np.lib.format.open_memmap(
        folder / "X.npy", "w+", dtype=np.float32, shape=(N_ROWS, N_FEATURES)
    )
    X[:] = np.random.RandomState(0).rand(N_FEATURES)
    X[::3] += 1.0
    X.flush()
    return np.load(folder / "X.npy", mmap_mode="r"), X.nbytes


def compressed(folder):
    X = sparse.random(
        N_ROWS, 500, density=0.12, format="csr", dtype=np.float32, random_state=0
    )
    return X, X.data.nbytes


@pytest.mark.parametrize(
    ("estimator", "make"),
    pairs([RegularizedNetClassifier, LGAClassifier], [mapped, compressed], every=2),
)
def test_no_copy_of_the_table(make, estimator, marked, tmp_path):
    X, n_bytes = make(tmp_path)
    model = estimator(
        hidden_layer_sizes=(4,),
        n_members=1,
        closed_form=False,
        max_epochs=1,
        batch_size=1000,
        random_state=0,
    )
    model.fit(X[:1000], marked[:1000])  # what is imported late is not counted
    tracemalloc.start()
    try:
        model.fit(X, marked)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 0.7 * n_bytes, f"{peak / n_bytes:.2f} of the table"
    assert len(model.transduction_) == N_ROWS
