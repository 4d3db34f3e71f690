"""Each regularizer against its paper's formula, spelled out one row at a time."""

import copy
import math
import pickle
import warnings
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from torch import nn

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga._training.algorithm import (
    TrainingState,
    assign_gradient,
    descending,
)
from sklearn_lga._training.imputed_labels import ImputedLabels
from sklearn_lga.alignment import CLASSIFICATION
from sklearn_lga.baselines import RegularizedNetClassifier, RegularizedNetRegressor
from sklearn_lga.modules import MLP
from sklearn_lga.regularizers import (
    VAT,
    EntropyMinimization,
    MeanTeacher,
    PiModel,
    PseudoLabel,
    Regularizer,
)

ALL = [VAT(), PiModel(), MeanTeacher(), PseudoLabel(), EntropyMinimization()]
TARGETS = [VAT(), PiModel(), MeanTeacher()]
NAMES = [type(r).__name__ for r in ALL]


def problem(seed, scale=1.0, **kwargs):
    """A network in float64 that is not symmetric in the classes, and rows."""
    generator = torch.Generator().manual_seed(seed)
    module = MLP(4, 3, hidden_layer_sizes=(6,), activation="tanh", generator=generator)
    module = module.double()
    with torch.no_grad():
        for p in module.parameters():
            p.mul_(3.0 * scale)
    X = torch.randn(7, 4, generator=generator, dtype=torch.float64)
    return module, X


def gradient(loss, module):
    return torch.autograd.grad(
        loss, list(module.parameters()), materialize_grads=True, retain_graph=True
    )


def assert_equal_gradients(a, b, module):
    for x, y in zip(gradient(a, module), gradient(b, module), strict=True):
        torch.testing.assert_close(x, y, rtol=0, atol=1e-6)


def probabilities(row):
    exp = [math.exp(v) for v in row.tolist()]
    return [e / sum(exp) for e in exp]


def kl(p, q):
    return sum(a * (math.log(a) - math.log(b)) for a, b in zip(p, q, strict=True))


@pytest.mark.parametrize("seed", range(3))
def test_entropy(seed):
    module, X = problem(seed)
    logits = module(X)
    loss = EntropyMinimization().loss(None, module, X, logits)
    by_row = [-sum(p * math.log(p) for p in probabilities(row)) for row in logits]
    assert abs(loss.item() - sum(by_row) / len(X)) < 1e-6
    # both factors take the gradient: d entropy / d logit_j = -p_j (log p_j + H)
    (got,) = torch.autograd.grad(loss, logits, retain_graph=True)
    for row, g in zip(logits, got, strict=True):
        p = probabilities(row)
        h = -sum(a * math.log(a) for a in p)
        expected = [-a * (math.log(a) + h) / len(X) for a in p]
        np.testing.assert_allclose(g.tolist(), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_pseudo_label(seed, threshold):
    module, X = problem(seed)
    logits = module(X)
    loss = PseudoLabel(threshold=threshold).loss(None, module, X, logits)
    total, expected = 0.0, np.zeros(logits.shape)
    for i, row in enumerate(logits):
        p = probabilities(row)
        if max(p) >= threshold:
            label = p.index(max(p))
            total -= math.log(p[label])
            # the label is constant: d / d logit_j = p_j - 1[j = label]
            expected[i] = [(a - (j == label)) / len(X) for j, a in enumerate(p)]
    assert abs(loss.item() - total / len(X)) < 1e-6
    (got,) = torch.autograd.grad(loss, logits)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-6)


class Jitter(nn.Module):
    """A stochastic network whose passes can be replayed."""

    def __init__(self, module, noises):
        super().__init__()
        self.module = module
        self.noises = list(noises)

    def forward(self, X):
        return self.module(X + self.noises.pop(0))


@pytest.mark.parametrize("targets", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_pi_model(seed, targets):
    module, X = problem(seed)
    noises = torch.randn(2, *X.shape, dtype=torch.float64)
    noisy = Jitter(module, [*noises, *noises])
    regularizer = PiModel().for_targets() if targets else PiModel()
    loss = regularizer.loss(None, noisy, X, noisy(X))
    first, second = noisy(X), noisy(X).detach()  # constant, as in the protocol
    total = 0.0
    for a, b in zip(first, second, strict=True):
        if not targets:
            a, b = a.exp() / a.exp().sum(), b.exp() / b.exp().sum()
        total = total + ((a - b) ** 2).sum() / 3
    expected = total / len(X)
    assert abs(loss.item() - expected.item()) < 1e-6
    assert expected > 1e-3
    assert_equal_gradients(loss, expected, module)


@pytest.mark.parametrize("targets", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_mean_teacher(seed, targets):
    module, X = problem(seed)
    regularizer = MeanTeacher(decay=0.7)
    if targets:
        regularizer = regularizer.for_targets()
    state = regularizer.init(module)
    teacher = copy.deepcopy(module)
    optimizer = torch.optim.SGD(module.parameters(), lr=1.0)
    for _ in range(5):
        logits = module(X)
        loss = regularizer.loss(state, module, X, logits)
        with torch.no_grad():
            others = teacher(X)
        a = logits if targets else logits.softmax(dim=1)
        b = others if targets else others.softmax(dim=1)
        expected = sum(((x - y) ** 2).sum() / 3 for x, y in zip(a, b, strict=True))
        assert abs(loss.item() - expected.item() / len(X)) < 1e-6
        assert_equal_gradients(loss, expected / len(X), module)
        optimizer.zero_grad()
        (module(X) ** 2).mean().backward()
        optimizer.step()
        regularizer.update(state, module)
        with torch.no_grad():
            for t, s in zip(teacher.parameters(), module.parameters(), strict=True):
                t.copy_(0.7 * t + 0.3 * s)
    assert loss > 1e-6
    assert not list(state.parameters())  # which no optimizer may take up


def test_teacher_takes_no_gradient():
    module, X = problem(0)
    regularizer = MeanTeacher()
    state = regularizer.init(module)
    with torch.no_grad():
        for p in module.parameters():
            p.add_(0.5)
    loss = regularizer.loss(state, module, X, module(X).detach())
    assert loss > 0
    assert not loss.requires_grad


def vat_by_rows(module, X, noise, eps, xi, n_power, targets):
    """Miyato et al.'s algorithm for one row at a time, with a numeric gradient."""
    total = 0.0

    def divergence(clean, x):
        other = module(x.unsqueeze(0))[0]
        if targets:
            return ((clean - other) ** 2).sum() / 2
        p, q = clean.softmax(0), other.softmax(0)
        return (p * (p.log() - q.log())).sum()

    for x, d in zip(X, noise, strict=True):
        clean = module(x.unsqueeze(0))[0].detach()
        d = d / d.norm()
        for _ in range(n_power):
            g = torch.zeros_like(d)
            for j in range(len(d)):
                h = torch.zeros_like(d)
                h[j] = 1e-4 * xi
                up, down = (divergence(clean, x + xi * d + s * h) for s in (1, -1))
                g[j] = ((up - down) / (2e-4 * xi)).item()
            d = g / g.norm()
        total = total + divergence(clean, x + eps * d)
    return total / len(X)


@pytest.mark.parametrize("targets", [False, True])
@pytest.mark.parametrize("n_power", [0, 1, 2])
@pytest.mark.parametrize("seed", range(2))
def test_vat(seed, n_power, targets):
    module, X = problem(seed)
    regularizer = VAT(eps=0.7, xi=0.1, n_power=n_power)
    if targets:
        regularizer = regularizer.for_targets()
    state = regularizer.init(module)
    state.generator = torch.Generator().manual_seed(seed)
    noise = torch.empty_like(X).normal_(generator=torch.Generator().manual_seed(seed))
    loss = regularizer.loss(state, module, X, module(X))
    expected = vat_by_rows(module, X, noise, 0.7, 0.1, n_power, targets)
    assert expected > 1e-3
    assert abs(loss.item() - expected.item()) < 1e-6
    assert_equal_gradients(loss, expected, module)


def test_entropy_at_the_perturbed_outputs():
    """VAT + EntMin as the protocol has it: the entropy of what VAT perturbs."""
    module, X = problem(0)
    vat = VAT(eps=0.7, xi=0.1)
    regularizer = EntropyMinimization(0.1, perturbation=vat)
    states = [r.init(module) for r in (regularizer, vat)]
    for state in states:
        state.generator = torch.Generator().manual_seed(5)
    loss = regularizer.loss(states[0], module, X, module(X))
    p = vat.perturbed(states[1], module, X, module(X)).softmax(dim=1)
    expected = -(p * p.log()).sum(dim=1).mean()
    torch.testing.assert_close(loss, expected)
    assert_equal_gradients(loss, expected, module)
    clean = EntropyMinimization().loss(None, module, X, module(X))
    assert abs(loss - clean) > 1e-3
    with pytest.raises(ValueError, match="'perturbation' parameter"):
        EntropyMinimization(perturbation=0.3)


def test_vat_holds_the_clean_outputs_constant():
    module, X = problem(0)
    logits = module(X)
    loss = VAT(eps=0.5).loss(None, module, X, logits)
    (g,) = torch.autograd.grad(loss, logits, allow_unused=True)
    assert g is None


@pytest.mark.parametrize("seed", range(3))
def test_vat_finds_the_worst_direction(seed):
    """Of small steps, none of many random ones changes the outputs as much."""
    module, X = problem(seed, scale=0.5)
    eps = 1e-2
    torch.manual_seed(seed)
    found = VAT(eps=eps, xi=1e-4, n_power=20).loss(None, module, X, module(X))
    tried = [
        VAT(eps=eps, n_power=0).loss(None, module, X, module(X)) for _ in range(50)
    ]
    assert found > max(tried)


def test_vat_default_lengths():
    """float32 finds the direction that float64 finds; eps grows with the features."""
    torch.manual_seed(0)
    X = torch.randn(300, 50, dtype=torch.float64)
    module = MLP(50, 3, generator=torch.Generator().manual_seed(0)).double()
    single = copy.deepcopy(module).float()
    start = torch.nn.functional.normalize(torch.randn_like(X))
    exact = VAT(xi=1e-7)._steepest(module, X, module(X).detach(), start)
    rounded = VAT()._steepest(
        single, X.float(), single(X.float()).detach(), start.float()
    )
    cosine = (exact * rounded).sum(dim=1)
    assert cosine.median() > 0.99
    published = VAT(xi=1e-6)._steepest(
        single, X.float(), single(X.float()).detach(), start.float()
    )
    assert (exact * published).sum(dim=1).median() < 0.9
    lengths = [VAT()._eps(torch.zeros(1, n)) for n in (1, 4, 9)]
    np.testing.assert_allclose(np.array(lengths) / lengths[0], [1, 2, 3])


def test_vat_where_the_outputs_do_not_depend_on_x():
    module = nn.Linear(4, 3)
    nn.init.zeros_(module.weight)
    X = torch.randn(5, 4)
    loss = VAT().loss(None, module, X, module(X))
    assert loss.item() == 0.0
    assert all(g.isfinite().all() for g in gradient(loss, module))


@pytest.mark.parametrize("regularizer", ALL, ids=NAMES)
def test_small_parameter_objects(regularizer):
    cls = type(regularizer)
    assert regularizer == cls()
    assert regularizer != cls(weight=2.0)
    assert cls(2.0) == cls(weight=2.0)
    assert hash(regularizer) == hash(cls())
    assert repr(cls(weight=0.25)).startswith(f"{cls.__name__}(weight=0.25, ")
    assert eval(repr(regularizer), globals()) == regularizer
    assert pickle.loads(pickle.dumps(regularizer)) == regularizer
    assert clone(regularizer, safe=False) == regularizer
    with pytest.raises(AttributeError):
        regularizer.weight = 2.0


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda: VAT(weight=-1), "weight"),
        (lambda: VAT(weight="1"), "weight"),
        (lambda: VAT(weight=math.nan), "weight"),
        (lambda: VAT(eps=-1), "eps"),
        (lambda: VAT(xi=0), "xi"),
        (lambda: VAT(n_power=1.5), "n_power"),
        (lambda: VAT(ramp_up=2), "ramp_up"),
        (lambda: VAT(outputs="x"), "outputs"),
        (lambda: MeanTeacher(decay=1.5), "decay"),
        (lambda: PseudoLabel(threshold=2), "threshold"),
        (lambda: PiModel(weight=None), "weight"),
        (lambda: EntropyMinimization(weight=-0.1), "weight"),
    ],
)
def test_bad_parameters(build, name):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of"):
        build()


def test_ramp_up():
    ramped = PiModel(20.0, ramp_up=0.4)
    assert ramped.weight_at(0.0) == 20.0 * math.exp(-5)
    assert ramped.weight_at(0.2) == 20.0 * math.exp(-5 * 0.25)
    assert ramped.weight_at(0.4) == ramped.weight_at(1.0) == 20.0
    assert PiModel(20.0).weight_at(0.0) == 20.0


# In a training


def training(regularizers, lga, seed=0, **kwargs):
    """A module, its state and optimizer, and two batches."""
    generator = torch.Generator().manual_seed(seed)
    noise_generator = torch.Generator().manual_seed(seed)
    module = MLP(
        4, 3, dropout=0.3, generator=generator, noise_generator=noise_generator
    )
    X_l, X_u = torch.randn(2, 10, 4, generator=generator)
    y = nn.functional.one_hot(torch.arange(10) % 3).float()
    state = TrainingState(
        CLASSIFICATION,
        module,
        imputed_labels=ImputedLabels((10, 3), lr=0.5) if lga else None,
        regularizers=regularizers,
        noise_generator=noise_generator,
        **kwargs,
    )
    update = descending(torch.optim.Adam(module.parameters()))
    return module, state, update, (X_l, y, torch.ones(10)), (X_u, torch.arange(10))


def parameters_after(n_steps, regularizers, lga, **kwargs):
    module, state, update, labeled, unlabeled = training(regularizers, lga, **kwargs)
    for _ in range(n_steps):
        state.step(module, update, labeled, unlabeled)
    return nn.utils.parameters_to_vector(module.parameters()).detach(), state


@pytest.mark.parametrize("lga", [False, True])
def test_weight_zero_is_not_there(lga):
    plain, state = parameters_after(20, [], lga)
    zeros = [type(r)(weight=0) for r in ALL]
    regularized, other = parameters_after(20, zeros, lga)
    assert torch.equal(plain, regularized)
    assert torch.equal(
        state.noise_generator.get_state(), other.noise_generator.get_state()
    )


@pytest.mark.parametrize("lga", [False, True])
@pytest.mark.parametrize("regularizer", ALL, ids=NAMES)
def test_gradients_add_up(regularizer, lga):
    """g_theta with the regularizer less that without is its weighted gradient."""
    weight = 0.7
    regularizer = type(regularizer)(
        weight, **({"threshold": 0.4} if isinstance(regularizer, PseudoLabel) else {})
    )
    got = {}
    for regularizers in ([], [regularizer]):
        module, state, _, labeled, unlabeled = training(regularizers, lga, seed=1)
        module = module.double()
        module.eval()  # no dropout: every pass gives the same
        state = state.double()
        with torch.no_grad():
            for p, s in zip(module.parameters(), (3.0, 1.0, 3.0, 1.0), strict=True):
                p.mul_(s)
        state.regularization.start(module)
        with torch.no_grad():  # a teacher that is not the student
            module[0].weight.mul_(1.1)
        for child in state.regularization.states:
            if hasattr(child, "generator"):
                child.generator = torch.Generator().manual_seed(3)
        batches = (
            [part.double() for part in labeled],
            (unlabeled[0].double(), unlabeled[1]),
        )
        before = copy.deepcopy(state.regularization.states)
        terms = state.step(module, assign_gradient, *batches)
        got[len(regularizers)] = torch.cat(
            [p.grad.reshape(-1) for p in module.parameters()]
        )
    child = before[0]  # a teacher follows the step
    if hasattr(child, "generator"):
        child.generator = torch.Generator().manual_seed(3)
    X = unlabeled[0].double()
    loss = regularizer.loss(child, module, X, module(X))
    expected = weight * torch.cat([g.reshape(-1) for g in gradient(loss, module)])
    if not isinstance(regularizer, PiModel):  # two equal passes: nothing to do
        assert expected.abs().max() > 1e-4
    torch.testing.assert_close(got[1] - got[0], expected, rtol=0, atol=1e-10)
    torch.testing.assert_close(terms["regularization_loss"], weight * loss.detach())


def test_without_unlabeled_rows_the_labeled_ones_serve():
    module, state, _, labeled, _ = training([EntropyMinimization()], False)
    module.eval()
    terms = state.step(module, assign_gradient, labeled)
    expected = EntropyMinimization().loss(None, module, None, module(labeled[0]))
    torch.testing.assert_close(terms["regularization_loss"], expected.detach())


@pytest.mark.parametrize("regularizer", [VAT(), PiModel(), MeanTeacher()])
def test_batch_norm_statistics_are_not_touched(regularizer):
    X_l, X_u = torch.randn(2, 10, 4)
    y = nn.functional.one_hot(torch.arange(10) % 3).float()
    module = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, 3))
    alone = copy.deepcopy(module)
    alone(X_l)
    state = TrainingState(CLASSIFICATION, module, regularizers=[regularizer])
    unlabeled = X_u + 100, torch.arange(10)
    state.step(module, assign_gradient, (X_l, y, torch.ones(10)), unlabeled)
    for ours, theirs in zip(module[1].buffers(), alone[1].buffers(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_noise_comes_from_the_training():
    before = torch.get_rng_state()
    a, _ = parameters_after(5, ALL, True)
    b, _ = parameters_after(5, ALL, True)
    assert torch.equal(a, b)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("lga", [False, True])
def test_state_dict_resumes_exactly(lga):
    """The teacher, the generators and the ramp go on where they were."""
    regularizers = [VAT(ramp_up=0.8), MeanTeacher(ramp_up=1.0)]
    module, state, _, labeled, unlabeled = training(regularizers, lga, n_steps=12)
    optimizer = torch.optim.Adam(module.parameters())
    parts, update = (module, optimizer, state), descending(optimizer)
    for _ in range(5):
        state.step(module, update, labeled, unlabeled)
    saved = [copy.deepcopy(part.state_dict()) for part in parts]
    ends = []
    for _ in range(2):
        for part, values in zip(parts, saved, strict=True):
            part.load_state_dict(copy.deepcopy(values))  # which Adam would write to
        for _ in range(5):
            state.step(module, update, labeled, unlabeled)
        ends.append(nn.utils.parameters_to_vector(module.parameters()).detach())
    assert torch.equal(*ends)


# In the estimators

rng = np.random.RandomState(0)
X = rng.randn(120, 4).astype(np.float32)
CODES = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)
Y = np.where(np.arange(120) < 40, CODES, -1)
T = np.where(np.arange(120) < 40, X[:, 0] + X[:, 1] ** 2, np.nan)


@pytest.mark.parametrize("estimator", [LGAClassifier, RegularizedNetClassifier])
@pytest.mark.parametrize("regularizer", ALL, ids=NAMES)
def test_classifiers(estimator, regularizer):
    model = estimator(regularizers=[regularizer], closed_form=False, lr=0.01)
    model.set_params(dropout=0.2, max_epochs=20, batch_size=40, random_state=0)
    assert model.fit(X, Y).score(X, CODES) > 0.6
    assert model.regularizers == [regularizer]
    losses = model.history_[:, "regularization_loss"]
    assert np.isfinite(losses).all()
    assert len(losses) == 20
    again = clone(model).fit(X, Y)
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))
    other = clone(model).set_params(regularizers=()).fit(X, Y)
    if not isinstance(regularizer, PseudoLabel):  # which may stay below its threshold
        assert not np.array_equal(model.predict_proba(X), other.predict_proba(X))


@pytest.mark.parametrize("estimator", [LGARegressor, RegularizedNetRegressor])
@pytest.mark.parametrize("regularizer", TARGETS, ids=NAMES[:3])
def test_regressors(estimator, regularizer):
    model = estimator(regularizers=[regularizer], closed_form=False)
    model.set_params(dropout=0.2, max_epochs=20, random_state=0).fit(X, T)
    assert np.isfinite(model.predict(X)).all()
    assert model.regularizers == [regularizer]
    other = clone(model).set_params(regularizers=()).fit(X, T)
    assert not np.array_equal(model.predict(X), other.predict(X))


@pytest.mark.parametrize("estimator", [LGAClassifier, RegularizedNetClassifier])
def test_two_passes_without_noise_are_refused(estimator):
    model = estimator(regularizers=[PiModel()], max_epochs=1)
    with pytest.raises(ValueError, match=r"nothing random.*Pass dropout=0\.2"):
        model.fit(X, Y)
    assert model.set_params(module=nn.Linear, closed_form=False).fit(X, Y).n_iter_ == 1


@pytest.mark.parametrize("regularizer", [PseudoLabel(), EntropyMinimization()])
def test_regressors_refuse_what_needs_classes(regularizer):
    with pytest.raises(ValueError, match="needs probabilities of classes"):
        LGARegressor(regularizers=[regularizer]).fit(X, T)


@pytest.mark.parametrize("estimator", [LGAClassifier, RegularizedNetClassifier])
def test_weight_zero_equals_no_regularizer(estimator):
    """Bit for bit, after 20 steps."""
    model = estimator(closed_form=False, max_epochs=20, random_state=0)
    plain = model.fit(X, Y).predict_proba(X)
    zeros = [type(r)(weight=0) for r in ALL]
    model = clone(model).set_params(regularizers=zeros).fit(X, Y)
    assert model.net_.state_.n_steps_done == 20
    np.testing.assert_array_equal(model.predict_proba(X), plain)


def test_grid_search():
    grid = {"regularizers": [[], [VAT(1.0)], [VAT(2.0), EntropyMinimization(0.1)]]}
    model = RegularizedNetClassifier(max_epochs=3, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, Y)
    assert len(search.cv_results_["params"]) == 3
    assert search.best_params_["regularizers"] in grid["regularizers"]
    assert "VAT(weight=2.0" in str(search.cv_results_["params"][2])


@pytest.mark.parametrize(
    ("regularizers", "message"),
    [
        ([VAT], r"regularizers\[0\] is the class VAT: pass an instance"),
        ([VAT(), "vat"], r"regularizers\[1\] must be a regularizer.*got 'vat'"),
        (VAT(), "The 'regularizers' parameter of LGAClassifier"),
        ("vat", "The 'regularizers' parameter of LGAClassifier"),
    ],
)
def test_bad_regularizers(regularizers, message):
    with pytest.raises(ValueError, match=message):
        LGAClassifier(regularizers=regularizers).fit(X, Y)


class SmallOutputs(Regularizer):
    def loss(self, state, module, X, logits):
        return logits.square().mean()


def test_a_regularizer_of_ones_own():
    sizes = [
        LGAClassifier(regularizers=[SmallOutputs(weight)], closed_form=False)
        .set_params(max_epochs=50, random_state=0)
        .fit(X, Y)
        .net_.forward(X)
        .abs()
        .mean()
        for weight in (0.0, 10.0)
    ]
    assert sizes[1] < 0.5 * sizes[0]


def test_warm_start_restarts_the_teacher():
    model = RegularizedNetClassifier(
        regularizers=[MeanTeacher()], max_epochs=2, warm_start=True, random_state=0
    ).fit(X, Y)
    first = nn.utils.parameters_to_vector(model.net_.module_.parameters()).detach()
    seen = []

    class Spy(MeanTeacher):
        def init(self, module):
            state = super().init(module)
            seen.append(state.average.clone())
            return state

    model.set_params(regularizers=[Spy()]).fit(X, Y)
    assert torch.equal(seen[-1], first)


@dataclass(frozen=True)
class OneNumber(Regularizer):
    def loss(self, state, module, X, logits):
        return logits.square().mean().reshape(1)


@pytest.mark.parametrize("lga", [False, True])
def test_a_term_may_be_a_vector_of_one(lga):
    module, state, update, labeled, unlabeled = training([OneNumber(0.1)], lga)
    terms = state.step(module, update, labeled, unlabeled)
    assert np.isfinite(terms["loss"].item())
