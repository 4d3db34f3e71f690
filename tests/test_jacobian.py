"""The backends of J d agree, and the fast one is taken only where it is right."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from sklearn_lga._encoding import MemberInputs, quantile_bins
from sklearn_lga._engine import LGAState
from sklearn_lga._jacobian import (
    ByHand,
    DoubleBackward,
    ForwardMode,
    can_linearize,
    differentiate,
)
from sklearn_lga._supervised import trainable_parameters
from sklearn_lga.alignment import CLASSIFICATION
from sklearn_lga.modules import ACTIVATIONS, MLP, WideResNet

BINS = quantile_bins(np.random.RandomState(0).randn(50, 4), 5)


def products(backend, module, parameters, n_labeled=3, seed=0, shape=(4,)):
    """Of 9 rows, the first of them labelled: outputs, products and the direction."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    rows = normal(9, *shape)
    direction = normal(sum(p.numel() for p in parameters))
    passes = backend(module, parameters, rows[:n_labeled], rows[n_labeled:])
    outputs = passes.labeled_outputs, passes.unlabeled_outputs
    deltas = [normal(*x.shape) for x in outputs]
    other = normal(*outputs[1].shape)
    return (
        *(outputs, passes.vjp(*deltas), passes.unlabeled_vjp(other)),
        *(passes.jvp(direction), direction),
    )


def check_equal(some, others):
    for a, b in zip(some, others, strict=True):
        for x, y in zip(a, b, strict=True):  # of both batches, or row by row
            torch.testing.assert_close(x, y, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("sizes", [(), (5,), (6, 5, 4)])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_backends_agree(activation, sizes, dropout, encoded, n_members):
    noise = torch.Generator()
    inputs = None
    if encoded:
        seen = np.ones((n_members, 24), dtype=bool)
        seen[1:, 4:] = False
        inputs = partial(MemberInputs, BINS, 4, seen)
    module = MLP(
        24 if encoded else 4,
        3,
        hidden_layer_sizes=sizes,
        activation=activation,
        dropout=dropout,
        inputs=inputs,
        n_members=n_members,
        noise_generator=noise,
    ).double()
    parameters = list(module.parameters())
    got = []
    for backend in (DoubleBackward, ByHand):
        noise.manual_seed(1)
        # The masks are drawn for one batch or for two: alike where one is empty.
        n_labeled = 0 if dropout else 3
        got.append(products(backend, module, parameters, n_labeled))
    check_equal(*got)


def test_jvp_is_the_derivative_of_the_outputs():
    module = MLP(4, 3, hidden_layer_sizes=(6,), activation="gelu").double()
    parameters = list(module.parameters())
    (_, outputs), _, _, tangent, direction = products(ByHand, module, parameters)
    rows = torch.randn(
        9, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )[3:]
    parts = direction.split([p.numel() for p in parameters])
    values = []
    for h in (1e-6, -1e-6):
        with torch.no_grad():
            for p, d in zip(parameters, parts, strict=True):
                p.add_(h * d.view_as(p))
            values.append(module(rows))
            for p, d in zip(parameters, parts, strict=True):
                p.sub_(h * d.view_as(p))
    torch.testing.assert_close(
        tangent, (values[0] - values[1]) / 2e-6, rtol=1e-6, atol=1e-7
    )
    torch.testing.assert_close(outputs, module(rows))


@pytest.mark.parametrize(
    "frozen", [["0.weight"], ["0.bias"], ["0.weight", "0.bias"], ["2.weight"]]
)
def test_frozen_parameters(frozen):
    module = MLP(4, 3, hidden_layer_sizes=(6,), activation="tanh").double()
    for name in frozen:
        module.get_parameter(name).requires_grad_(False)
    parameters = trainable_parameters(module)
    check_equal(*(products(b, module, parameters) for b in (DoubleBackward, ByHand)))


class Scaled(MLP):
    def forward(self, x):
        return super().forward(3.0 * x)


class Renamed(MLP):
    pass


def hooked():
    module = MLP(4, 3)
    module[0].register_forward_hook(lambda m, i, o: 2 * o)
    return module


def exchanged():
    module = MLP(4, 3, hidden_layer_sizes=(6,))
    module[1] = nn.LayerNorm(6)
    return module


def tied():
    module = MLP(4, 4, hidden_layer_sizes=(4,))
    module[2].weight = module[0].weight
    return module


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: MLP(4, 3), True),
        (lambda: Renamed(4, 3), True),
        (lambda: Scaled(4, 3), False),
        (lambda: nn.Sequential(nn.Linear(4, 3)), False),
        (hooked, False),
        (exchanged, False),
        (tied, False),
        (lambda: MLP(4, 3).eval(), False),
        (lambda: parametrizations.weight_norm(MLP(4, 3)[0]), False),
    ],
)
def test_taken_by_hand_where_it_is_right(build, expected):
    module = build()
    assert can_linearize(module) == expected
    rows = torch.ones(2, 2, 4)
    backend = type(differentiate(module, list(module.parameters()), *rows))
    assert backend is (ByHand if expected else DoubleBackward)


def test_parametrized_layers_fall_back():
    module = MLP(4, 3)
    parametrizations.weight_norm(module[0])
    assert not can_linearize(module)


def residual_network(**kwargs):
    generator = torch.Generator().manual_seed(0)
    sizes = {"depth": 10, "width": 1, "base_channels": 2}
    return WideResNet((1, 5, 4), 3, **sizes, generator=generator, **kwargs)


class RescaledImages(WideResNet):
    def forward(self, x):
        return super().forward(2.0 * x)


def with_dropout():
    module = residual_network()
    module.units.append(nn.Dropout())
    return module


def with_hook():
    module = residual_network()
    module.norm.register_forward_hook(lambda m, i, o: 2 * o)
    return module


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (residual_network, ForwardMode),
        (lambda: RescaledImages((1, 5, 4), 3, depth=10), DoubleBackward),
        (with_dropout, DoubleBackward),
        (with_hook, DoubleBackward),
    ],
)
def test_pushed_forward_where_it_is_right(build, expected):
    module = build()
    rows = torch.ones(2, 2, 1, 5, 4)
    assert type(differentiate(module, list(module.parameters()), *rows)) is expected


@pytest.mark.parametrize("frozen", [[], ["stem.weight", "units.1.norm2.bias"]])
@pytest.mark.parametrize("seed", range(3))
def test_forward_mode_agrees_with_double_backward(seed, frozen):
    got, statistics = [], []
    for backend in (DoubleBackward, ForwardMode):
        noise = torch.Generator().manual_seed(seed)
        module = residual_network(translation=1, noise_generator=noise).double()
        for name in frozen:
            module.get_parameter(name).requires_grad_(False)
        parameters = trainable_parameters(module)
        got.append(products(backend, module, parameters, shape=(1, 5, 4)))
        statistics.append(dict(module.named_buffers()))
    check_equal(*got)
    assert got[0][3].abs().min() > 0
    for name, buffer in statistics[0].items():
        assert torch.equal(buffer, statistics[1][name]), name


@pytest.mark.parametrize("seed", range(3))
def test_the_engine_gives_the_same_by_both(seed, monkeypatch):
    ends = []
    for by_hand in (True, False):
        monkeypatch.setattr(
            "sklearn_lga._engine.differentiate",
            ByHand if by_hand else DoubleBackward,
        )
        generator = torch.Generator().manual_seed(seed)
        module = MLP(4, 3, hidden_layer_sizes=(7,), generator=generator).double()
        X_l, X_u = torch.randn(2, 9, 4, generator=generator, dtype=torch.float64)
        y = nn.functional.one_hot(torch.arange(9) % 3).double()
        state = LGAState(
            CLASSIFICATION, module, n_unlabeled=9, n_outputs=3, label_lr=0.3
        ).double()
        optimizer = torch.optim.Adam(module.parameters())
        for _ in range(20):
            state.step(module, optimizer, (X_l, y), (X_u, torch.arange(9)))
        ends.append(
            torch.cat(
                [
                    state.labels().ravel(),
                    *(p.detach().ravel() for p in module.parameters()),
                ]
            )
        )
    torch.testing.assert_close(*ends, rtol=1e-8, atol=1e-8)
