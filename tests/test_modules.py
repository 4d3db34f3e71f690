import copy
import pickle

import pytest
import torch

from sklearn_lga.modules import ACTIVATIONS, MLP, GeneratorDropout


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [(), (5,), (5, 6)])
def test_mlp(activation, sizes):
    module = MLP(4, 3, hidden_layer_sizes=sizes, activation=activation)
    assert module(torch.zeros(2, 4)).shape == (2, 3)
    widths = [p.shape for name, p in module.named_parameters() if "weight" in name]
    assert widths == list(zip([*sizes, 3], [4, *sizes], strict=True))


def test_initial_parameters_come_from_the_generator():
    before = torch.get_rng_state()
    a, b = (MLP(4, 3, generator=torch.Generator().manual_seed(0)) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(map(torch.equal, a.state_dict().values(), b.state_dict().values()))
    weight = MLP(100, 3, generator=torch.Generator().manual_seed(0))[0].weight
    assert weight.abs().max() <= 0.1
    torch.testing.assert_close(
        weight.std(), torch.tensor(0.1 / 3**0.5), rtol=0.02, atol=0
    )


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout(p):
    layer = GeneratorDropout(p, torch.Generator().manual_seed(0))
    x = torch.ones(500, 203)
    before = torch.get_rng_state()
    dropped = layer(x)
    assert torch.equal(torch.get_rng_state(), before)
    assert abs((dropped == 0).double().mean() - p) < 0.005
    torch.testing.assert_close(dropped.mean(), torch.tensor(1.0), rtol=0.03, atol=0)
    # no row or column is favoured
    assert ((dropped == 0).double().mean(0) - p).abs().max() < 0.1
    assert ((dropped == 0).double().mean(1) - p).abs().max() < 0.2
    assert not torch.equal(dropped, layer(x))
    assert torch.equal(layer.eval()(x), x)


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_generators_travel(duplicate):
    layer = GeneratorDropout(0.5, torch.Generator().manual_seed(0))
    other = duplicate(layer)
    x = torch.ones(3, 3)
    assert torch.equal(layer(x), other(x))
