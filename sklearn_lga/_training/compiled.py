"""Products with the Jacobian by functions that torch compiles."""

import warnings
from types import FunctionType

import torch
from torch.func import functional_call, jvp, vjp
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd

from ..modules._mlp import GeneratorDropout
from .jacobian import differentiate

VARYING = _NormBase, _DropoutNd, GeneratorDropout
"""Layers that do more than tell of the rows that they are given."""


class Compiled:
    """Takes the place of :func:`~.jacobian.differentiate` under ``compile=True``.

    Each product is a pass of its own over its rows, in one compiled function. A module
    that differs from pass to pass, or that torch cannot compile as a whole, is
    differentiated as ever, with a warning.

    Parameters
    ----------
    settings : dict
        Of ``torch.compile``.
    """

    def __init__(self, settings):
        self.settings = settings
        self.products = None
        self.backend = None

    def __call__(self, module, parameters, labeled_rows, unlabeled_rows):
        """Passes over both batches, as :func:`~.jacobian.differentiate` gives them."""
        if self.backend is None:
            self.backend = self.choose(module, labeled_rows, unlabeled_rows)
        return self.backend(module, parameters, labeled_rows, unlabeled_rows)

    def __reduce__(self):
        return Compiled, (self.settings,)

    def choose(self, module, *batches):
        """Compile the products, or say why not."""
        try:
            self.products = compiled_products(module, batches, self.settings)
        except Exception as error:  # of any kind: it is code of others
            warnings.warn(
                f"compile=True has no effect on this module: {error}",
                UserWarning,
                stacklevel=8,
            )
            return differentiate
        return self.passes

    def passes(self, module, parameters, labeled_rows, unlabeled_rows):
        """Passes whose products are compiled."""
        torch.compiler.cudagraph_mark_step_begin()
        return CompiledPasses(self.products, module, labeled_rows, unlabeled_rows)


class CompiledPasses:
    """The products of one step.

    Attributes
    ----------
    labeled_outputs, unlabeled_outputs : Tensor
        Without graphs.
    """

    def __init__(self, products, module, labeled_rows, unlabeled_rows):
        self.outputs, self.vjp, self.push = products
        self.parameters = trained(module)
        self.labeled_rows, self.unlabeled_rows = labeled_rows, unlabeled_rows
        self.labeled_outputs = self.outputs(self.parameters, labeled_rows)
        self.unlabeled_outputs = self.outputs(self.parameters, unlabeled_rows)

    def labeled_vjp(self, delta):
        """J' delta of the labelled batch, one flat vector."""
        return self.vjp(self.parameters, self.labeled_rows, delta)

    def unlabeled_vjp(self, delta):
        """J' delta of the unlabelled batch, one flat vector."""
        return self.vjp(self.parameters, self.unlabeled_rows, delta)

    def jvp(self, direction):
        """J d of the unlabelled batch, of its outputs' shape, for a flat d."""
        return self.push(self.parameters, self.unlabeled_rows, direction)


def trained(module):
    """The parameters to differentiate by, by name, without their graph."""
    named = module.named_parameters()
    return {name: p.detach() for name, p in named if p.requires_grad}


def compiled_products(module, batches, settings):
    """Compile outputs, J' delta and J d as functions of parameters and rows.

    Parameters
    ----------
    module : torch.nn.Module

    batches : sequence of Tensor
        Rows to try them on.

    settings : dict
        Of ``torch.compile``.

    Returns
    -------
    products : list of callable

    Raises
    ------
    Exception
        If the module differs from pass to pass, or cannot be compiled.
    """
    for name, layer in module.named_modules():
        if isinstance(layer, VARYING):
            raise ValueError(f"{name} ({type(layer).__name__}) varies between passes.")

    def outputs(parameters, rows):
        return functional_call(module, parameters, (rows,))

    def vjp_of(parameters, rows, delta):
        _, pull_back = vjp(lambda p: outputs(p, rows), parameters)
        (gradient,) = pull_back(delta)
        return torch.cat([part.flatten() for part in gradient.values()])

    def jvp_of(parameters, rows, direction):
        parts = direction.split([p.numel() for p in parameters.values()])
        tangents = {
            name: part.view_as(p)
            for (name, p), part in zip(parameters.items(), parts, strict=True)
        }
        return jvp(lambda p: outputs(p, rows), (parameters,), (tangents,))[1]

    # Forward mode is not compiled for sizes that are left open.
    usual = {"fullgraph": True, "dynamic": False}
    if batches[0].is_cuda:
        usual["mode"] = "reduce-overhead"
    products = [
        torch.compile(with_code_of_its_own(function), **usual | settings)
        for function in (outputs, vjp_of, jvp_of)
    ]
    parameters = trained(module)
    for rows in batches:
        found = products[0](parameters, rows)
        if not torch.allclose(found, module(rows).detach(), rtol=1e-3, atol=1e-4):
            raise ValueError("it says something else of the same rows in each pass.")
        gradient = products[1](parameters, rows, torch.ones_like(found))
        products[2](parameters, rows, gradient)
    return products


def with_code_of_its_own(function):
    """Copy a function and its code.

    torch keeps what it compiled by the code, a few versions of each, and would run out
    of these in a search of many fits.
    """
    code = function.__code__.replace()
    return FunctionType(
        code, function.__globals__, function.__name__, None, function.__closure__
    )
