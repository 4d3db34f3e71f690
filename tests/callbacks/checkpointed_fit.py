"""Fits with and without interruptions, and all that they end with."""

import warnings

import numpy as np
import torch
from skorch.callbacks import EarlyStopping, EpochScoring, LRScheduler
from torch import nn

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga.baselines import RegularizedNetClassifier
from sklearn_lga.callbacks import Checkpoint
from sklearn_lga.callbacks._files import encode, write
from sklearn_lga.regularizers import VAT, MeanTeacher

N_ROWS = 120


class Network(nn.Module):
    """Draws its parameters and its dropout from torch's global generator."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_features, 8),
            nn.BatchNorm1d(8),
            nn.Dropout(0.3),
            nn.Linear(8, n_outputs),
        )

    def forward(self, X):
        return self.layers(X)


def schedules():
    return [
        LRScheduler("StepLR", step_size=2, gamma=0.7),
        LRScheduler("CosineAnnealingLR", T_max=30, step_every="batch"),
        LRScheduler("ReduceLROnPlateau", monitor="train_loss", patience=1),
    ]


def last_loss(net, X=None, y=None):
    return net.history[-1, "train_loss"]


KINDS = {
    "plain": lambda: LGAClassifier(),
    "regularized": lambda: LGAClassifier(regularizers=[VAT(), MeanTeacher()]),
    "stopped": lambda: LGAClassifier(
        early_stopping=True, validation_fraction=0.3, n_iter_no_change=2, lr=0.03
    ),
    "scheduled": lambda: LGAClassifier(callbacks=schedules()),
    "module": lambda: LGAClassifier(
        module=Network,
        closed_form=False,
        callbacks=[EpochScoring(last_loss, name="mine")],
    ),
    "alone": lambda: LGAClassifier(closed_form=False, n_members=2),
    "sgd": lambda: LGAClassifier(
        net_params={"optimizer": torch.optim.SGD, "optimizer__momentum": 0.9}
    ),
    "regressor": lambda: LGARegressor(
        callbacks=[EarlyStopping("train_loss", patience=3)]
    ),
    "baseline": lambda: RegularizedNetClassifier(),
}
"""Estimators whose state differs in kind."""


def data(kind):
    rng = np.random.RandomState(0)
    X = rng.standard_normal((N_ROWS, 4))
    marked = np.arange(N_ROWS) % 3 != 0
    if kind == "regressor":
        return X, np.where(marked, np.nan, X[:, 0] + X[:, 1] ** 2)
    return X, np.where(marked, -1, (X[:, 0] > 0).astype(int))


def fit(kind, folder=None, *, every=0.0, max_epochs=6, random_state=0, **parameters):
    model = KINDS[kind]()
    callbacks = list(model.callbacks or [])
    if folder is not None:  # it goes last by itself
        callbacks.insert(0, Checkpoint(folder, every=every))
    model.set_params(callbacks=callbacks, max_epochs=max_epochs)
    model.set_params(batch_size=16, random_state=random_state, **parameters)
    if kind != "module":
        model.set_params(hidden_layer_sizes=(8,))
    return model.fit(*data(kind))


def result_of(model):
    """Everything that an interruption could have changed, as plain data."""
    net, X = model.net_, data("plain")[0]
    history = [
        {k: v for k, v in row.items() if k not in ("dur", "batches")}
        for row in net.history
    ]
    result = {
        "module": dict(net.module_.state_dict()),
        "optimizer": net.optimizer_.state_dict(),
        "state": dict(net.state_.state_dict()),
        "transduction": torch.from_numpy(model.transduction_),
        "outputs": torch.from_numpy(model._fitted_.model.outputs(X)),
        "history": history,
        "batches": [row["batches"] for row in net.history],
        "n_iter": model.n_iter_,
    }
    return encode(result, "result")


def assert_equal(a, b, name="result"):
    """Equal to the bit, through dicts, lists and tensors."""
    assert type(a) is type(b), name
    if isinstance(a, dict):
        assert a.keys() == b.keys(), name
        for key in a:
            assert_equal(a[key], b[key], f"{name}[{key!r}]")
    elif isinstance(a, list | tuple):
        assert len(a) == len(b), name
        for i, pair in enumerate(zip(a, b, strict=True)):
            assert_equal(*pair, f"{name}[{i}]")
    elif isinstance(a, torch.Tensor):
        assert torch.equal(a, b), name
    else:
        assert a == b, name


def fit_and_save(kind, folder, result, random_state, max_epochs):
    """What a process does that may be killed at any moment."""
    torch.set_num_threads(1)
    warnings.simplefilter("error")
    model = fit(kind, folder, max_epochs=max_epochs, random_state=random_state)
    write(result, result_of(model))
