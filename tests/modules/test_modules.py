import copy
import functools
import pickle

import numpy as np
import pytest
import torch

from sklearn_lga.modules import ACTIVATIONS, MLP, WideResNet
from sklearn_lga.modules._mlp import GeneratorDropout, MemberScales
from sklearn_lga.modules._wide_resnet import Augmentation


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


def by_hand(module, m, x):
    """What a member gives: its own layers one after the other."""
    layers = [layer for layer in module if hasattr(layer, "weight")]
    for i, layer in enumerate(layers):
        x = x @ layer.weight[m] + layer.bias[m]
        x = x if i == len(layers) - 1 else x.tanh()
    return x


@pytest.mark.parametrize("sizes", [(), (5,), (5, 6)])
def test_members(sizes):
    """Each by itself; in evaluation mode without dropout, and their mean is given."""
    module = MLP(
        4, 2, hidden_layer_sizes=sizes, activation="tanh", dropout=0.5, n_members=3
    )
    x = torch.randn(7, 4, generator=torch.Generator().manual_seed(0))
    assert module(x).shape == module.members(x).shape == (7, 3, 2)
    assert torch.equal(module(x), module.members(x)) == (not sizes)  # two masks
    members = module.eval().members(x)
    for m in range(3):
        torch.testing.assert_close(members[:, m], by_hand(module, m, x))
    torch.testing.assert_close(module(x), members.mean(dim=1))
    assert not torch.allclose(members[:, 0], members[:, 1], atol=1e-3)


@pytest.mark.parametrize("shape", [(7, 4), (7, 3, 4)])
def test_one_network_is_its_own_mean(shape):
    module = MLP(4, 2, dropout=0.5)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    assert module(x).shape == (*shape[:-1], 2)
    module.eval()
    assert module(x).shape == (*shape[:-1], 2)
    assert torch.equal(module.members(x), module(x))


@pytest.mark.parametrize("n_members", [1, 3])
def test_member_scales(n_members):
    """Columns times each member's factors: the others' change nothing of it."""
    random = np.random.RandomState(0)
    scales = random.rand(n_members, 4).astype(np.float32)
    scales[0, 2] = 0.0
    module = MLP(
        4, 2, n_members=n_members, inputs=functools.partial(MemberScales, scales)
    ).eval()
    assert "0.scales" in module.state_dict()
    assert "0.scales" not in dict(module.named_parameters())
    x = torch.from_numpy(random.randn(7, 4).astype(np.float32))
    seen = MemberScales(scales)(x)
    assert seen.shape == ((7, 4) if n_members == 1 else (n_members, 7, 4))
    plain = MLP(4, 2, n_members=n_members).eval()
    parameters = [p.detach() for p in module.parameters()]
    torch.nn.utils.vector_to_parameters(
        torch.nn.utils.parameters_to_vector(parameters), plain.parameters()
    )
    outputs = module.members(x).reshape(7, n_members, 2)
    for m in range(n_members):
        scaled = x * torch.from_numpy(scales[m])
        torch.testing.assert_close(seen.reshape(n_members, 7, 4)[m], scaled)
        expected = plain.members(scaled).reshape(7, n_members, 2)[:, m]
        torch.testing.assert_close(outputs[:, m], expected)
    x[:, 2] += 1.0  # which the first does not see
    changed = module.members(x).reshape(7, n_members, 2)
    assert torch.equal(changed[:, 0], outputs[:, 0])
    assert n_members == 1 or (changed[:, 1:] != outputs[:, 1:]).all()


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


def tiny_resnet(**changes):
    settings = {"depth": 10, "width": 1, "base_channels": 2, "noise": 0.0}
    settings |= {"flip": False, "translation": 0}
    generator = torch.Generator().manual_seed(0)
    return WideResNet((2, 8, 8), 3, generator=generator, **settings | changes)


def test_wide_resnet_is_wrn_28_2():
    network = WideResNet((3, 32, 32), 10)
    convolutions = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
    # the stem, two a unit, and one for each group's first shortcut
    assert len(convolutions) == 1 + 2 * 12 + 3
    assert all(c.bias is None for c in convolutions)
    widths = [unit.conv2.out_channels for unit in network.units]
    assert widths == [32] * 4 + [64] * 4 + [128] * 4
    assert [u.activate_first for u in network.units] == [True] + [False] * 11
    norms = [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert {(m.eps, m.momentum) for m in norms} == {(1e-3, 0.001)}
    # The published count of WRN-28-2's parameters is 1.5 million.
    n_parameters = sum(p.numel() for p in network.parameters())
    assert 1.4e6 < n_parameters < 1.55e6
    spread = network.units[5].conv1.weight.std().item()
    assert abs(spread / (2 / (9 * 64)) ** 0.5 - 1) < 0.02


def test_wide_resnet_strides():
    network = tiny_resnet()
    sizes = []
    for unit in network.units:
        unit.register_forward_hook(lambda m, i, o: sizes.append(tuple(o.shape[1:])))
    network(torch.zeros(1, 2, 8, 8))
    assert sizes == [(2, 8, 8), (4, 4, 4), (8, 2, 2)]


def test_wide_resnet_generators():
    before = torch.get_rng_state()
    networks = [
        tiny_resnet(
            flip=True,
            translation=2,
            noise=0.1,
            noise_generator=torch.Generator().manual_seed(1),
        )
        for _ in range(2)
    ]
    x = torch.ones(4, 2, 8, 8)
    assert torch.equal(networks[0](x), networks[1](x))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("size", [(3, 3), (5, 7)])
@pytest.mark.parametrize("translation", [0, 1, 2])
def test_translation_is_a_crop_of_the_reflected_image(translation, size):
    x = torch.arange(2 * size[0] * size[1]).double().view(1, 2, *size)
    padded = torch.nn.functional.pad(x, [translation] * 4, mode="reflect")[0]
    crops = {
        tuple(padded[:, i : i + size[0], j : j + size[1]].reshape(-1).tolist())
        for i in range(2 * translation + 1)
        for j in range(2 * translation + 1)
    }
    augmentation = Augmentation(False, translation, 0.0, torch.Generator())
    seen = augmentation(x.expand(2000, -1, -1, -1)).reshape(2000, -1)
    assert {tuple(row) for row in seen.tolist()} == crops


def test_flip_and_noise():
    x = torch.arange(24.0).view(1, 2, 3, 4).expand(1000, -1, -1, -1)
    flipped = Augmentation(True, 0, 0.0, torch.Generator())(x)
    mirrored = (flipped == x.flip(3)).flatten(1).all(dim=1)
    kept = (flipped == x).flatten(1).all(dim=1)
    assert torch.equal(mirrored, ~kept)
    assert abs(kept.double().mean() - 0.5) < 0.06
    noisy = Augmentation(False, 0, 0.15, torch.Generator())
    assert abs((noisy(x) - x).std() - 0.15) < 0.01
    assert torch.equal(noisy.eval()(x), x)


def test_augmentation_is_redrawn_at_every_pass():
    x = torch.randn(8, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    network = tiny_resnet(translation=2, noise_generator=torch.Generator())
    assert not torch.equal(network(x), network(x))
    assert torch.equal(network.eval()(x), network(x))


@pytest.mark.parametrize(
    ("shape", "changes", "message"),
    [
        ((64,), {}, r"got rows of shape \(64,\)"),
        (64, {}, r"got rows of shape \(64,\)"),
        ((1, 2, 8), {"translation": 2}, "translation=2 must be smaller"),
        ((1, 8, 8), {"depth": 12}, "depth must be 6 n"),
        ((1, 8, 8), {"depth": 4}, "depth must be 6 n"),
    ],
)
def test_wide_resnet_refuses(shape, changes, message):
    with pytest.raises(ValueError, match=message):
        WideResNet(shape, 3, **changes)
