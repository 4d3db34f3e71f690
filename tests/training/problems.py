"""Small problems in float64, and what trains on them."""

import torch
from torch import nn

from sklearn_lga._training.algorithm import TrainingState
from sklearn_lga._training.imputed_labels import ImputedLabels
from sklearn_lga.alignment import CLASSIFICATION, REGRESSION
from sklearn_lga.modules import MLP

from . import reference

TASKS = {
    "classification": (CLASSIFICATION, reference.cross_entropy),
    "regression": (REGRESSION, reference.squared_error),
}
"""Objectives, each with its loss as the transcription of Algorithm 1 has it."""


def data(task, seed, n_labeled=20, n_unlabeled=30, n_features=5, n_outputs=3):
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    X_l, X_u = normal(n_labeled, n_features), normal(n_unlabeled, n_features)
    if task == "classification":
        codes = torch.randint(n_outputs, (n_labeled,), generator=generator)
        return X_l, nn.functional.one_hot(codes, n_outputs).double(), X_u
    return X_l, normal(n_labeled, n_outputs), X_u


def unweighted(X, y):
    """A labelled batch of rows that count alike."""
    return X, y, torch.ones(len(X))


def mlp(seed, **kwargs):
    generator = torch.Generator().manual_seed(seed)
    return MLP(
        5,
        3,
        hidden_layer_sizes=(8, 7),
        activation="tanh",
        generator=generator,
        **kwargs,
    ).double()


def lga_state(module, shape, *, lr, objective=CLASSIFICATION, **kwargs):
    labels = ImputedLabels(shape, lr=lr)
    return TrainingState(objective, module, imputed_labels=labels, **kwargs).double()
