"""Fits after fits: what is kept, what is dropped, and what a failed one leaves."""

import copy
import pickle
import warnings

import numpy as np
import pytest
import torch
from sklearn.base import clone
from skorch.callbacks import Callback
from torch import nn

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga._views.closed_form import ClosedForm
from sklearn_lga.baselines import RegularizedNetClassifier
from sklearn_lga.callbacks import Checkpoint
from sklearn_lga.regularizers import VAT

RNG = np.random.RandomState(0)
X = RNG.standard_normal((160, 4))
Y = np.where(np.arange(160) % 4 == 0, (X[:, 0] > 0).astype(int), -1)
TARGETS = np.where(np.arange(160) % 4 == 0, X[:, 0] + X[:, 1] ** 2, np.nan)
FAST = {"max_epochs": 2, "random_state": 0}


def fitted(model):
    """Everything that a fit has set."""
    return {name: value for name, value in vars(model).items() if name.endswith("_")}


class Linear(nn.Linear):
    pass


def test_a_fit_that_fails_leaves_the_estimator_as_it_was():
    model = LGAClassifier(**FAST).fit(X, Y)
    before, expected = fitted(model), model.predict_proba(X)
    other = np.where(Y == 1, 5, Y)
    with pytest.raises(ValueError, match="lr=1e"):
        model.set_params(lr=1e30).fit(X[:, :3], other)
    after = fitted(model)
    assert after.keys() == before.keys()
    assert all(after[name] is before[name] for name in before)
    np.testing.assert_array_equal(model.predict_proba(X), expected)


def test_a_first_fit_that_fails_leaves_it_unfitted():
    model = LGAClassifier(lr=1e30, **FAST)
    with pytest.raises(ValueError, match="lr=1e"):
        model.fit(X, Y)
    assert fitted(model) == {}


def test_an_exact_fit_that_fails_leaves_the_network():
    model = LGARegressor(**FAST).fit(X, TARGETS)
    before, expected = fitted(model), model.predict(X)
    model.set_params(solver="exact", lr=1e6, max_epochs=500)
    with (
        pytest.warns(UserWarning, match="spectral radius"),
        pytest.raises(ValueError, match="path diverged"),
    ):
        model.fit(X, TARGETS)
    assert fitted(model).keys() == before.keys()
    np.testing.assert_array_equal(model.predict(X), expected)


def test_what_does_not_apply_any_more_goes():
    model = LGAClassifier(**FAST).fit(X, Y)
    assert model.evidence_.views
    assert model.relevance_.shape == (4,)
    model.set_params(closed_form=False).fit(X, Y)
    assert not hasattr(model, "relevance_")
    assert not hasattr(model, "start_distributions_")
    assert not model.evidence_.views
    regressor = LGARegressor(**FAST).fit(X, TARGETS)
    regressor.set_params(solver="exact").fit(X, TARGETS)
    for name in ("relevance_", "evidence_", "net_", "history_", "start_"):
        assert not hasattr(regressor, name)
    regressor.own_ = 1  # of the user's, who may subclass
    assert regressor.fit(X, TARGETS).own_ == 1


@pytest.mark.parametrize("changed", [False, True])
def test_a_warm_start_after_a_cold_fit(changed):
    """The labels go on where the unlabelled rows are the same ones."""
    model = LGAClassifier(**FAST).fit(X, Y)
    labels = model.net_.state_.labels()
    weights = [p.clone() for p in model.net_.module_.parameters()]
    model.set_params(warm_start=True, label_lr=0.0, lr=1e-12)
    model.fit(X + 1e-3 * changed, Y)
    for before, after in zip(weights, model.net_.module_.parameters(), strict=True):
        torch.testing.assert_close(before, after)
    same = torch.equal(model.net_.state_.labels(), labels)
    assert same == (not changed)


@pytest.mark.parametrize("change", [{"n_members": 3}, {"hidden_layer_sizes": (5,)}])
def test_a_warm_start_of_another_network_is_refused(change):
    model = LGAClassifier(warm_start=True, **FAST).fit(X, Y)
    with pytest.raises(ValueError, match="this one is another"):
        copy.copy(model).set_params(**change).fit(X, Y)
    assert model.fit(X, Y).n_iter_ == 2


@pytest.mark.parametrize("table", [np.float64, np.float32])
def test_early_stopping_keeps_no_held_out_rows(table):
    rows = X.astype(table)
    model = LGAClassifier(
        early_stopping=True, validation_fraction=0.5, closed_form=False, **FAST
    ).fit(rows, Y)
    content = pickle.dumps(model)
    assert not any(row.tobytes() in content for row in rows[Y != -1])


def test_a_fit_that_is_read_keeps_no_held_out_rows(tmp_path):
    model = LGAClassifier(early_stopping=True, callbacks=[Checkpoint(tmp_path)], **FAST)
    assert model.fit(X, Y).net_.train_split is None
    assert model.fit(X, Y).net_.train_split is None


def test_nets_can_be_cloned():
    """As scikit-learn clones: by their parameters."""
    net = LGAClassifier(early_stopping=True, **FAST).fit(X, Y).net_
    assert clone(net).get_params()["max_epochs"] == 2


class InterruptAt(Callback):
    def __init__(self, event):
        self.event = event

    def on_batch_begin(self, net, **kwargs):
        if self.event == "begin" and len(net.history[-1, "batches"]) == 2:
            raise KeyboardInterrupt

    def on_batch_end(self, net, **kwargs):
        if self.event == "end" and len(net.history[-1, "batches"]) == 2:
            raise KeyboardInterrupt


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("event", [None, "begin", "end"])
def test_the_history_has_the_means_of_the_steps(early_stopping, event):
    """Of those alone: neither held-out batches nor steps that were not taken count."""
    model = LGAClassifier(
        labeled_weight=2.0,
        batch_size=32,
        early_stopping=early_stopping,
        callbacks=[InterruptAt(event)],
        **FAST,
    ).fit(X, Y)
    weights = model.history_[:, "labeled_weight"]
    assert weights == pytest.approx([2.0] * len(weights))
    assert len(weights) == (2 if event is None else 1)


class Clip(Callback):
    def on_grad_computed(self, net, named_parameters, **kwargs):
        raise RuntimeError("a callback's own")


def test_errors_of_callbacks_are_their_own():
    model = LGAClassifier(module=Linear, callbacks=[Clip()], **FAST)
    with pytest.raises(RuntimeError, match="a callback's own"):
        model.fit(X, Y)


def test_rows_that_a_device_keeps(monkeypatch):
    """As on a GPU with the room: the same batches, and the same fit."""
    plain, kept = LGAClassifier(**FAST).fit(X, Y), []
    monkeypatch.setattr(
        "sklearn_lga._estimators.run.fits_on",
        lambda device, n_rows, X: kept.append((device, n_rows)) or True,
    )
    same = LGAClassifier(**FAST).fit(X, Y)
    assert kept == [("cpu", 160)]
    np.testing.assert_array_equal(same.predict_proba(X), plain.predict_proba(X))
    np.testing.assert_array_equal(same.transduction_, plain.transduction_)


def test_the_exact_mode_tells_its_step_sizes():
    model = LGARegressor(solver="exact", lr=0.01, max_epochs=50).fit(X, TARGETS)
    assert model.plan_.lr == 0.01
    assert model.plan_.label_lr > 0.0
    assert model.plan_.eps_norm > 0.0
    assert model.plan_.n_steps == 50


class Compiled:
    """A backend of torch.compile that counts what it is given."""

    def __init__(self):
        self.n_graphs = 0

    def __call__(self, graph, inputs):
        self.n_graphs += 1
        return graph.forward


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_compile_compiles_the_training_step_of_a_baseline():
    backend = Compiled()
    model = RegularizedNetClassifier(
        module=Linear, compile=True, net_params={"compile__backend": backend}, **FAST
    )
    model.fit(X, Y)
    assert backend.n_graphs > 0
    plain = RegularizedNetClassifier(module=Linear, **FAST).fit(X, Y)
    np.testing.assert_allclose(
        model.predict_proba(X), plain.predict_proba(X), rtol=1e-4
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("module", [None, Linear])
@pytest.mark.parametrize(
    "backend", ["aot_eager", pytest.param("inductor", marks=pytest.mark.slow)]
)
def test_compile_compiles_the_products_of_lga(module, backend):
    settings = {"module": module, "closed_form": False} | FAST
    backend = {"compile__backend": backend}
    model = LGAClassifier(compile=True, net_params=backend, **settings).fit(X, Y)
    plain = LGAClassifier(**settings).fit(X, Y)
    np.testing.assert_allclose(
        model.label_distributions_, plain.label_distributions_, rtol=1e-3, atol=1e-5
    )
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_many_fits_are_compiled():
    """Each with batches of two sizes; torch would give up after eight versions."""
    backend = {"compile__backend": "eager"}
    settings = {"closed_form": False, "batch_size": 50} | FAST
    model = LGAClassifier(compile=True, module=Linear, net_params=backend, **settings)
    for _ in range(9):
        model.fit(X, Y)
    plain = LGAClassifier(module=Linear, **settings).fit(X, Y)
    np.testing.assert_allclose(
        model.label_distributions_, plain.label_distributions_, rtol=1e-3, atol=1e-5
    )


class Noisy(nn.Module):
    """Its outputs differ from pass to pass, which no layer tells."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.linear = nn.Linear(n_features, n_outputs)

    def forward(self, rows):
        return self.linear(nn.functional.dropout(rows, 0.5))


class Branching(Noisy):
    """A branch by values, which cannot be compiled as a whole."""

    def forward(self, rows):
        outputs = self.linear(rows)
        return outputs if outputs.sum() > 0.0 else 2.0 * outputs


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"dropout": 0.2}, "GeneratorDropout.*varies between passes"),
        ({"module": Noisy}, "something else of the same rows"),
        ({"module": Branching}, "has no effect on this module"),
        ({"regularizers": [VAT()]}, "no effect with regularizers"),
    ],
)
def test_what_cannot_be_compiled_is_trained_as_ever(settings, reason):
    settings = {"closed_form": False} | settings | FAST
    backend = {"compile__backend": "aot_eager"}
    model = LGAClassifier(compile=True, net_params=backend, **settings)
    with pytest.warns(UserWarning, match=reason):
        model.fit(X, Y)
    plain = LGAClassifier(**settings).fit(X, Y)
    if settings.get("module") is not Noisy:  # whose pass was tried once more
        np.testing.assert_allclose(
            model.predict_proba(X), plain.predict_proba(X), rtol=1e-3, atol=1e-5
        )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"weight_decay": 0.5, "net_params": {"optimizer__weight_decay": 0.1}},
            "weight_decay=0.5 and optimizer__weight_decay=0.1 set the same",
        ),
        (
            {"lr": 0.5, "net_params": {"optimizer__lr": 0.1}},
            "lr=0.5 and optimizer__lr=0.1 set the same",
        ),
        (
            {"labeled_weight": lambda progress: -1.0},
            "labeled_weight must give a finite number >= 0 .* got -1.0 for 0.0",
        ),
        (
            {"labeled_weight": lambda progress: np.nan},
            "labeled_weight must give a finite number >= 0 .* got nan for 0.0",
        ),
    ],
)
def test_what_was_taken_in_silence(parameters, message):
    with pytest.raises(ValueError, match=message):
        LGAClassifier(**parameters, **FAST).fit(X, Y)


class Wrong(nn.Linear):
    """Takes rows of another width than it is given."""

    def __init__(self, n_features, n_outputs):
        super().__init__(n_features + 1, n_outputs)


def test_only_batch_norm_is_called_batch_norm():
    with pytest.raises(ValueError, match="module cannot be used") as raised:
        LGAClassifier(module=Wrong, **FAST).fit(X, Y)
    assert "Batch norm" not in str(raised.value)


@pytest.mark.parametrize("sizes", [np.array([8, 8]), [32]])
def test_layer_sizes_as_an_array_beside_a_module(sizes):
    model = LGAClassifier(module=Linear, hidden_layer_sizes=sizes, **FAST)
    if list(sizes) == [32]:  # the default
        assert model.fit(X, Y).n_iter_ == 2
        return
    with pytest.raises(ValueError, match="hidden_layer_sizes=.* sets the built-in"):
        model.fit(X, Y)


def test_an_array_of_layer_sizes():
    model = LGAClassifier(hidden_layer_sizes=np.array([8, 4]), **FAST).fit(X, Y)
    assert model.net_.module_[-1].weight.shape[1:] == (4, 2)


@pytest.mark.parametrize("estimator", [LGAClassifier, LGARegressor])
def test_a_memory_keeps_the_closed_form(estimator, tmp_path, monkeypatch):
    """Another fit of the same table reads it, whatever else has changed."""
    y = Y if estimator is LGAClassifier else TARGETS
    plain = estimator(**FAST).fit(X, y)
    first = estimator(memory=str(tmp_path), **FAST).fit(X, y)
    monkeypatch.setattr(ClosedForm, "fit", None)
    again = estimator(memory=str(tmp_path), lr=0.1, **FAST).fit(X, y)
    np.testing.assert_array_equal(first.predict(X), plain.predict(X))
    assert str(again.evidence_) != str(first.evidence_)  # of the network
    np.testing.assert_array_equal(again.relevance_, first.relevance_)
    with pytest.raises(TypeError):
        again.fit(X[:, :3], y)


def test_what_a_warm_start_has_seen_is_no_evidence():
    """Labels that are left out now were seen then, and random ones teach nothing."""
    random = np.random.RandomState(0)
    y = np.where(np.arange(160) < 60, random.randint(2, size=160), -1)
    model = LGAClassifier(warm_start=True, max_epochs=30, random_state=0)
    for n_labeled in (50, 55, 60):
        model.fit(X, np.where(np.arange(160) < n_labeled, y, -1))
    assert model.evidence_.accuracy < 0.75
    assert model.evidence_.views["network"].loss is None
    assert model.evidence_.views["network"].weight < 0.5


class Committee(nn.Module):
    """A network of the user's that has members of its own."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.members = nn.ModuleList(nn.Linear(n_features, n_outputs) for _ in range(2))

    def forward(self, X):
        return sum(member(X) for member in self.members)


def test_class_weights_are_not_held_against_a_network_of_ones_own():
    y = np.where(Y == -1, -1, (X[:, 0] > 0).astype(int))
    model = LGAClassifier(module=Committee, max_epochs=200, lr=0.05, random_state=0)
    for weights in (None, {0: 0.02, 1: 1.0}):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model.set_params(class_weight=weights).fit(X, y)
        assert model.evidence_.views["network"].weight == 1.0


@pytest.mark.parametrize("y", [Y, TARGETS], ids=["classes", "targets"])
def test_a_network_that_has_learned_nothing_does_no_harm(y):
    estimator = LGAClassifier if y is Y else LGARegressor
    model = estimator(module=Linear, lr=1e-12, random_state=0, max_epochs=1)
    with pytest.warns(UserWarning, match="far above.*predictions are those of the cl"):
        model.fit(X, y)
    outputs = model._fitted_.model.form.outputs(X)
    np.testing.assert_array_equal(model._fitted_.model.outputs(X), outputs)
    built_in = estimator(lr=1e-12, random_state=0, max_epochs=1).fit(X, y)
    assert built_in.evidence_.views["network"].weight < 0.2
