import copy
import pickle

import numpy as np
import pytest
import torch
from sklearn.datasets import load_iris
from skorch.callbacks import Callback
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from sklearn_lga import LGAClassifier, _base, _net
from sklearn_lga._checks import check_cuda_graph
from sklearn_lga._engine import LGAState
from sklearn_lga._jacobian import load_forward_rules
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
    Regularizer,
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


class OnTheHost(TorchDispatchMode):
    """Collects operations that a tensor of the host takes part in."""

    def __init__(self):
        super().__init__()
        self.operations = set()

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        result = operation(*args, **kwargs)
        tensors = tree_leaves((args, kwargs, result))
        if any(isinstance(t, torch.Tensor) and t.device.type == "cpu" for t in tensors):
            self.operations.add(operation._schema.name)
        return result


@pytest.mark.parametrize("regularizer", [None, *REGULARIZERS.values()])
@pytest.mark.parametrize("state_type", [LGAState, SupervisedState])
@pytest.mark.parametrize("build", [*MODULES.values(), wide_resnet])
def test_a_step_stays_on_the_device(build, state_type, regularizer):
    load_forward_rules()
    module = build(None).to("meta").train()
    lga = {"n_unlabeled": 30, "n_outputs": 3, "label_lr": 0.3, "label_pull": 0.1}
    state = state_type(
        CLASSIFICATION,
        module,
        regularizers=[] if regularizer is None else [regularizer],
        **lga if state_type is LGAState else {},
    ).to("meta")
    shape = (1, 8, 8) if build is wide_resnet else (4,)
    with torch.device("meta"):
        labeled = torch.empty(12, *shape), torch.empty(12, 3)
        unlabeled = torch.empty(10, *shape), torch.arange(10)
        scalars = torch.empty(len(state.scalars())).unbind()
    with OnTheHost() as on_the_host:
        gradient, terms = state.gradient(module, scalars, labeled, unlabeled)
    assert on_the_host.operations == set()
    values = [gradient, *terms.values()]
    assert {value.device.type for value in values} == {"meta"}
    assert not any(value.requires_grad for value in values)


class Impatient(nn.Linear):
    """A layer that has the host wait for a value."""

    def forward(self, X):
        return super().forward(X) if X.sum().item() else X


def test_refuses_a_module_that_waits_on_the_host():
    with pytest.raises(ValueError, match=r"cuda_graph.*not permitted.*\.item\(\)"):
        train(lambda generator: Impatient(4, 3), recorded=True)


def state_of(module=None, n_unlabeled=5):
    return LGAState(
        CLASSIFICATION,
        module or built_in(None),
        n_unlabeled=n_unlabeled,
        n_outputs=3,
        label_lr=0.1,
    )


def test_refuses_steps_that_must_wait(iris):
    with pytest.raises(ValueError, match="cannot be used with label_device='cpu'"):
        fitted(iris, {"cuda_graph": True}, label_device="cpu")
    with pytest.raises(ValueError, match="cannot be used with several processes"):
        check_cuda_graph({"cuda_graph": True}, n_processes=2, label_device=None)
    check_cuda_graph({"cuda_graph": False}, n_processes=2, label_device="cpu")


def test_no_graph_on_a_cpu():
    assert recorded_gradient(state_of(), "cpu") is None


def test_is_pickled_without_its_recordings():
    recorded = RecordedGradient(state_of(), recorder=OperationRecorder())
    recorded.recordings["shapes"] = lambda: None  # cannot be pickled
    assert pickle.loads(pickle.dumps(recorded)).state.n_parameters > 0


def test_records_anew_where_parameters_have_moved():
    generator = torch.Generator().manual_seed(0)
    module = built_in(generator)
    state = state_of(module=module, n_unlabeled=6)
    recorder = OperationRecorder()
    compute = RecordedGradient(state, recorder)
    batches = (
        (torch.randn(4, 4), torch.eye(3)[[0, 1, 2, 0]]),
        (
            torch.randn(6, 4),
            torch.arange(6),
        ),
    )

    def outputs():
        return state.backward(module, *batches, compute=compute)["y_pred"]

    for _ in range(5):
        outputs()
    n_parameters = sum(p.numel() for p in module.parameters())
    nn.utils.vector_to_parameters(torch.zeros(n_parameters), module.parameters())
    for _ in range(5):
        assert torch.equal(outputs(), torch.zeros(4, 3))
    assert len(recorder.n_operations) == 2


class OneNumber(Regularizer):
    def loss(self, state, module, X, logits):
        return logits.square().mean().reshape(1)


def test_a_term_may_be_a_vector_of_one(iris):
    model = fitted(iris, None, regularizers=[OneNumber(0.1)])
    assert np.isfinite(model.history_[:, "train_loss"]).all()


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
    assert n_waits == waits_in_a_fit(iris, 60)[0] > 0  # 2 steps
    assert model.history_[:, "batches", :, "train_loss"] == losses


class Interrupt(Callback):
    """A key is pressed in the middle of the step after the third."""

    def on_grad_computed(self, net, **kwargs):
        if len(net.history[-1, "batches"]) == 4:
            raise KeyboardInterrupt


def test_losses_stay_with_their_batches(iris, monkeypatch):
    histories = []
    for every in (1, 100):
        monkeypatch.setitem(_net.STEPS_BETWEEN_WAITS, "cpu", every)
        model = fitted(iris, None, callbacks=[Interrupt()], unlabeled_batch_size=8)
        batches = model.history_[-1]["batches"]
        histories.append([batch.get("train_loss") for batch in batches])
    assert histories[0] == histories[1]
    assert [type(loss) for loss in histories[1]] == [*[float] * 3, type(None)]


class Listener(Callback):
    def on_train_begin(self, net, **kwargs):
        self.losses = []

    def on_batch_end(self, net, training=False, **kwargs):
        if training:
            self.losses.append(net.history[-1, "batches", -1, "train_loss"])


def test_callbacks_find_numbers(iris, monkeypatch):
    monkeypatch.setitem(_net.STEPS_BETWEEN_WAITS, "cpu", 100)
    model = fitted(iris, None, callbacks=[("listener", Listener())])
    losses = dict(model.net_.callbacks_)["listener"].losses
    assert len(losses) > 6
    assert {type(loss) for loss in losses} == {float}


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
