import copy
import pickle

import numpy as np
import pytest
import torch
from sklearn.datasets import load_iris
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from sklearn_lga import LGAClassifier, _base, _net
from sklearn_lga._engine import LGAState
from sklearn_lga._ranks import Ranks
from sklearn_lga._recording import RecordedGradient, recorded_gradient
from sklearn_lga._supervised import SupervisedState
from sklearn_lga.alignment import CLASSIFICATION
from sklearn_lga.baselines import RegularizedNetClassifier
from sklearn_lga.datasets import hide_labels
from sklearn_lga.modules import MLP, WideResNet
from sklearn_lga.regularizers import (
    VAT,
    EntropyMinimization,
    MeanTeacher,
    PiModel,
    PseudoLabel,
)

from .recording import WAITS_ON_THE_HOST, OperationRecorder

N_STEPS = 10
needs_cuda = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="needs a CUDA device"
)


def built_in(generator, **kwargs):
    return MLP(
        4,
        3,
        hidden_layer_sizes=(8,),
        generator=torch.Generator().manual_seed(0),
        noise_generator=generator,
        **kwargs,
    )


def with_batch_norm(generator):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 3))


def wide_resnet(generator):
    torch.manual_seed(0)
    return WideResNet(
        (1, 8, 8), 3, depth=10, width=1, base_channels=2, translation=1, noise=0.1
    )


MODULES = {
    "built-in": built_in,
    "members, dropout": lambda g: built_in(g, n_members=2, dropout=0.3),
    "batch norm": with_batch_norm,
}
REGULARIZERS = {
    "VAT": VAT(0.5, ramp_up=0.5),
    "PiModel": PiModel(0.5),
    "MeanTeacher": MeanTeacher(0.5, decay=0.9),
    "PseudoLabel": PseudoLabel(0.5, threshold=0.4),
    "EntropyMinimization": EntropyMinimization(0.5, ramp_up=1.0),
}


def train(build, recorded, *, state=LGAState, n_labeled=12, shape=(4,), **kwargs):
    """A training in batches of two sizes; all that it leaves, and the recorder."""
    generator = torch.Generator().manual_seed(3)
    module = build(generator)
    if state is LGAState:
        kwargs |= {
            "n_unlabeled": 30,
            "n_outputs": 3,
            "label_lr": 0.3,
            "label_pull": 0.1,
            "labeled_weight": ("linear", 5.0),
        }
    state = state(
        CLASSIFICATION,
        module,
        n_steps=N_STEPS,
        noise_generator=generator,
        averaging=0.5,
        **kwargs,
    )
    optimizer = torch.optim.AdamW(module.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    recorder = OperationRecorder(generator)
    compute = RecordedGradient(state, recorder) if recorded else None
    draw = torch.Generator().manual_seed(4)
    X_l, X_u = (torch.randn(n, *shape, generator=draw) for n in (n_labeled, 30))
    y_l = torch.eye(3)[torch.randint(3, (n_labeled,), generator=draw)]
    torch.manual_seed(5)
    losses = []
    for step in range(N_STEPS):
        rows = torch.randperm(30, generator=draw)[: 10 + (step % 2)]
        terms = state.backward(module, (X_l, y_l), (X_u[rows], rows), compute=compute)
        optimizer.step()
        state.after_update(module)
        schedule.step()
        losses.append(terms)
    return module, state, losses, recorder


def assert_recorded_is_equal(*args, tol=0.0, **kwargs):
    module, state, losses, _ = train(*args, recorded=False, **kwargs)
    same_module, same_state, same_losses, recorder = train(
        *args, recorded=True, **kwargs
    )
    assert len(recorder.n_operations) == 2  # a recording for each size
    for ours, theirs in (
        (module.state_dict(), same_module.state_dict()),
        (dict(state.named_buffers()), dict(same_state.named_buffers())),
        *zip(losses, same_losses, strict=True),
    ):
        assert ours.keys() == theirs.keys()
        for name in ours:
            pair = torch.as_tensor(ours[name]), torch.as_tensor(theirs[name])
            torch.testing.assert_close(*pair, rtol=tol, atol=tol, msg=name)
    assert state.n_steps_done == same_state.n_steps_done == N_STEPS


@pytest.mark.parametrize("build", MODULES.values(), ids=MODULES)
def test_a_recorded_step_is_the_step(build):
    assert_recorded_is_equal(build)


@pytest.mark.parametrize("regularizer", REGULARIZERS.values(), ids=REGULARIZERS)
def test_with_regularizers(regularizer):
    assert_recorded_is_equal(with_batch_norm, regularizers=[regularizer])
    assert_recorded_is_equal(
        MODULES["members, dropout"],
        state=SupervisedState,
        regularizers=[regularizer],
    )


def test_through_a_residual_network_and_its_augmentation():
    # Convolutions round differently where their memory is aligned differently.
    assert_recorded_is_equal(wide_resnet, shape=(1, 8, 8), tol=1e-5)


class Impatient(nn.Linear):
    """A layer that has the host wait for a value."""

    def forward(self, X):
        return super().forward(X) if X.sum().item() else X


def test_refuses_a_module_that_waits_on_the_host():
    with pytest.raises(ValueError, match=r"cuda_graph.*not permitted.*\.item\(\)"):
        train(lambda generator: Impatient(4, 3), recorded=True)


def state_of(**kwargs):
    return LGAState(
        *(CLASSIFICATION, built_in(None)),
        **{"n_unlabeled": 5, "n_outputs": 3, "label_lr": 0.1, **kwargs},
    )


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"label_device": "cpu"}, "with label_device='cpu'"),
        ({"ranks": Ranks(0, 2)}, "with several processes"),
    ],
)
def test_refuses_steps_that_must_wait(kwargs, message):
    with pytest.raises(ValueError, match=message):
        recorded_gradient(state_of(**kwargs), "cuda")


def test_is_pickled_without_its_recordings():
    recorded = RecordedGradient(state_of(), recorder=None)
    recorded.recordings["shapes"] = object.__new__(type("Graph", (), {}))
    assert pickle.loads(pickle.dumps(recorded)).recordings == {}


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    X = ((X - X.mean(axis=0)) / X.std(axis=0)).astype(np.float32)
    return X, hide_labels(y, n_labeled=30, random_state=0)


def fitted(iris, net_params, estimator=LGAClassifier, **kwargs):
    settings = {"max_epochs": 6, "unlabeled_batch_size": 32, "random_state": 0}
    return estimator(**settings | kwargs, net_params=net_params).fit(*iris)


@pytest.mark.parametrize("estimator", [LGAClassifier, RegularizedNetClassifier])
def test_estimators_train_by_the_recording(estimator, iris, monkeypatch):
    plain = fitted(iris, None, estimator)
    recorders = []

    def recorded(state, device):
        recorders.append(OperationRecorder(state.noise_generator))
        return RecordedGradient(state, recorders[-1])

    monkeypatch.setattr(_net, "recorded_gradient", recorded)
    same = fitted(iris, {"cuda_graph": True}, estimator)
    assert recorders[0].n_operations
    np.testing.assert_array_equal(
        same.predict_proba(iris[0]), plain.predict_proba(iris[0])
    )
    np.testing.assert_array_equal(same.transduction_, plain.transduction_)
    assert same.history_[:, "train_loss"] == plain.history_[:, "train_loss"]
    again = pickle.loads(pickle.dumps(copy.deepcopy(same)))
    assert again.net_.compute_ is None


def test_estimators_train_on_rows_that_a_device_keeps(iris, monkeypatch):
    plain = fitted(iris, None, device="cpu")
    kept = []

    def fits_on(device, X):
        kept.append((device, len(X)))
        return True

    monkeypatch.setattr(_base, "fits_on", fits_on)
    same = fitted(iris, None, device="cpu")
    assert kept == [("cpu", 150)]
    np.testing.assert_array_equal(same.transduction_, plain.transduction_)
    assert same.history_[:, "train_loss"] == plain.history_[:, "train_loss"]


class CountWaits(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.n_waits = 0

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        self.n_waits += operation._schema.name in WAITS_ON_THE_HOST
        return operation(*args, **(kwargs or {}))


def waits_in_a_fit(iris, batch_size):
    with CountWaits() as counter:
        model = fitted(iris, None, unlabeled_batch_size=batch_size)
    return counter.n_waits, model


def test_the_host_waits_once_an_epoch(iris, monkeypatch):
    losses = waits_in_a_fit(iris, 8)[1].history_[:, "batches", :, "train_loss"]
    monkeypatch.setitem(_net.STEPS_BETWEEN_WAITS, "cpu", 100)
    n_waits, model = waits_in_a_fit(iris, 8)  # 15 steps an epoch
    assert n_waits == waits_in_a_fit(iris, 120)[0] > 0
    assert model.history_[:, "batches", :, "train_loss"] == losses


def test_a_loss_that_is_read_late_stops_the_fit(iris, monkeypatch):
    monkeypatch.setitem(_net.STEPS_BETWEEN_WAITS, "cpu", 100)
    with pytest.raises(ValueError, match="in epoch 1: lr=1e.30 is too large"):
        fitted(iris, None, lr=1e30)


def test_refuses_what_is_not_a_bool(iris):
    with pytest.raises(ValueError, match="cuda_graph must be True or False, got 'on'"):
        fitted(iris, {"cuda_graph": "on"})


def test_has_no_effect_on_a_cpu(iris):
    plain, same = (
        fitted(iris, net_params, device="cpu")
        for net_params in (None, {"cuda_graph": True})
    )
    np.testing.assert_array_equal(same.label_distributions_, plain.label_distributions_)


@needs_cuda
@pytest.mark.parametrize("module", [None, with_batch_norm])
@pytest.mark.parametrize("regularizers", [[], [VAT()]])
def test_a_graph_equals_the_steps_on_cuda(iris, module, regularizers):
    kwargs = {"device": "cuda", "regularizers": regularizers}
    if module is not None:
        kwargs["module"] = lambda n_features, n_outputs: module(None)
    plain, same = (
        fitted(iris, net_params, **kwargs)
        for net_params in (None, {"cuda_graph": True})
    )
    np.testing.assert_allclose(
        same.predict_proba(iris[0]), plain.predict_proba(iris[0]), atol=1e-4
    )
