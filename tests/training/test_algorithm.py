import copy
import math

import pytest
import torch
from torch import nn
from torch.func import functional_call

from sklearn_lga._training.algorithm import TrainingState, descending
from sklearn_lga._training.imputed_labels import ImputedLabels
from sklearn_lga.alignment import CLASSIFICATION, REGRESSION, labeled_weight_at
from sklearn_lga.modules import WideResNet

from ..in_turn import case, seeds
from . import reference
from .problems import TASKS, data, lga_state, mlp, unweighted

SETTINGS = {"decay": 0.8, "eps_norm": 1e-6}


@pytest.mark.parametrize("labeled_weight", [1.0, ("linear", 5.0)])
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("seed", range(3))
def test_equals_a_transcription_of_algorithm_1(task, seed, labeled_weight):
    n_steps = 25
    X_l, y_l, X_u = data(task, seed)
    module = mlp(seed)
    names = [name for name, _ in module.named_parameters()]
    initial = [p.detach().clone() for p in module.parameters()]

    objective, loss = TASKS[task]
    state = TrainingState(
        objective,
        module,
        imputed_labels=ImputedLabels((len(X_u), 3), lr=0.3),
        labeled_weight=labeled_weight,
        n_steps=n_steps,
        **SETTINGS,
    ).double()
    update = descending(torch.optim.Adam(module.parameters(), lr=0.01))
    positions = torch.arange(len(X_u))
    for _ in range(n_steps):
        state.step(module, update, unweighted(X_l, y_l), (X_u, positions))

    theta, w = reference.algorithm_1(
        lambda theta, X: functional_call(
            module, dict(zip(names, theta, strict=True)), (X,)
        ),
        initial,
        torch.zeros(len(X_u), 3, dtype=torch.float64),
        n_steps * [(X_l, y_l, X_u, positions)],
        loss=loss,
        f=(lambda w: w.softmax(dim=1)) if task == "classification" else (lambda w: w),
        alpha_theta=0.01,
        alpha_w=0.3,
        T=lambda i: labeled_weight_at((i - 1) / (n_steps - 1), labeled_weight),
        gradient_decay=SETTINGS["decay"],
        norm_decay=SETTINGS["decay"],
        eps_norm=SETTINGS["eps_norm"],
    )
    for ours, theirs in zip(module.parameters(), theta, strict=True):
        torch.testing.assert_close(ours.detach(), theirs, rtol=0, atol=1e-8)
    torch.testing.assert_close(state.imputed_labels.w, w, rtol=0, atol=1e-8)
    assert w.abs().max() > 1  # the labels did move


def test_only_visited_rows_move():
    X_l, y_l, X_u = data("classification", 0)
    module = mlp(0)
    state = lga_state(module, (len(X_u), 3), lr=0.5)
    update = descending(torch.optim.Adam(module.parameters()))
    visited = torch.tensor([4, 1, 7])
    state.step(module, update, unweighted(X_l, y_l), (X_u[visited], visited))
    moved = state.imputed_labels.w.abs().sum(dim=1) > 0
    assert moved.nonzero().ravel().tolist() == [1, 4, 7]
    assert state.imputed_labels.n_updates.nonzero().ravel().tolist() == [1, 4, 7]
    # Adam's first step is of size label_lr, whatever the gradient.
    steps = state.imputed_labels.w[visited].abs()
    torch.testing.assert_close(steps, torch.full_like(steps, 0.5), rtol=1e-3, atol=0)


def test_label_lr_zero_keeps_labels_uniform():
    X_l, y_l, X_u = data("classification", 0)
    module = mlp(0)
    state = lga_state(module, (len(X_u), 3), lr=0.0)
    update = descending(torch.optim.Adam(module.parameters()))
    for _ in range(5):
        state.step(module, update, unweighted(X_l, y_l), (X_u, torch.arange(len(X_u))))
    torch.testing.assert_close(
        state.labels(), torch.full_like(state.imputed_labels.w, 1 / 3)
    )


@pytest.mark.parametrize("seed", range(3))
def test_labels_that_match_are_a_fixed_point(seed):
    """Where X_u = X_l carries the true labels, g_u = g_l: no gradient for w."""
    X, y, _ = data("regression", seed)
    module = mlp(seed)
    state = TrainingState(
        REGRESSION,
        module,
        imputed_labels=ImputedLabels((len(X), 3), lr=0.1, eps=1.0),  # else rounding
        eps_norm=1.0,  # errors become steps
        decay=0.0,
    ).double()
    state.imputed_labels.w.copy_(y)
    update = descending(torch.optim.Adam(module.parameters()))
    for _ in range(3):
        terms = state.step(module, update, unweighted(X, y), (X, torch.arange(len(X))))
        assert terms["alignment_distance"] < 1e-26
    torch.testing.assert_close(state.imputed_labels.w, y, rtol=0, atol=1e-6)


@pytest.mark.parametrize("labeled_weight", [0.0, case(1.0, always=False)])
@pytest.mark.parametrize("seed", seeds(2))
def test_propositions_2_and_3(seed, labeled_weight):
    """With a convex loss the labelled gradient vanishes at a fixed point.

    The step sizes shrink in stages, as Adam with constant ones does not rest.
    """
    X_l, y_l, X_u = data("regression", seed, n_outputs=1)
    module = nn.Linear(5, 1, bias=False).double()
    state = TrainingState(
        REGRESSION,
        module,
        imputed_labels=ImputedLabels((len(X_u), 1), lr=0.0),
        labeled_weight=labeled_weight,
        decay=0.0,
        eps_norm=1e-2,
    ).double()
    optimizer = torch.optim.Adam(module.parameters())
    update = descending(optimizer)
    positions = torch.arange(len(X_u))
    for exponent in range(1, 8):
        state.imputed_labels.adam["lr"] = 10.0**-exponent
        optimizer.param_groups[0]["lr"] = 10.0**-exponent
        for _ in range(650):
            terms = state.step(module, update, unweighted(X_l, y_l), (X_u, positions))
    residual = (X_l.T @ (X_l @ module.weight.detach().T - y_l)) / len(X_l)
    assert (X_l.T @ y_l / len(X_l)).abs().max() > 0.1
    assert residual.abs().max() < 1e-4
    least_squares = torch.linalg.lstsq(X_l, y_l).solution
    torch.testing.assert_close(
        module.weight.detach().T, least_squares, rtol=0, atol=1e-3
    )
    assert terms["alignment_distance"] < 1e-4


def test_batch_norm_statistics_are_those_of_the_labeled_pass():
    X_l, y_l, X_u = data("classification", 0)
    module = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Linear(4, 3)).double()
    alone = copy.deepcopy(module)
    alone(X_l)
    state = lga_state(module, (len(X_u), 3), lr=0.5)
    update = descending(torch.optim.SGD(module.parameters(), lr=0.0))
    state.step(
        module, update, unweighted(X_l, y_l), (X_u + 100.0, torch.arange(len(X_u)))
    )
    for ours, theirs in zip(module[1].buffers(), alone[1].buffers(), strict=True):
        torch.testing.assert_close(ours, theirs)
    assert module[1].track_running_stats


def test_batch_norm_unlabeled_pass_uses_its_own_batch():
    """The unlabelled gradient is that of batch statistics, not running ones."""
    X_l, y_l, X_u = data("classification", 0)
    module = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Linear(4, 3)).double()
    state = lga_state(module, (len(X_u), 3), lr=0.5)
    update = descending(torch.optim.SGD(module.parameters(), lr=0.0))
    terms = state.step(
        module, update, unweighted(X_l, y_l), (X_u, torch.arange(len(X_u)))
    )
    uniform = torch.full((len(X_u), 3), 1 / 3, dtype=torch.float64)
    expected = CLASSIFICATION(copy.deepcopy(module)(X_u), uniform)
    torch.testing.assert_close(terms["unlabeled_loss"], expected.detach())


@pytest.mark.parametrize("seed", range(3))
def test_label_gradient_through_the_wide_resnet(seed):
    """Against autograd of Eq. 2 as it stands, through batch norm and convolutions."""
    generator = torch.Generator().manual_seed(seed)
    X_l, X_u = torch.randn(2, 6, 2, 8, 8, generator=generator, dtype=torch.float64)
    y_l = nn.functional.one_hot(torch.arange(6) % 3).double()
    module = WideResNet(
        (2, 8, 8),
        3,
        depth=10,
        width=1,
        base_channels=2,
        flip=True,
        noise=0.1,
        generator=generator,
    ).double()
    with torch.no_grad():  # else the batch norms' own scales take no part
        for p in module.parameters():
            p.add_(0.3 * torch.randn(p.shape, generator=generator))
    state = lga_state(module, (6, 3), lr=0.5, decay=0.0, eps_norm=1e-4)
    state.imputed_labels.w.normal_(generator=generator)
    w = state.imputed_labels.w.clone().requires_grad_()
    gradients = []
    state.imputed_labels.update = lambda _, w, g_w: gradients.append(g_w)

    torch.manual_seed(0)
    before = copy.deepcopy(module)
    still = torch.optim.SGD(module.parameters(), lr=0.0)
    state.step(module, descending(still), unweighted(X_l, y_l), (X_u, torch.arange(6)))

    torch.manual_seed(0)  # the same augmentation
    g_l = torch.autograd.grad(
        reference.cross_entropy(before(X_l), y_l), list(before.parameters())
    )
    g_u = torch.autograd.grad(
        reference.cross_entropy(before(X_u), w.softmax(dim=1)),
        list(before.parameters()),
        create_graph=True,
    )
    v = torch.cat([(a - b).reshape(-1) for a, b in zip(g_l, g_u, strict=True)])
    fourth = (v**4).detach()
    (g_w,) = torch.autograd.grad((v**2 / (1e-4 + fourth**0.5)).sum(), w)
    assert g_w.abs().max() > 0.1
    torch.testing.assert_close(gradients[0], g_w, rtol=1e-8, atol=1e-8)


def test_supervised_step_is_plain_training():
    X_l, y_l, _ = data("classification", 0)
    module = mlp(0)
    plain = copy.deepcopy(module)
    state = TrainingState(CLASSIFICATION, module)
    ours = torch.optim.Adam(module.parameters())
    theirs = torch.optim.Adam(plain.parameters())
    for _ in range(5):
        state.step(module, descending(ours), unweighted(X_l, y_l))
        theirs.zero_grad()
        nn.functional.cross_entropy(plain(X_l), y_l).backward()
        theirs.step()
    for a, b in zip(module.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-14)


def test_frozen_parameters_stay():
    X_l, y_l, X_u = data("classification", 0)
    module = mlp(0)
    module[0].weight.requires_grad_(False)
    before = module[0].weight.clone()
    state = lga_state(module, (len(X_u), 3), lr=0.5)
    update = descending(
        torch.optim.Adam(p for p in module.parameters() if p.requires_grad)
    )
    state.step(module, update, unweighted(X_l, y_l), (X_u, torch.arange(len(X_u))))
    assert torch.equal(module[0].weight, before)


@pytest.mark.parametrize("shape", [(1000, 7), (1000, 5, 7)])
def test_state_is_three_arrays_and_a_counter(shape):
    n, k = shape[0], shape[-1]
    labels = ImputedLabels(shape, lr=0.1)
    state = TrainingState(CLASSIFICATION, nn.Linear(4, k), imputed_labels=labels)
    rows = [b for b in state.buffers() if len(b) == n]
    n_bytes = sum(b.numel() * b.element_size() for b in rows)
    assert n_bytes <= 4 * (3 * math.prod(shape) + n)
    others = [b for b in state.buffers() if len(b) != n]
    assert all(b.numel() == 4 * k + k for b in others)
    assert len(others) == 2
    assert not list(state.parameters())


def test_state_dict_resumes_exactly():
    """Saved and loaded in the middle, a run ends as if it had gone on."""
    X_l, y_l, X_u = data("classification", 0)
    generators = [torch.Generator().manual_seed(s) for s in (1, 2)]
    module = mlp(0, dropout=0.3, noise_generator=generators[1])
    state = lga_state(
        module,
        (len(X_u), 3),
        lr=0.5,
        labeled_weight="linear",
        n_steps=10,
        batch_generator=generators[0],
        noise_generator=generators[1],
    )
    optimizer = torch.optim.Adam(module.parameters())
    update = descending(optimizer)

    def train(n_steps):
        for _ in range(n_steps):
            order = torch.randperm(len(X_u), generator=generators[0])[:10]
            state.step(module, update, unweighted(X_l, y_l), (X_u[order], order))
        return [p.detach().clone() for p in module.parameters()], state.labels()

    train(4)
    saved = copy.deepcopy(
        (module.state_dict(), optimizer.state_dict(), state.state_dict())
    )
    expected = train(6)
    for part, values in zip((module, optimizer, state), saved, strict=True):
        part.load_state_dict(values)
    resumed = train(6)
    assert all(map(torch.equal, expected[0], resumed[0]))
    assert torch.equal(expected[1], resumed[1])


def test_wrong_output_width_is_refused():
    X_l, y_l, _ = data("classification", 0)
    module = nn.Linear(5, 4).double()
    state = TrainingState(CLASSIFICATION, module)
    update = descending(torch.optim.Adam(module.parameters()))
    with pytest.raises(ValueError, match=r"\(20, 3\), got \(20, 4\)"):
        state.step(module, update, unweighted(X_l, y_l))
