"""What the fuzz has found, one case of each kind."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.model_selection import KFold
from skorch.callbacks import EpochTimer, LRScheduler
from torch import nn

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga.datasets import hide_labels
from sklearn_lga.linear import (
    convergence_coefficients,
    data_moments,
    default_step_sizes,
    fixed_point,
    least_squares,
)
from sklearn_lga.model_selection import SemiSupervisedSplit
from sklearn_lga.regularizers import VAT, Regularizer

X = np.random.RandomState(0).standard_normal((6, 2))
Y, TARGETS = np.array([0, 1, -1, -1, 0, 1]), np.array([0.5, 1.0, 2.0, *[np.nan] * 3])


class Normalized(nn.Sequential):
    def __init__(self, n_features, n_outputs):
        super().__init__(nn.BatchNorm1d(n_features), nn.Linear(n_features, n_outputs))


class InNumpy(nn.Linear):
    def forward(self, X):
        return super().forward(X).detach().numpy()


PARAMETERS = [
    ({"module": InNumpy}, "module must return outputs of shape .* got ndarray"),
    ({"callbacks": ["EpochTimer"]}, r"callbacks\[0\] must be a skorch callback"),
    ({"callbacks": [EpochTimer]}, r"callbacks\[0\] .* \(an instance, not a class\)"),
    ({"callbacks": [("a", 3)]}, r"callbacks\[0\] must be .* got \('a', 3\)"),
    ({"callbacks": [LRScheduler("Nonsense")]}, "callbacks cannot be used.*Nonsense"),
    ({"callbacks": [("a", EpochTimer())] * 2}, "callbacks cannot be used.*duplicate"),
    ({"module": len}, "module cannot be used: TypeError"),
    ({"module": lambda *shape: 3}, "module must be .* got one that gives int"),
    (
        {"module": Normalized, "batch_size": 1},
        r"rows of shape \(1, 2\) and",
    ),
    ({"device": "meta"}, "device='meta' cannot be used"),
    ({"net_params": {"use_caching": 3}}, "Incorrect value for use_caching"),
    ({"net_params": {3: 1}}, "names as keys, got 3"),
    ({"net_params": {"optimizer": "SGD"}}, "the optimizer of net_params cannot"),
    ({"net_params": {"optimizer__eps": "x"}}, "the optimizer of net_params cannot"),
    (
        {"net_params": {"iterator_train__batch_size": 2}},
        "iterator_train of .*batch_size",
    ),
    (
        {"net_params": {"iterator_valid__num_workers": -1}},
        "iterator_valid of",
    ),
    ({"class_weight": {0: np.nan}}, "class_weight must not be negative, NaN"),
    ({"class_weight": {0: 1e300}}, "class_weight must not be negative, NaN or beyond"),
    ({"labeled_weight": lambda progress: "x"}, "labeled_weight must give a finite"),
    ({"labeled_weight": ("linear", np.nan)}, "labeled_weight as a tuple"),
    ({"regularizers": [Regularizer()]}, "Regularizer has no method loss"),
]


@pytest.mark.parametrize(("parameters", "message"), PARAMETERS)
def test_parameters(parameters, message):
    model = LGAClassifier(max_epochs=1, **parameters)
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit(X, Y).predict(X)


@pytest.mark.parametrize(
    "parameters",
    [
        {"labeled_weight": 10**20},
        {"label_lr": 10**20},
        {"eps_norm": 10**30},
        {"regularizers": [VAT(10**20)]},
        {"regularizers": [VAT(xi=10**20)]},
        {"batch_size": 10**30},
    ],
)
def test_numbers_beyond_the_integers(parameters):
    """Python's ints have no limit, torch's have."""
    LGAClassifier(max_epochs=1, lr=1e-9, random_state=0, **parameters).fit(X, Y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.where(np.isnan(TARGETS), np.nan, 1e200), "magnitude 1e.200, beyond 1e.150"),
        (torch.tensor(1.0), "X has 6 rows, y has 1 entries"),
        (np.nan, "X has 6 rows, y has 1 entries"),
    ],
)
def test_targets(y, message):
    with pytest.raises(ValueError, match=message):
        LGARegressor(max_epochs=1).fit(X, y)


@pytest.mark.parametrize("solver", ["network", "exact"])
def test_scores(solver):
    model = LGARegressor(max_epochs=1, solver=solver, random_state=0).fit(X, TARGETS)
    with pytest.raises(ValueError, match=r"sample_weight must be of shape"):
        model.score(X, TARGETS, "abc")
    for y in (np.inf, np.nan, 1.0):
        with pytest.raises(ValueError, match="y "):
            model.score(X, y)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("values", [[np.inf, -np.inf], [6e4, 6e4]])
def test_float16_sums_that_overflow_warn_of_nothing(values):
    data = np.tile(np.array(values, dtype=np.float16)[:, None], (3, 2))
    model = LGAClassifier(max_epochs=1, random_state=0)
    if np.isinf(values).any():
        with pytest.raises(ValueError, match="infinity"):
            model.fit(data, Y)
    else:
        assert np.isfinite(model.fit(data, Y).predict_proba(data)).all()


def test_markers_and_splitters():
    for call in (
        lambda: hide_labels([0, 1], n_labeled=2, unlabeled=torch.ones(2)),
        lambda: hide_labels([0, 1], n_labeled=2, unlabeled=b"?"),
        lambda: list(SemiSupervisedSplit(2, unlabeled=torch.ones(2)).split(X, Y)),
    ):
        with pytest.raises(ValueError, match="unlabeled must be a number, a string"):
            call()
    large = np.array([10**300, 0.5, 1, 2], dtype=object)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(SemiSupervisedSplit(2, unlabeled=np.float32(0.5)).split(X[:4], large))
    with pytest.raises(ValueError, match="stratify must be True or False"):
        hide_labels([0, 1], n_labeled=2, stratify=torch.ones(2))
    with pytest.raises(ValueError, match="n_labeled must be an int"):
        hide_labels([0, 1], n_labeled=torch.ones(2))
    with pytest.raises(ValueError, match="center must be True or False"):
        data_moments(np.eye(2), [1.0, 2.0], np.eye(2), center=torch.ones(2))
    with pytest.raises(ValueError, match="cv must be an int"):
        list(SemiSupervisedSplit(torch.ones(2)).split(X, Y))
    with pytest.raises(ValueError, match="y must be of shape"):
        SemiSupervisedSplit(KFold(2)).get_n_splits(X, 1.0)


@pytest.mark.parametrize("function", [fixed_point, default_step_sizes])
def test_moments(function):
    with pytest.raises(TypeError, match="moments must be Moments"):
        function(3)


def test_linear_models_of_large_values():
    with pytest.raises(ValueError, match="X holds a value of magnitude 1e.100"):
        least_squares([[1e100], [1.0]], [1.0, 2.0])
    with pytest.raises(ValueError, match="coef must hold real numbers"):
        convergence_coefficients([1j, 1j], np.eye(2), [1.0, 2.0])
