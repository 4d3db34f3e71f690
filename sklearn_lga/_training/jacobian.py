"""Products with the Jacobian J of a network's outputs by its parameters.

One iteration of Algorithm 1 needs J' delta of both batches, the gradients g_l and g_u,
and then J d of the unlabelled one, by which the label gradient is made. Two backends
give them, to the same values: reverse mode twice for any module, and forward mode for
modules that can be run again on the same augmented rows.
"""

import functools
import warnings
from contextlib import contextmanager

import torch
from torch import nn
from torch.autograd import forward_ad
from torch.func import functional_call
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.module import _has_any_global_hook

from ..alignment import flat_gradient, unflatten

HOOKS = "_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks"


def trainable_parameters(module):
    """The parameters that the flat gradients stand for, in their order."""
    return [p for p in module.parameters() if p.requires_grad]


def differentiate(module, parameters, labeled_rows, unlabeled_rows):
    """Passes over both batches, and the products of their Jacobians.

    Parameters
    ----------
    module : torch.nn.Module
        In training mode.

    parameters : list of Tensor
        What to differentiate by.

    labeled_rows, unlabeled_rows : Tensor of shape (n_rows, ...)

    Returns
    -------
    passes : DoubleBackward or ForwardMode
    """
    backend = DoubleBackward
    if getattr(module, "can_push_forward", False) and not is_hooked(module):
        backend = ForwardMode
    return backend(module, parameters, labeled_rows, unlabeled_rows)


class DoubleBackward:
    """The products by reverse mode: J d is the gradient of <J' delta, d> by delta.

    Attributes
    ----------
    labeled_outputs, unlabeled_outputs : Tensor
        With their graphs.
    """

    def __init__(self, module, parameters, labeled_rows, unlabeled_rows):
        self.parameters = parameters
        self.labeled_outputs = module(labeled_rows)
        with frozen_statistics(module):
            self.unlabeled_outputs = module(unlabeled_rows)

    def labeled_vjp(self, delta):
        """J' delta of the labelled batch, one flat vector."""
        return flat_gradient(self.labeled_outputs, self.parameters, delta)

    def unlabeled_vjp(self, delta):
        """J' delta of the unlabelled batch, one flat vector without a graph."""
        self._delta = delta.detach().requires_grad_()
        # J' delta is linear in delta, so its derivative by delta is J, wherever it is
        # taken; the graph that leads there is kept for jvp.
        self._product = flat_gradient(
            self.unlabeled_outputs, self.parameters, self._delta, create_graph=True
        )
        return self._product.detach()

    def jvp(self, direction):
        """J d of the unlabelled batch, of its outputs' shape, for a flat d."""
        return torch.autograd.grad(self._product @ direction, self._delta)[0]


class ForwardMode:
    """J' delta by reverse mode, and J d by forward mode in a pass of its own.

    Batch norm differentiated twice takes longer than that pass. The pass sees what g_u
    saw: the rows as they were augmented then.
    """

    def __init__(self, module, parameters, labeled_rows, unlabeled_rows):
        self.parameters = parameters
        self.module = BehindAugmentation(module)
        self.labeled_outputs = module(labeled_rows)
        self.rows = module.augmentation(unlabeled_rows)
        with frozen_statistics(module):
            self.unlabeled_outputs = self.module(self.rows)

    def labeled_vjp(self, delta):
        """J' delta of the labelled batch, one flat vector."""
        return flat_gradient(self.labeled_outputs, self.parameters, delta)

    def unlabeled_vjp(self, delta):
        """J' delta of the unlabelled batch, one flat vector."""
        outputs = self.unlabeled_outputs
        return flat_gradient(outputs, self.parameters, delta, retain_graph=True)

    @torch.no_grad()
    def jvp(self, direction):
        """J d of the unlabelled batch, of its outputs' shape, for a flat d."""
        load_forward_rules()
        parts = unflatten(direction, self.parameters)
        tangents = dict(zip(self.parameters, parts, strict=True))
        with forward_ad.dual_level(), frozen_statistics(self.module):
            duals = {
                name: forward_ad.make_dual(p, tangents[p])
                for name, p in self.module.named_parameters()
                if p in tangents
            }
            outputs = functional_call(self.module, duals, (self.rows,))
            return forward_ad.unpack_dual(outputs).tangent


class BehindAugmentation(nn.Module):
    """The deterministic part of a module, with its parameters."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, rows):
        """Outputs of augmented rows."""
        return self.module.deterministic(rows)


def is_hooked(module):
    """Whether hooks come between a module and its outputs."""
    hooks = (getattr(part, kind) for part in module.modules() for kind in HOOKS)
    return _has_any_global_hook() or any(hooks)


@functools.cache
def load_forward_rules():
    """Have torch load its rules of forward mode, without its warnings of itself."""
    with warnings.catch_warnings(), forward_ad.dual_level():
        warnings.simplefilter("ignore", DeprecationWarning)
        forward_ad.make_dual(torch.zeros(1), torch.zeros(1))


@contextmanager
def frozen_statistics(module):
    """Batch norm normalizes by the batch, but leaves its running statistics alone.

    Used for every pass of a step but the labelled one, so that one pass a step
    updates the statistics.
    """
    layers = [
        layer
        for layer in module.modules()
        if isinstance(layer, _NormBase) and layer.track_running_stats
    ]
    for layer in layers:
        layer.track_running_stats = False
    try:
        yield
    finally:
        for layer in layers:
            layer.track_running_stats = True
