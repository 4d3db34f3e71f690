"""Whatever is passed, the result is sound or the error is documented.

``FUZZ_EXAMPLES`` sets the number of cases of each test.
"""

import inspect
import os
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.metrics import log_loss

import sklearn_lga
from sklearn_lga import (
    LGAClassifier,
    LGARegressor,
    baselines,
    compose,
    linear,
    model_selection,
    regularizers,
    table_pipeline,
)
from sklearn_lga.baselines import RegularizedNetClassifier, RegularizedNetRegressor
from sklearn_lga.callbacks import Checkpoint
from sklearn_lga.compose import WithUnlabeled
from sklearn_lga.datasets import hide_labels, make_shells
from sklearn_lga.model_selection import SemiSupervisedSplit, labeled_scorer

from . import fuzzing
from .fuzzing import JUNK, arguments, one_of, responses, tables

NOT_FOR_USERS = (RuntimeWarning, DeprecationWarning, FutureWarning)
DOCUMENTED = (ValueError, TypeError, NotFittedError)
N_EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "100"))
fuzz = settings(
    max_examples=N_EXAMPLES,
    deadline=None,
    database=None,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)

ESTIMATORS = {
    LGAClassifier: fuzzing.LGA | fuzzing.CLASSES,
    LGARegressor: fuzzing.LGA | fuzzing.SOLVER,
    RegularizedNetClassifier: fuzzing.ESTIMATOR | fuzzing.CLASSES,
    RegularizedNetRegressor: fuzzing.ESTIMATOR,
}
FAST = {"max_epochs": 1, "hidden_layer_sizes": (2,), "random_state": 0}
QUICK = LGAClassifier(closed_form=False, **FAST)
X, SMALL = tables(), one_of(1e-3, 1.0, 10.0, 0.0)
STEPS = one_of(0, 1, 5, [0, 2], [1, np.inf], [3, 1], [[1]], [0.5])
Y, N_STEPS = responses(5), st.sampled_from([0, 1, 7, -1, 0.5, None, "1", np.nan, [1]])
MOMENT = st.sampled_from([np.ones(2), np.eye(2), np.zeros(2), np.array([1.0, 1e-9])])
MOMENT = MOMENT | st.sampled_from(JUNK) | tables(2, 2)
MOMENTS = st.builds(linear.Moments, MOMENT, MOMENT, MOMENT, one_of(1, 5))
MOMENTS |= st.sampled_from(JUNK)
RATES = {"lr": SMALL, "label_lr": SMALL}
ROWS = {"X_labeled": tables(5, 2), "y_labeled": Y, "X_unlabeled": tables(None, 2)}
FUNCTIONS = {
    hide_labels: {
        "y": responses(9),
        "n_labeled": one_of(1, 2, 4, 9, 10, 0.3, 1.0),
        "stratify": one_of(True, False),
        "random_state": one_of(0, None),
        "unlabeled": one_of(-1, np.nan, "?"),
    },
    make_shells: {
        "n_samples": st.sampled_from([0, 1, 7, -1, 2.5, None, "3", 1j, [1]]),
        "n_features": st.sampled_from([0, 1, 3, -1, 2.5, None, "3", 1j, [1]]),
        "random_state": one_of(0, None),
    },
    SemiSupervisedSplit: {"cv": one_of(2, 3, 5), "unlabeled": one_of(-1, np.nan)},
    labeled_scorer: {"metric": one_of("accuracy", "roc_auc", "f1", log_loss, 3)}
    | {"unlabeled": one_of(-1, np.nan, None)},
    WithUnlabeled: {"estimator": st.sampled_from([QUICK, LGARegressor(solver="exact")])}
    | {"X_unlabeled": tables(None, 2), "unlabeled": one_of(-1, None)},
    Checkpoint: {"folder": st.sampled_from([0, None, 1.5]), "every": one_of(0, 60.0)},
    table_pipeline: {"estimator": one_of(LGAClassifier(), LGARegressor(), None)},
    linear.least_squares: {"X": tables(5, 2), "y": Y},
    linear.gradient_descent_path: {"X": tables(5, 2), "y": Y, "lr": SMALL}
    | {"steps": STEPS},
    linear.lga_path: {**ROWS, **RATES, "eps_norm": SMALL, "n_steps": N_STEPS}
    | {"record": one_of(None, [0], [0, 1], [1, 0])},
    linear.lga_path_from_moments: {
        **{"A_l": MOMENT, "A_u": MOMENT, "b": MOMENT, "n_u": one_of(1, 5)},
        **RATES,
        **{"eps_norm": SMALL, "n_steps": N_STEPS, "record": one_of(None, [0], [1, 0])},
    },
    linear.lga_closed_form: {**ROWS, **RATES, "steps": STEPS},
    linear.spectral_radius: {"A_l": MOMENT, "A_u": MOMENT, "lr": SMALL}
    | {"label_rate": SMALL},
    linear.convergence_coefficients: {"coef": tables(2, 1) | tables(1, 2)}
    | {"X_labeled": tables(5, 2), "y_labeled": Y},
    linear.data_moments: {**ROWS, "center": one_of(True, False)}
    | {"sample_weight": one_of(None, np.ones(5), [0.0] * 5, [1, 2, 3, 4, 5.0])},
    linear.fixed_point: {"moments": MOMENTS},
    linear.default_step_sizes: {"moments": MOMENTS, **RATES, "eps_norm": SMALL},
}
BASE = {
    hide_labels: {"y": [0, 0, 1, 1, 1, 0, 0, 1, 1], "n_labeled": 4},
    make_shells: {"n_samples": 5, "n_features": 2},
    Checkpoint: {"folder": "."},
    labeled_scorer: {"metric": "accuracy"},
    WithUnlabeled: {"estimator": QUICK, "X_unlabeled": np.eye(5)[:, :2]},
    linear.lga_path: {**dict.fromkeys(("lr", "label_lr", "eps_norm"), 0.1)}
    | {"n_steps": 5},
    linear.lga_path_from_moments: {
        **dict.fromkeys(("A_l", "A_u", "b"), np.ones(2)),
        **dict.fromkeys(("lr", "label_lr", "eps_norm"), 0.1),
        **{"n_u": 4, "n_steps": 5},
    },
    linear.lga_closed_form: {"lr": 0.1, "label_lr": 0.1, "steps": [3]},
    linear.gradient_descent_path: {"lr": 0.1, "steps": [3]},
    linear.spectral_radius: {"A_l": np.ones(2), "A_u": np.ones(2), "lr": 0.1}
    | {"label_rate": 0.1},
    linear.fixed_point: {"moments": linear.Moments(*[np.ones(2)] * 3, 4)},
    linear.default_step_sizes: {"moments": linear.Moments(*[np.ones(2)] * 3, 4)},
    linear.convergence_coefficients: {"coef": np.ones(2)},
}
GIVEN = {"X_labeled": np.eye(5)[:, :2], "y_labeled": np.arange(5.0)}
GIVEN |= {"X_unlabeled": np.eye(6)[:, :2], "X": GIVEN["X_labeled"]}
GIVEN |= {"y": GIVEN["y_labeled"]}


def base_of(function):
    """Arguments that are in order."""
    names = inspect.signature(function).parameters
    given = {name: value for name, value in GIVEN.items() if name in names}
    return given | BASE.get(function, {})


def attempt(function, *args, **kwargs):
    """The result, or None after a documented error that is raised by the right one.

    Errors inside torch or skorch speak of what users have not written. A warning of
    numpy's or torch's tells them nothing either: it counts as an error.
    """
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        try:
            result = function(*args, **kwargs)
        except DOCUMENTED as error:
            frame = innermost(error.__traceback__)
            root = next((p for p in ("torch", "skorch") if f"/{p}/" in frame), "")
            if root:
                raise AssertionError(f"{root} raised {error!r}") from error
            if not str(error):
                raise AssertionError(f"no message, in {frame}") from error
            event(f"{type(error).__name__}")
            result = None
    for warning in raised:
        of_others = any(f"/{p}/" in warning.filename for p in ("torch", "skorch"))
        if of_others or issubclass(warning.category, NOT_FOR_USERS):
            raise AssertionError(f"{warning.filename}:{warning.lineno} {warning}")
    return result


def innermost(traceback):
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return Path(traceback.tb_frame.f_code.co_filename).as_posix()


def assert_sound(model, X_new, n_rows):
    """A fitted model has finite probabilities or predictions for any rows it takes."""
    assert len(model.transduction_) == n_rows
    predicted = attempt(model.predict, X_new)
    if predicted is None:
        return
    if not hasattr(model, "predict_proba"):
        assert np.isfinite(predicted).all()
        assert np.isfinite(model.transduction_).all()
        return
    for proba in (model.predict_proba(X_new), model.label_distributions_):
        assert np.isfinite(proba).all()
        np.testing.assert_allclose(proba.sum(axis=1), 1.0, rtol=1e-5)


def is_sized(table):
    """Whether it may be a table of as many rows as its length or shape says."""
    return bool(getattr(table, "shape", None)) or isinstance(table, list)


def labels_of(estimator, n_rows, X):
    """Ordinary labels or targets for rows, where X has as many."""
    y = np.arange(n_rows) % 3 - 1
    return y if "Classifier" in estimator.__name__ else np.where(y < 0, np.nan, y / 2)


@pytest.mark.slow
@pytest.mark.parametrize("estimator", ESTIMATORS)
@fuzz
@given(data=st.data())
def test_parameters(estimator, data):
    values = data.draw(arguments(ESTIMATORS[estimator]))
    n_rows = data.draw(st.integers(1, 9))
    rows = np.random.RandomState(n_rows).standard_normal((n_rows, 2))
    y = labels_of(estimator, n_rows, rows)
    own = {k: v for k, v in FAST.items() if k != "hidden_layer_sizes"}
    model = estimator(**((own if "module" in values else FAST) | values))
    if attempt(model.fit, rows, y) is not None:
        assert_sound(model, rows, n_rows)
        if values.get("warm_start") is True and attempt(model.fit, rows, y):
            assert_sound(model, rows, n_rows)


@pytest.mark.slow
@pytest.mark.parametrize("estimator", ESTIMATORS)
@fuzz
@given(data=st.data())
def test_data(estimator, data):
    parameters = dict(FAST)
    if "Regressor" in estimator.__name__ and estimator is LGARegressor:
        parameters["solver"] = data.draw(st.sampled_from(["network", "exact"]))
    table = data.draw(tables())
    shape = getattr(table, "shape", None) or (len(table),) if is_sized(table) else ()
    n_rows = shape[0] if shape else 3
    draw_y = data.draw(st.booleans())
    y = data.draw(responses(n_rows)) if draw_y else labels_of(estimator, n_rows, table)
    model = estimator(**parameters)
    other = data.draw(tables())
    assert attempt(model.predict, other) is None  # not fitted
    if attempt(model.fit, table, y) is not None:
        assert_sound(model, table, n_rows)
        attempt(model.predict, other)
        attempt(model.score, table, data.draw(responses(n_rows)))
        attempt(model.score, table, y, data.draw(st.sampled_from(JUNK)))


@pytest.mark.slow
@pytest.mark.parametrize("term", fuzzing.TERMS)
@fuzz
@given(data=st.data())
def test_regularizers(term, data):
    made = attempt(term, **data.draw(arguments(fuzzing.TERMS[term])))
    if made is None or type(made).loss is fuzzing.Regularizer.loss:
        return
    estimator = data.draw(st.sampled_from(list(ESTIMATORS)))
    rows = np.random.RandomState(0).standard_normal((6, 2))
    model = estimator(regularizers=[made], **FAST)
    if attempt(model.fit, rows, labels_of(estimator, 6, rows)) is not None:
        assert_sound(model, rows, 6)


@pytest.mark.slow
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
@fuzz
@given(data=st.data())
def test_functions(function, data):
    values = base_of(function) | data.draw(arguments(FUNCTIONS[function]))
    with tempfile.TemporaryDirectory() as folder:
        if values.get("folder") == ".":
            values["folder"] = folder
        check_function(function, values, data)


def check_function(function, values, data):
    """A result is sound in itself, and where it is used."""
    result = attempt(function, **values)
    if isinstance(result, SemiSupervisedSplit):
        y = data.draw(responses(9))
        for train, test in (
            attempt(lambda: list(result.split(np.ones((9, 1)), y))) or []
        ):
            assert not np.intersect1d(train, test).size
        attempt(result.get_n_splits, np.ones((9, 1)), y)
    elif function is labeled_scorer and result is not None:
        model = QUICK.fit(np.eye(4), [0, 1, -1, -1])
        attempt(result, model, np.eye(4)[[0, 1, 2, 3, 0, 1]], data.draw(responses(6)))
    elif isinstance(result, WithUnlabeled):
        rows = data.draw(tables(9, 2))
        if attempt(result.fit, rows, data.draw(responses(9))) is not None:
            assert_sound(result, rows, len(result.transduction_))
    elif isinstance(result, Checkpoint):
        model = LGAClassifier(callbacks=[result], **FAST)
        if attempt(model.fit, np.eye(4), [0, 1, -1, -1]) is not None:
            assert_sound(model, np.eye(4), 4)


@pytest.mark.slow
@pytest.mark.parametrize("estimator", ESTIMATORS)
@fuzz
@given(data=st.data())
def test_set_params(estimator, data):
    names = [*ESTIMATORS[estimator], "optimizer__lr", "module__", "nonsense", "lr__x"]
    name = data.draw(st.sampled_from(names) | st.text(max_size=8))
    attempt(estimator().set_params, **{name: data.draw(st.sampled_from(JUNK))})


SURFACE = {**ESTIMATORS, **fuzzing.TERMS, **FUNCTIONS}


@pytest.mark.parametrize("public", SURFACE, ids=lambda f: f.__name__)
def test_every_parameter_is_fuzzed(public):
    assert set(inspect.signature(public).parameters) == set(SURFACE[public])


def test_everything_public_is_fuzzed():
    modules = (sklearn_lga, linear, baselines, compose, model_selection, regularizers)
    public = [getattr(m, name) for m in modules for name in m.__all__]
    left_out = {linear.LGAPath, linear.Moments}
    assert set(filter(callable, public)) - left_out <= set(SURFACE)
