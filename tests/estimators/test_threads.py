"""Threads and processes: the same results, no deadlock, no more threads than cores."""

import os
import subprocess
import sys
import threading

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_predict
from threadpoolctl import threadpool_info

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga._training.algorithm import TrainingState
from sklearn_lga.baselines import RegularizedNetClassifier
from sklearn_lga.regularizers import VAT

RNG = np.random.RandomState(0)
X = RNG.standard_normal((90, 4))
Y = np.where(np.arange(90) % 3 == 2, -1, (X[:, 0] > 0).astype(int))
TARGETS = np.where(Y == -1, np.nan, X[:, 1])
FAST = {"max_epochs": 15, "batch_size": 16, "hidden_layer_sizes": (16,)}
MODELS = [
    (LGAClassifier(random_state=0, **FAST), Y),
    (LGAClassifier(random_state=1, regularizers=[VAT()], **FAST), Y),
    (LGAClassifier(random_state=2, early_stopping=True, **FAST), Y),
    (LGARegressor(random_state=3, **FAST), TARGETS),
    (LGARegressor(random_state=4, solver="exact"), TARGETS),
    (RegularizedNetClassifier(random_state=5, **FAST), Y),
]


def fitted_outputs(model, y):
    fitted = clone(model).fit(X, y)
    predict = getattr(fitted, "predict_proba", fitted.predict)
    return predict(X), fitted.transduction_


def test_fits_in_threads_equal_fits_alone():
    alone = [fitted_outputs(*pair) for pair in MODELS]
    together, barrier = [None] * len(MODELS), threading.Barrier(len(MODELS))

    def work(i):
        barrier.wait()
        together[i] = fitted_outputs(*MODELS[i])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(MODELS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    for mine, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(mine[0], other[0])
        np.testing.assert_array_equal(mine[1], other[1])


def test_a_fit_gives_the_threads_back():
    """Those of torch and of OpenMP in this Python thread, and those of BLAS."""

    def threads():
        return [(lib["filepath"], lib["num_threads"]) for lib in threadpool_info()]

    model, y = MODELS[0]
    before, n_threads = threads(), torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        fitted = clone(model).fit(X, y)
        fitted.predict(X)
        assert torch.get_num_threads() == 3
        with pytest.raises(ValueError, match="lr=1e"):
            clone(model).set_params(lr=1e30).fit(X, y)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(n_threads)
    assert threads() == before


def test_small_products_take_one_thread(monkeypatch):
    """Of the built-in network; a wide one, or one of the user's, has torch's."""
    seen, step = [], TrainingState.step

    def watched(*args):
        seen.append(torch.get_num_threads())
        return step(*args)

    monkeypatch.setattr(TrainingState, "step", watched)
    n_threads = torch.get_num_threads()
    settings = {"max_epochs": 1, "closed_form": False}
    try:
        torch.set_num_threads(2)
        for sizes, expected in (((16,), 1), ((2_000, 2_000), 2)):
            LGAClassifier(hidden_layer_sizes=sizes, **settings).fit(X, Y)
            assert seen.pop() == expected
        LGAClassifier(module=torch.nn.Linear, **settings).fit(X, Y)
        assert seen.pop() == 2
    finally:
        torch.set_num_threads(n_threads)


def test_two_threads_predict_with_one_model():
    model, y = MODELS[0]
    fitted = clone(model).fit(X, y)
    expected = fitted.predict_proba(X)
    with joblib.parallel_config("threading", n_jobs=2):
        results = joblib.Parallel()(
            joblib.delayed(fitted.predict_proba)(X) for _ in range(20)
        )
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_the_threading_backend_searches_as_one_thread_does():
    search = GridSearchCV(MODELS[0][0], {"lr": [1e-3, 1e-2]}, cv=2)
    alone = clone(search).fit(X, Y).cv_results_["mean_test_score"]
    with joblib.parallel_config("threading", n_jobs=2):
        together = clone(search).set_params(n_jobs=2).fit(X, Y)
    np.testing.assert_array_equal(together.cv_results_["mean_test_score"], alone)


def threads_of_torch():
    return torch.get_num_threads()


def after_torch_was_used():
    """What a process prints that used torch's threads and then searches by two."""
    torch.set_num_threads(2)
    torch.randn(512, 512) @ torch.randn(512, 512)
    model = clone(MODELS[0][0]).set_params(max_epochs=1).fit(X, Y)
    alone = cross_val_predict(model, X, Y, cv=2, method="predict_proba")
    for backend in ("loky", "threading"):
        with joblib.parallel_config(backend, n_jobs=2):
            together = cross_val_predict(
                model, X, Y, cv=2, method="predict_proba", n_jobs=2
            )
        # OpenBLAS may not take a limit to one thread from any but the first thread.
        np.testing.assert_allclose(together, alone, rtol=1e-6, atol=1e-9)
    with joblib.parallel_config("loky", n_jobs=2):
        counts = joblib.Parallel()([joblib.delayed(threads_of_torch)()] * 4)
    assert max(counts) * 2 <= max(2, joblib.cpu_count()), counts
    print("done")


def test_searches_by_two_processes_after_torch_was_used():
    """In a process of its own, which a deadlock would not let end."""
    code = "from tests.estimators.test_threads import after_torch_was_used as f; f()"
    limits = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    environment = {k: v for k, v in os.environ.items() if k not in limits}
    out = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
        env=environment,
    ).stdout
    assert out.endswith("done\n")


@pytest.mark.slow
def test_many_searches_in_a_row_do_not_hang():
    for _ in range(5):
        test_searches_by_two_processes_after_torch_was_used()
