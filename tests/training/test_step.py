"""A step is a short way: few calls, through few files."""

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import sklearn_lga
from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga._training.net import SemiSupervisedNet

PACKAGE = str(Path(sklearn_lga.__file__).parent)
MAX_CALLS, MAX_FILES = 70, 6


def calls_into_the_package(function):
    """How often functions of each file were called meanwhile."""
    calls = Counter()

    def count(frame, event, arg):
        if event == "call" and frame.f_code.co_filename.startswith(PACKAGE):
            calls[frame.f_code.co_filename] += 1

    former = sys.getprofile()
    sys.setprofile(count)
    try:
        return function(), calls
    finally:
        sys.setprofile(former)


@pytest.mark.parametrize("estimator", [LGAClassifier, LGARegressor])
def test_calls_of_a_step(estimator, monkeypatch):
    """Of default networks, from the first step to the last."""
    step, counted = SemiSupervisedNet.train_step, []

    def train_step(self, batch, **kwargs):
        terms, calls = calls_into_the_package(lambda: step(self, batch, **kwargs))
        counted.append(calls)
        return terms

    monkeypatch.setattr(SemiSupervisedNet, "train_step", train_step)
    X = np.random.RandomState(0).randn(400, 6)
    y = np.where(np.arange(400) < 100, X[:, 0] > 0, -1)
    estimator(max_epochs=4, random_state=0).fit(X, y)
    assert len(counted) == 8
    for calls in counted[1:]:
        assert 20 < sum(calls.values()) <= MAX_CALLS
        assert len(calls) <= MAX_FILES
