"""Ctrl-C during fit, as in a notebook: the estimator is fitted by then."""

import _thread
import threading

import numpy as np
import pytest
from skorch.callbacks import Callback

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga.callbacks import Checkpoint
from sklearn_lga.regularizers import MeanTeacher

RNG = np.random.RandomState(0)
X = RNG.standard_normal((60, 3))
Y = np.where(np.arange(60) % 3 == 2, -1, (X[:, 0] > 0).astype(int))
EVENTS = ("on_train_begin", "on_epoch_begin", "on_batch_begin", "on_grad_computed")
EVENTS += ("on_batch_end", "on_epoch_end")


class Interrupt(Callback):
    """What Ctrl-C does, when an event has come up ``count`` times."""

    def __init__(self, event, count):
        self.event = event
        self.count = count

    def initialize(self):
        self.n_seen_ = 0
        return self

    def seen(self, event):
        self.n_seen_ += event == self.event
        if event == self.event and self.n_seen_ == self.count:
            raise KeyboardInterrupt


for _event in EVENTS[1:]:
    setattr(
        Interrupt, _event, lambda self, net, *a, _event=_event, **k: self.seen(_event)
    )


def assert_usable(model, y):
    assert model.transduction_.shape == y.shape
    labeled = y != -1
    np.testing.assert_array_equal(model.transduction_[labeled], y[labeled])
    assert np.isfinite(model.predict(X)).all()
    assert model.n_iter_ == len(model.history_)
    if hasattr(model, "predict_proba"):
        np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("count", [1, 2, 9])
@pytest.mark.parametrize("event", EVENTS[1:])
def test_interrupted_anywhere(event, count, early_stopping):
    model = LGAClassifier(
        callbacks=[Interrupt(event, count)],
        early_stopping=early_stopping,
        regularizers=[MeanTeacher()],
        batch_size=16,
        max_epochs=12,
        random_state=0,
    )
    assert_usable(model.fit(X, Y), Y)
    assert model.n_iter_ <= count
    assert_usable(model.set_params(callbacks=None, max_epochs=2).fit(X, Y), Y)


def test_regressor():
    y = np.where(Y == -1, -1.0, np.abs(X[:, 0]))
    model = LGARegressor(callbacks=[Interrupt("on_batch_end", 2)], batch_size=16)
    assert_usable(model.fit(X, y), y)


def test_a_checkpointed_fit_goes_on(tmp_path, monkeypatch):
    parameters = {"batch_size": 16, "max_epochs": 8, "random_state": 0}
    whole = LGAClassifier(**parameters).fit(X, Y)
    model = LGAClassifier(callbacks=[Checkpoint(tmp_path, every=0)], **parameters)
    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "on_epoch_end", interrupt)
        assert_usable(model.fit(X, Y), Y)
    assert model.n_iter_ == 1
    np.testing.assert_array_equal(
        model.fit(X, Y).predict_proba(X), whole.predict_proba(X)
    )
    assert model.n_iter_ == 8


def interrupt(*args, **kwargs):
    raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_interrupted_by_the_clock(seed):
    """At any bytecode; outside the training the interrupt comes through."""
    delay = np.random.RandomState(seed).uniform(0.02, 0.4)
    timer = threading.Timer(delay, _thread.interrupt_main)
    model = LGAClassifier(batch_size=16, max_epochs=500, random_state=0)
    timer.start()
    try:
        model.fit(X, Y)
    except KeyboardInterrupt:
        assert not hasattr(model, "transduction_")
    else:
        assert_usable(model, Y)
    finally:
        timer.join()
