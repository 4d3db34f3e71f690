"""Numbers stay sane: awkward tables end in finite probabilities or in a clear error.

``SKLEARN_LGA_TEST_DATA`` names a folder of real tables for the slow test: ``.npz``
files with ``X``, ``y`` and, where there are any, ``categorical`` (columns of codes).
"""

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga.baselines import RegularizedNetClassifier, RegularizedNetRegressor
from sklearn_lga.datasets import hide_labels
from sklearn_lga.regularizers import (
    VAT,
    EntropyMinimization,
    MeanTeacher,
    PiModel,
    PseudoLabel,
)

from ..in_turn import case, pairs

pytestmark = pytest.mark.filterwarnings("error")
ESTIMATORS = [
    (LGAClassifier, RegularizedNetClassifier),
    (LGARegressor, RegularizedNetRegressor),
]
ALL_TERMS = [VAT(), PiModel(), MeanTeacher(), PseudoLabel(), EntropyMinimization()]
N = 80


def noise(n_rows=N, n_columns=5):
    return np.random.RandomState(0).standard_normal((n_rows, n_columns))


def halves(n_rows=N, n_labeled=20):
    return np.where(np.arange(n_rows) < n_labeled, np.arange(n_rows) % 2, -1)


def constant():
    X = noise()
    X[:, 1], X[:, 2] = 3.0, 0.0
    return X, halves()


def all_constant():
    return np.ones((N, 3)), halves()


def duplicated():
    X = noise()
    return np.hstack([X, X, X[:, :1], -X]), halves()


def scales():
    return noise() * [1e-8, 1e8, 1.0, 1e-30, 1e4], halves()


def tiny():
    return noise() * 1e-8, halves()


def huge():
    return noise() * 1e8, halves()


def one_outlier():
    X = noise()
    X[0, 0] = X[-1, 1] = 1e8
    return X, halves()


def one_labeled_row_a_class():
    return noise(), halves(n_labeled=2)


def two_rows():
    return noise(2), np.array([0, 1])


def three_rows():
    return noise(3), np.array([0, 1, -1])


def imbalanced():
    """1 row in 1,000 of the second class."""
    y = np.zeros(2000, dtype=int)
    y[[0, 1000]] = 1
    y[1100:] = -1
    return noise(2000), y


def many_classes():
    X = noise(1500)
    return X, np.where(np.arange(1500) < 500, np.arange(500).repeat(3), -1)


def five_hundred_classes():
    return noise(1500), np.where(np.arange(1500) < 1000, np.arange(1500) % 500, -1)


def text():
    """Counts of 100,000 words, of which a row holds a few."""
    columns = np.random.RandomState(0).randint(100_000, size=(N, 20)).ravel()
    X = sparse.csr_matrix((np.ones(20 * N), columns, np.arange(0, 20 * N + 1, 20)))
    X.resize(N, 100_000)
    return X, halves()


def half_precision():
    return noise().astype(np.float16), halves()


def half_precision_at_its_limit():
    return (noise() * 2e4).clip(-6e4, 6e4).astype(np.float16), halves()


def bytes_of_images():
    return np.random.RandomState(0).randint(256, size=(N, 30)).astype(
        np.uint8
    ), halves()


def booleans():
    return noise() > 0, halves()


def more_columns_than_rows():
    return noise(20, 400), halves(20, 6)


def subnormal():
    return noise() * 1e-310, halves()


def equal_rows_with_unequal_labels():
    return np.repeat(noise(N // 2), 2, axis=0), halves()


TABLES = [
    *(constant, all_constant, duplicated, scales, tiny, huge, one_outlier),
    *(one_labeled_row_a_class, two_rows, three_rows, half_precision, booleans),
    *(half_precision_at_its_limit, bytes_of_images, more_columns_than_rows),
    *(subnormal, equal_rows_with_unequal_labels),
]
LARGE = [imbalanced, five_hundred_classes, text]
SETTINGS = {
    "defaults": {},
    "regularized": {"regularizers": ALL_TERMS, "dropout": 0.2},
    "stopped": {"early_stopping": True, "validation_fraction": 0.2},
    "network": {"closed_form": False, "n_members": 1},
    "linear": {"hidden_layer_sizes": ()},
}
SIZES = {"plain": 1.0, "tiny": 1e-30, "huge": 1e30, "constant": 0.0}


def with_tables(others, every):
    """A table and another value: the large tables are slow, of the others most."""
    large = [case(table, other, always=False) for table in LARGE for other in others]
    return pairs(TABLES, others, every) + large


def name_of(value):
    return getattr(value, "__name__", str(value))


def assert_sane(model, X, y):
    """Finite probabilities that sum to one, or finite predictions."""
    if not hasattr(model, "predict_proba"):
        for values in (model.predict(X), model.transduction_):
            assert np.isfinite(values).all()
        return
    for proba in (model.predict_proba(X), model.label_distributions_):
        assert np.isfinite(proba).all()
        assert (proba >= 0.0).all()
        np.testing.assert_allclose(proba.sum(axis=1), 1.0, rtol=1e-5)
    with warnings.catch_warnings():  # scikit-learn's, by any classifier's score
        warnings.filterwarnings("ignore", "The number of unique classes")
        assert np.isfinite(model.score(X, y))


OF_USE = [
    "y marks no row as unlabelled",
    ".*spectral radius",
    ".*second moment of the labelled rows",
]
"""Warnings that tell a user what to do."""


def fit_or_explain(model, X, y):
    """The fitted model, or None after an error that says what to do."""
    try:
        with warnings.catch_warnings():
            for message in OF_USE:
                warnings.filterwarnings("ignore", message)
            return model.fit(X, y)
    except ValueError as error:
        remedies = ("StandardScaler", "Label more rows", "Lower lr", "Scale")
        if not any(remedy in str(error) for remedy in remedies):
            raise
        return None


@pytest.mark.parametrize(
    ("table", "settings"),
    with_tables([*SETTINGS, *(f"{s}, scaled" for s in SETTINGS)], every=5),
    ids=name_of,
)
def test_classifiers(table, settings):
    """One of the settings with raw rows, and with scaled ones, runs always."""
    X, y = table()
    settings, scaled, _ = settings.partition(", scaled")
    if scaled:
        X = StandardScaler(with_mean=not sparse.issparse(X)).fit_transform(X)
    for estimator in ESTIMATORS[0]:
        known = {k: v for k, v in SETTINGS[settings].items() if hasattr(estimator, k)}
        model = estimator(max_epochs=5, random_state=0, **known)
        fitted = fit_or_explain(model, X, y)
        if fitted is not None:
            assert_sane(fitted, X, y)
        else:
            assert not scaled or settings == "stopped"


@pytest.mark.parametrize(("table", "targets"), with_tables(SIZES, every=2), ids=name_of)
def test_regressors(table, targets):
    X, y = table()
    values = np.random.RandomState(1).standard_normal(len(y))
    y = np.where(y == -1, np.nan, SIZES[targets] * values + (targets == "constant"))
    for estimator in ESTIMATORS[1]:
        model = estimator(max_epochs=5, random_state=0)
        fitted = fit_or_explain(model, X, y)
        if fitted is not None:
            assert_sane(fitted, X, y)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.__name__)
def test_exact_mode(table, early_stopping):
    X, y = table()
    y = np.where(y == -1, np.nan, y + 0.5)
    model = LGARegressor(
        solver="exact", max_epochs=50, early_stopping=early_stopping, random_state=0
    )
    fitted = fit_or_explain(model, X, y)
    if fitted is not None:
        assert_sane(fitted, X, y)


def real_tables():
    folder = os.environ.get("SKLEARN_LGA_TEST_DATA")
    files = sorted(Path(folder).glob("*.npz")) if folder else []
    for path in files:
        with np.load(path) as content:
            if "X" in content:
                yield pytest.param(path, id=path.stem)


def read_table(path, n_rows=2000):
    with np.load(path) as content:
        X, y = content["X"].astype(np.float64), content["y"]
        codes = (
            content["categorical"] if "categorical" in content else np.zeros(0, bool)
        )
    rows = np.random.RandomState(0).permutation(len(y))[:n_rows]
    return X[rows], y[rows], np.flatnonzero(codes)


def preparation(X, categorical, scaled):
    numeric = np.setdiff1d(np.arange(X.shape[1]), categorical)
    scaler = StandardScaler() if scaled else "passthrough"
    codes = make_pipeline(
        SimpleImputer(strategy="most_frequent"),
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    )
    return make_column_transformer(
        (make_pipeline(SimpleImputer(), scaler), numeric), (codes, categorical)
    )


@pytest.mark.slow
@pytest.mark.parametrize("scaled", [False, True], ids=["raw", "scaled"])
@pytest.mark.parametrize("path", [*real_tables()] or [pytest.param(None, id="none")])
def test_real_tables(path, scaled):
    if path is None:
        pytest.skip("SKLEARN_LGA_TEST_DATA names no folder of tables")
    X, y, categorical = read_table(path)
    X = preparation(X, categorical, scaled).fit_transform(X)
    is_target = y.dtype.kind == "f"
    for n_labeled in (30, 200):
        marked = hide_labels(
            y,
            n_labeled=n_labeled,
            random_state=0,
            unlabeled=np.nan if is_target else -1,
        )
        for estimator in ESTIMATORS[is_target]:
            model = estimator(max_epochs=10, random_state=0)
            fitted = fit_or_explain(model, X, marked)
            assert fitted is not None or not scaled
            if fitted is not None:
                assert_sane(fitted, X, marked)
