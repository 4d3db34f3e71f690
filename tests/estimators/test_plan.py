"""What a fit decides by itself, each by the constant that stands for it."""

import math

import numpy as np
import pytest
import torch

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga._command.parser import label_help
from sklearn_lga._estimators.plan import (
    EPS_NORM,
    LABEL_TRAVEL,
    LR,
    LR_FROM_CLOSED_FORM,
    MAX_ROWS,
    STEPS_FROM_CLOSED_FORM,
    STEPS_FROM_NOTHING,
    Plan,
    make_plan,
)
from sklearn_lga._labels.classes import Classes
from sklearn_lga._labels.targets import Targets
from sklearn_lga.baselines import RegularizedNetClassifier
from sklearn_lga.modules import MLP

CLASSES = Classes(np.arange(2), -1, np.ones(2))
TARGETS = Targets(np.array(0.0), np.array(1.0), np.nan)
FORM = object()  # one that has answered
X = np.random.RandomState(0).randn(80, 3)
Y = np.where(np.arange(80) < 20, X[:, 0] > 0, -1)


def plan(estimator, task=CLASSES, form=FORM, rows=(100, 4900)):
    return make_plan(estimator, task, form, *rows)


def n_epochs(n_steps, n_rows=4900, batch_size=256):
    """Passes that make so many steps or a few more."""
    return math.ceil(n_steps / math.ceil(n_rows / batch_size))


def test_from_the_closed_form():
    epochs = n_epochs(STEPS_FROM_CLOSED_FORM)
    assert plan(LGAClassifier()) == Plan(
        n_epochs=epochs,
        n_steps=20 * epochs,  # 4,900 rows in batches of 256 are 20 steps
        n_rows=4900,
        lr=LR_FROM_CLOSED_FORM,
        weight_decay=0.0,
        labeled_weight="linear",
        label_lr=LABEL_TRAVEL["classes"].from_closed_form / epochs,
        eps_norm=EPS_NORM,
    )


def test_from_nothing():
    settled = plan(LGAClassifier(), form=None)
    assert settled.n_epochs == n_epochs(STEPS_FROM_NOTHING)
    assert settled.lr == LR
    travel = LABEL_TRAVEL["classes"].from_nothing
    assert settled.label_travel == pytest.approx(travel)


@pytest.mark.parametrize("form", [FORM, None])
def test_of_targets(form):
    settled, classes = (
        plan(LGARegressor(), TARGETS, form),
        plan(LGAClassifier(), form=form),
    )
    travel = LABEL_TRAVEL["targets"]
    travel = travel.from_nothing if form is None else travel.from_closed_form
    assert settled.label_travel == pytest.approx(travel)
    assert (settled.n_epochs, settled.lr) == (classes.n_epochs, classes.lr)


def test_labels_that_have_an_answer_go_less_far():
    for travel in LABEL_TRAVEL.values():
        assert 0.0 < travel.from_closed_form <= travel.from_nothing
    assert STEPS_FROM_CLOSED_FORM <= STEPS_FROM_NOTHING


@pytest.mark.parametrize("form", [FORM, None])
def test_a_module_of_ones_own(form):
    """No settings of ours; its labels start where the closed form leaves them."""
    settled = plan(LGAClassifier(module=MLP), form=form)
    assert (settled.weight_decay, settled.lr) == (0.0, LR)
    assert settled.n_epochs == n_epochs(STEPS_FROM_NOTHING)
    assert settled.label_travel == pytest.approx(
        plan(LGAClassifier(), form=form).label_travel
    )


def test_of_many_rows_some_are_trained_on():
    """Unless passes are asked for."""
    settled = plan(LGAClassifier(), rows=(100, 10 * MAX_ROWS))
    assert settled.n_rows == MAX_ROWS
    steps = math.ceil(MAX_ROWS / 256)
    assert settled.n_epochs == n_epochs(STEPS_FROM_CLOSED_FORM, MAX_ROWS)
    assert settled.n_steps == steps * settled.n_epochs
    settled = plan(LGAClassifier(max_epochs=3), rows=(100, 10 * MAX_ROWS))
    assert settled.n_rows == 10 * MAX_ROWS
    assert settled.n_steps == 3 * math.ceil(10 * MAX_ROWS / 256)


def test_at_least_one_pass():
    settled = plan(LGAClassifier(batch_size=1))
    assert settled.n_epochs == 1
    assert settled.n_steps == 4900 > STEPS_FROM_NOTHING


@pytest.mark.parametrize(
    ("estimator", "rows"),
    [(RegularizedNetClassifier(), (100, 4900)), (LGAClassifier(), (100, 0))],
)
def test_no_labels_are_imputed(estimator, rows):
    settled = plan(estimator, rows=rows)
    assert settled.label_lr is settled.label_travel is settled.labeled_weight is None
    assert settled.eps_norm is None
    assert settled.lr == LR_FROM_CLOSED_FORM


@pytest.mark.parametrize("form", [FORM, None])
def test_what_was_given_is_as_given(form):
    estimator = LGAClassifier(
        lr=0.5,
        weight_decay=0.0,
        max_epochs=7,
        label_lr=0.0,
        labeled_weight=2.0,
        eps_norm=0.1,
    )
    settled = plan(estimator, form=form)
    assert (settled.lr, settled.n_epochs) == (0.5, 7)
    assert (settled.label_lr, settled.labeled_weight) == (0.0, 2.0)
    assert (settled.weight_decay, settled.eps_norm) == (0.0, 0.1)


@pytest.mark.parametrize("closed_form", [True, False])
def test_the_plan_can_be_read_from_a_fit(closed_form):
    model = LGAClassifier(closed_form=closed_form, max_epochs=3, random_state=0)
    settled = model.fit(X, Y).plan_
    assert settled == make_plan(model, CLASSES, FORM if closed_form else None, 20, 60)
    assert settled.n_epochs == model.n_iter_ == 3
    group = model.net_.optimizer_.param_groups[0]
    assert (group["lr"], group["weight_decay"]) == (settled.lr, settled.weight_decay)
    assert model.net_.state_.imputed_labels.adam["lr"] == settled.label_lr
    assert model.net_.state_.labeled_weight == settled.labeled_weight == "linear"
    assert model.net_.state_.n_steps == settled.n_steps
    assert model.net_.state_.eps_norm == settled.eps_norm


@pytest.mark.parametrize(
    "net_params",
    [
        {"optimizer__lr": 0.05},
        {"optimizer__weight_decay": 0.05},
        {"optimizer": torch.optim.Adam},
        {"optimizer": torch.optim.Adam, "optimizer__weight_decay": 0.1},
    ],
)
def test_what_net_params_set_stands_in_the_plan(net_params):
    model = LGAClassifier(max_epochs=1, net_params=net_params, random_state=0)
    group = model.fit(X, Y).net_.optimizer_.param_groups[0]
    assert model.plan_.lr == group["lr"]
    is_default = net_params.keys() == {"optimizer"}
    assert model.plan_.weight_decay == (None if is_default else group["weight_decay"])


def test_the_plan_says_how_many_rows_are_trained_on(monkeypatch):
    monkeypatch.setattr("sklearn_lga._estimators.plan.MAX_ROWS", 25)
    model = LGAClassifier(random_state=0).fit(X, Y)
    assert model.plan_.n_rows == 25
    assert len(model.net_.state_.imputed_labels.w) == 25
    assert len(model.transduction_) == 80


def test_what_the_docstring_and_the_command_say_of_the_steps():
    said = f"as many as make {STEPS_FROM_CLOSED_FORM} steps"
    documented, offered = (
        " ".join(t.split()) for t in (LGAClassifier.__doc__, label_help())
    )
    assert said in documented
    assert f"over {MAX_ROWS:,} unlabelled rows at most" in documented
    assert said in offered
