"""Networks side by side with labels of their own, and weights of labelled rows."""

import pytest
import torch

from sklearn_lga._training.algorithm import TrainingState, descending
from sklearn_lga.alignment import labeled_weight_at
from sklearn_lga.modules import MLP

from . import reference
from .problems import TASKS, data, lga_state, mlp, unweighted


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("labels", [None, "shared", "own"])
def test_gradients_of_members(task, labels):
    """Against autograd, through their mean loss, each row of a weight for each."""
    X_l, y_l, X_u = data(task, 0)
    module = MLP(5, 3, hidden_layer_sizes=(4,), n_members=3).double()
    objective, loss = TASKS[task]
    f = objective.parameterize
    shape = (len(X_u), 3, 3) if labels == "own" else (len(X_u), 3)
    w = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    weights = torch.rand(len(X_l), 3, dtype=torch.float64)
    parameters = list(module.parameters())

    def mean_loss(X, y):
        of_members = y.expand(3, *y.shape) if y.ndim == 2 else y.movedim(1, 0)
        outputs = module(X).movedim(1, 0)
        return sum(map(loss, outputs, of_members)) / 3

    labeled = [  # a row at a time
        weights[i, m] * loss(module(X_l[[i]])[:, m], y_l[[i]])
        for i in range(len(X_l))
        for m in range(3)
    ]
    g_l = torch.autograd.grad(sum(labeled) / len(labeled), parameters)
    still = descending(torch.optim.SGD(parameters, lr=0.0))
    if labels is None:
        state = TrainingState(objective, module)
        terms = state.step(module, still, (X_l, y_l, weights))
        torch.testing.assert_close(terms["loss"], sum(labeled).detach() / len(labeled))
        for p, g in zip(parameters, g_l, strict=True):
            torch.testing.assert_close(p.grad, g)
        return
    g_u = torch.autograd.grad(mean_loss(X_u, f(w)), parameters, create_graph=True)
    v = torch.cat([(a - b).reshape(-1) for a, b in zip(g_l, g_u, strict=True)])
    (g_w,) = torch.autograd.grad(
        (v**2 / (1e-6 + (v**4).detach() ** 0.5)).sum(), w, retain_graph=True
    )
    state = lga_state(
        *(module, shape),
        lr=0.1,
        objective=objective,
        labeled_weight=2.0,
        decay=0.0,
    )
    state.imputed_labels.w.copy_(w.detach())
    got = []
    state.imputed_labels.update = lambda _, w, *update: got.append(update)
    terms = state.step(
        module, still, (X_l, y_l, weights), (X_u, torch.arange(len(X_u)))
    )
    for p, a, b in zip(parameters, g_l, g_u, strict=True):
        torch.testing.assert_close(p.grad, b.detach() + 2.0 * a)
    torch.testing.assert_close(got[0][0], g_w)
    expected = mean_loss(X_u, f(w)).detach()
    torch.testing.assert_close(terms["unlabeled_loss"], expected)


def forward_of_one(theta, X):
    """The network of :func:`mlp` by hand: weights and biases by turns, tanh between."""
    for i in range(0, len(theta), 2):
        X = (X.tanh() if i else X) @ theta[i] + theta[i + 1]
    return X


def members_without_a_part(n_labeled, n_members):
    """Which member does without each row, and the weights that say so."""
    apart = torch.arange(n_labeled) % n_members
    weights = (apart[:, None] != torch.arange(n_members)).double()
    return apart, weights * (n_labeled / weights.sum(dim=0))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("seed", range(2))
def test_each_member_is_a_run_of_algorithm_1(task, seed):
    """From its own w, on the labelled rows that have a weight for it.

    The mean over the members leaves a third of each gradient: what they are held
    against, eps_norm (beside their squares) and the eps of theta's Adam, is less by
    that much here. g_w is the same, as d has three times its size.
    """
    n_members, n_steps, labeled_weight = 3, 25, ("linear", 5.0)
    X_l, y_l, X_u = data(task, seed)
    objective, loss = TASKS[task]
    apart, weights = members_without_a_part(len(X_l), n_members)
    module = mlp(seed, n_members=n_members)
    initial = [p.detach().clone() for p in module.parameters()]
    state = lga_state(
        *(module, (len(X_u), n_members, 3)),
        lr=0.3,
        objective=objective,
        labeled_weight=labeled_weight,
        n_steps=n_steps,
        decay=0.8,
        eps_norm=1e-6 / n_members**2,
    )
    start = state.imputed_labels.w.normal_(
        generator=torch.Generator().manual_seed(seed)
    ).clone()
    adam = torch.optim.Adam(module.parameters(), lr=0.01, eps=1e-8 / n_members)
    positions = torch.arange(len(X_u))
    for _ in range(n_steps):
        state.step(module, descending(adam), (X_l, y_l, weights), (X_u, positions))

    for m in range(n_members):
        theta, w = reference.algorithm_1(
            forward_of_one,
            [p[m] for p in initial],
            start[:, m],
            n_steps * [(X_l[apart != m], y_l[apart != m], X_u, positions)],
            loss=loss,
            f=objective.parameterize,
            alpha_theta=0.01,
            alpha_w=0.3,
            T=lambda i: labeled_weight_at((i - 1) / (n_steps - 1), labeled_weight),
            gradient_decay=0.8,
            norm_decay=0.8,
            eps_norm=1e-6,
        )
        for ours, theirs in zip(module.parameters(), theta, strict=True):
            torch.testing.assert_close(ours[m].detach(), theirs, rtol=0, atol=1e-8)
        torch.testing.assert_close(state.imputed_labels.w[:, m], w, rtol=0, atol=1e-8)
        assert (w - start[:, m]).abs().max() > 1  # the labels did move


def shape_of_labels(module, X_u):
    """Of w, of which each member has its own."""
    members = [module.n_members] if module.n_members > 1 else []
    return len(X_u), *members, 3


def alone(module, m):
    """A network of its own with the parameters of a member."""
    single = mlp(0)
    with torch.no_grad():
        for p, of_members in zip(single.parameters(), module.parameters(), strict=True):
            p.copy_(of_members[m].T.reshape(p.shape))
    return single


def train_in_batches(task, module, weights):
    """The imputed labels, and outputs of the network."""
    X_l, y_l, X_u = data(task, 0)
    n = module.n_members
    state = lga_state(
        *(module, shape_of_labels(module, X_u)),
        lr=0.1,
        objective=TASKS[task][0],
        n_steps=30,
        eps_norm=1e-6 / n**2,
    )
    update = descending(torch.optim.Adam(module.parameters(), lr=0.01, eps=1e-8 / n))
    generator = torch.Generator().manual_seed(0)
    for _ in range(30):
        given = torch.randperm(len(X_l), generator=generator)[:4]
        others = torch.randperm(len(X_u), generator=generator)[:4]
        labeled_batch = X_l[given], y_l[given], weights[given]
        state.step(module, update, labeled_batch, (X_u[others], others))
    return state.imputed_labels, module.eval()(X_u).detach()


@pytest.mark.parametrize("task", TASKS)
def test_members_in_batches_are_networks_alone(task):
    """With rows that are visited unlike often."""
    module = mlp(0, n_members=3)
    networks = [alone(module, m) for m in range(3)]
    _, weights = members_without_a_part(20, 3)
    together, outputs = train_in_batches(task, module, weights)
    ends = [train_in_batches(task, n, weights[:, m]) for m, n in enumerate(networks)]
    for m, (labels, _) in enumerate(ends):
        torch.testing.assert_close(together.w[:, m], labels.w, rtol=0, atol=1e-8)
        assert torch.equal(together.n_updates.ravel(), labels.n_updates)
    assert len(labels.n_updates.unique()) > 3
    mean = torch.stack([each for _, each in ends]).mean(dim=0)
    torch.testing.assert_close(outputs, mean, rtol=0, atol=1e-8)


def five_steps(task, lga, module, labeled_batch, X_u):
    """The losses, and the parameters and the state that they end with."""
    objective, _ = TASKS[task]
    state = TrainingState(objective, module)
    if lga:
        shape = shape_of_labels(module, X_u)
        state = lga_state(module, shape, lr=0.1, objective=objective)
    update = descending(torch.optim.Adam(module.parameters(), lr=0.01))
    unlabeled = (X_u, torch.arange(len(X_u)))
    losses = [
        state.step(module, update, labeled_batch, unlabeled)["loss"] for _ in range(5)
    ]
    return torch.stack(losses), [p.detach() for p in module.parameters()], state


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("lga", [True, False])
@pytest.mark.parametrize("n_members", [1, 3])
def test_weights_are_counts_of_rows(task, lga, n_members):
    """A row may be left out, or come two or three times; the mean weight is 1.

    There are as many rows as members, so that the ones cannot stand for the others.
    """
    X, y, X_u = data(task, 0, n_labeled=3)
    counts = torch.tensor([0, 2, 3])
    batches = [
        (X, y, counts.double() * (3 / 5)),
        unweighted(X.repeat_interleave(counts, dim=0), y.repeat_interleave(counts, 0)),
    ]
    ends = []
    for batch in batches:
        module = mlp(0, n_members=n_members)
        losses, parameters, state = five_steps(task, lga, module, batch, X_u)
        ends.append([losses, *parameters, state.labels()])
    for weighted, repeated in zip(*ends, strict=True):
        torch.testing.assert_close(weighted, repeated, rtol=0, atol=1e-10)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("lga", [True, False])
def test_a_row_of_weight_0_is_not_seen(task, lga):
    """By the member that it has the weight for, to the bit; the other one sees it."""
    X, y, X_u = data(task, 0)
    weights = torch.ones(len(X), 2)
    weights[4, 0] = 0.0
    other_X, other_y = X.clone(), y.clone()
    other_X[4] += 3.0
    other_y[4] = y[4].roll(1)
    ends = []
    for batch in ((X, y, weights), (other_X, other_y, weights)):
        _, parameters, state = five_steps(task, lga, mlp(0, n_members=2), batch, X_u)
        of_members = [list(p) for p in parameters]
        if lga:
            of_members.append(list(state.imputed_labels.w.movedim(1, 0)))
        ends.append(of_members)
    for (unseen, seen), (same, changed) in zip(*ends, strict=True):
        assert torch.equal(unseen, same)
        assert not torch.equal(seen, changed)
