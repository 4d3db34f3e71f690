"""The network of an estimator: the built-in one, or a module of the user's."""

from contextlib import nullcontext
from functools import partial

import torch
from scipy.sparse import issparse

from ._checks import check_hidden_layer_sizes, check_module, check_not_set
from ._encoding import quantile_bins
from ._random import Generator, seeded_global_generator
from .modules import MLP

MAX_ENCODED = 100
"""Columns up to which ``n_bins`` is used."""


class NetworkMixin:
    """What depends on whose network is trained, and the optimizer that goes with it."""

    def _for_built_in(self, value, default):
        """A parameter whose None means ``default`` for the built-in network, else 0."""
        if value is None:
            return default if self.module is None else 0.0
        return value

    def _default_optimizer(self, device):
        """Adam with decoupled weight decay, in one kernel where torch has it."""
        if "optimizer" in (self.net_params or {}):
            check_not_set(self.weight_decay, "weight_decay", "optimizer")
            return {}
        return {
            "optimizer": torch.optim.AdamW,
            "optimizer__weight_decay": self._for_built_in(
                self.weight_decay, self._default_weight_decay
            ),
            "optimizer__fused": torch.device(device).type in ("cpu", "cuda"),
        }

    def _module_factory(self, dataset, seed, noise_generator):
        """A callable that builds the network from ``module_params``."""
        n_outputs = dataset.labels.shape[1]
        settings = {
            "hidden_layer_sizes": self.hidden_layer_sizes,
            "activation": self.activation,
            "dropout": self.dropout,
            "n_members": self.n_members,
        }
        if self.module is None:
            check_hidden_layer_sizes(self.hidden_layer_sizes)
            return partial(
                MLP,
                dataset.X.shape[1],
                n_outputs,
                **settings,
                bins=self._bins(dataset.X),
                generator=Generator().manual_seed(seed),
                noise_generator=noise_generator,
            )
        settings["n_bins"] = self.n_bins
        check_module(self.module, settings, type(self))
        shape = dataset.X.shape[1:]
        return partial(self.module, shape if len(shape) > 1 else shape[0], n_outputs)

    def _bins(self, X):
        """Bins of the columns, where there are not too many; CSR has none."""
        if self.warm_start and hasattr(self, "_bins_of_fit"):
            return self._bins_of_fit
        self._bins_of_fit = None
        if self.n_bins and not issparse(X) and X.shape[1] <= MAX_ENCODED:
            self._bins_of_fit = quantile_bins(X, min(self.n_bins, len(X)))
        return self._bins_of_fit

    def _module_randomness(self, seed, device):
        """Let a module of the user's draw from torch's global generator, seeded.

        The built-in network draws from generators of its own.
        """
        if self.module is None:
            return nullcontext()
        return seeded_global_generator(seed, torch.device(device))
