"""The estimators as scikit-learn's users meet them."""

import pickle
import re
import sys
import tracemalloc

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_digits, make_regression
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from skorch.callbacks import (
    Callback,
    EpochScoring,
    GradientNormClipping,
    LRScheduler,
)
from torch import nn

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga.baselines import RegularizedNetClassifier, RegularizedNetRegressor
from sklearn_lga.datasets import hide_labels

from ..in_turn import case, seeds

CLASSIFIERS = [LGAClassifier, RegularizedNetClassifier]
REGRESSORS = [LGARegressor, RegularizedNetRegressor]


def expected_failed_checks(estimator):
    """Those that cannot hold.

    Rows that are there twice are drawn, and dealt to folds, as two; a weight of 2 is
    not. ``check_classifiers_classes`` fits labels -1 and 1. For the semi-supervised
    classifiers of its own, which read -1 as unlabelled, scikit-learn leaves that out
    by their names.
    """
    drawn = "folds and batches are drawn of rows, not of weights"
    failed = {
        f"check_sample_weight_equivalence_on_{kind}_data": drawn
        for kind in ("dense", "sparse")
    }
    if isinstance(estimator, tuple(CLASSIFIERS)) and estimator.unlabeled == -1:
        failed["check_classifiers_classes"] = "the labels -1 and 1: -1 is the marker"
    return failed


# The network alone, small.
CHEAP = {"closed_form": False, "n_members": 1, "hidden_layer_sizes": (16,), "lr": 0.03}


@pytest.mark.filterwarnings("ignore:y marks no row as unlabelled")
@parametrize_with_checks(
    [
        LGAClassifier(max_epochs=5, unlabeled=None),
        LGAClassifier(max_epochs=30, **CHEAP),
        LGARegressor(max_epochs=5, unlabeled=None),
        RegularizedNetClassifier(max_epochs=30, unlabeled=None, **CHEAP),
        RegularizedNetRegressor(max_epochs=30, unlabeled=None, **CHEAP),
    ],
    expected_failed_checks=expected_failed_checks,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:y marks no row as unlabelled")
@parametrize_with_checks(
    [
        estimator(unlabeled=unlabeled)
        for estimator in CLASSIFIERS + REGRESSORS
        for unlabeled in (None, -1)
    ],
    expected_failed_checks=expected_failed_checks,
)
def test_scikit_learn_checks_of_default_parameters(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    return X, y, hide_labels(y, n_labeled=150, stratify=False, random_state=0)


@pytest.fixture(scope="module")
def small(digits):
    """A fit that takes a fraction of a second."""
    X, y, y_marked = digits
    rows = np.r_[np.flatnonzero(y_marked != -1), np.flatnonzero(y_marked == -1)[:200]]
    return X[rows], y[rows], y_marked[rows]


@pytest.fixture(scope="module")
def targets():
    X, y = make_regression(200, 6, n_informative=4, random_state=0)
    return X, y, hide_labels(y, n_labeled=60, random_state=0, unlabeled=np.nan)


def test_labels_digits(digits):
    """The bar of a default fit, on one seed; the benchmark has five."""
    X, y, y_marked = digits
    hidden = y_marked == -1
    model = LGAClassifier(random_state=0).fit(X, y_marked)
    assert np.mean(model.transduction_[hidden] == y[hidden]) >= 0.88


def test_fitted_attributes(small):
    X, _, y_marked = small
    model = LGAClassifier(max_epochs=3, random_state=0).fit(X, y_marked)
    labeled = y_marked != -1
    assert model.classes_.tolist() == list(range(10))
    assert model.n_features_in_ == 64
    assert model.n_iter_ == 3 == len(model.history_)
    assert model.unlabeled_ == -1
    assert model.transduction_.dtype == model.classes_.dtype
    np.testing.assert_array_equal(model.transduction_[labeled], y_marked[labeled])
    distributions = model.label_distributions_
    np.testing.assert_allclose(distributions.sum(axis=1), 1.0, rtol=1e-6)
    np.testing.assert_array_equal(
        model.classes_[distributions.argmax(axis=1)], model.transduction_
    )
    assert set(np.unique(distributions[labeled])) == {0.0, 1.0}
    for term in ("train_loss", "labeled_loss", "unlabeled_loss", "alignment_distance"):
        assert np.isfinite(model.history_[:, term]).all()


def test_imputed_labels_are_those_of_the_training(small):
    X, _, y_marked = small
    model = LGAClassifier(closed_form=False, max_epochs=3, random_state=0)
    model.fit(X, y_marked)
    w = model.net_.state_.imputed_labels.w.mean(dim=1)  # of the members'
    np.testing.assert_allclose(
        model.label_distributions_[y_marked == -1],
        torch.softmax(w, dim=1),
        rtol=1e-5,
    )


@pytest.mark.parametrize(
    ("lga", "baseline"),
    [
        (LGAClassifier, RegularizedNetClassifier),
        (LGARegressor, RegularizedNetRegressor),
    ],
)
@pytest.mark.parametrize("seed", seeds(2))
def test_without_unlabeled_rows_equals_supervised(lga, baseline, seed, small):
    X, y, _ = small
    kwargs = {"max_epochs": 3, "batch_size": 50, "random_state": seed}
    with pytest.warns(UserWarning, match="marks no row as unlabelled"):
        ours = lga(**kwargs).fit(X, y)
    theirs = baseline(**kwargs).fit(X, y)
    for a, b in zip(
        ours.net_.module_.parameters(), theirs.net_.module_.parameters(), strict=True
    ):
        assert torch.equal(a, b)
    np.testing.assert_array_equal(ours.transduction_, y)


def test_label_lr_zero_keeps_labels_where_they_start(small):
    X, _, y_marked = small
    model = LGAClassifier(max_epochs=3, label_lr=0, random_state=0)
    hidden = y_marked == -1
    model.set_params(closed_form=False).fit(X, y_marked)
    np.testing.assert_allclose(model.label_distributions_[hidden], 0.1)
    assert not hasattr(model, "start_distributions_")
    model.set_params(closed_form=True, n_members=1).fit(X, y_marked)
    w = model.net_.state_.imputed_labels.w
    start = model.start_distributions_[hidden]
    np.testing.assert_allclose(torch.softmax(w, dim=1), start, atol=1e-6)
    model.set_params(label_lr=1.0).fit(X, y_marked)
    np.testing.assert_array_equal(model.start_distributions_[hidden], start)
    assert not np.allclose(model.label_distributions_[hidden], start, atol=1e-3)


def test_baseline_has_the_budget_of_lga(small):
    """Equal parameters mean equally many steps."""
    X, _, y_marked = small
    kwargs = {"batch_size": 70, "max_epochs": 2, "random_state": 0}
    models = [c(**kwargs).fit(X, y_marked) for c in CLASSIFIERS]
    steps = [model.net_.state_.n_steps_done for model in models]
    assert steps == [6, 6]


@pytest.mark.parametrize("estimator", CLASSIFIERS)
def test_same_seed_same_result_and_global_state_untouched(estimator, small):
    X, _, y_marked = small
    numpy_state, torch_state = np.random.get_state()[1].copy(), torch.get_rng_state()
    models = [
        estimator(max_epochs=2, batch_size=40, random_state=seed).fit(X, y_marked)
        for seed in (0, 0, 1)
    ]
    proba = [model.predict_proba(X) for model in models]
    np.testing.assert_array_equal(proba[0], proba[1])
    np.testing.assert_array_equal(models[0].transduction_, models[1].transduction_)
    assert not np.array_equal(proba[0], proba[2])
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_state)
    assert torch.equal(torch.get_rng_state(), torch_state)


class UserModule(nn.Module):
    """Draws its parameters and its dropout from torch's global generator."""

    def __init__(self, n_features, n_outputs, width=16):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_features, width),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Dropout(0.3),
            nn.Linear(width, n_outputs),
        )

    def forward(self, X):
        return self.layers(X)


def test_module_of_ones_own(small):
    X, _, y_marked = small
    torch_state = torch.get_rng_state()
    kwargs = {"module": UserModule, "max_epochs": 2, "random_state": 0}
    models = [LGAClassifier(**kwargs).fit(X, y_marked) for _ in range(2)]
    np.testing.assert_array_equal(*[model.predict_proba(X) for model in models])
    assert torch.equal(torch.get_rng_state(), torch_state)
    wide = LGAClassifier(**kwargs).set_params(module__width=24).fit(X, y_marked)
    assert wide.net_.module_.layers[0].out_features == 24


class Convolution(nn.Module):
    def __init__(self, n_features, n_outputs):
        super().__init__()
        channels, height, width = n_features
        self.convolution = nn.Conv2d(channels, 4, 3, padding=1)
        self.head = nn.Linear(4 * height * width, n_outputs)

    def forward(self, X):
        return self.head(self.convolution(X).relu().flatten(1))


def test_arrays_of_more_dimensions(small):
    X, _, y_marked = small
    images = X.reshape(-1, 1, 8, 8)
    model = LGAClassifier(module=Convolution, max_epochs=2, random_state=0)
    model.fit(images, y_marked)
    assert model.predict_proba(images).shape == (len(X), 10)
    with pytest.raises(
        ValueError, match=r"\(350, 1, 8, 8\).*of dim 2.*module of your own"
    ):
        LGAClassifier(max_epochs=2).fit(images, y_marked)


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csr_array])
def test_csr_equals_dense(container, small):
    X, _, y_marked = small
    X = np.where(np.abs(X) > 0.8, X, 0.0)
    dense, csr = (
        LGAClassifier(closed_form=False, max_epochs=2, random_state=0).fit(
            data, y_marked
        )
        for data in (X, container(X))
    )
    np.testing.assert_array_equal(dense.predict_proba(X), csr.predict_proba(X))
    np.testing.assert_array_equal(dense.predict(container(X)), csr.predict(X))


def test_csr_is_never_densified_whole():
    """Dense, the matrix would take 576 MB in float32."""
    n = 12_000
    columns = np.random.RandomState(0).randint(n, size=(n, 3)).ravel()
    X = sparse.csr_matrix((np.ones(3 * n), columns, np.arange(0, 3 * n + 1, 3)))
    y = np.full(n, -1)
    y[:10] = np.arange(10) % 2
    model = LGAClassifier(max_epochs=1, hidden_layer_sizes=(2,), random_state=0)
    tracemalloc.start()
    model.fit(X, y).predict(X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100e6


def test_users_arrays_stay_as_they_are(small):
    X, _, y_marked = small
    X, y_marked = X.astype(np.float32), y_marked.copy()
    X_before, y_before = X.copy(), y_marked.copy()
    X.flags.writeable = y_marked.flags.writeable = False
    model = LGAClassifier(max_epochs=2, random_state=0).fit(X, y_marked)
    model.predict(X)
    np.testing.assert_array_equal(X, X_before)
    np.testing.assert_array_equal(y_marked, y_before)


class BatchDependent(nn.Linear):
    """What a row gives depends on the rows beside it, also in prediction."""

    def __init__(self, n_features, n_outputs):
        super().__init__(n_features, n_outputs)
        self.norm = nn.BatchNorm1d(n_features, track_running_stats=False)

    def forward(self, X):
        return super().forward(self.norm(X))


def test_modules_of_ones_own_see_no_padding(small):
    X, _, y_marked = small
    model = LGAClassifier(
        module=BatchDependent, closed_form=False, max_epochs=1, random_state=0
    ).fit(X, y_marked)
    module = model.net_.module_.eval()
    with torch.no_grad():
        logits = module(torch.from_numpy(X[:50]).float())
    np.testing.assert_allclose(
        model.predict_proba(X[:50]), logits.softmax(dim=1), rtol=1e-5
    )


@pytest.mark.parametrize("estimator", CLASSIFIERS + REGRESSORS)
def test_score_checks_lengths(estimator, small):
    X, y, y_marked = small
    model = estimator(max_epochs=1, random_state=0).fit(X, y_marked)
    for wrong in (y[:-1], np.r_[y, y]):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            model.score(X, wrong)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.score(X, y, sample_weight=np.ones(3))
    with pytest.raises(ValueError, match="y is needed"):
        model.score(X, None)
    assert model.score(sparse.coo_matrix(X), y) == pytest.approx(model.score(X, y))


def test_predictions_do_not_depend_on_the_other_rows(small):
    X, _, y_marked = small
    model = LGAClassifier(max_epochs=2, random_state=0).fit(X, y_marked)
    together = model.predict_proba(X)
    alone = np.vstack([model.predict_proba(X[i : i + 1]) for i in range(20)])
    np.testing.assert_allclose(together[:20], alone, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("estimator", CLASSIFIERS)
def test_probabilities(estimator, small):
    X, y, y_marked = small
    model = estimator(max_epochs=5, random_state=0).fit(X, y_marked)
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(np.log(proba), model.predict_log_proba(X), rtol=1e-8)
    predicted = model.predict(X)
    np.testing.assert_array_equal(model.classes_[proba.argmax(axis=1)], predicted)
    assert model.score(X, y) == np.mean(predicted == y)
    labeled = y_marked != -1
    assert model.score(X, y_marked) == np.mean(predicted[labeled] == y[labeled])


@pytest.mark.parametrize("estimator", REGRESSORS)
def test_regression(estimator, targets):
    X, y, y_marked = targets
    model = estimator(max_epochs=300, random_state=0).fit(X, y_marked)
    hidden = np.isnan(y_marked)
    assert model.transduction_.shape == y.shape
    np.testing.assert_array_equal(model.transduction_[~hidden], y[~hidden])
    residual = np.mean((model.predict(X) - y)[hidden] ** 2) / y[hidden].var()
    assert residual < 0.3
    assert model.score(X[hidden], y[hidden]) == pytest.approx(1 - residual)


@pytest.mark.parametrize("estimator", REGRESSORS)
def test_multi_output_regression(estimator, targets):
    X, y, y_marked = targets
    hidden = np.isnan(y_marked)
    Y = np.column_stack([y, -2 * y + 5, X[:, 0]])
    Y_marked = np.where(hidden[:, None], np.nan, Y)
    model = estimator(max_epochs=300, random_state=0).fit(X, Y_marked)
    assert model.predict(X).shape == Y.shape == model.transduction_.shape
    np.testing.assert_array_equal(model.transduction_[~hidden], Y[~hidden])
    assert model.score(X, Y_marked) == pytest.approx(
        model.score(X[~hidden], Y[~hidden])
    )
    assert model.score(X, Y) > 0.7


@pytest.mark.parametrize("estimator", REGRESSORS)
def test_regression_does_not_depend_on_the_targets_units(estimator, targets):
    X, _, y_marked = targets
    a = estimator(max_epochs=3, random_state=0).fit(X, y_marked)
    b = estimator(max_epochs=3, random_state=0).fit(X, 1e6 * y_marked - 3e6)
    np.testing.assert_allclose(
        1e6 * a.predict(X) - 3e6, b.predict(X), rtol=1e-3, atol=1e4
    )


def test_class_weight(small):
    """A class of overwhelming weight is predicted everywhere."""
    X, _, y_marked = small
    weights = {c: 1e-3 for c in range(10)} | {3: 1e3}
    model = LGAClassifier(class_weight=weights, max_epochs=100, random_state=0)
    assert np.mean(model.fit(X, y_marked).predict(X) == 3) > 0.9
    balanced = LGAClassifier(class_weight="balanced", max_epochs=2, random_state=0)
    assert balanced.fit(X, y_marked).predict(X).shape == (len(X),)


def test_zero_class_weight_keeps_the_given_labels(small):
    X, _, y_marked = small
    model = LGAClassifier(class_weight={9: 0.0} | dict.fromkeys(range(9), 1.0))
    model.set_params(max_epochs=1).fit(X, y_marked)
    labeled = y_marked != -1
    np.testing.assert_array_equal(model.transduction_[labeled], y_marked[labeled])


@pytest.mark.parametrize("estimator", CLASSIFIERS + REGRESSORS)
@pytest.mark.parametrize("dumps", [pickle, joblib])
def test_clone_pickle_joblib(estimator, dumps, small, targets, tmp_path):
    X, _, y_marked = small if estimator in CLASSIFIERS else targets
    model = estimator(max_epochs=2, random_state=0, net_params={"optimizer__eps": 1e-7})
    copy = clone(model)
    assert copy.get_params(deep=False) == model.get_params(deep=False)
    model.fit(X, y_marked)
    path = tmp_path / "model"
    if dumps is joblib:
        joblib.dump(model, path)
        loaded = joblib.load(path)
    else:
        path.write_bytes(pickle.dumps(model))
        loaded = pickle.loads(path.read_bytes())
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    np.testing.assert_array_equal(loaded.transduction_, model.transduction_)
    refitted = loaded.fit(X, y_marked)
    np.testing.assert_array_equal(refitted.predict(X), model.predict(X))


def test_warm_start(small):
    X, _, y_marked = small
    hidden = y_marked == -1
    model = LGAClassifier(
        closed_form=False,
        max_epochs=20,
        warm_start=True,
        random_state=0,
    )
    first = model.fit(X, y_marked).net_.state_.imputed_labels.w.clone()
    weights = [p.clone() for p in model.net_.module_.parameters()]
    model.set_params(label_lr=0.0, lr=1e-12, max_epochs=1).fit(X, y_marked)
    assert torch.equal(model.net_.state_.imputed_labels.w, first)
    for before, after in zip(weights, model.net_.module_.parameters(), strict=True):
        torch.testing.assert_close(before, after)
    # With other unlabelled rows the labels start anew, the network does not.
    model.fit(X[::-1], y_marked[::-1])
    uniform = model.label_distributions_[hidden[::-1]]
    np.testing.assert_allclose(uniform, 0.1)
    for before, after in zip(weights, model.net_.module_.parameters(), strict=True):
        torch.testing.assert_close(before, after)
    with pytest.raises(ValueError, match="warm_start=True continues with the classes"):
        model.fit(X, np.where(y_marked == 9, 11, y_marked))


def test_warm_start_keeps_the_inputs():
    """Of other rows there might be others, and so another network."""
    X = np.random.RandomState(0).randn(300, 2)
    y = np.where(np.arange(300) < 20, X[:, 0] > 0, -1)
    model = LGAClassifier(max_epochs=1, warm_start=True, random_state=0)
    scales = model.fit(X, y).net_.inputs.scales
    model.fit(np.sign(X[:60]), y[:60])
    assert model.net_.inputs.scales is scales
    proba = model.predict_proba(X)
    assert np.isfinite(proba).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1.0)


def test_warm_start_of_another_network_is_refused(small):
    X, _, y_marked = small
    model = LGAClassifier(max_epochs=1, warm_start=True).fit(X, y_marked)
    with pytest.raises(ValueError, match="warm_start=True continues the network"):
        model.set_params(hidden_layer_sizes=(7,)).fit(X, y_marked)


def test_warm_start_keeps_the_scale_of_the_targets(targets):
    X, y, y_marked = targets
    model = LGARegressor(
        closed_form=False, max_epochs=100, warm_start=True, random_state=0
    )
    before = model.fit(X, y_marked).predict(X)
    model.set_params(lr=1e-12, label_lr=0.0, max_epochs=1)
    more = np.where(np.arange(len(y)) < 100, y, np.nan)
    np.testing.assert_allclose(model.fit(X, more).predict(X), before, rtol=1e-5)


def test_early_stopping_restores_the_best_state(small):
    """As if the training had ended with the best epoch: with steps that do not
    depend on the number of epochs, that can be run."""
    X, _, y_marked = small
    model = LGAClassifier(
        early_stopping=True,
        validation_fraction=0.3,
        n_iter_no_change=3,
        lr=0.03,
        label_lr=0.1,
        labeled_weight=1.0,
        max_epochs=200,
        random_state=0,
    ).fit(X, y_marked)
    losses = model.history_[:, "valid_loss"]
    best = int(np.argmin(losses)) + 1
    assert best < model.n_iter_ < 200
    again = clone(model).set_params(max_epochs=best).fit(X, y_marked)
    for a, b in zip(
        model.net_.module_.parameters(), again.net_.module_.parameters(), strict=True
    ):
        assert torch.equal(a, b)
    np.testing.assert_array_equal(
        model.label_distributions_, again.label_distributions_
    )


def test_callbacks_see_the_epoch_that_early_stopping_ends(small):
    X, _, y_marked = small
    recorder = EpochScoring(lambda *args: 0.0, name="mine")
    model = LGAClassifier(
        early_stopping=True,
        n_iter_no_change=2,
        lr=0.1,
        max_epochs=200,
        callbacks=[recorder],
        random_state=0,
    ).fit(X, y_marked)
    assert model.n_iter_ < 200
    assert len(model.history_[:, "mine"]) == model.n_iter_


class StopAfter(Callback):
    """Interrupt, as a user would, after some epochs."""

    def __init__(self, n_epochs):
        self.n_epochs = n_epochs

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.n_epochs:
            raise KeyboardInterrupt


def test_interrupt_leaves_a_fitted_estimator(small):
    X, _, y_marked = small
    model = LGAClassifier(max_epochs=50, callbacks=[StopAfter(2)], random_state=0)
    model.fit(X, y_marked)
    assert model.n_iter_ == 2
    assert model.predict(X).shape == (len(X),)


def test_callbacks_are_cloned_and_see_gradients(small):
    X, _, y_marked = small
    clipping = GradientNormClipping(1e-12)
    callbacks = [("clip", clipping), LRScheduler("StepLR", step_size=1)]
    model = LGAClassifier(max_epochs=2, callbacks=callbacks, random_state=0)
    model.set_params(net_params={"optimizer": torch.optim.SGD}, lr=0.1)
    model.fit(X, y_marked)
    assert dict(model.net_.callbacks_)["clip"] is not clipping
    start = LGAClassifier(max_epochs=1, lr=1e-12, random_state=0).fit(X, y_marked)
    for a, b in zip(
        model.net_.module_.parameters(), start.net_.module_.parameters(), strict=True
    ):
        torch.testing.assert_close(a, b)  # clipped to nothing


def mixed_table(n=150):
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    X, y = X.iloc[:n, :5].copy(), y.iloc[:n]
    X["size"] = np.where(X.iloc[:, 0] > 14, "large", "small")
    X.iloc[3, 2] = np.nan
    return X, y.to_numpy()


def mixed_model(estimator):
    numeric = make_pipeline(SimpleImputer(), StandardScaler())
    prepare = make_column_transformer(
        (numeric, slice(0, 5)), (OneHotEncoder(), ["size"])
    )
    return make_pipeline(prepare, estimator)


@pytest.mark.parametrize("n_jobs", [None, case(2, always=False)])
def test_grid_search_over_a_pipeline_on_a_mixed_frame(n_jobs):
    X, y = mixed_table()
    y_marked = hide_labels(y, n_labeled=60, random_state=0)
    model = mixed_model(LGAClassifier(max_epochs=10, random_state=0))
    grid = {
        "lgaclassifier__lr": [1e-3, 1e-2],
        "lgaclassifier__hidden_layer_sizes": [(16,), (16, 16)],
        "lgaclassifier__optimizer__weight_decay": [0.0, 0.1],
    }
    search = GridSearchCV(model, grid, cv=2, n_jobs=n_jobs).fit(X, y_marked)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_params_.keys() == grid.keys()
    assert len(search.best_estimator_[-1].transduction_) == len(X)
    assert np.mean(search.predict(X) == y) > 0.8


def test_cross_val_score_of_marked_labels_is_close_to_the_truth(digits):
    """``score`` masks the marker, so scikit-learn's own folds can be used."""
    X, y, y_marked = digits
    model = LGAClassifier(max_epochs=30, random_state=0)
    estimate = cross_val_score(model, X, y_marked, cv=4).mean()
    hidden = y_marked == -1
    truth = model.fit(X, y_marked).score(X[hidden], y[hidden])
    assert abs(estimate - truth) < 0.06


def test_feature_names(small):
    X, _, y_marked = small
    frame = pd.DataFrame(X, columns=[f"pixel_{i}" for i in range(64)])
    model = LGAClassifier(max_epochs=1, random_state=0).fit(frame, y_marked)
    assert model.feature_names_in_.tolist() == frame.columns.tolist()
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename(columns={"pixel_0": "other"}))


def test_verbose_prints_a_line_an_epoch_in_a_log(small, capsys):
    X, _, y_marked = small
    model = LGAClassifier(max_epochs=2, verbose=1, random_state=0).fit(X, y_marked)
    told = capsys.readouterr()
    losses = [f"{loss:.4g}" for loss in model.history_[:, "train_loss"]]
    assert told.err.splitlines() == [
        "LGAClassifier: closed form",
        f"LGAClassifier: epoch 1 of 2, train_loss {losses[0]}",
        f"LGAClassifier: epoch 2 of 2, train_loss {losses[1]}",
        "LGAClassifier: labels",
    ]
    assert told.out == ""
    LGAClassifier(max_epochs=2, random_state=0).fit(X, y_marked)
    assert capsys.readouterr() == ("", "")


def test_verbose_draws_a_line_in_a_terminal(small, capsys, monkeypatch):
    X, _, y_marked = small
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    settings = {"max_epochs": 3, "early_stopping": True, "random_state": 0}
    model = LGAClassifier(verbose=1, **settings).fit(X, y_marked)
    told = capsys.readouterr().err
    assert "\x1b" not in told
    first, *_, last = [line for line in re.split(r"[\r\n]+", told) if line.strip()]
    assert first.strip() == "LGAClassifier: closed form"
    assert re.match(r"LGAClassifier: 100%.* 3/3 .*train_loss=.*valid_loss=", last)
    pickle.dumps(model)
