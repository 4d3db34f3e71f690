"""Layers of the built-in network, and the derivatives of a pass through them."""

import math

import torch
import torch.nn.functional as F
from torch import nn


def bernoulli_mask(shape, p, generator, device):
    """Booleans that are true with probability p, to a resolution of 2**-16.

    Compares 16 random bits an entry, a quarter of what a random float takes.
    """
    n = math.prod(shape)
    words = torch.empty(math.ceil(n / 4), dtype=torch.int64, device=device)
    words.random_(-(2**63), None, generator=generator)
    bits = words.view(torch.int16)[:n].view(shape)
    return bits < round(p * 2**16) - 2**15


class GeneratorDropout(nn.Module):
    """Dropout that draws its masks from a generator of its own.

    Parameters
    ----------
    p : float
        Probability of a zero.

    generator : torch.Generator or None, default=None
        On the device of the inputs; None means torch's global one.
    """

    def __init__(self, p, generator=None):
        super().__init__()
        self.p = p
        self.generator = generator

    def forward(self, x):
        """Zero entries with probability p and scale up the others."""
        return x if self.is_off else x * self.mask(x)

    def with_scaling_(self, x):
        """See :func:`with_scaling_`."""
        if self.is_off:
            return x, lambda values, rows: values
        mask = self.mask(x)
        return x.mul_(mask), lambda values, rows: values.mul_(part(mask, rows))

    @property
    def is_off(self):
        """Whether rows pass as they are."""
        return not self.training or self.p == 0.0

    def mask(self, x):
        """What to multiply x by."""
        keep = 1.0 - self.p
        mask = bernoulli_mask(x.shape, keep, self.generator, x.device)
        return mask.to(x.dtype).div_(keep)

    def extra_repr(self):
        """What repr shows."""
        return f"p={self.p}"


class ReLU(nn.ReLU):
    """``nn.ReLU`` that knows its slope."""

    def with_scaling_(self, x):
        """See :func:`with_scaling_`."""
        backward = torch.ops.aten.threshold_backward.grad_input
        outputs = x.relu_()

        def scale(values, rows):
            return backward(values, part(outputs, rows), 0.0, grad_input=values)

        return outputs, scale


def part(values, rows):
    """Some rows of (..., n_rows, k), given by the first and how many; None: all."""
    return values if rows is None else values.narrow(-2, *rows)


def with_scaling_(layer, x):
    """Outputs of an elementwise layer, and how it scales derivatives.

    Parameters
    ----------
    layer : torch.nn.Module

    x : Tensor of shape (..., n_rows, n_units)
        Inputs; they may be overwritten.

    Returns
    -------
    outputs : Tensor, shaped like x

    scale : callable
        ``scale(values, rows)`` multiplies values of some rows, in their place, by the
        derivative of each output by its input: a gradient on its way back as well as
        a tangent on its way forward.
    """
    if hasattr(layer, "with_scaling_"):
        return layer.with_scaling_(x)
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        outputs = layer(x)
    (slope,) = torch.autograd.grad(outputs, x, torch.ones_like(outputs))
    return outputs.detach(), lambda values, rows: values.mul_(part(slope, rows))


class SingleLinear(nn.Linear):
    """``nn.Linear``, with its products at hand."""

    product = staticmethod(F.linear)

    def add_product_(self, outputs, x):
        """Add that of x and the weight to the outputs of another."""
        return outputs.addmm_(x, self.weight.mT)

    def pull_back(self, gradient):
        """Gradient with respect to the input, from that of the output."""
        return gradient @ self.weight

    @staticmethod
    def weight_gradient(x, gradient, out):
        """Gradient with respect to the weight, from that of the output."""
        torch.mm(gradient.mT, x, out=out)


class MemberLinear(nn.Module):
    """Linear layers of several networks side by side, in one batched product.

    Parameters
    ----------
    n_members, n_inputs, n_outputs : int
        Networks, and features of each.
    """

    def __init__(self, n_members, n_inputs, n_outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_members, n_inputs, n_outputs))
        self.bias = nn.Parameter(torch.empty(n_members, 1, n_outputs))

    @staticmethod
    def product(x, weight, bias=None):
        """Of rows (n_rows, n_inputs) for all, or (n_members, n_rows, n_inputs)."""
        x = x.expand(len(weight), *x.shape[-2:])
        return x @ weight if bias is None else torch.baddbmm(bias, x, weight)

    def add_product_(self, outputs, x):
        """Add that of x and the weight to the outputs of another."""
        return outputs.baddbmm_(x, self.weight)

    def pull_back(self, gradient):
        """Gradient with respect to the input, from that of the output."""
        return gradient @ self.weight.mT

    @staticmethod
    def weight_gradient(x, gradient, out):
        """Gradient with respect to the weight, from that of the output."""
        torch.bmm(x.mT.expand(len(gradient), -1, -1), gradient, out=out)

    def forward(self, x):
        """Outputs of shape (n_members, n_rows, n_outputs)."""
        return self.product(x, self.weight, self.bias)

    def extra_repr(self):
        """What repr shows."""
        return "n_members={}, n_inputs={}, n_outputs={}".format(*self.weight.shape)


def linear(n_inputs, n_outputs, generator=None, n_members=1):
    """A linear layer with torch's default distribution, drawn from a generator."""
    if n_members == 1:
        layer = nn.utils.skip_init(SingleLinear, n_inputs, n_outputs)
    else:
        layer = MemberLinear(n_members, n_inputs, n_outputs)
    bound = 1.0 / math.sqrt(max(1, n_inputs))
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -bound, bound, generator=generator)
    return layer


class Link:
    """A linear layer in a pass: what came in, and how derivatives scale behind it.

    Parameters
    ----------
    layer : SingleLinear or MemberLinear

    x : Tensor of shape (..., n_rows, n_inputs)
        Its input.
    """

    def __init__(self, layer, x):
        self.layer = layer
        self.x = x
        self.scalings = []

    def follow(self, layer, h):
        """Outputs of the next, elementwise layer, for its input h."""
        h, scale = with_scaling_(layer, h)
        self.scalings.append(scale)
        return h

    def scale_(self, values, rows=None):
        """A gradient or a tangent of some rows through the elementwise layers."""
        for scale in self.scalings:
            values = scale(values, rows)
        return values

    def parameter_gradients(self, gradient, rows, views):
        """Write the gradients of some rows where ``views`` has the parameters'."""
        gradient = part(gradient, rows)
        weight, bias = views.get(self.layer.weight), views.get(self.layer.bias)
        if weight is not None:
            self.layer.weight_gradient(part(self.x, rows), gradient, out=weight)
        if bias is not None:
            keep = bias.ndim > 1  # of several members
            torch.sum(gradient, dim=-2, keepdim=keep, out=bias)

    def push_forward(self, tangent, rows, views):
        """Tangent of the outputs, from that of x (None: zero) and the parameters'."""
        weight, bias = (
            views[p] if p in views else torch.zeros_like(p)
            for p in (self.layer.weight, self.layer.bias)
        )
        moved = self.layer.product(part(self.x, rows), weight, bias)
        if tangent is not None:
            self.layer.add_product_(moved, tangent)
        return self.scale_(moved, rows)


def views_of(flat, parameters):
    """The part of a flat vector that is each parameter's, in its shape."""
    parts = flat.split([p.numel() for p in parameters])
    return {p: part.view_as(p) for p, part in zip(parameters, parts, strict=True)}


class LinearizedPass:
    """A pass through linear and elementwise layers, and its Jacobian's products.

    Nothing is kept for autograd: the layers are few and known, and one pass serves
    several groups of rows.

    Parameters
    ----------
    layers : iterable of torch.nn.Module
        Linear layers as they stand in this file, elementwise ones between them; what
        stands before the first is not trained.

    x : Tensor of shape (n_rows, n_features)
        Rows.

    Attributes
    ----------
    outputs : Tensor of shape (..., n_rows, n_outputs)
    """

    @torch.no_grad()
    def __init__(self, layers, x):
        self.links = []
        for layer in layers:
            if hasattr(layer, "product"):
                self.links.append(Link(layer, x))
                x = layer(x)
            else:
                x = self.links[-1].follow(layer, x) if self.links else layer(x)
        self.outputs = x

    @torch.no_grad()
    def vjp(self, delta, parameters, groups):
        """Transposed products J^T delta, those of each group of rows apart.

        Parameters
        ----------
        delta : Tensor, shaped like the outputs

        parameters : list of Tensor
            What to differentiate by, of the linear layers.

        groups : list of tuple of two ints
            First row of each product, and how many.

        Returns
        -------
        products : Tensor of shape (n_groups, n_parameters)
        """
        products = delta.new_empty(len(groups), sum(p.numel() for p in parameters))
        views = [views_of(product, parameters) for product in products]
        gradient = delta  # left as it is: behind the last layer stands nothing
        for link in reversed(self.links):
            gradient = link.scale_(gradient)
            for rows, view in zip(groups, views, strict=True):
                link.parameter_gradients(gradient, rows, view)
            if link is not self.links[0]:
                gradient = link.layer.pull_back(gradient)
        return products

    @torch.no_grad()
    def jvp(self, direction, parameters, rows):
        """Products J d for some rows, shaped like their outputs.

        Parameters
        ----------
        direction : Tensor of shape (n_parameters,)
            d.

        parameters : list of Tensor
            What it is a direction of.

        rows : tuple of two ints
            First of the rows, and how many.
        """
        views, tangent = views_of(direction, parameters), None
        for link in self.links:
            tangent = link.push_forward(tangent, rows, views)
        return tangent
