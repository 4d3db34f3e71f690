"""Networks to train."""

import math
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

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


def linear(n_inputs, n_outputs, generator=None):
    """``nn.Linear`` with torch's default distribution, drawn from a generator."""
    layer = nn.utils.skip_init(nn.Linear, n_inputs, n_outputs)
    bound = 1.0 / math.sqrt(max(1, n_inputs))
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -bound, bound, generator=generator)
    return layer


class MLP(nn.Sequential):
    """Fully connected network.

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
        generator=None,
        noise_generator=None,
    ):
        layers, width = [], n_features
        for size in hidden_layer_sizes:
            layers += [linear(width, size, generator), ACTIVATIONS[activation]()]
            if dropout:
                layers.append(GeneratorDropout(dropout, noise_generator))
            width = size
        super().__init__(*layers, linear(width, n_outputs, generator))

    def forward(self, x):
        """Outputs (n_rows, n_outputs) of rows (n_rows, n_features)."""
        return super().forward(x)

    def linearize(self, x):
        """Outputs, and how they change as the parameters move.

        Parameters
        ----------
        x : Tensor of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        outputs : Tensor of shape (n_rows, n_outputs)
            ``self(x)``, with its graph.

        tangent : callable
            Called with a dict of parameters and their directions, gives the
            derivative of the outputs along these, of the outputs' shape; for the
            same noise, and as long as the parameters stand where they stood.
        """
        passes = []
        for layer in self:
            if isinstance(layer, nn.Linear):
                passes.append(Pass(layer, x))
            x = passes[-1].extend(layer)
        return x, partial(tangent_of, passes)


class Pass:
    """What a pass has computed: a linear layer, and the elementwise ones behind it.

    Parameters
    ----------
    linear : torch.nn.Linear

    x : Tensor of shape (n_rows, n_inputs)
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
        moved = F.linear(self.x, weight, bias)
        if tangent is not None:
            moved = torch.addmm(moved, tangent, self.linear.weight.T)
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
