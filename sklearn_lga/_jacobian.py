"""Products with the Jacobian J of a network's outputs by its parameters.

The engine asks two of one pass over a batch: ``vjp(delta)`` is J^T delta, the gradient
g_u, and ``jvp(direction)``, asked after it, is J d, which the label gradient needs.
"""

import torch
from torch.nn.modules.module import _has_any_global_hook
from torch.nn.utils import parametrize

from .alignment import flat_gradient


class DoubleBackward:
    """Both products by reverse mode: J d is the gradient of <J^T delta, d> by delta.

    For any module that can be differentiated twice.

    Parameters
    ----------
    module : torch.nn.Module

    parameters : list of Tensor
        What to differentiate by.

    rows : Tensor of shape (n_rows, ...)
    """

    def __init__(self, module, parameters, rows):
        self.parameters = parameters
        self.outputs = module(rows)

    def vjp(self, delta):
        """J^T delta, one flat vector, without a graph."""
        self._delta = delta.detach().requires_grad_()
        self._product = flat_gradient(
            self.outputs, self.parameters, self._delta, create_graph=True
        )
        return self._product.detach()

    def jvp(self, direction):
        """J d, of the outputs' shape, for a flat direction d."""
        return torch.autograd.grad(
            self._product, self._delta, direction, retain_graph=True
        )[0]


class ForwardMode:
    """J d by the module's own ``linearize``, with what its pass has computed.

    It takes the two products of a forward pass by hand, in place of a graph of the
    backward pass that would be gone through once more.

    Parameters
    ----------
    module : torch.nn.Module
        See :func:`can_linearize`.

    parameters : list of Tensor
        What to differentiate by.

    rows : Tensor of shape (n_rows, ...)
    """

    def __init__(self, module, parameters, rows):
        self.parameters = parameters
        self.outputs, self._tangent = module.linearize(rows)

    def vjp(self, delta):
        """J^T delta, one flat vector, without a graph."""
        return flat_gradient(self.outputs, self.parameters, delta, retain_graph=True)

    def jvp(self, direction):
        """J d, of the outputs' shape, for a flat direction d."""
        parts = direction.split([p.numel() for p in self.parameters])
        pairs = zip(self.parameters, parts, strict=True)
        return self._tangent({p: part.view_as(p) for p, part in pairs})


def can_linearize(module):
    """Whether ``module.linearize(rows)`` does what ``module(rows)`` does.

    Not where a subclass has a forward pass of its own, or where hooks or
    parametrizations come between.
    """
    owners = [
        next((c for c in type(module).__mro__ if name in vars(c)), None)
        for name in ("linearize", "forward")
    ]
    if owners[0] is None or owners[0] is not owners[1] or _has_any_global_hook():
        return False
    return not any(
        m._forward_hooks
        or m._forward_pre_hooks
        or m._backward_hooks
        or m._backward_pre_hooks
        or parametrize.is_parametrized(m)
        for m in module.modules()
    )


def differentiate(module, parameters, rows):
    """One pass, by the fastest of the backends that this module supports."""
    backend = ForwardMode if can_linearize(module) else DoubleBackward
    return backend(module, parameters, rows)
