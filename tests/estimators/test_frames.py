"""Frames of columns that are no numbers: refused with the line that mends it."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV

import sklearn_lga
from sklearn_lga import LGAClassifier, LGARegressor, table_pipeline
from sklearn_lga.datasets import hide_labels
from sklearn_lga.inspection import RelevanceDisplay

N = 30
Y = np.where(np.arange(N) % 3 == 2, -1, np.arange(N) % 2)
COLUMNS = {
    "category": pd.Categorical(["u", "v"] * 15),
    "category of numbers": pd.Categorical([1, 2] * 15),
    "text": pd.array([f"w{i % 4}" for i in range(N)], dtype="string"),
    "objects": pd.Series([f"w{i % 4}" for i in range(N)], dtype=object),
    "date": pd.date_range("2025-01-01", periods=N),
    "date with zone": pd.date_range("2025-01-01", periods=N, tz="UTC"),
    "duration": pd.timedelta_range("1h", periods=N),
}
MENDED = r"sklearn_lga\.table_pipeline\({}\(\)\)\.fit\(X, y\)"


def numbers():
    values = np.random.RandomState(0).standard_normal((N, 2))
    return pd.DataFrame(values, columns=["a", "b"])


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("estimator", [LGAClassifier, LGARegressor])
def test_columns_that_are_no_numbers(estimator, name):
    X, model = numbers().assign(**{name: COLUMNS[name]}), estimator(max_epochs=1)
    shown = "'w0'" if name == "objects" else f"'{name}'"
    mended = MENDED.format(estimator.__name__)
    with pytest.raises(ValueError, match=rf"X holds .*{shown}.*{mended}"):
        model.fit(X, Y)
    assert not hasattr(model, "transduction_")
    model.fit(X[["a", "b"]], Y)
    with pytest.raises(ValueError, match=mended):
        model.predict(X[["a", name]].set_axis(["a", "b"], axis=1))


@pytest.mark.parametrize("name", COLUMNS)
def test_the_line_that_mends_it(name):
    X = numbers().assign(**{name: COLUMNS[name]})
    before = X.copy()
    model = table_pipeline(LGAClassifier(max_epochs=1)).fit(X, Y)
    assert model.predict(X).shape == (N,)
    pd.testing.assert_frame_equal(X, before)
    display = RelevanceDisplay.from_estimator(model)
    bars = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert sorted(bars) == sorted(X.columns)


def test_columns_that_are_numbers():
    """Truth values, nullable numbers and objects are what they are elsewhere."""
    X = numbers()
    X = X.assign(c=np.arange(N) % 3 == 0, d=pd.array(range(N), dtype="Int64"))
    X["e"] = X["a"].astype(object)
    model = LGAClassifier(max_epochs=1, random_state=0).fit(X, Y)
    same = LGAClassifier(max_epochs=1, random_state=0).fit(X.to_numpy(float), Y)
    np.testing.assert_array_equal(model.predict(X), same.predict(X.to_numpy(float)))
    assert list(model.feature_names_in_) == list("abcde")
    bars = RelevanceDisplay.from_estimator(model).ax_.get_yticklabels()
    assert {label.get_text() for label in bars} == set("abcde")


@pytest.mark.parametrize(
    ("X", "found"),
    [
        ([["a", 1.0]] * N, "text, such as 'a'"),
        (np.array([["1", "b"]] * N), "text, such as 'b'"),
        (np.array([["a", 1.0]] * N, dtype=object), "text, such as 'a'"),
        (np.full((N, 1), np.datetime64("2025-01-01")), "dates or durations"),
    ],
)
def test_arrays_that_are_no_numbers(X, found):
    with pytest.raises(ValueError, match=rf"X holds {found}.*table_pipeline"):
        LGAClassifier(max_epochs=1).fit(X, Y)


def test_polars():
    polars = pytest.importorskip("polars")
    X = polars.DataFrame(
        {
            "a": np.linspace(0.0, 1.0, N),
            "c": np.arange(N) % 2 == 0,
            "t": [f"w{i % 4}" for i in range(N)],
            "d": pd.date_range("2025-01-01", periods=N).to_numpy(),
        }
    )
    with pytest.raises(ValueError, match=r"'t' \(String\), 'd' \(Datetime.*pipeline"):
        LGAClassifier(max_epochs=1).fit(X, Y)
    model = LGAClassifier(max_epochs=1).fit(X[["a", "c"]], Y)
    assert list(model.feature_names_in_) == ["a", "c"]
    model = table_pipeline(LGAClassifier(max_epochs=1)).fit(X, Y)
    bars = RelevanceDisplay.from_estimator(model).ax_.get_yticklabels()
    assert {label.get_text() for label in bars} == {"a", "c", "t", "d"}


def test_a_pipeline_is_searched_and_cloned():
    iris = load_iris(as_frame=True)
    X = iris.data.assign(place=np.where(iris.target == 1, "field", "garden"))
    y = hide_labels(iris.target.to_numpy(), n_labeled=60, random_state=0)
    model = table_pipeline(LGAClassifier(max_epochs=3, random_state=0))
    search = GridSearchCV(model, {"lgaclassifier__lr": [1e-2, 1e-3]}, cv=2)
    assert search.fit(X, y).best_score_ > 0.8
    assert clone(model)[-1].max_epochs == 3
    assert type(table_pipeline()[-1]) is LGAClassifier


def test_text_is_encoded_alike_by_the_same_seed():
    words = np.random.RandomState(0).choice(list("abcdefgh"), (3 * N, 40))
    X = pd.DataFrame({"note": ["".join(row) for row in words]})
    model = table_pipeline(LGAClassifier(max_epochs=1, random_state=3))
    y = np.tile(Y, 3)
    first, second = (clone(model).fit(X, y).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    other = table_pipeline(LGAClassifier(max_epochs=1, random_state=4))
    encoded = [m[0].fit_transform(X) for m in (clone(model), other)]
    assert not np.array_equal(*encoded)


@pytest.mark.parametrize("estimator", [LGARegressor, "regressor", 3])
def test_what_is_no_estimator(estimator):
    with pytest.raises(TypeError, match=r"an instance .*LGAClassifier\(\), got"):
        table_pipeline(estimator)


def test_without_skrub(monkeypatch):
    monkeypatch.setitem(sys.modules, "skrub", None)
    with pytest.raises(ImportError, match=r"pip install 'sklearn_lga\[table\]'"):
        table_pipeline()


def test_the_name_is_imported_when_it_is_asked_for():
    assert "table_pipeline" in sklearn_lga.__all__
    code = (
        "import sys, sklearn_lga; sys.exit(bool({'torch', 'skrub'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
