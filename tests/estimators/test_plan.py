"""The documented defaults, each held where the documentation names it."""

import numpy as np
import pytest
import torch

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga._estimators.plan import Plan, make_plan
from sklearn_lga._labels.classes import Classes
from sklearn_lga._labels.targets import Targets
from sklearn_lga._views.evidence import Evidence
from sklearn_lga.baselines import RegularizedNetClassifier

CLASSES = Classes(np.arange(2), -1)
TARGETS = Targets(np.array(0.0), np.array(1.0), np.nan)


class Views:
    views = ("features+bins", "features")


class Rows:
    """As many rows as a data set would have."""

    def __init__(self, n_labeled, n_unlabeled):
        self.labeled_rows = np.arange(n_labeled)
        self.unlabeled_rows = np.arange(n_unlabeled)


def plan(estimator, task=CLASSES, ridges=None, rows=(100, 4900), inputs=Views):
    evidence = {}
    if ridges is not None:
        evidence = {
            view: Evidence(0.5, ridge, 0.9)
            for view, ridge in zip(Views.views, ridges, strict=True)
        }
    return make_plan(estimator, task, inputs, evidence, Rows(*rows))


def test_of_classes():
    # 4,900 rows in batches of 256 are 20 steps, 1,000 of which are 50 epochs.
    assert plan(LGAClassifier()) == Plan(
        inputs=Views.views,
        evidence={},
        lr=1e-3,
        weight_decay=1.0,
        averaging=0.5,
        n_epochs=50,
        n_steps=1000,
        labeled_weight="linear",
        label_lr=15 / 50,
        eps_norm=1e-6,
    )
    assert plan(LGAClassifier()).label_travel == pytest.approx(15.0)


def test_of_targets():
    settled = plan(LGARegressor(), TARGETS)
    assert settled.weight_decay == 3.0
    assert settled.label_travel == pytest.approx(3.0)
    assert settled.n_epochs == 50


def test_at_least_20_passes():
    assert plan(LGAClassifier(), rows=(100, 100_000)).n_epochs == 20
    assert plan(LGAClassifier(), rows=(100, 100_000)).n_steps == 20 * 391


@pytest.mark.parametrize(
    ("ridges", "decay"),
    [
        ((0.01, 1.0), 10 * 0.1**0.5),
        ((1e-3, 1e-3), 10 * 1e-3**0.5),
        ((1e-6, 1e-6), 0.3),
        ((10.0, 10.0), 20.0),
    ],
)
def test_decay_is_ten_times_the_root_of_the_noise(ridges, decay):
    assert plan(LGAClassifier(), ridges=ridges).weight_decay == pytest.approx(decay)
    assert plan(LGAClassifier(weight_decay=0.7), ridges=ridges).weight_decay == 0.7


def test_expected_accuracy_is_that_of_the_first_view():
    assert plan(LGAClassifier(), ridges=(0.1, 0.1)).expected_accuracy == 0.9
    assert plan(LGAClassifier()).expected_accuracy is None


def test_a_module_of_ones_own_has_none_of_it():
    settled = plan(LGAClassifier(), inputs=None)
    assert (settled.inputs, settled.weight_decay, settled.averaging) == ((), 0.0, 0.0)
    assert settled.expected_accuracy is None


def test_early_stopping_averages_nothing():
    assert plan(LGAClassifier(early_stopping=True)).averaging == 0.0
    assert plan(LGAClassifier(early_stopping=True, averaging=0.5)).averaging == 0.0


@pytest.mark.parametrize(
    ("estimator", "rows"),
    [(RegularizedNetClassifier(), (100, 4900)), (LGAClassifier(), (100, 0))],
)
def test_no_labels_are_imputed(estimator, rows):
    settled = plan(estimator, rows=rows)
    assert settled.label_lr is settled.label_travel is settled.labeled_weight is None
    assert settled.eps_norm is None


def test_what_was_given_is_as_given():
    estimator = LGAClassifier(
        lr=0.5, averaging=0.25, max_epochs=7, label_lr=0.0, labeled_weight=2.0
    )
    settled = plan(estimator)
    assert (settled.lr, settled.averaging, settled.n_epochs) == (0.5, 0.25, 7)
    assert (settled.label_lr, settled.labeled_weight) == (0.0, 2.0)


@pytest.mark.parametrize(
    ("estimator", "kept"), [(LGAClassifier, 1.9), (LGARegressor, 1.2)]
)
def test_views_are_seen_up_to_a_multiple_of_the_lowest_loss(
    estimator, kept, monkeypatch
):
    """2 for classes, 1.3 for targets."""
    X = np.random.RandomState(0).randn(80, 3)
    for ratio, names in ((kept, 2), (kept + 0.2, 1)):
        losses = {"features": 1.0, "features+bins": ratio}
        monkeypatch.setattr(
            "sklearn_lga._estimators.plan.weigh",
            lambda *args, losses=losses: {
                view: Evidence(loss, 0.1, 0.9) for view, loss in losses.items()
            },
        )
        y = np.where(np.arange(80) < 20, np.arange(80) % 2, -1)
        if estimator is LGARegressor:
            y = np.where(y < 0, np.nan, y)
        model = estimator(max_epochs=1, random_state=0).fit(X, y)
        assert len(set(model.inputs_)) == names


def test_the_plan_can_be_read_from_a_fit():
    X = np.random.RandomState(0).randn(80, 3)
    y = np.where(np.arange(80) < 20, X[:, 0] > 0, -1)
    model = LGAClassifier(max_epochs=3, random_state=0).fit(X, y)
    settled = model.plan_
    assert settled.inputs == model.inputs_
    assert settled.evidence == model.evidence_
    assert settled.temperature == model.temperature_
    assert settled.n_epochs == model.n_iter_ == 3
    group = model.net_.optimizer_.param_groups[0]
    assert (group["lr"], group["weight_decay"]) == (settled.lr, settled.weight_decay)
    assert model.net_.state_.imputed_labels.adam["lr"] == settled.label_lr
    assert model.net_.state_.labeled_weight == settled.labeled_weight == "linear"
    assert model.net_.state_.n_steps == settled.n_steps
    assert model.net_.state_.average.share == settled.averaging
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
    X = np.random.RandomState(0).randn(80, 3)
    y = np.where(np.arange(80) < 20, X[:, 0] > 0, -1)
    model = LGAClassifier(max_epochs=1, net_params=net_params, random_state=0)
    group = model.fit(X, y).net_.optimizer_.param_groups[0]
    assert model.plan_.lr == group["lr"]
    is_default = net_params.keys() == {"optimizer"}
    assert model.plan_.weight_decay == (None if is_default else group["weight_decay"])


def test_labels_that_do_not_count_are_no_evidence():
    """Twelve labelled rows, of which one class has a weight."""
    X = np.random.RandomState(0).randn(80, 3)
    y = np.where(np.arange(80) < 12, np.arange(80) % 12 > 3, -1)
    weights = {0: 0.0, 1: 1.0}
    model = LGAClassifier(max_epochs=1, class_weight=weights, random_state=0)
    assert model.fit(X, y).evidence_ == {}
