import pytest
import torch
from torch import nn

from sklearn_lga import alignment
from sklearn_lga._training.jacobian import DoubleBackward
from sklearn_lga.alignment import CLASSIFICATION, REGRESSION
from sklearn_lga.modules import MLP

EPS_NORM = 1e-3


def network(kind, seed):
    """A float64 network and a function that makes its noise repeat."""
    noise = torch.Generator()
    torch.manual_seed(seed)
    modules = {
        "mlp": lambda: MLP(4, 3, hidden_layer_sizes=(6, 5), activation="tanh"),
        "dropout": lambda: MLP(
            4, 3, hidden_layer_sizes=(8,), dropout=0.5, noise_generator=noise
        ),
        "batch_norm": lambda: nn.Sequential(
            nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Softplus(), nn.Linear(6, 3)
        ),
    }
    return modules[kind]().double(), lambda: noise.manual_seed(seed)


@pytest.mark.parametrize("objective", [CLASSIFICATION, REGRESSION])
@pytest.mark.parametrize("kind", ["mlp", "dropout", "batch_norm"])
@pytest.mark.parametrize("seed", range(3))
def test_label_gradient(objective, kind, seed):
    """Equal to central differences, and to autograd of Eq. 2 as written."""
    module, repeat_noise = network(kind, seed)
    parameters = list(module.parameters())
    X = torch.randn(7, 4, dtype=torch.float64)
    w = torch.randn(7, 3, dtype=torch.float64, requires_grad=True)
    mean_g_l = torch.randn(sum(p.numel() for p in parameters), dtype=torch.float64)
    fourth = torch.rand_like(mean_g_l)

    def g_u(w, create_graph=False):
        repeat_noise()
        loss = objective(module(X), objective.parameterize(w))
        return alignment.flat_gradient(loss, parameters, create_graph=create_graph)

    def eq_2(v):
        return (v**2 / (EPS_NORM + fourth.sqrt())).sum()

    repeat_noise()
    passes = DoubleBackward(module, parameters, X, X)
    repeat_noise()
    passes.unlabeled_outputs = module(X)
    labels = objective.parameterize(w.detach())
    outputs = passes.unlabeled_outputs.detach()
    delta = alignment.output_gradient(objective, outputs, labels)
    gradient = passes.unlabeled_vjp(delta)
    torch.testing.assert_close(gradient, g_u(w).detach(), rtol=1e-10, atol=1e-12)
    d = alignment.alignment_direction(mean_g_l - gradient, fourth, EPS_NORM)
    ours = alignment.label_gradient(objective, labels, passes.jvp(d))

    (plain,) = torch.autograd.grad(eq_2(mean_g_l - g_u(w, create_graph=True)), w)
    torch.testing.assert_close(ours, plain, rtol=1e-10, atol=1e-12)

    h, differences = 1e-5, torch.empty_like(w)
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            step = torch.zeros_like(w)
            step[i, j] = h
            up, down = (eq_2(mean_g_l - g_u(w.detach() + s)) for s in (step, -step))
            differences[i, j] = (up - down) / (2 * h)
    torch.testing.assert_close(ours, differences, rtol=1e-6, atol=1e-7)


def test_normalized_distance_is_scale_free():
    """Eq. 2 does not change when a parameter is rescaled (Section 2)."""
    v = torch.randn(50, dtype=torch.float64)
    scale = torch.rand(50, dtype=torch.float64) + 0.1

    def distance(v):
        direction = alignment.alignment_direction(v, v**4, eps_norm=0.0)
        return alignment.normalized_distance(v, direction)

    torch.testing.assert_close(distance(v), distance(scale * v))


@pytest.mark.parametrize("n_values", [1, 2, 10])
def test_bias_correction_of_a_constant(n_values):
    average = torch.zeros(())
    for _ in range(n_values):
        average = alignment.moving_average(average, torch.tensor(3.0), 0.9)
    corrected = alignment.bias_corrected(average, 0.9, n_values)
    torch.testing.assert_close(corrected, torch.tensor(3.0))


def test_adam_update_is_torchs():
    """Row by row the same as torch.optim.Adam on a dense parameter."""
    generator = torch.Generator().manual_seed(0)
    gradients = torch.randn(20, 5, 3, dtype=torch.float64, generator=generator)
    w = nn.Parameter(torch.zeros(5, 3, dtype=torch.float64))
    optimizer = torch.optim.Adam([w], lr=0.1, betas=(0.8, 0.95), eps=1e-3)
    ours = exp_avg = exp_avg_sq = torch.zeros(5, 3, dtype=torch.float64)
    for i, gradient in enumerate(gradients):
        w.grad = gradient
        optimizer.step()
        step, exp_avg, exp_avg_sq = alignment.adam_update(
            gradient,
            exp_avg,
            exp_avg_sq,
            torch.full((5,), i + 1),
            lr=0.1,
            betas=(0.8, 0.95),
            eps=1e-3,
        )
        ours = ours + step
    torch.testing.assert_close(ours, w.detach(), rtol=1e-12, atol=1e-12)


def test_flat_gradient_of_an_unused_parameter_is_zero():
    used, unused = torch.ones(2, requires_grad=True), torch.ones(1, requires_grad=True)
    gradient = alignment.flat_gradient(used.sum(), [used, unused])
    assert gradient.tolist() == [1.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("labeled_weight", "start", "middle", "end"),
    [
        (2.5, 2.5, 2.5, 2.5),
        ("linear", 3.0, 1.5, 0.0),
        (("linear", 8.0), 8.0, 4.0, 0.0),
        ("cosine", 3.0, 1.5, 0.0),
        ("exponential", 3.0, 0.3, 0.03),
        (lambda progress: 7 - progress, 7, 6.5, 6),
    ],
)
def test_labeled_weight_at(labeled_weight, start, middle, end):
    values = [alignment.labeled_weight_at(p, labeled_weight) for p in (0.0, 0.5, 1.0)]
    assert values == pytest.approx([start, middle, end])


@pytest.mark.parametrize("weight", [-0.5, float("nan"), float("inf"), None, [1.0, 2.0]])
def test_schedules_that_give_no_weight(weight):
    match = "labeled_weight must give a finite number >= 0 .* for 0.5"
    with pytest.raises(ValueError, match=match):
        alignment.labeled_weight_at(0.5, lambda progress: weight)


@pytest.mark.parametrize("seed", range(5))
def test_weighted_labels_weight_the_loss(seed):
    """Losses are linear in the labels, which class weights make use of."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(6, 4, generator=generator)
    labels = torch.softmax(torch.randn(6, 4, generator=generator), dim=1)
    weights = torch.rand(6, generator=generator)
    torch.testing.assert_close(
        CLASSIFICATION.loss(logits, weights[:, None] * labels),
        weights * CLASSIFICATION.loss(logits, labels),
    )


@pytest.mark.parametrize("objective", [CLASSIFICATION, REGRESSION])
@pytest.mark.parametrize("seed", range(5))
def test_derivatives_of_the_objectives(objective, seed):
    """The closed forms are autograd's."""
    generator = torch.Generator().manual_seed(seed)
    outputs, w, t = torch.randn(3, 6, 4, generator=generator, dtype=torch.float64)
    outputs.requires_grad_()
    w.requires_grad_()
    labels = objective.parameterize(w)
    weights = torch.rand(6, 1, generator=generator, dtype=torch.float64)
    for given in (labels.detach(), weights * labels.detach()):  # class weights
        (delta,) = torch.autograd.grad(objective(outputs, given), outputs)
        ours = alignment.output_gradient(objective, outputs.detach(), given)
        torch.testing.assert_close(ours, delta)
    pulled = objective.pullback(labels.detach(), t)
    torch.testing.assert_close(pulled, torch.autograd.grad(labels, w, t)[0])


@pytest.mark.parametrize("objective", [CLASSIFICATION, REGRESSION])
@pytest.mark.parametrize("shape", [(4,), (4, 3)])
def test_output_gradient_of_weighted_losses(objective, shape):
    """Of rows, or of each member's rows; the mean is over all, whatever they weigh."""
    generator = torch.Generator().manual_seed(0)
    outputs, w = torch.randn(2, *shape, 5, generator=generator, dtype=torch.float64)
    labels = objective.parameterize(w)
    weights = torch.rand(shape, generator=generator, dtype=torch.float64)
    outputs.requires_grad_()
    pairs = zip(outputs.reshape(-1, 5), labels.reshape(-1, 5), strict=True)
    losses = [objective(o[None], label[None]) for o, label in pairs]
    mean = sum(a * b for a, b in zip(weights.ravel(), losses, strict=True))
    mean = mean / len(losses)
    torch.testing.assert_close(objective(outputs, labels, weights), mean)
    (delta,) = torch.autograd.grad(mean, outputs)
    ours = alignment.output_gradient(objective, outputs.detach(), labels, weights)
    torch.testing.assert_close(ours, delta)
