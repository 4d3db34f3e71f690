"""The built-in network: members side by side, and the layers that they are made of."""

import math
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any

import torch
from torch import Tensor, nn

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}
"""Activation functions of :class:`MLP`, by name."""


class MLP(nn.Sequential):
    """Fully connected network, or several that are trained side by side.

    Parameters
    ----------
    n_features : int
        Number of inputs of the first layer.

    n_outputs : int
        Number of outputs: the classes (as logits) or the targets.

    hidden_layer_sizes : int or sequence of int, default=(128,)
        Units of each hidden layer; an int is one layer.

    activation : str, default="relu"
        A key of ``ACTIVATIONS``.

    dropout : float, default=0.0
        Probability of dropping a hidden unit in training.

    n_members : int, default=1
        Networks in the ensemble. In training mode they give outputs of shape
        (n_rows, n_members, n_outputs), each to be held against labels; in evaluation
        mode their mean.

    inputs : callable or None, default=None
        Gives a ``torch.nn.Module`` from rows to what the first layer sees, of shape
        (n_rows, n_features) or (n_members, n_rows, n_features), nothing in which is
        trained. None: the first layer sees the rows.

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
        n_features: int,
        n_outputs: int,
        *,
        hidden_layer_sizes: int | Sequence[int] = (128,),
        activation: str = "relu",
        dropout: float = 0.0,
        n_members: int = 1,
        inputs: Callable[[], nn.Module] | None = None,
        generator: torch.Generator | None = None,
        noise_generator: torch.Generator | None = None,
    ) -> None:
        layers, width = [] if inputs is None else [inputs()], n_features
        one = isinstance(hidden_layer_sizes, Integral)
        sizes: Any = [hidden_layer_sizes] if one else hidden_layer_sizes
        for size in sizes:
            layers.append(linear(width, size, generator, n_members))
            layers.append(ACTIVATIONS[activation]())
            if dropout:
                layers.append(GeneratorDropout(dropout, noise_generator))
            width = size
        super().__init__(*layers, linear(width, n_outputs, generator, n_members))
        self.n_members = n_members

    def forward(self, x: Tensor) -> Tensor:
        """Outputs of rows; those of several members side by side, or their mean."""
        outputs = self.members(x)
        one = self.n_members == 1 or self.training
        return outputs if one else outputs.mean(dim=1)

    def members(self, x: Tensor) -> Tensor:
        """Compute the outputs of each network.

        Parameters
        ----------
        x : Tensor of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        outputs : Tensor of shape (n_rows, n_members, n_outputs)
            Of one network (n_rows, n_outputs).
        """
        outputs = super().forward(x)
        return outputs if self.n_members == 1 else outputs.movedim(0, 1)


def linear(n_inputs, n_outputs, generator=None, n_members=1):
    """A linear layer with torch's default distribution, drawn from a generator."""
    if n_members == 1:
        layer = nn.utils.skip_init(nn.Linear, n_inputs, n_outputs)
    else:
        layer = MemberLinear(n_members, n_inputs, n_outputs)
    bound = 1.0 / math.sqrt(max(1, n_inputs))
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -bound, bound, generator=generator)
    return layer


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

    def forward(self, x):
        """From (n_rows, n_inputs), or (n_members, ...), to (n_members, ...)."""
        x = x.expand(len(self.weight), *x.shape[-2:])
        return torch.baddbmm(self.bias, x, self.weight)

    def extra_repr(self):
        """What repr shows."""
        return "n_members={}, n_inputs={}, n_outputs={}".format(*self.weight.shape)


class GeneratorDropout(nn.Module):
    """Dropout that draws its masks from a generator of its own.

    ``torch.nn.Dropout`` knows the global one only, which all fits of a process share.

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


def bernoulli_mask(shape, p, generator, device):
    """Booleans that are true with probability p, to a resolution of 2**-16.

    Compares 16 random bits an entry, a quarter of what a random float takes.
    """
    n = math.prod(shape)
    words = torch.empty(math.ceil(n / 4), dtype=torch.int64, device=device)
    words.random_(-(2**63), None, generator=generator)
    bits = words.view(torch.int16)[:n].view(shape)
    return bits < round(p * 2**16) - 2**15


class MemberScales(nn.Module):
    """What each of several networks side by side sees of a row: scaled columns.

    Parameters
    ----------
    scales : ndarray of float32, shape (n_members, n_columns)
        Factors of the columns for each network.
    """

    def __init__(self, scales):
        super().__init__()
        scales = torch.from_numpy(scales)
        scales = scales.unsqueeze(1) if len(scales) > 1 else scales
        self.register_buffer("scales", scales)

    def forward(self, x):
        """Inputs (n_members, n_rows, n_columns); of one network (n_rows, n_columns)."""
        return x * self.scales
