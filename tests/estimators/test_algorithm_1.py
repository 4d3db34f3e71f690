"""``ALGORITHM_1``: the estimators hold against a transcription of the paper's page."""

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from torch import nn

from sklearn_lga import ALGORITHM_1, LGAClassifier, LGARegressor

from ..training import reference

N_LABELED, N_STEPS = 24, 40


class Watch(Callback):
    """Keep the network's first parameters and every batch, in double precision."""

    def on_train_begin(self, net, **kwargs):
        self.initial = [p.detach().double() for p in net.module_.parameters()]
        self.batches = []

    def on_batch_begin(self, net, batch=None, **kwargs):
        (X_l, y_l, _), (X_u, rows) = batch
        self.batches.append((X_l.double(), y_l.double(), X_u.double(), rows))


class OwnNetwork(nn.Sequential):
    def __init__(self, n_features, n_outputs):
        super().__init__(
            nn.Linear(n_features, 9), nn.ReLU(), nn.Linear(9, n_outputs, bias=False)
        )


def rows_and_labels(estimator, seed):
    rng = np.random.RandomState(seed)
    X = rng.standard_normal((90, 5))
    if estimator is LGAClassifier:
        y = (X @ rng.standard_normal((5, 3))).argmax(axis=1)
        y[N_LABELED:] = -1
    else:
        y = 10.0 + 3.0 * (X @ rng.standard_normal((5, 2)))
        y[N_LABELED:] = np.nan
    return X, y


def forward_of(theta, X):
    """A linear layer, a ReLU and a linear layer, with its bias or without."""
    W_1, b_1, W_2, *b_2 = theta
    return torch.relu(X @ W_1.T + b_1) @ W_2.T + (b_2[0] if b_2 else 0.0)


@pytest.mark.parametrize("network", [{"hidden_layer_sizes": (8,)}, OwnNetwork])
@pytest.mark.parametrize("batch_size", [90, 11])
@pytest.mark.parametrize("estimator", [LGAClassifier, LGARegressor])
@pytest.mark.parametrize("seed", range(2))
def test_it_is_algorithm_1(estimator, batch_size, network, seed):
    """Full batches and minibatches; what is left is float32's rounding."""
    X, y = rows_and_labels(estimator, seed)
    own = {"module": network} if network is OwnNetwork else network
    steps_an_epoch = -(-(len(X) - N_LABELED) // batch_size)
    torch.manual_seed(seed)
    model = estimator(
        **ALGORITHM_1,
        **own,
        batch_size=batch_size,
        max_epochs=-(-N_STEPS // steps_an_epoch),
        lr=0.01,
        label_lr=0.3,
        labeled_weight=("linear", 5.0),
        decay=0.8,
        eps_norm=1e-6,
        callbacks=[("watch", Watch())],
        random_state=seed,
    ).fit(X, y)
    net = model.net_
    watch = dict(net.callbacks_)["watch"]
    n_steps = len(watch.batches)
    assert n_steps >= N_STEPS
    is_classifier = estimator is LGAClassifier
    theta, w = reference.algorithm_1(
        forward_of,
        watch.initial,
        torch.zeros(net.state_.imputed_labels.w.shape, dtype=torch.float64),
        watch.batches,
        loss=reference.cross_entropy if is_classifier else reference.squared_error,
        f=(lambda w: w.softmax(dim=1)) if is_classifier else (lambda w: w),
        alpha_theta=0.01,
        alpha_w=0.3,
        T=lambda i: 5.0 * (1.0 - (i - 1) / (n_steps - 1)),
        gradient_decay=0.8,
        norm_decay=0.8,
        eps_norm=1e-6,
    )
    for ours, theirs in zip(net.module_.parameters(), theta, strict=True):
        torch.testing.assert_close(ours.detach().double(), theirs, rtol=0, atol=1e-3)
    ours = net.state_.imputed_labels.w.double()
    torch.testing.assert_close(ours, w, rtol=0, atol=1e-3)
    assert w.abs().max() > 1.0  # the labels did move
    outputs = forward_of(theta, torch.as_tensor(X)).detach().numpy()
    if is_classifier:
        expected = torch.as_tensor(outputs).softmax(dim=1).numpy()
        np.testing.assert_allclose(model.predict_proba(X), expected, atol=2e-3)
    else:
        known = y[:N_LABELED]
        expected = outputs * known.std(axis=0) + known.mean(axis=0)
        np.testing.assert_allclose(model.predict(X), expected, atol=2e-2)
