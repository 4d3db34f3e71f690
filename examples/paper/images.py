"""A run of the experiment of Section 4, shared by Table 1 and the searches.

The protocol of ``protocols.py``: Adam, equal batches of labelled and unlabelled images,
the labelled ones in the unlabelled stream too, the step size times 0.2 after 80 % of
the steps, the weights of regularizers ramped up over 40 %. The parameters with the
lowest validation error are tested.
"""

import functools
import math
import time

import numpy as np
import torch
from scipy.special import log_softmax
from skorch.callbacks import Callback, LRScheduler

from sklearn_lga import ALGORITHM_1, LGAClassifier
from sklearn_lga.baselines import RegularizedNetClassifier
from sklearn_lga.datasets import load_images
from sklearn_lga.modules import WideResNet
from sklearn_lga.regularizers import (
    VAT,
    EntropyMinimization,
    MeanTeacher,
    PiModel,
    PseudoLabel,
)


def regularizers(method, chosen):
    """The regularizers of one row of Table 1, by its hyperparameters."""
    weights = chosen.weights
    vat = VAT(weights["VAT"], eps=chosen.vat_eps, ramp_up=0.4)
    ramped = {
        "VAT": vat,
        "EntMin": EntropyMinimization(weights["EntMin"], perturbation=vat),
        "Pi-Model": PiModel(weights["Pi-Model"], ramp_up=0.4),
        "Mean Teacher": MeanTeacher(weights["Mean Teacher"], decay=0.95, ramp_up=0.4),
        "Pseudo-Label": PseudoLabel(
            weights["Pseudo-Label"], threshold=0.95, ramp_up=0.4
        ),
    }
    return [ramped[name] for name in method.split(" + ") if name in ramped]


class KeepBest(Callback):
    """Keep the parameters with the lowest error on validation images."""

    def __init__(self, X, y, every):
        self.X = X
        self.y = y
        self.every = every

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        """Start counting."""
        self.n_steps, self.best_error, self.best_step = 0, math.inf, 0

    def on_batch_end(self, net, batch=None, training=False, **kwargs):
        """Score the network now and then."""
        self.n_steps += training
        if training and self.n_steps % self.every == 0:
            error, _ = error_and_loss(net, self.X, self.y)
            if error < self.best_error:
                self.best_error, self.best_step = error, self.n_steps
                self.best = {
                    name: value.clone()
                    for name, value in net.module_.state_dict().items()
                }


def error_and_loss(net, X, y):
    """Share of wrong predictions and mean cross entropy, in nats."""
    log_proba = log_softmax(net.forward(X).numpy().astype(float), axis=1)
    loss = -log_proba[np.arange(len(y)), y].mean()
    return float(np.mean(log_proba.argmax(axis=1) != y)), float(loss)


def pooled(X, size):
    """Means over squares of pixels."""
    n, channels, height, width = X.shape
    shape = n, channels, height // size, size, width // size, size
    return X.reshape(shape).mean(axis=(3, 5), dtype=np.float32)


@functools.lru_cache(maxsize=1)
def images(data, data_home, pool):
    """All images of a data set, every training label given."""
    bunch = load_images(data, data_home=data_home, n_labeled=None)
    for name in ("X", "X_valid", "X_test"):
        bunch[name] = pooled(bunch[name], pool)
    return bunch


def training_rows(y, n_labeled, n_train, seed):
    """Rows to train on and their labels, the same number of each class, or -1."""
    rng = np.random.RandomState(seed)
    order = rng.permutation(len(y))
    by_class = [order[y[order] == c][: n_labeled // 10] for c in range(10)]
    labeled = np.concatenate(by_class)
    others = order[~np.isin(order, labeled)]
    rows = np.concatenate([labeled, others[: (n_train or len(y)) - len(labeled)]])
    rows = rng.permutation(rows)
    return rows, np.where(np.isin(rows, labeled), y[rows], -1)


def streams(rows, y):
    """Rows and labels as an estimator takes them: the labelled rows come twice.

    All rows are unlabelled ones, as the protocol has it; behind them the labelled ones
    stand once more, with their labels.
    """
    labeled = y != -1
    marked = np.concatenate([np.full(len(rows), -1), y[labeled]])
    return np.concatenate([rows, rows[labeled]]), marked


def classifier(method, data, chosen, n_labeled, n_rows, protocol, **changes):
    """The estimator of one method; ``changes`` override its settings."""
    batch_size = protocol.batch_size * (2 if method == "supervised" else 1)
    n_epochs = math.ceil(protocol.n_steps / math.ceil(n_rows / batch_size))
    settings = {
        "module": WideResNet,
        "lr": chosen.lr[method],
        "batch_size": batch_size,
        "max_epochs": n_epochs,
        "regularizers": regularizers(method, chosen),
    }
    estimator = RegularizedNetClassifier
    if method.startswith("LGA"):
        estimator = LGAClassifier
        settings |= ALGORITHM_1 | chosen.lga
        if protocol.weight_per_root_share is not None:
            root = math.sqrt(n_labeled / n_rows)
            settings["labeled_weight"] = protocol.weight_per_root_share * root
    settings |= changes
    if "label_lr" in settings:
        settings["label_lr"] /= n_epochs
    network = protocol.network | protocol.augmentation[data]
    module_params = {f"module__{name}": value for name, value in network.items()}
    return estimator(**settings).set_params(**module_params)


def run(
    data,
    n_labeled,
    method,
    seed,
    hyperparameters,
    *,
    protocol,
    data_home=None,
    **changes,
):
    """Train and test once, with the hyperparameters of a name; a dict of results."""
    torch.set_num_threads(1)
    start = time.perf_counter()
    bunch = images(data, data_home, protocol.pool)
    rows, y = training_rows(bunch.y, n_labeled, protocol.n_train, seed)
    valid = bunch.X_valid[: protocol.n_valid], bunch.y_valid[: protocol.n_valid]
    keep_best = KeepBest(*valid, every=protocol.validate_every)
    chosen = protocol.hyperparameters[hyperparameters]
    model = classifier(method, data, chosen, n_labeled, len(rows), protocol, **changes)
    drop = LRScheduler(
        torch.optim.lr_scheduler.StepLR,
        step_size=int(0.8 * protocol.n_steps),
        gamma=0.2,
        step_every="batch",
    )
    model.set_params(
        random_state=seed, callbacks=[("keep_best", keep_best), ("drop", drop)]
    )
    order, marked = streams(rows, y)
    net = model.fit(bunch.X[order], marked).net_
    keep_best = dict(net.callbacks_)["keep_best"]
    last_error, last_loss = error_and_loss(net, bunch.X_test, bunch.y_test)
    last_valid_error, last_valid_loss = error_and_loss(net, *valid)
    net.module_.load_state_dict(keep_best.best)
    test_error, test_loss = error_and_loss(net, bunch.X_test, bunch.y_test)
    _, valid_loss = error_and_loss(net, *valid)
    hidden = y == -1
    imputed = model.transduction_[: len(rows)]
    transduction = np.mean(imputed[hidden] != bunch.y[rows][hidden])
    return {
        "valid_error": keep_best.best_error,
        "valid_loss": valid_loss,
        "test_error": test_error,
        "test_loss": test_loss,
        "best_step": keep_best.best_step,
        "last_valid_error": last_valid_error,
        "last_valid_loss": last_valid_loss,
        "last_test_error": last_error,
        "last_test_loss": last_loss,
        "hidden_error": float(transduction),
        "seconds": time.perf_counter() - start,
        "device": net.device,
    }
