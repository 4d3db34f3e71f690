"""How labels and targets are read, for every kind of y."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import cross_val_score

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga.baselines import RegularizedNetClassifier, RegularizedNetRegressor
from sklearn_lga.model_selection import SemiSupervisedSplit

FAST = {"max_epochs": 1, "hidden_layer_sizes": (4,), "random_state": 0}
N = 12
X = np.random.RandomState(0).standard_normal((N, 3))
HIDDEN = np.arange(N) % 3 == 2


def fit(y, estimator=LGAClassifier, **kwargs):
    return estimator(**FAST, **kwargs).fit(X, y)


LABELS = {
    "int": (np.array([3, 7]), np.int64),
    "int8": (np.array([3, 7], dtype=np.int8), np.int8),
    "str": (np.array(["no", "yes"], dtype=object), object),
    "bool": (np.array([False, True]), bool),
    "float": (np.array([0.0, 2.0]), np.float64),
}


def marked(values, marker):
    """Alternating labels with every third row marked, in the plainest dtype."""
    y = values[np.arange(N) % 2].astype(object)
    y[HIDDEN] = marker
    if all(isinstance(v, int | np.integer) and not isinstance(v, bool) for v in y):
        return y.astype(np.int64)
    return y


@pytest.mark.parametrize("marker", [-1, None, np.nan, pd.NA])
@pytest.mark.parametrize("kind", LABELS)
def test_labels_come_back_as_they_went_in(kind, marker):
    values, _ = LABELS[kind]
    model = fit(marked(values, marker))
    assert model.classes_.tolist() == values.tolist()
    assert model.transduction_.dtype == model.classes_.dtype
    assert model.classes_.dtype.kind == values.dtype.kind
    given = values[np.arange(N) % 2][~HIDDEN]
    np.testing.assert_array_equal(model.transduction_[~HIDDEN], given)
    assert set(model.transduction_) <= set(values.tolist())
    assert type(model.predict(X)[0]) is type(model.classes_[0])


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(marked(np.array([0, 1]), pd.NA), dtype="Int64"),
        pd.Series(marked(np.array([0, 1]), -1)),
        pd.Series(marked(np.array([0, 1]), np.nan), dtype=float),
        pd.Series(pd.Categorical(marked(np.array([0, 1]), None))),
        pd.Series(marked(np.array([0, 1]), pd.NA), dtype="Float64"),
        pd.Series(marked(np.array([False, True]), pd.NA), dtype="boolean"),
        marked(np.array([0, 1]), -1).tolist(),
    ],
    ids=["Int64", "int", "float", "categorical", "Float64", "boolean", "list"],
)
def test_containers_of_two_classes(y):
    model = fit(y)
    plain = fit(marked(np.array([0, 1]), -1))
    np.testing.assert_array_equal(model.classes_, plain.classes_)
    np.testing.assert_array_equal(model.predict_proba(X), plain.predict_proba(X))
    np.testing.assert_array_equal(model.transduction_, plain.transduction_)


@pytest.mark.parametrize("dtype", ["category", "string", "str", object])
def test_pandas_strings(dtype):
    y = pd.Series(marked(np.array(["a", "b"], dtype=object), None), dtype=dtype)
    model = fit(y)
    assert model.classes_.tolist() == ["a", "b"]
    assert model.transduction_[:2].tolist() == ["a", "b"]


@pytest.mark.parametrize("dtype", ["Int64", "category"])
def test_a_frame_of_one_column_keeps_its_dtype(dtype):
    y = pd.Series(marked(np.array([3, 7]), None)).astype(dtype).to_frame("label")
    model = fit(y)
    assert model.classes_.tolist() == [3, 7]
    assert model.classes_.dtype.kind == "i"
    assert 0 <= model.score(X, y) <= 1


def test_a_marker_of_ones_own_for_targets_stands_beside_nan():
    y = np.linspace(1.0, 3.0, N)
    y[HIDDEN] = [-999.0, np.nan, -999.0, np.nan]
    model = fit(y, LGARegressor, unlabeled=-999)
    assert model.unlabeled_ == -999
    assert model.transduction_.min() > -100


def test_categories_of_integers_stay_integers():
    y = pd.Series(pd.Categorical(marked(np.array([3, 7]), None)))
    assert fit(y).classes_.dtype.kind == "i"


def test_marker_none_reads_minus_one_as_a_class():
    y = np.where(np.arange(N) % 2, 1, -1)
    with pytest.warns(UserWarning, match="marks no row as unlabelled"):
        model = fit(y, unlabeled=None)
    assert model.classes_.tolist() == [-1, 1]
    np.testing.assert_array_equal(model.transduction_, y)
    assert model.unlabeled_ is None
    with pytest.raises(ValueError, match="row 2, and unlabeled=None"):
        fit(marked(np.array([-1.0, 1.0]), np.nan).astype(float), unlabeled=None)


def test_marker_nan_reads_minus_one_as_a_class():
    y = np.where(np.arange(N) % 2, 1.0, -1.0)
    y[HIDDEN] = np.nan
    model = fit(y, unlabeled=np.nan)
    assert model.classes_.tolist() == [-1.0, 1.0]


def test_marker_of_ones_own():
    y = np.where(HIDDEN, "?", np.where(np.arange(N) % 2, "a", "b"))
    assert fit(y, unlabeled="?").classes_.tolist() == ["a", "b"]


@pytest.mark.parametrize("dtype", [object, str])
def test_the_string_minus_one_is_refused(dtype):
    y = np.where(HIDDEN, "-1", np.where(np.arange(N) % 2, "a", "b")).astype(dtype)
    with pytest.raises(ValueError, match=r'string "-1".*astype\(object\)'):
        fit(y)
    assert fit(y, unlabeled="-1").classes_.tolist() == ["a", "b"]


def test_mixed_labels_are_refused():
    y = marked(np.array(["a", 1], dtype=object), None)
    with pytest.raises(ValueError, match=r"several types \('a', 1\)"):
        fit(y)


@pytest.mark.parametrize("unlabeled", [-1, np.nan])
@pytest.mark.parametrize("estimator", [LGARegressor, RegularizedNetRegressor])
def test_nan_marks_targets_and_minus_one_is_a_value(estimator, unlabeled):
    y = np.linspace(-2.0, 2.0, N)
    y[0], y[HIDDEN] = -1.0, np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = fit(y, estimator, unlabeled=unlabeled)
    assert np.isnan(model.unlabeled_)
    assert model.transduction_[0] == -1.0
    assert np.isfinite(model.transduction_).all()


def test_rule_is_settled_in_fit_and_kept_for_score():
    """A fold without NaN does not read a true -1.0 as unlabelled."""
    y = np.linspace(-2.0, 2.0, N)
    y[0], y[HIDDEN] = -1.0, np.nan
    model = fit(y, LGARegressor)
    fold = [0, 1, 3]
    residual = np.sum((y[fold] - model.predict(X[fold])) ** 2)
    total = np.sum((y[fold] - y[fold].mean()) ** 2)
    assert model.score(X[fold], y[fold]) == pytest.approx(1 - residual / total)


def test_minus_one_marks_targets_without_nan():
    y = np.linspace(1.0, 3.0, N)
    y[HIDDEN] = -1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = fit(y, LGARegressor)
    assert model.unlabeled_ == -1
    np.testing.assert_array_equal(model.transduction_[~HIDDEN], y[~HIDDEN])
    assert model.score(X, y) == pytest.approx(model.score(X[~HIDDEN], y[~HIDDEN]))


def test_minus_one_inside_the_range_of_targets_warns():
    y = np.linspace(-3.0, 3.0, N)
    y[HIDDEN] = -1
    with pytest.warns(UserWarning, match=r"-1 read as unlabelled.*np\.nan"):
        fit(y, LGARegressor)


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(np.where(HIDDEN, np.nan, 1.5 * np.arange(N))),
        pd.Series(
            [None if h else 1.5 * i for i, h in enumerate(HIDDEN)], dtype="Float64"
        ),
        [None if h else 1.5 * i for i, h in enumerate(HIDDEN)],
        pd.DataFrame({"a": np.where(HIDDEN, np.nan, 1.5 * np.arange(N))}),
    ],
    ids=["float", "Float64", "list", "frame"],
)
def test_containers_of_targets(y):
    model = fit(y, LGARegressor)
    np.testing.assert_array_equal(
        np.ravel(model.transduction_)[~HIDDEN], 1.5 * np.flatnonzero(~HIDDEN)
    )
    score = model.score(X, y)
    assert np.isfinite(score)


def test_several_outputs():
    Y = np.arange(2.0 * N).reshape(N, 2)
    Y[HIDDEN] = np.nan
    assert fit(Y, LGARegressor).transduction_.shape == (N, 2)
    Y[HIDDEN] = -1
    assert fit(Y, LGARegressor).unlabeled_ == -1
    Y[0, 1] = -1
    with pytest.raises(ValueError, match="Row 0 of y is marked as unlabelled in some"):
        fit(Y, LGARegressor)


@pytest.mark.parametrize("estimator", [LGAClassifier, RegularizedNetClassifier])
def test_score_leaves_unlabelled_rows_out(estimator):
    y = marked(np.array([0, 1]), -1)
    model = fit(y, estimator)
    weight = np.arange(N, dtype=float)
    assert model.score(X, y) == model.score(X[~HIDDEN], y[~HIDDEN])
    assert model.score(X, y, weight) == pytest.approx(
        model.score(X[~HIDDEN], y[~HIDDEN], weight[~HIDDEN])
    )
    with pytest.raises(ValueError, match="score needs labelled rows"):
        model.score(X[HIDDEN], y[HIDDEN])


@pytest.mark.parametrize(
    "y",
    [
        marked(np.array([0, 1]), -1),
        marked(np.array([0, 1]), np.nan).astype(float),
        pd.Series(marked(np.array([0, 1]), pd.NA), dtype="Int64"),
        pd.Series(pd.Categorical(marked(np.array(["a", "b"], dtype=object), None))),
        marked(np.array(["a", "b"], dtype=object), -1),
    ],
    ids=["int", "nan", "nullable", "categorical", "mixed"],
)
@pytest.mark.parametrize("scoring", [None, "roc_auc", "neg_log_loss"])
def test_any_y_and_any_scorer_through_semi_supervised_split(y, scoring):
    """The pairs of y and scorer that scikit-learn's own folds refuse, too."""
    scores = cross_val_score(
        LGAClassifier(**FAST),
        X,
        y,
        cv=SemiSupervisedSplit(2),
        scoring=scoring,
        error_score="raise",
    )
    assert np.isfinite(scores).all()


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_permuted_rows_permute_the_given_labels(data):
    kind = data.draw(st.sampled_from(sorted(LABELS)))
    order = np.array(data.draw(st.permutations(range(N))))
    y = marked(LABELS[kind][0], -1)
    model = LGAClassifier(**FAST).fit(X[order], y[order])
    given_labels = y[order][~HIDDEN[order]]
    np.testing.assert_array_equal(
        model.transduction_[~HIDDEN[order]], given_labels.astype(model.classes_.dtype)
    )


@settings(max_examples=10, deadline=None)
@given(
    values=st.lists(st.integers(-100, 100), min_size=2, max_size=4, unique=True).filter(
        lambda values: -1 not in values
    ),
    container=st.sampled_from(["array", "list", "Int64", "category"]),
    frozen=st.booleans(),
)
def test_arrays_are_unchanged_and_labels_kept(values, container, frozen):
    y = np.array(values)[np.arange(N) % len(values)]
    y[8:] = -1
    given_labels = y[:8].copy()
    if container == "list":
        y = y.tolist()
    elif container in ("Int64", "category"):
        y = pd.Series(y).mask(np.arange(N) >= 8).astype("Int64").astype(container)
    data = X.copy()
    data.flags.writeable = not frozen
    before = pd.Series(y).copy()
    model = LGAClassifier(**FAST).fit(data, y)
    pd.testing.assert_series_equal(pd.Series(y), before)
    np.testing.assert_array_equal(data, X)
    np.testing.assert_array_equal(model.transduction_[:8], given_labels)
