"""What the fuzz draws: values for every public parameter, in and out of range."""

import fractions

import numpy as np
import pandas as pd
import torch
from hypothesis import strategies as st
from scipy import sparse
from skorch.callbacks import EpochTimer, LRScheduler
from torch import nn

from sklearn_lga.callbacks import Checkpoint
from sklearn_lga.regularizers import (
    VAT,
    EntropyMinimization,
    MeanTeacher,
    PiModel,
    PseudoLabel,
    Regularizer,
)

JUNK = [
    *(None, -1, 0, 1, 2, 3.5, -0.5, np.nan, np.inf, -np.inf, 1e30, 1e-30, 10**30),
    *(True, False, "", "abc", "-1", b"x", 1j, (), [], {}, (1,), [[1], [2, 3]]),
    *(np.float32(0.5), np.int64(2), np.bool_(True), np.array(2.0), np.arange(3)),
    *(pd.NA, pd.NaT, fractions.Fraction(1, 2), object(), int, len, print),
    *(torch.tensor(1.0), torch.ones(2), {"a": 1}, {1: "a"}, slice(2), range(3)),
]
"""Values of all types: what a slip of the pen can put where something else belongs."""


def one_of(*values):
    """These values, and now and then any other."""
    return st.sampled_from(values) | st.sampled_from(JUNK)


class Narrow(nn.Linear):
    """Gives one output too few."""

    def __init__(self, n_features, n_outputs):
        super().__init__(n_features, max(1, n_outputs - 1))


class Plain(nn.Linear):
    def __init__(self, n_features, n_outputs, bias=True):
        super().__init__(n_features, n_outputs, bias=bias)


class Normalized(nn.Sequential):
    def __init__(self, n_features, n_outputs):
        super().__init__(nn.BatchNorm1d(n_features), nn.Linear(n_features, n_outputs))


class Tuples(Plain):
    def forward(self, X):
        return (super().forward(X),)


def no_module(n_features, n_outputs):
    return n_outputs


def falling(progress):
    return 1.0 - progress


def no_number(progress):
    return "heavy"


NET_PARAMS = st.dictionaries(
    st.sampled_from(
        [
            *("optimizer", "optimizer__lr", "optimizer__eps", "optimizer__betas"),
            *("optimizer__fused", "optimizer__nonsense", "module__bias", "module__x"),
            *("iterator_train__num_workers", "iterator_train__batch_size"),
            *("iterator_valid__batch_size", "iterator_train__shuffle"),
            *(
                "iterator_train",
                "use_caching",
                "torch_load_kwargs",
                "callbacks__x",
            ),
            *("lr", "nonsense", "max_epochs", 3),
        ]
    ),
    st.sampled_from([torch.optim.SGD, torch.optim.Adam, "SGD", 0.1, (0.5, 0.5), False])
    | st.sampled_from([v for v in JUNK if not isinstance(v, np.ndarray)]),
    max_size=2,
)

REGULARIZERS = st.sampled_from(
    [
        *(VAT(), VAT(0.5, eps=0.0), VAT(eps=1e30), VAT(n_power=2), PiModel(), PiModel),
        *(MeanTeacher(decay=0.0), PseudoLabel(threshold=0.0), EntropyMinimization()),
        *(VAT(0.0), PiModel(ramp_up=1.0), Regularizer(), "VAT", None, 3),
    ]
)

ESTIMATOR = {
    "module": one_of(None, Plain, Narrow, Normalized, Tuples, no_module, nn.Linear),
    "hidden_layer_sizes": one_of((), (2,), [3, 2], np.array([2]), (0,), (2.5,)),
    "dropout": one_of(0.0, 0.5, 0.999, 1.0),
    "n_members": st.sampled_from([1, 2, 5, 7, 0, -1, 1.5, None, "2"]),
    "closed_form": one_of(True, False, 1, "auto"),
    "memory": st.sampled_from([None, 3, object()]),
    "lr": one_of(None, 1e-3, 1.0, 1e3, 0.0, 1e300, 5e-324),
    "weight_decay": one_of(None, 0.0, 1.0, 1e3, 1e300),
    "batch_size": one_of(1, 2, 3, 256),
    "max_epochs": st.sampled_from([1, 2, 0, -1, 1.0, np.inf, "1", True, np.int32(1)]),
    "regularizers": st.lists(REGULARIZERS, max_size=2) | one_of((), []),
    "early_stopping": one_of(True, False),
    "validation_fraction": one_of(0.1, 0.5, 0.99, 1e-9),
    "n_iter_no_change": one_of(1, 2),
    "unlabeled": one_of(-1, None, np.nan, 0, "?", 1.5),
    "warm_start": one_of(True, False),
    "device": one_of("auto", "cpu", "cuda", "meta", "cpu:7", "mps", "tpu", "cpu:x"),
    "compile": st.sampled_from([False, None, 3, "yes"]),
    "random_state": one_of(0, None, np.random.RandomState(0), 2**32),
    "verbose": one_of(0, 1, 2),
    "callbacks": st.lists(
        st.sampled_from(
            [
                *(EpochTimer, EpochTimer(), ("mine", EpochTimer()), "EpochTimer"),
                *(LRScheduler("StepLR", step_size=1), LRScheduler("Nonsense"), None),
                *(("mine",), ("a", "b"), 3, Checkpoint(3), Checkpoint(".", "no")),
            ]
        ),
        max_size=2,
    )
    | one_of(None, []),
    "net_params": NET_PARAMS | one_of(None),
}

LGA = {
    **ESTIMATOR,
    "label_lr": one_of(None, 0.0, 0.1, 1e3, 1e300),
    "labeled_weight": one_of(
        *("linear", "cosine", "exponential", 1.0, 0.0, ("linear", 1.0), ("steep", 1)),
        *(falling, no_number, ("linear", np.nan), ("cosine",)),
    ),
    "decay": one_of(0.0, 0.9, 0.999999, 1.0),
    "eps_norm": one_of(None, 1e-6, 1.0, 1e30, 1e-300),
}
CLASSES = {
    "class_weight": one_of(
        *(None, "balanced", {0: 1.0, 1: 2.0}, {0: 0.0}, {0: np.nan}, {0: np.inf}),
        *({1: "a"}, {1: -1.0}, {7: 1.0}, {0: 1e300}),
    ),
}
SOLVER = {
    "solver": one_of("network", "exact", "exact"),
    "fit_intercept": one_of(True, False),
    "eps_norm": one_of(None, 0.0, 1e-6, 1.0, 1e30, 1e-300),
}

WEIGHT = one_of(0.0, 1.0, 0.5)
RAMP_UP, OUTPUTS = one_of(0.0, 0.5, 1.0), one_of("logits", "targets")
TERMS = {
    VAT: {"eps": one_of(None, 0.0, 1.0), "xi": one_of(None, 1e-3), "outputs": OUTPUTS}
    | {"n_power": st.sampled_from([0, 1, 2, -1, 1.5, None, "1"])},
    PiModel: {"outputs": OUTPUTS},
    MeanTeacher: {"decay": one_of(0.0, 0.9, 1.0), "outputs": OUTPUTS},
    PseudoLabel: {"threshold": one_of(0.0, 0.9, 1.0)},
    EntropyMinimization: {"perturbation": st.sampled_from([None, VAT(), 3])},
    Regularizer: {},
}
TERMS = {
    term: {"weight": WEIGHT, "ramp_up": RAMP_UP, **own} for term, own in TERMS.items()
}

DTYPES = ["f2", "f4", "f8", "i1", "u2", "i8", "?", "c8", "M8[D]", "O", "U3", "S2"]


@st.composite
def tables(draw, n_rows=None, n_columns=None):
    """Rows of numbers in some shape, dtype and container, now and then awkward."""
    n = draw(st.integers(0, 9)) if n_rows is None else n_rows
    shape = (n, draw(st.integers(0, 3)) if n_columns is None else n_columns)
    rng = np.random.RandomState(draw(st.integers(0, 9)))
    scale = draw(st.sampled_from([1.0, 1.0, 1.0, 0.0, 1e-8, 1e8, 1e30, 1e200]))
    X = rng.standard_normal(shape) * scale
    if X.size and draw(st.booleans()):
        column = draw(st.integers(0, shape[1] - 1))
        X[:, column] = draw(st.sampled_from([0.0, 1.0, 1e-40, np.nan, np.inf, 1e38]))
    return draw(containers(X, draw(st.integers(0, 9))))


@st.composite
def containers(draw, X, kind):
    """Mostly the array itself; else another dtype, container or shape."""
    with np.errstate(all="ignore"):
        if kind == 0:
            return X.astype(draw(st.sampled_from(DTYPES)))
    if kind == 1:
        form = draw(st.sampled_from(["csr", "csc", "coo", "lil", "dia"]))
        return sparse.csr_array(np.nan_to_num(X)).asformat(form)
    if kind == 2:
        return draw(st.sampled_from([X.tolist(), torch.from_numpy(X), X[:, ::-1], X.T]))
    if kind == 3:
        frame = pd.DataFrame(X).rename(columns=str)
        nullable = frame.convert_dtypes()
        return draw(st.sampled_from([frame, nullable, frame.astype("category")]))
    if kind == 4:
        return draw(
            st.sampled_from([X.ravel(), X[np.newaxis], np.ma.array(X), X[:, 0:0]])
        )
    return draw(st.sampled_from(JUNK)) if kind == 5 else X


LABELS = {
    "codes": [0, 1, -1],
    "many": [0, 1, 2, 3, -1],
    "strings": ["a", "b", None],
    "mixed": ["a", "b", -1],
    "missing": [0.0, 1.0, np.nan],
    "booleans": [True, False],
    "signs": [-1, 1],
    "targets": [0.5, 1.5, -1, -2.25, 3.0],
    "large": [1e30, -1e30, np.nan],
    "beyond": [1e300, -1e300, np.nan],
    "constant": [1.0, np.nan],
    "unlabelled": [-1],
    "strange": [1j, object(), "a", 2, pd.NA, (1, 2), np.inf],
}


@st.composite
def responses(draw, n_rows):
    """Labels or targets, some of them marked, in some container."""
    values = LABELS[draw(st.sampled_from(list(LABELS)))]
    rng = np.random.RandomState(draw(st.integers(0, 9)))
    y = np.empty(n_rows, dtype=object)
    for i in range(n_rows):
        y[i] = values[rng.randint(len(values)) if i >= len(values) else i]
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(st.sampled_from(JUNK))
    if kind == 1:
        return pd.Series(y)
    if kind == 2:
        return pd.Series(y.tolist()).convert_dtypes()
    if kind == 3:
        return draw(st.sampled_from([y[:-1], y[:, None], np.stack([y, y], 1), y[None]]))
    if kind == 4:
        return y
    try:
        return np.array(y.tolist())
    except ValueError:
        return y


@st.composite
def arguments(draw, strategies, most=3):
    """Values for a few of the parameters, the others left out."""
    names = draw(
        st.lists(st.sampled_from(list(strategies)), max_size=most, unique=True)
    )
    return {name: draw(strategies[name]) for name in names}
