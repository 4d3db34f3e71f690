"""WithUnlabeled: the same fit as on a marked y, whatever labels and tables are like."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn import config_context, ensemble, multiclass
from sklearn import model_selection as ms
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import RFE, SelectKBest
from sklearn.metrics import check_scoring
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from sklearn_lga.compose import WithUnlabeled
from sklearn_lga.model_selection import SemiSupervisedSplit, labeled_scorer

from .cases import CLASSES, HIDDEN, X_L, X_U, C, R, X

LABELED = CLASSES[~HIDDEN]


def test_it_is_the_fit_on_a_marked_y():
    model = make_pipeline(StandardScaler(), C.model)
    ours = WithUnlabeled(model, X_U).fit(X_L, LABELED)
    marked = np.r_[LABELED, np.full(len(X_U), -1)]
    plain = clone(model).fit(np.r_[X_L, X_U], marked)
    np.testing.assert_array_equal(ours.predict_proba(X), plain.predict_proba(X))
    np.testing.assert_array_equal(
        ours.estimator_[-1].transduction_, plain[-1].transduction_
    )
    assert ours.score(X, CLASSES) == plain.score(X, CLASSES)
    assert ours.classes_.tolist() == [0, 1]
    assert ours.n_features_in_ == 2


@pytest.mark.parametrize("pipeline", [False, True])
def test_weights_of_labels(pipeline):
    """Those of the estimator's fit; a Pipeline hands them to its last step."""
    model = make_pipeline(StandardScaler(), C.model) if pipeline else C.model
    weights = np.linspace(0.1, 3.0, len(X_L))
    ours = WithUnlabeled(model, X_U).fit(X_L, LABELED, sample_weight=weights)
    rows, marked = np.r_[X_L, X_U], np.r_[LABELED, np.full(len(X_U), -1)]
    name = "lgaclassifier__sample_weight" if pipeline else "sample_weight"
    all_weights = np.r_[weights, np.full(len(X_U), 7.0)]
    plain = clone(model).fit(rows, marked, **{name: all_weights})
    np.testing.assert_allclose(ours.predict_proba(X), plain.predict_proba(X))
    without = WithUnlabeled(model, X_U).fit(X_L, LABELED)
    assert not np.allclose(ours.predict_proba(X), without.predict_proba(X))
    with pytest.raises(ValueError, match="Negative"):
        WithUnlabeled(model, X_U).fit(X_L, LABELED, sample_weight=-weights)


def test_weights_of_labels_that_are_routed():
    """A Pipeline's steps say who wants them."""
    with config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        last = clone(C.model).set_fit_request(sample_weight=True)
        weights = np.linspace(0.1, 3.0, len(X_L))
        ours = WithUnlabeled(make_pipeline(scaler, last), X_U)
        ours.fit(X_L, LABELED, sample_weight=weights)
    plain = WithUnlabeled(make_pipeline(StandardScaler(), C.model), X_U)
    plain.fit(X_L, LABELED, sample_weight=weights)
    np.testing.assert_array_equal(ours.predict_proba(X), plain.predict_proba(X))


KINDS_OF_LABELS = {
    "int": np.array([3, 7]),
    "int8": np.array([3, 7], dtype=np.int8),
    "float": np.array([0.0, 2.0]),
    "string": np.array(["no", "yes"]),
    "object": np.array(["no", "yes"], dtype=object),
    "bool": np.array([False, True]),
}


@pytest.mark.parametrize("labels", KINDS_OF_LABELS.values(), ids=KINDS_OF_LABELS)
def test_every_kind_of_label(labels):
    y = labels[LABELED]
    model = WithUnlabeled(C.model, X_U).fit(X_L, y)
    assert model.classes_.tolist() == labels.tolist()
    predicted = model.predict(X_L)
    assert predicted.dtype.kind == {"U": "O"}.get(labels.dtype.kind, labels.dtype.kind)
    assert model.score(X_L, y) == np.mean(predicted == y) > 0.9


@pytest.mark.parametrize(
    "container",
    [np.asarray, pd.DataFrame, sparse.csr_array, sparse.csc_matrix, np.ndarray.tolist],
)
def test_every_kind_of_table(container):
    model = WithUnlabeled(C.model, container(X_U)).fit(container(X_L), LABELED)
    plain = WithUnlabeled(C.model, X_U).fit(X_L, LABELED)
    np.testing.assert_array_equal(model.predict_proba(X), plain.predict_proba(X))


def test_frames_keep_their_names():
    names = ["a", "b"]
    frame = pd.DataFrame(X_L, columns=names)
    model = WithUnlabeled(C.model, pd.DataFrame(X_U, columns=names))
    assert clone(model).fit(frame, LABELED).feature_names_in_.tolist() == names
    with pytest.raises(ValueError, match=r"X has the columns \['b', 'a'\] and X_unl"):
        model.fit(frame[["b", "a"]], LABELED)
    with pytest.raises(ValueError, match=r"\(2,\) and X_unlabeled has \(1,\).*RFE"):
        WithUnlabeled(C.model, X_U[:, :1]).fit(X_L, LABELED)
    with pytest.raises(ValueError, match="belongs inside it"):
        RFE(WithUnlabeled(R.model, X_U), n_features_to_select=1).fit(X_L, R.labeled)


@pytest.mark.parametrize("missing", [-1, None, np.nan])
def test_a_marked_y_is_refused(missing):
    """Whoever goes on from a marked y to WithUnlabeled forgets to leave rows out."""
    model = WithUnlabeled(C.model, X_U)
    y = np.where(HIDDEN, missing, CLASSES.astype(object))
    with pytest.raises(ValueError, match="y has 36 entries that are missing or -1"):
        model.fit(X, y)
    with pytest.raises(ValueError, match="y has 36 entries that are missing or -1"):
        model.fit(X_L, LABELED).score(X, y)
    expected = model.score(X_L, LABELED)
    assert labeled_scorer("accuracy")(model, X, y) == expected


def test_minus_one_as_a_label():
    y = np.where(LABELED, 1, -1)
    with pytest.raises(ValueError, match=r"WithUnlabeled\(..., unlabeled=None\)"):
        WithUnlabeled(C.model, X_U).fit(X_L, y)
    told = clone(C.model).set_params(unlabeled=np.nan)
    model = WithUnlabeled(told, X_U, unlabeled=None).fit(X_L, y)
    assert model.classes_.tolist() == [-1, 1]
    assert model.score(X_L, y) == labeled_scorer("accuracy")(model, X_L, y) > 0.9
    with pytest.raises(ValueError, match="y has 1 entries that are missing"):
        model.fit(X_L, np.where(np.arange(len(y)) == 3, np.nan, y))


def test_lengths():
    """No row without a label passes as an unlabelled one."""
    model = WithUnlabeled(C.model, X_U)
    for y in (LABELED[:-1], np.r_[LABELED, 1]):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            model.fit(X_L, y)
    assert not hasattr(model, "unlabeled_")


def test_targets():
    model = WithUnlabeled(R.model, X_U, unlabeled=None)
    for y in (R.labeled, R.labeled - 8.0, np.column_stack([R.labeled, -R.labeled])):
        assert model.fit(X_L, y).score(X_L, y) > 0.95
        assert model.transduction_.shape == (len(X), *y.shape[1:])
    assert is_regressor(model)
    assert is_classifier(WithUnlabeled(C.model, X_U))


def test_it_is_an_estimator():
    model = WithUnlabeled(C.model, X_U)
    with pytest.raises(NotFittedError):
        check_is_fitted(model)
    with pytest.raises(NotFittedError):
        model.predict(X)
    assert hasattr(model, "predict_proba")
    assert not hasattr(model, "decision_function")
    assert not hasattr(model, "classes_")
    assert not hasattr(WithUnlabeled.__new__(WithUnlabeled), "predict")
    assert "X_unlabeled" in repr(model)
    model.set_params(estimator__lr=0.01)
    assert C.model.lr == 0.01
    model.set_params(estimator__lr=0.3)
    before = X_U.copy()
    model.fit(X_L, LABELED)
    np.testing.assert_array_equal(X_U, before)
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        np.testing.assert_array_equal(other.predict_proba(X), model.predict_proba(X))
    refit = clone(model)
    assert not hasattr(refit, "estimator_")
    np.testing.assert_array_equal(
        refit.fit(X_L, LABELED).predict_proba(X), model.predict_proba(X)
    )
    assert not hasattr(C.model, "classes_")


def test_steps_that_are_fitted_by_y_refuse_rows_without_a_label():
    model = WithUnlabeled(make_pipeline(SelectKBest(k=1), C.model), X_U)
    with pytest.raises(TypeError, match="NoneType"):
        model.fit(X_L, LABELED)


META_ESTIMATORS = {
    "alone": lambda m: m,
    "calibrated": lambda m: CalibratedClassifierCV(m, cv=2),
    "voting": lambda m: ensemble.VotingClassifier([("lga", m)]),
    "bagging": lambda m: ensemble.BaggingClassifier(m, 2, random_state=0),
    "stacking": lambda m: ensemble.StackingClassifier([("lga", m)], cv=2),
    "one against the rest": multiclass.OneVsRestClassifier,
    "search": lambda m: ms.GridSearchCV(m, {}, cv=2, error_score="raise"),
}


@settings(max_examples=12, deadline=None)
@given(
    labels=st.sampled_from(sorted(KINDS_OF_LABELS)),
    make=st.sampled_from(sorted(META_ESTIMATORS)),
    container=st.sampled_from([np.asarray, pd.Series, np.ndarray.tolist]),
)
def test_labels_of_any_kind_in_any_meta_estimator(labels, make, container):
    labels = KINDS_OF_LABELS[labels]
    model = META_ESTIMATORS[make](WithUnlabeled(C.model, X_U))
    model.fit(X_L, container(labels[LABELED]))
    predicted = model.predict(X_U)
    assert np.asarray(model.classes_).tolist() == labels.tolist()
    assert np.mean(predicted == labels[CLASSES[HIDDEN]]) > 0.7
    assert set(predicted.tolist()) <= set(labels.tolist())


MARKERS = {"-1": -1, "None": None, "NaN": np.nan, "NA": pd.NA}


@settings(max_examples=12, deadline=None)
@given(
    labels=st.sampled_from(sorted(KINDS_OF_LABELS)),
    marker=st.sampled_from(sorted(MARKERS)),
    scoring=st.sampled_from([None, "accuracy", "roc_auc", "neg_log_loss"]),
    series=st.booleans(),
    split=st.booleans(),
)
def test_any_marker_in_cross_validation(labels, marker, scoring, series, split):
    """By labelled rows alone, whether the folds or the scores leave the others out."""
    y = KINDS_OF_LABELS[labels][CLASSES].astype(object)
    y[HIDDEN] = MARKERS[marker]
    y = pd.Series(y) if series else y
    cv = SemiSupervisedSplit(2) if split else ms.KFold(2)
    # scikit-learn's own scorers take strings among objects, and nothing else.
    plain = scoring is None or (split and labels in ("string", "object"))
    used = scoring if plain else labeled_scorer(scoring)
    scores = ms.cross_val_score(C.model, X, y, cv=cv, scoring=used, error_score="raise")
    expected = []
    for train, test in cv.split(X, y):
        test = test[~HIDDEN[test]]
        model = clone(C.model).fit(X[train], np.asarray(y, dtype=object)[train])
        truth = KINDS_OF_LABELS[labels][CLASSES[test]]
        scorer = check_scoring(model, scoring)
        expected.append(scorer(model, X[test], truth))
    np.testing.assert_allclose(scores, expected)
