"""A fit that was interrupted ends as if it had not been."""

import errno
import os
import resource
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from skorch import NeuralNetClassifier
from torch import nn

import sklearn_lga
from sklearn_lga import LGAClassifier
from sklearn_lga.callbacks import Checkpoint, _checkpoint, _files

from ..in_turn import pairs
from .checkpointed_fit import KINDS, assert_equal, data, fit, result_of


class Killed(BaseException):
    """Ends a process's work as a signal would: nothing catches it."""


def interrupt_after(n_saves, monkeypatch):
    """Stop right behind a save, as a kill could."""
    done = []

    def write(path, content):
        _files.write(path, content)
        done.append(path)
        if len(done) == n_saves:
            raise Killed

    monkeypatch.setattr(_checkpoint, "write", write)
    return done


@pytest.mark.parametrize(("kind", "n_saves"), pairs(KINDS, [1, 5, 8], every=3))
def test_resumed_fit_equals_uninterrupted(kind, n_saves, tmp_path, monkeypatch):
    """Inside an epoch and at its end: 5 steps an epoch, 8 of the labelled baseline."""
    whole = result_of(fit(kind))
    with monkeypatch.context() as patch:
        interrupt_after(n_saves, patch)
        with pytest.raises(Killed):
            fit(kind, tmp_path)
    resumed = fit(kind, tmp_path)
    assert_equal(result_of(resumed), whole)
    assert os.listdir(tmp_path) == ["checkpoint.pt"]


def test_only_the_rest_is_run(tmp_path, monkeypatch):
    interrupt_after(12, monkeypatch)
    with pytest.raises(Killed):
        fit("plain", tmp_path)
    monkeypatch.undo()
    done = interrupt_after(None, monkeypatch)
    fit("plain", tmp_path)
    assert len(done) == 6 * 5 - 12 + 1  # the last one says that it has ended
    fit("plain", tmp_path)  # had ended: nothing is run, nothing is written
    assert len(done) == 6 * 5 - 12 + 1


def test_saves_change_nothing_and_come_by_the_clock(tmp_path, monkeypatch):
    whole = result_of(fit("plain"))
    done = interrupt_after(None, monkeypatch)
    assert_equal(result_of(fit("plain", tmp_path / "often")), whole)
    assert len(done) == 6 * 5 + 1
    assert_equal(result_of(fit("plain", tmp_path / "end", every=3600.0)), whole)
    assert len(done) == 6 * 5 + 2


@pytest.mark.parametrize("random_state", [None, "generator"])
def test_seeds_are_those_of_the_interrupted_fit(random_state, tmp_path, monkeypatch):
    """Where the seeds were drawn anew they can be known from the file alone."""

    def state():
        return np.random.RandomState(7) if random_state else None

    with monkeypatch.context() as patch:
        interrupt_after(1, patch)
        with pytest.raises(Killed):
            fit("stopped", tmp_path, random_state=state())
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "checkpoint.pt").write_bytes((tmp_path / "checkpoint.pt").read_bytes())
    first, second = (
        result_of(fit("stopped", folder, random_state=state()))
        for folder in (tmp_path, copy)
    )
    assert_equal(first, second)
    if random_state:
        assert_equal(first, result_of(fit("stopped", random_state=state())))


def test_workers_that_fetch_ahead(tmp_path, monkeypatch):
    """They have drawn more batches than the steps that were made."""
    workers = {"net_params": {"iterator_train__num_workers": 1}, "max_epochs": 2}
    whole = result_of(fit("plain", **workers))
    with monkeypatch.context() as patch:
        interrupt_after(2, patch)
        with pytest.raises(Killed):
            fit("plain", tmp_path, **workers)
    assert_equal(result_of(fit("plain", tmp_path, **workers)), whole)


def test_warm_start_goes_on_from_the_same_network_only(tmp_path, monkeypatch):
    def second_fit(folder=None, former_seed=0):
        model = fit("plain", warm_start=True, random_state=former_seed)
        model.set_params(callbacks=[Checkpoint(folder, every=0)] if folder else None)
        return model.set_params(random_state=1).fit(*data("plain"))

    with monkeypatch.context() as patch:
        interrupt_after(7, patch)
        with pytest.raises(Killed):
            second_fit(tmp_path)
    assert_equal(result_of(second_fit(tmp_path)), result_of(second_fit()))
    with pytest.raises(ValueError, match="the network of the former fit was"):
        second_fit(tmp_path, former_seed=3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lr": 0.5}, "lr was None, now it is 0.5"),
        ({"max_epochs": 7}, "max_epochs was 6, now it is 7"),
        ({"random_state": 1}, "random_state was 0, now it is 1"),
        ({"random_state": None}, "random_state was 0, now it is drawn anew"),
        ({"net_params": {"optimizer__eps": 1e-5}}, "net_params was None, now"),
    ],
)
def test_another_fit_is_refused(change, message, tmp_path):
    fit("plain", tmp_path)
    before = (tmp_path / "checkpoint.pt").read_bytes()
    with pytest.raises(ValueError, match=rf"another fit: {message}.*delete the file"):
        fit("plain", tmp_path, **change)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_other_data_or_callbacks_are_refused(tmp_path):
    model = fit("plain", tmp_path)
    X, y = data("plain")
    with pytest.raises(ValueError, match=r"content of X was \w+, now it is \w+\. Pass"):
        model.fit(X + 1e-9, y)
    with pytest.raises(ValueError, match="the content of y was"):
        model.fit(X, np.where(np.arange(len(y)) == 0, 1 - y, y))
    with pytest.raises(ValueError, match="callbacks was"):
        fit("scheduled", tmp_path)


def test_what_does_not_matter_may_change(tmp_path, capsys):
    first = result_of(fit("plain", tmp_path))
    again = fit("plain", tmp_path, every=5.0, verbose=1)
    assert_equal(result_of(again), first)


def test_files_that_are_no_checkpoints(tmp_path):
    path = tmp_path / "checkpoint.pt"
    fit("plain", tmp_path)
    whole = path.read_bytes()
    others = []
    for content in ({"a": 1}, [1, 2]):
        torch.save(content, path)
        others.append(path.read_bytes())
    for content in (b"", b"text", whole[: len(whole) // 2], *others):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="no checkpoint of sklearn_lga"):
            fit("plain", tmp_path)
        assert path.read_bytes() == content


class Trap:
    def __reduce__(self):
        return (Path.touch, (Path("trapped"),))


def test_loading_runs_no_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"format": 1, "trap": Trap()}, tmp_path / "checkpoint.pt")
    with pytest.raises(ValueError, match="no checkpoint"):
        fit("plain", tmp_path)
    assert not Path("trapped").exists()


def test_other_versions(tmp_path, monkeypatch):
    first = result_of(fit("plain", tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(_checkpoint, "__version__", "99.0")
        with pytest.warns(UserWarning, match=rf"sklearn_lga {sklearn_lga.__version__}"):
            assert_equal(result_of(fit("plain", tmp_path)), first)
    monkeypatch.setattr(_checkpoint, "FORMAT", 99)
    with pytest.raises(
        ValueError, match=r"written by sklearn_lga \d.*End the fit with"
    ):
        fit("plain", tmp_path)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"folder": 3}, "folder must be a path, got 3"),
        ({"folder": ".", "every": -1}, "every must be .* got -1"),
        ({"folder": ".", "every": "hour"}, "every must be .* got 'hour'"),
    ],
)
def test_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        LGAClassifier(callbacks=[Checkpoint(**parameters)]).fit(*data("plain"))


def test_where_it_cannot_stand(tmp_path):
    X, y = data("plain")
    twice = [Checkpoint(tmp_path), ("other", Checkpoint(tmp_path / "other"))]
    with pytest.raises(ValueError, match="more than one Checkpoint"):
        LGAClassifier(callbacks=twice).fit(X, y)
    moved = LGAClassifier(callbacks=[("mine", Checkpoint(tmp_path))])
    moved.set_params(callbacks__mine__folder=tmp_path / "other")
    with pytest.raises(ValueError, match="with the folder that it was made with"):
        moved.fit(X, y)
    net = NeuralNetClassifier(nn.Linear, module__in_features=4, module__out_features=2)
    net.set_params(callbacks=[Checkpoint(tmp_path)])
    with pytest.raises(ValueError, match="among the callbacks of this package's"):
        net.fit(X.astype(np.float32), np.abs(y))


def test_several_processes_are_refused(tmp_path, monkeypatch):
    two = _checkpoint.Processes(0, 2)
    monkeypatch.setattr(_checkpoint.Processes, "current", lambda: two)
    with pytest.raises(ValueError, match="fits of one process; .* by 2"):
        Checkpoint(tmp_path).open({}, None, global_generator=False)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        fit("plain", tmp_path / "file" / "folder")


def test_a_failed_write_is_an_error_and_keeps_the_former_file(tmp_path, monkeypatch):
    interrupt_after(3, monkeypatch)
    with pytest.raises(Killed):
        fit("plain", tmp_path)
    monkeypatch.undo()
    before = (tmp_path / "checkpoint.pt").read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:  # the file system takes no more than half of the file
        with pytest.raises(OSError, match="could not be written") as raised:
            fit("plain", tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, former)
    assert raised.value.errno == errno.EFBIG
    assert (tmp_path / "checkpoint.pt").read_bytes() == before
    assert os.listdir(tmp_path) == ["checkpoint.pt"]
    assert_equal(result_of(fit("plain", tmp_path)), result_of(fit("plain")))


def test_values_that_no_file_can_hold():
    with pytest.raises(TypeError, match=r"content\['a'\]\[1\] is of type object"):
        _files.encode({"a": [1, object()]}, "content")


def test_files_keep_plain_data(tmp_path):
    content = {
        "n": 1, "x": np.float64(0.5), "flag": np.bool_(True), "none": None,
        "pair": (1, "a"), "array": np.arange(3), "tensor": torch.ones(2),
    }  # fmt: skip
    _files.write(tmp_path / "file", content)
    back = _files.read(tmp_path / "file")
    assert back["array"].dtype == np.int64
    np.testing.assert_array_equal(back.pop("array"), content.pop("array"))
    assert torch.equal(back.pop("tensor"), content.pop("tensor"))
    assert back == content


class Masked(nn.Linear):
    """Takes a long array; what differs in its middle is not in its repr."""

    def __init__(self, n_features, n_outputs, mask):
        super().__init__(n_features, n_outputs)
        self.mask = torch.as_tensor(mask)


@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor])
def test_arrays_that_differ_in_the_middle_are_of_another_fit(kind, tmp_path):
    mask = np.zeros(5000)

    def fit_with(mask):
        return LGAClassifier(
            module=Masked,
            closed_form=False,
            net_params={"module__mask": kind(mask)},
            max_epochs=1,
            callbacks=[Checkpoint(tmp_path)],
        ).fit(*data("plain"))

    fit_with(mask)
    fit_with(mask.copy())
    mask[2500] = 1.0
    with pytest.raises(ValueError, match="another fit: net_params was"):
        fit_with(mask)


@pytest.mark.parametrize("kind", ["stopped", "regressor", "scheduled"])
def test_a_fit_that_has_ended_is_read(kind, tmp_path, monkeypatch):
    """Whatever ended it, and if no save was due before: not a step is taken again."""
    long = {"max_epochs": 60} if kind == "stopped" else {}
    whole = result_of(fit(kind, tmp_path, every=3600.0, **long))
    assert whole["n_iter"] < 60
    monkeypatch.setattr("sklearn_lga._training.net.SemiSupervisedNet.train_step", None)
    again = fit(kind, tmp_path, every=3600.0, **long)
    assert_equal(result_of(again), whole)
    X, _ = data(kind)
    assert again.predict(X).shape == (len(X),)
