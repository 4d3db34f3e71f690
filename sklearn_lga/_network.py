"""The network of an estimator: the built-in one, or a module of the user's."""

from contextlib import nullcontext
from functools import partial
from itertools import cycle, islice

import numpy as np
import torch

from ._checks import (
    check_hidden_layer_sizes,
    check_inputs,
    check_module,
    check_not_set,
    check_views_of_table,
)
from ._inputs import VIEWS, Inputs, Table, choose, weigh
from ._random import Generator, seeded_global_generator
from .modules import MLP

UNWEIGHED = ("features+bins", "features")
"""Views of the members where there are too few labels to choose by."""

DECAY_AT_NOISE_1 = 10.0
"""Weight decay where the labels' noise, a ridge, is 1; it goes with the root ..."""

DECAY_RANGE = 0.3, 20.0
"""... within these bounds."""


class NetworkMixin:
    """What depends on whose network is trained, and the optimizer that goes with it."""

    def _choose_inputs(self, X, rows, labels):
        """Set what the members see: as ``inputs`` says, or by the labelled rows."""
        if self.module is not None:
            self._inputs = None
            return
        check_hidden_layer_sizes(self.hidden_layer_sizes)
        check_inputs(self.inputs, VIEWS, self.n_members)
        if self.warm_start and getattr(self, "_inputs", None):
            return
        table = Table(X, self._n_eigenmaps(labels.shape[1]))
        if self.inputs == "auto":
            views = table.weighed_views
        else:
            check_views_of_table(self.inputs, table.possible_views)
            views = list(dict.fromkeys(self.inputs))
        n_layers = len(self.hidden_layer_sizes)
        evidence_of = partial(self._evidence_of, n_layers=n_layers)
        evidence = weigh(table, views, rows, labels, evidence_of)
        if self.inputs != "auto":
            order = views
        elif evidence:
            order = choose(evidence, len(rows), self._view_tolerance)
        else:
            order = [view for view in UNWEIGHED if view in views]
        members = tuple(islice(cycle(order), self.n_members))
        self._inputs = Inputs(table, members, evidence)
        self.inputs_, self.evidence_ = members, evidence

    def _decay_by_evidence(self):
        """Stronger where the labels are noisier."""
        if not self._inputs.evidence:
            return self._default_weight_decay
        return float(np.clip(DECAY_AT_NOISE_1 * self._inputs.noise**0.5, *DECAY_RANGE))

    def _default_optimizer(self, device):
        """Adam with decoupled weight decay, in one kernel where torch has it."""
        if "optimizer" in (self.net_params or {}):
            check_not_set(self.weight_decay, "weight_decay", "optimizer")
            return {}
        decay = self.weight_decay
        if decay is None:
            decay = self._decay_by_evidence() if self._inputs else 0.0
        return {
            "optimizer": torch.optim.AdamW,
            "optimizer__weight_decay": decay,
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
            return partial(
                MLP,
                sum(self._inputs.widths.values()),
                n_outputs,
                **settings,
                inputs=self._inputs.layer,
                generator=Generator().manual_seed(seed),
                noise_generator=noise_generator,
            )
        settings["inputs"] = self.inputs
        check_module(self.module, settings, type(self))
        shape = dataset.X.shape[1:]
        return partial(self.module, shape if len(shape) > 1 else shape[0], n_outputs)

    def _module_randomness(self, seed, device):
        """Let a module of the user's draw from torch's global generator, seeded.

        The built-in network draws from generators of its own.
        """
        if self.module is None:
            return nullcontext()
        return seeded_global_generator(seed, torch.device(device))
