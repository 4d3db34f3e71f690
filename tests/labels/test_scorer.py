"""Scores of the labelled rows are those that scikit-learn gives these rows alone."""

import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import config_context, metrics
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import fbeta_score, get_scorer, get_scorer_names, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga.model_selection import SemiSupervisedSplit, labeled_scorer

N = 40
rng = np.random.RandomState(0)
X = rng.standard_normal((N, 3))
LABELS = (X[:, 0] + rng.standard_normal(N) > 0).astype(int)
TARGETS = X @ [1.0, -1.0, 0.5] + 4.0 + rng.standard_normal(N)
HIDDEN = np.arange(N) % 3 == 2
MODEL = LogisticRegression().fit(X, LABELS)
LINE = LinearRegression().fit(X, TARGETS)
FAST = {"closed_form": False, "max_epochs": 2, "random_state": 0}
MARKED = {
    "int": np.where(HIDDEN, -1, LABELS),
    "float": np.where(HIDDEN, np.nan, LABELS),
    "object": np.where(HIDDEN, None, LABELS.astype(object)),
    "mixed": np.where(HIDDEN, -1, LABELS.astype(object)),
    "Int64": pd.Series(LABELS).mask(HIDDEN).astype("Int64"),
}


def same(a, b):
    assert a == pytest.approx(b, nan_ok=True)


@pytest.mark.filterwarnings("ignore")  # of scores that are not defined here
@pytest.mark.parametrize("name", get_scorer_names())
def test_every_scorer(name):
    """Errors included, where a scorer is for other tasks."""
    model, y = (LINE, TARGETS) if is_for_targets(name) else (MODEL, LABELS)
    marked = np.where(HIDDEN, -1, y)
    weight = np.arange(1.0, N + 1.0)
    try:
        expected = get_scorer(name)(model, X[~HIDDEN], y[~HIDDEN])
    except ValueError:
        with pytest.raises(ValueError):  # noqa: PT011 - the same one
            labeled_scorer(name)(model, X, marked)
        return
    same(labeled_scorer(name)(model, X, marked), expected)
    try:
        expected = get_scorer(name)(
            model, X[~HIDDEN], y[~HIDDEN], sample_weight=weight[~HIDDEN]
        )
    except TypeError:
        return
    same(labeled_scorer(name)(model, X, marked, sample_weight=weight), expected)


def is_for_targets(name):
    return any(word in name for word in ("error", "deviance", "r2", "variance"))


@pytest.mark.parametrize("y", MARKED.values(), ids=MARKED)
@pytest.mark.parametrize("name", ["accuracy", "roc_auc", "f1", "neg_log_loss"])
def test_every_kind_of_marker(name, y):
    expected = get_scorer(name)(MODEL, X[~HIDDEN], LABELS[~HIDDEN])
    same(labeled_scorer(name)(MODEL, X, y), expected)


@pytest.mark.parametrize(
    "container", [pd.DataFrame, sparse.csr_array, np.ndarray.tolist]
)
def test_every_kind_of_table(container):
    data = container(X)
    model = clone(MODEL).fit(data, LABELS)
    expected = np.mean(model.predict(data)[~HIDDEN] == LABELS[~HIDDEN])
    same(labeled_scorer("accuracy")(model, data, MARKED["int"]), expected)


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        (metrics.accuracy_score, "accuracy"),
        (metrics.roc_auc_score, "roc_auc"),
        (metrics.log_loss, "neg_log_loss"),
        (metrics.brier_score_loss, "neg_brier_score"),
        (metrics.mean_squared_error, "neg_mean_squared_error"),
        (metrics.r2_score, "r2"),
        (metrics.rand_score, "rand_score"),
        (metrics.matthews_corrcoef, "matthews_corrcoef"),
        (get_scorer("roc_auc"), "roc_auc"),
    ],
)
def test_metrics_stand_for_the_scorers_of_their_names(metric, name):
    model, y = (
        (LINE, TARGETS) if name in ("r2", "neg_mean_squared_error") else (MODEL, LABELS)
    )
    expected = get_scorer(name)(model, X[~HIDDEN], y[~HIDDEN])
    same(labeled_scorer(metric)(model, X, np.where(HIDDEN, -1, y)), expected)


def test_metrics_without_a_scorer_of_their_name():
    y, predicted = MARKED["int"], MODEL.predict(X)[~HIDDEN]
    given = LABELS[~HIDDEN]
    kappa = labeled_scorer(metrics.cohen_kappa_score)(MODEL, X, y)
    same(kappa, metrics.cohen_kappa_score(given, predicted))
    loss = labeled_scorer(metrics.hamming_loss)(MODEL, X, y)
    same(loss, -metrics.hamming_loss(given, predicted))
    with pytest.raises(ValueError, match="hinge_loss is of scores.*response_method"):
        labeled_scorer(metrics.hinge_loss)


def test_scorers_of_ones_own():
    y = MARKED["int"]
    beta = make_scorer(fbeta_score, beta=2)
    same(labeled_scorer(beta)(MODEL, X, y), beta(MODEL, X[~HIDDEN], LABELS[~HIDDEN]))

    def n_rows(estimator, X, y):
        return len(X)

    assert labeled_scorer(n_rows)(MODEL, X, y) == np.sum(~HIDDEN)
    for wrong in (lambda y_true, y_pred: 0.0, partial(fbeta_score, beta=2), 3):
        with pytest.raises(ValueError, match=r"make_scorer\(function, greater_"):
            labeled_scorer(wrong)
    with pytest.raises(ValueError, match="'acuracy' is not a valid scoring value"):
        labeled_scorer("acuracy")
    with pytest.raises(ValueError, match="unlabeled must be a number, a string"):
        labeled_scorer("accuracy", unlabeled=[])


def test_no_labelled_row():
    with pytest.raises(ValueError, match="all 40 entries.*SemiSupervisedSplit"):
        labeled_scorer("accuracy")(MODEL, X, np.full(N, -1))


def test_targets_are_read_as_the_fit_has_read_them():
    y = TARGETS.round()
    y[:5], y[HIDDEN] = -1.0, np.nan
    model = make_pipeline(StandardScaler(), LGARegressor(solver="exact")).fit(X, y)
    scorer = labeled_scorer("neg_mean_squared_error")
    for rows in (np.arange(N), np.flatnonzero(~HIDDEN)):  # the latter without a NaN
        given = rows[~HIDDEN[rows]]
        expected = -np.mean((model.predict(X[given]) - y[given]) ** 2)
        same(scorer(model, X[rows], y[rows]), expected)
    # Of an estimator that does not tell, as y says.
    same(scorer(LINE, X, y), -np.mean((LINE.predict(X) - y)[~HIDDEN] ** 2))
    several = np.where(HIDDEN[:, None], np.nan, np.column_stack([TARGETS, -TARGETS]))
    model = LGARegressor(solver="exact").fit(X, several)
    expected = metrics.r2_score(several[~HIDDEN], model.predict(X[~HIDDEN]))
    same(labeled_scorer("r2")(model, X, several), expected)


def test_scorers_are_copied_and_shown():
    scorer = pickle.loads(pickle.dumps(labeled_scorer("roc_auc", unlabeled=None)))
    assert scorer.unlabeled is None
    assert "roc_auc_score" in repr(scorer)
    search = clone(GridSearchCV(LGAClassifier(), {}, scoring=scorer))
    same(search.scoring(MODEL, X, LABELS), get_scorer("roc_auc")(MODEL, X, LABELS))


def test_the_case_of_the_first_user():
    """An int cv and "accuracy" count each unlabelled row as a mistake."""
    y = np.where(np.arange(N) < 20, (X[:, 0] > 0).astype(int), -1)
    model = LGAClassifier(closed_form=False, lr=0.05, max_epochs=30, random_state=0)
    cv = KFold(2, shuffle=True, random_state=0)
    own = cross_val_score(model, X, y, cv=cv)
    scores = cross_validate(
        model,
        X,
        y,
        cv=cv,
        scoring={
            "plain": "accuracy",
            "labeled": labeled_scorer("accuracy"),
            "auc": labeled_scorer("roc_auc"),
        },
    )
    np.testing.assert_array_equal(scores["test_labeled"], own)
    assert scores["test_labeled"].mean() > 0.8
    assert scores["test_plain"].mean() < 0.55
    assert scores["test_auc"].mean() > 0.8


class KeepsGroups(GroupKFold):
    """Tells which groups it was given."""

    def split(self, X, y=None, groups=None):
        KeepsGroups.seen = groups
        return super().split(X, y, groups)


@pytest.mark.parametrize("routing", [False, True])
def test_groups(routing):
    groups = np.arange(N) % 4
    with config_context(enable_metadata_routing=routing):
        model = LGAClassifier(**FAST)
        given = {"params": {"groups": groups}} if routing else {"groups": groups}
        cv = SemiSupervisedSplit(KeepsGroups(4))
        scores = cross_val_score(model, X, MARKED["int"], cv=cv, **given)
        np.testing.assert_array_equal(KeepsGroups.seen, groups[~HIDDEN])
        KeepsGroups.seen = None
        search = GridSearchCV(
            model, {"lr": [0.01]}, cv=cv, scoring=labeled_scorer("accuracy")
        ).fit(X, MARKED["int"], groups=groups)
    np.testing.assert_array_equal(KeepsGroups.seen, groups[~HIDDEN])
    assert search.n_splits_ == 4 == len(scores)


def test_weights_are_routed_to_the_scorer():
    weight = np.where(MODEL.predict(X) == LABELS, 1.0, 0.0)  # of what is right
    with config_context(enable_metadata_routing=True):
        accuracy = get_scorer("accuracy").set_score_request(sample_weight=True)
        scores = cross_val_score(
            ModelThatIsFitted(),
            X,
            MARKED["int"],
            scoring=labeled_scorer(accuracy),
            params={"sample_weight": weight},
        )
    assert scores.tolist() == [1.0] * 5


class ModelThatIsFitted(LogisticRegression):
    def fit(self, X, y):
        vars(self).update(vars(MODEL))
        return self
