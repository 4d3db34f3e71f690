"""Fits whose processes are killed at random moments: kill -9, as by a scheduler."""

import multiprocessing
import signal
import time

import numpy as np
import pytest

from sklearn_lga.callbacks import _files

from ..in_turn import seeds
from .checkpointed_fit import KINDS, assert_equal, fit, fit_and_save, result_of


@pytest.fixture(scope="module")
def processes():
    """Starts processes quickly: they are forks of one that has imported all."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.callbacks.checkpointed_fit"])
    return context


def kill_until_it_ends(processes, kind, folder, n_kills, max_epochs, rng):
    """Fit in one process after the other, each but the last one killed.

    Returns what the fit ended with, and how many of its processes were killed.
    """
    result, checkpoint = folder / "result", folder / "checkpoint.pt"
    arguments = kind, folder, result, 0, max_epochs
    for n_killed in range(n_kills + 1):
        process = processes.Process(target=fit_and_save, args=arguments)
        process.start()
        if n_killed < n_kills:
            while process.is_alive() and not checkpoint.exists():
                time.sleep(0.001)
            process.join(rng.uniform(0.0, 0.05))
            process.kill()
        process.join()
        if result.exists():
            break
        assert process.exitcode == -signal.SIGKILL
    return _files.read(result), n_killed


@pytest.mark.parametrize("seed", seeds(3))
def test_processes_killed_at_random(seed, processes, tmp_path):
    kind, rng = list(KINDS)[seed], np.random.RandomState(seed)
    resumed, n_killed = kill_until_it_ends(processes, kind, tmp_path, 1, 100, rng)
    assert n_killed == 1
    assert_equal(resumed, result_of(fit(kind, max_epochs=100)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(50))
def test_fifty_fits_killed_at_random(seed, processes, tmp_path):
    """Every kind in turn, each fit killed one to three times."""
    kind, rng = list(KINDS)[seed % len(KINDS)], np.random.RandomState(seed)
    n_kills = 1 + seed % 3
    resumed, n_killed = kill_until_it_ends(processes, kind, tmp_path, n_kills, 100, rng)
    assert n_killed >= 1
    assert_equal(resumed, result_of(fit(kind, max_epochs=100)))
