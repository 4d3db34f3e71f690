"""Networks to train."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from ._encoding import EncodedInputs, PiecewiseLinearEncoding
from ._wide_resnet import WideResNet

__all__ = ["ACTIVATIONS", "MLP", "WideResNet"]

ACTIVATIONS = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}
"""Activation functions of :class:`MLP`, by name."""


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
        if not self.training or self.p == 0.0:
            return x
        keep = 1.0 - self.p
        mask = bernoulli_mask(x.shape, keep, self.generator, x.device)
        return x * mask.to(x.dtype).div_(keep)

    def extra_repr(self):
        """What repr shows."""
        return f"p={self.p}"


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

    def forward(self, x):
        """Outputs of shape (n_members, n_rows, n_outputs)."""
        return self.product(x, self.weight, self.bias)

    def extra_repr(self):
        """What repr shows."""
        return "n_members={}, n_inputs={}, n_outputs={}".format(*self.weight.shape)


class SingleLinear(nn.Linear):
    """``nn.Linear``, with its product at hand."""

    product = staticmethod(F.linear)


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


class MLP(nn.Sequential):
    """Fully connected network, or several that are trained side by side.

    Parameters
    ----------
    n_features : int
        Number of inputs.

    n_outputs : int
        Number of outputs: the classes (as logits) or the targets.

    hidden_layer_sizes : sequence of int, default=(256,)
        Units of each hidden layer.

    activation : str, default="relu"
        A key of ``ACTIVATIONS``.

    dropout : float, default=0.0
        Probability of dropping a hidden unit in training.

    n_members : int, default=1
        Networks in the ensemble. In training mode they give outputs of shape
        (n_rows, n_members, n_outputs), each to be held against the same labels; in
        evaluation mode their mean.

    bins : tuple of ndarray or None, default=None
        ``(columns, lower, width)`` of bins, for a piecewise-linear encoding of the
        features. The first, third, ... member sees it beside the features.

    generator : torch.Generator or None, default=None
        Source of the initial parameters, on the CPU; None means torch's global
        one.

    noise_generator : torch.Generator or None, default=None
        Source of the dropout masks, on the network's device; None means torch's
        global one.

    Examples
    --------
    >>> import torch
    >>> from sklearn_lga.modules import MLP
    >>> MLP(20, 3, hidden_layer_sizes=(64, 64))(torch.zeros(5, 20)).shape
    torch.Size([5, 3])
    """

    def __init__(
        self,
        n_features,
        n_outputs,
        *,
        hidden_layer_sizes=(256,),
        activation="relu",
        dropout=0.0,
        n_members=1,
        bins=None,
        generator=None,
        noise_generator=None,
    ):
        layers, width = [], n_features
        if bins is not None and len(bins[0]):
            layers.append(EncodedInputs(PiecewiseLinearEncoding(*bins), n_members))
            width += len(bins[0])
        for size in hidden_layer_sizes:
            layers.append(linear(width, size, generator, n_members))
            layers.append(ACTIVATIONS[activation]())
            if dropout:
                layers.append(GeneratorDropout(dropout, noise_generator))
            width = size
        super().__init__(*layers, linear(width, n_outputs, generator, n_members))
        self.n_members = n_members

    def forward(self, x):
        """Outputs of rows (n_rows, n_features)."""
        return self._combined(super().forward(x))

    def _combined(self, outputs):
        """The members' outputs: side by side in training, else their mean."""
        if self.n_members == 1:
            return outputs
        return outputs.movedim(0, 1) if self.training else outputs.mean(dim=0)

    def linearize(self, x):
        """Outputs, and how they change as the parameters move.

        Parameters
        ----------
        x : Tensor of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        outputs : Tensor
            ``self(x)``, with its graph.

        tangent : callable
            Called with a dict of parameters and their directions, gives the
            derivative of the outputs along these, of the outputs' shape; for the
            same noise, and as long as the parameters stand where they stood.
        """
        passes, h = [], x
        for layer in self:
            if hasattr(layer, "product"):
                passes.append(Pass(layer, h))
            h = passes[-1].extend(layer) if passes else layer(h)

        def tangent(directions):
            return self._combined(tangent_of(passes, directions))

        return self._combined(h), tangent


class Pass:
    """What a pass has computed: a linear layer, and the elementwise ones behind it.

    Parameters
    ----------
    linear : SingleLinear or MemberLinear

    x : Tensor of shape (..., n_inputs)
        Its input.
    """

    def __init__(self, linear, x):
        self.linear = linear
        self.x = x
        self.linear_outputs = self.outputs = None

    def extend(self, layer):
        """Put the next layer behind; its outputs."""
        if layer is self.linear:
            self.linear_outputs = self.outputs = layer(self.x)
        else:
            self.outputs = layer(self.outputs)
        return self.outputs

    def tangent(self, tangent, directions):
        """Derivative of the outputs, from that of x (None: zero)."""
        if not self.outputs.requires_grad:  # all is frozen so far
            return None
        weight, bias = (
            directions[p] if p in directions else torch.zeros_like(p)
            for p in (self.linear.weight, self.linear.bias)
        )
        moved = self.linear.product(self.x, weight, bias)
        if tangent is not None:
            moved += self.linear.product(tangent, self.linear.weight)
        if self.outputs is self.linear_outputs:
            return moved
        # The Jacobian is diagonal: it gives the same from the left and the right.
        return torch.autograd.grad(
            self.outputs, self.linear_outputs, moved, retain_graph=True
        )[0]


@torch.no_grad()
def tangent_of(passes, directions):
    """Push directions of the parameters forward through the passes."""
    tangent = None
    for each in passes:
        tangent = each.tangent(tangent, directions)
    return tangent
