"""Bad input gets an error that names the parameter, what came and the remedy."""

import numpy as np
import pytest
from torch import nn

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga.baselines import RegularizedNetClassifier, RegularizedNetRegressor

N = 12
X = np.random.RandomState(0).standard_normal((N, 3))
Y = np.where(np.arange(N) % 3 == 2, -1, np.arange(N) % 3)
TARGETS = np.where(np.arange(N) % 3 == 2, np.nan, np.arange(N) / 2)
ESTIMATORS = [
    (LGAClassifier, Y),
    (RegularizedNetClassifier, Y),
    (LGARegressor, TARGETS),
    (RegularizedNetRegressor, TARGETS),
]
every_estimator = pytest.mark.parametrize(("estimator", "y"), ESTIMATORS)


def fast(estimator, **kwargs):
    return estimator(**{"max_epochs": 1, "random_state": 0} | kwargs)


@every_estimator
@pytest.mark.parametrize(("value", "name"), [(np.nan, "NaN"), (np.inf, "infinity")])
def test_nan_or_inf_in_X(estimator, y, value, name):
    bad = X.copy()
    bad[1, 1] = value
    with pytest.raises(ValueError, match=f"Input X contains {name}"):
        fast(estimator).fit(bad, y)
    with pytest.raises(ValueError, match=f"Input X contains {name}"):
        fast(estimator).fit(X, y).predict(bad)


@every_estimator
def test_values_beyond_float32(estimator, y):
    with pytest.raises(ValueError, match=r"\d\.\d+e\+39.*float32.*StandardScaler"):
        fast(estimator).fit(X * 1e39, y)


@every_estimator
def test_no_labelled_row(estimator, y):
    with pytest.raises(ValueError, match="y has no labelled row: all 12"):
        fast(estimator).fit(X, np.full(N, -1))


@pytest.mark.parametrize("estimator", [LGAClassifier, RegularizedNetClassifier])
def test_one_class_only(estimator):
    with pytest.raises(ValueError, match="hold one class only: 0. Label a row of"):
        fast(estimator).fit(X, np.where(Y == 1, 0, Y))


@pytest.mark.parametrize("estimator", [LGAClassifier, LGARegressor])
def test_all_rows_labelled_warns(estimator):
    with pytest.warns(UserWarning, match=r"no row as unlabelled.*labels alone"):
        model = fast(estimator).fit(X, np.arange(N) % 2)
    np.testing.assert_array_equal(model.transduction_, np.arange(N) % 2)


@every_estimator
def test_infinite_or_complex_targets(estimator, y):
    for bad, message in [
        (np.where(np.arange(N) == 4, np.inf, 1.5), "y contains infinity"),
        (np.ones(N) + 1j, "[Cc]omplex"),
    ]:
        with pytest.raises(ValueError, match=message):
            fast(estimator).fit(X, bad)


@every_estimator
def test_wrong_number_of_features_at_predict(estimator, y):
    model = fast(estimator).fit(X, y)
    with pytest.raises(ValueError, match="X has 2 features, but .* expecting 3"):
        model.predict(X[:, :2])


@every_estimator
def test_y_of_the_wrong_length(estimator, y):
    with pytest.raises(ValueError, match="X has 12 rows, y has 11 entries"):
        fast(estimator).fit(X, y[:-1])
    with pytest.raises(ValueError, match="requires y to be passed"):
        fast(estimator).fit(X, None)


@pytest.mark.parametrize("estimator", [LGARegressor, RegularizedNetRegressor])
def test_targets_that_are_no_numbers(estimator):
    with pytest.raises(ValueError, match="y must hold numbers as targets"):
        fast(estimator).fit(X, np.array(["a", "b"] * 6))


PARAMETERS = {
    "label_lr": -0.1,
    "lr": 0.0,
    "labeled_weight": -1.0,
    "decay": 1.0,
    "eps_norm": 0.0,
    "batch_size": 0,
    "max_epochs": 0,
    "dropout": 1.0,
    "validation_fraction": 1.0,
    "n_iter_no_change": 0,
    "net_params": ["lr"],
    "callbacks": "all",
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameter_out_of_range(name):
    model = fast(LGAClassifier, **{name: PARAMETERS[name]})
    with pytest.raises(ValueError, match=rf"'{name}' parameter .* Got .* instead"):
        model.fit(X, Y)


def test_label_lr_zero_is_allowed():
    fast(LGAClassifier, label_lr=0).fit(X, Y)


@pytest.mark.parametrize("value", [("linear",), ("steep", 1.0), ("linear", -1.0), ()])
def test_labeled_weight_tuples(value):
    with pytest.raises(ValueError, match=r"labeled_weight as a tuple .*'linear', 3"):
        fast(LGAClassifier, labeled_weight=value).fit(X, Y)


@pytest.mark.parametrize("sizes", [(0,), (2.5,), ((4,), (4,)), ("many",)])
def test_hidden_layer_sizes(sizes):
    with pytest.raises(ValueError, match="hidden_layer_sizes must be .* got"):
        fast(LGAClassifier, hidden_layer_sizes=sizes).fit(X, Y)


def test_unknown_device():
    with pytest.raises(ValueError, match="device='tpu9' cannot be used.*'auto'"):
        fast(LGAClassifier, device="tpu9").fit(X, Y)


class Linear(nn.Linear):
    def __init__(self, n_features, n_outputs, extra=0):
        super().__init__(n_features, n_outputs + extra)


@every_estimator
def test_module_of_the_wrong_output_width(estimator, y):
    n = 2 if y is Y else 1
    model = fast(estimator, module=Linear, net_params={"module__extra": 1})
    with pytest.raises(ValueError, match=rf"\(8, {n}\), got \(8, {n + 1}\)"):
        model.fit(X, y)


def test_module_instance_or_module_and_settings():
    with pytest.raises(ValueError, match=r"module must be a class.*Pass the class"):
        fast(LGAClassifier, module=nn.Linear(3, 2)).fit(X, Y)
    model = fast(LGAClassifier, module=Linear, hidden_layer_sizes=(3,))
    with pytest.raises(
        ValueError, match=r"hidden_layer_sizes=\(3,\) sets the built-in"
    ):
        model.fit(X, Y)


def test_early_stopping_that_leaves_a_class_without_a_row():
    y = np.arange(N) % 6
    y[6:] = -1
    model = fast(LGAClassifier, early_stopping=True)
    with pytest.raises(ValueError, match=r"leave a class without .* 6 classes. Label"):
        model.fit(X, y)
    with pytest.raises(ValueError, match="would hold out all 1 labelled rows"):
        fast(LGARegressor, early_stopping=True).fit(X, np.r_[0.5, [np.nan] * 11])


@pytest.mark.parametrize(
    ("estimator", "y", "parameter", "value"),
    [
        (LGAClassifier, Y, "lr", 1e30),
        (LGARegressor, TARGETS, "lr", 1e30),
        (LGARegressor, TARGETS, "label_lr", 1e30),
        (RegularizedNetClassifier, Y, "lr", 1e30),
    ],
)
def test_a_loss_that_becomes_nan_names_the_learning_rate(
    estimator, y, parameter, value
):
    model = fast(estimator, max_epochs=50, **{parameter: value})
    with pytest.raises(
        ValueError, match=rf"became (nan|inf) in epoch \d+: {parameter}=1e\+30 is too"
    ):
        model.fit(X, y)


@pytest.mark.parametrize(
    ("estimator", "y", "parameter"),
    [
        (LGAClassifier, Y, "lr"),
        (LGARegressor, TARGETS, "lr"),
        (LGARegressor, TARGETS, "label_lr"),
        (RegularizedNetRegressor, TARGETS, "lr"),
    ],
)
def test_a_last_step_that_diverges_is_noticed(estimator, y, parameter):
    model = fast(estimator, max_epochs=1, **{parameter: 1e30})
    with pytest.raises(ValueError, match=rf"{parameter}=1e\+30 is too large"):
        model.fit(X, y)


def test_the_learning_rate_that_was_used_is_named():
    model = fast(LGAClassifier, net_params={"optimizer__lr": 1e30})
    with pytest.raises(ValueError, match=r"lr=1e\+30 is too large"):
        model.fit(X, Y)


class Pair(nn.Linear):
    def forward(self, X):
        return super().forward(X), X


class Frozen(nn.Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.requires_grad_(False)


def test_modules_that_cannot_be_trained():
    with pytest.raises(ValueError, match=r"must return outputs of shape .* got tuple"):
        fast(LGAClassifier, module=Pair).fit(X, Y)
    with pytest.raises(ValueError, match="module has no parameters to train"):
        fast(LGAClassifier, module=Frozen).fit(X, Y)


@pytest.mark.parametrize("estimator", [LGARegressor, RegularizedNetRegressor])
def test_markers_of_targets_are_numbers(estimator):
    with pytest.raises(ValueError, match="'unlabeled' parameter"):
        fast(estimator, unlabeled="?").fit(X, TARGETS)


@pytest.mark.parametrize("estimator", [LGAClassifier, RegularizedNetClassifier])
def test_class_weight(estimator):
    with pytest.raises(ValueError, match="'class_weight' parameter"):
        fast(estimator, class_weight="even").fit(X, Y)
    with pytest.raises(ValueError, match="class_weight must not be negative"):
        fast(estimator, class_weight={0: 1.0, 1: -1.0}).fit(X, Y)


@every_estimator
def test_unfitted(estimator, y):
    from sklearn.exceptions import NotFittedError

    model = estimator()
    for method in ("predict", "predict_proba", "predict_log_proba"):
        if hasattr(model, method):
            with pytest.raises(NotFittedError):
                getattr(model, method)(X)
    with pytest.raises(NotFittedError):
        model.score(X, y)
