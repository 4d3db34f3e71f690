"""Products with the Jacobians J of a network's outputs by its parameters.

One pass over the rows of a step gives the outputs for both of its batches. The engine
asks three things of it: ``vjp``, the gradients g_l and g_u as J^T delta; ``jvp``, asked
after it, the tangent J d of the unlabelled outputs, which the label gradient needs;
and ``unlabeled_vjp`` for whatever else acts on the unlabelled outputs.
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

from .alignment import flat_gradient


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


class ThroughGraph:
    """What passes that autograd has the graph of share."""

    def unlabeled_vjp(self, delta):
        """J^T delta of the unlabelled batch, one flat vector."""
        return flat_gradient(
            self.unlabeled_outputs, self.parameters, delta, retain_graph=True
        )


class DoubleBackward(ThroughGraph):
    """The products by reverse mode: J d is the gradient of <J^T delta, d> by delta.

    For any module that can be differentiated twice.

    Parameters
    ----------
    module : torch.nn.Module

    parameters : list of Tensor
        What to differentiate by.

    labeled_rows, unlabeled_rows : Tensor of shape (n_rows, ...)
    """

    def __init__(self, module, parameters, labeled_rows, unlabeled_rows):
        self.parameters = parameters
        self.labeled_outputs = module(labeled_rows)
        with frozen_statistics(module):
            self.unlabeled_outputs = module(unlabeled_rows)

    def vjp(self, labeled_delta, unlabeled_delta):
        """J^T delta of both batches, flat vectors without a graph."""
        g_l = flat_gradient(self.labeled_outputs, self.parameters, labeled_delta)
        self._delta = unlabeled_delta.detach().requires_grad_()
        self._product = flat_gradient(
            self.unlabeled_outputs, self.parameters, self._delta, create_graph=True
        )
        return g_l, self._product.detach()

    def jvp(self, direction):
        """J d of the unlabelled batch, of its outputs' shape, for a flat d."""
        return torch.autograd.grad(self._product, self._delta, direction)[0]


@functools.cache
def load_forward_rules():
    """Have torch load its rules of forward mode, without its warnings of itself."""
    with warnings.catch_warnings(), forward_ad.dual_level():
        warnings.simplefilter("ignore", DeprecationWarning)
        forward_ad.make_dual(torch.zeros(1), torch.zeros(1))


class ForwardMode(ThroughGraph):
    """J^T delta by reverse mode, and J d by forward mode in a pass of its own.

    Batch norm differentiated twice takes longer than that pass. For modules that
    augment their rows and are deterministic from there on: the pass sees what g_u saw.

    Parameters
    ----------
    module : torch.nn.Module
        See :func:`can_push_forward`.

    parameters : list of Tensor
        What to differentiate by.

    labeled_rows, unlabeled_rows : Tensor of shape (n_rows, ...)
    """

    def __init__(self, module, parameters, labeled_rows, unlabeled_rows):
        self.parameters = parameters
        self.module = BehindAugmentation(module)
        self.labeled_outputs = module(labeled_rows)
        self.rows = module.augmentation(unlabeled_rows)
        with frozen_statistics(module):
            self.unlabeled_outputs = self.module(self.rows)

    def vjp(self, labeled_delta, unlabeled_delta):
        """J^T delta of both batches, flat vectors."""
        g_l = flat_gradient(self.labeled_outputs, self.parameters, labeled_delta)
        return g_l, self.unlabeled_vjp(unlabeled_delta)

    @torch.no_grad()
    def jvp(self, direction):
        """J d of the unlabelled batch, of its outputs' shape, for a flat d."""
        load_forward_rules()
        parts = direction.split([p.numel() for p in self.parameters])
        tangents = dict(zip(self.parameters, parts, strict=True))
        with forward_ad.dual_level(), frozen_statistics(self.module):
            duals = {
                name: forward_ad.make_dual(p, tangents[p].view_as(p))
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


class ByHand:
    """The products by the module's own ``linearize``, for both batches together.

    No graph, and none of the many small calls that autograd makes for it.

    Parameters
    ----------
    module : torch.nn.Module
        See :func:`can_linearize`.

    parameters : list of Tensor
        What to differentiate by.

    labeled_rows, unlabeled_rows : Tensor of shape (n_rows, ...)
    """

    def __init__(self, module, parameters, labeled_rows, unlabeled_rows):
        n_labeled, n_unlabeled = len(labeled_rows), len(unlabeled_rows)
        self.parameters = parameters
        self.labeled, self.unlabeled = (0, n_labeled), (n_labeled, n_unlabeled)
        self.linearized = module.linearize(torch.cat([labeled_rows, unlabeled_rows]))
        outputs = rows_first(self.linearized.outputs)
        self.labeled_outputs = outputs[:n_labeled]
        self.unlabeled_outputs = outputs[n_labeled:]

    def vjp(self, labeled_delta, unlabeled_delta):
        """J^T delta of both batches, flat vectors."""
        delta = rows_first(torch.cat([labeled_delta, unlabeled_delta]))
        groups = [self.labeled, self.unlabeled]
        return self.linearized.vjp(delta, self.parameters, groups)

    def unlabeled_vjp(self, delta):
        """J^T delta of the unlabelled batch, one flat vector."""
        nothing = torch.zeros_like(self.labeled_outputs)
        return self.vjp(nothing, delta)[1]

    def jvp(self, direction):
        """J d of the unlabelled batch, of its outputs' shape, for a flat d."""
        return rows_first(
            self.linearized.jvp(direction, self.parameters, self.unlabeled)
        )


def rows_first(outputs):
    """Members before the rows become members behind them, and the other way round."""
    return outputs if outputs.ndim == 2 else outputs.movedim(0, 1)


def is_hooked(module):
    """Whether hooks come between a module and its outputs."""
    return _has_any_global_hook() or any(
        m._forward_hooks
        or m._forward_pre_hooks
        or m._backward_hooks
        or m._backward_pre_hooks
        for m in module.modules()
    )


def can_linearize(module):
    """Whether ``module.linearize(rows)`` does what ``module(rows)`` does."""
    return getattr(module, "can_linearize", False) and not is_hooked(module)


def can_push_forward(module):
    """Whether ``module.deterministic(module.augmentation(rows))`` is a call of it."""
    return getattr(module, "can_push_forward", False) and not is_hooked(module)


def differentiate(module, parameters, labeled_rows, unlabeled_rows):
    """Passes over both batches, by the fastest backend that the module supports."""
    if can_linearize(module):
        backend = ByHand
    elif can_push_forward(module):
        backend = ForwardMode
    else:
        backend = DoubleBackward
    return backend(module, parameters, labeled_rows, unlabeled_rows)
