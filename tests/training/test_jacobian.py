"""The backends of J' delta and J d agree, and are taken where they are right."""

import pytest
import torch
from torch import nn

from sklearn_lga._training.jacobian import (
    DoubleBackward,
    ForwardMode,
    differentiate,
    trainable_parameters,
)
from sklearn_lga.alignment import unflatten
from sklearn_lga.modules import MLP, WideResNet


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
    gradients = passes.labeled_vjp(deltas[0]), passes.unlabeled_vjp(deltas[1])
    return outputs, gradients, passes.jvp(direction), direction


def check_equal(some, others):
    for a, b in zip(some, others, strict=True):
        for x, y in zip(a, b, strict=True):  # of both batches, or row by row
            torch.testing.assert_close(x, y, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("n_members", [1, 3])
def test_jvp_is_the_derivative_of_the_outputs(n_members):
    module = MLP(
        4, 3, hidden_layer_sizes=(6,), activation="gelu", n_members=n_members
    ).double()
    parameters = list(module.parameters())
    (_, outputs), _, tangent, direction = products(DoubleBackward, module, parameters)
    rows = torch.randn(
        9, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )[3:]
    parts = unflatten(direction, parameters)
    values = []
    for h in (1e-6, -1e-6):
        with torch.no_grad():
            for p, d in zip(parameters, parts, strict=True):
                p.add_(h * d)
            values.append(module(rows))
            for p, d in zip(parameters, parts, strict=True):
                p.sub_(h * d)
    torch.testing.assert_close(
        tangent, (values[0] - values[1]) / 2e-6, rtol=1e-6, atol=1e-7
    )
    torch.testing.assert_close(outputs, module(rows))


def test_jvp_sees_the_dropout_mask_of_the_gradient():
    """The derivative of the outputs that g_u was taken of, by numbers."""
    noise = torch.Generator().manual_seed(0)
    module = MLP(
        *(4, 2),
        hidden_layer_sizes=(50,),
        activation="tanh",
        dropout=0.5,
        generator=torch.Generator().manual_seed(0),
        noise_generator=noise,
    ).double()
    parameters = list(module.parameters())
    rows = torch.randn(
        2, 7, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )
    passes = DoubleBackward(module, parameters, *rows)
    product = passes.unlabeled_vjp(torch.ones(7, 2, dtype=torch.float64))
    direction = torch.linspace(-1.0, 1.0, len(product), dtype=torch.float64)
    tangent, values = passes.jvp(direction), []
    for h in (1e-6, -1e-6):
        noise.manual_seed(0)
        module(rows[0])  # draws the mask of the labelled pass
        with torch.no_grad():
            for p, d in zip(parameters, unflatten(direction, parameters), strict=True):
                p.add_(h * d)
            values.append(module(rows[1]))
            for p, d in zip(parameters, unflatten(direction, parameters), strict=True):
                p.sub_(h * d)
    torch.testing.assert_close(
        tangent, (values[0] - values[1]) / 2e-6, rtol=1e-6, atol=1e-7
    )


@pytest.mark.parametrize("frozen", [["0.weight"], ["0.bias"], ["2.weight"]])
def test_frozen_parameters(frozen):
    module = MLP(4, 3, hidden_layer_sizes=(6,), activation="tanh").double()
    for name in frozen:
        module.get_parameter(name).requires_grad_(False)
    parameters = trainable_parameters(module)
    assert len(parameters) == 3
    _, (g_l, g_u), tangent, _ = products(DoubleBackward, module, parameters)
    assert len(g_l) == len(g_u) == sum(p.numel() for p in parameters)
    assert tangent.shape == (6, 3)


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
    assert got[0][2].abs().min() > 0
    for name, buffer in statistics[0].items():
        assert torch.equal(buffer, statistics[1][name]), name
