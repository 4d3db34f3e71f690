"""verbose=1: a line that moves where somebody looks, plain lines elsewhere."""

import pickle
import re
import sys

import numpy as np
import pytest
from skorch.callbacks import Callback

from sklearn_lga import LGAClassifier

X = np.random.RandomState(0).randn(30, 3)
Y = np.where(np.arange(30) % 3, np.arange(30) % 2, -1)


def fit(**parameters):
    settings = {"max_epochs": 2, "closed_form": False, "n_members": 1}
    return LGAClassifier(**settings | parameters, verbose=1, random_state=0).fit(X, Y)


class Stream:
    """What loggers put in the place of a stream."""

    def __init__(self):
        self.told = ""

    def write(self, text):
        self.told += text


@pytest.fixture
def closed(tmp_path):
    with open(tmp_path / "log", "w") as file:
        pass
    return file


def test_without_a_stream(monkeypatch, closed):
    for stream in (None, closed):
        monkeypatch.setattr(sys, "stderr", stream)
        fit()


def test_a_stream_that_only_writes(monkeypatch):
    stream = Stream()
    monkeypatch.setattr(sys, "stderr", stream)
    fit()
    assert "LGAClassifier: epoch 2 of 2, train_loss" in stream.told


def test_a_training_that_ends_early_says_so(capsys):
    fit(early_stopping=True, n_iter_no_change=1, max_epochs=500, lr=0.5)
    assert re.search("LGAClassifier: ended after \\d+ epochs", capsys.readouterr().err)


def test_from_two_on_the_table_of_skorch_is_there(capsys):
    fit()
    assert "alignment_distance" not in capsys.readouterr().out
    model = LGAClassifier(max_epochs=1, verbose=2, closed_form=False, n_members=1)
    model.fit(X, Y)
    assert "alignment_distance" in capsys.readouterr().out


class Pickling(Callback):
    """Pickles the net in training, as checkpoints do."""

    def on_epoch_end(self, net, **kwargs):
        pickle.dumps(net.callbacks_)


class Failing(Callback):
    def on_epoch_end(self, net, **kwargs):
        raise RuntimeError("on purpose")


def test_the_line_is_in_no_pickle(monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    fit(callbacks=[Pickling()])


def test_a_fit_that_fails_closes_its_line(monkeypatch):
    from tqdm import tqdm

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    before = len(tqdm._instances)
    with pytest.raises(RuntimeError, match="on purpose") as held:
        fit(callbacks=[Failing()])
    assert held is not None
    assert len(tqdm._instances) == before
