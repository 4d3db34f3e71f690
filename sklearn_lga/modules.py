"""Networks to train."""

from torch import nn

from ._encoding import MemberInputs
from ._layers import (
    GeneratorDropout,
    LinearizedPass,
    MemberLinear,
    ReLU,
    SingleLinear,
    linear,
)
from ._wide_resnet import WideResNet

__all__ = ["ACTIVATIONS", "MLP", "WideResNet"]

ACTIVATIONS = {
    "relu": ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}
"""Activation functions of :class:`MLP`, by name."""

LINEAR = {SingleLinear, MemberLinear}
ELEMENTWISE = {GeneratorDropout, *ACTIVATIONS.values()}


class MLP(nn.Sequential):
    """Fully connected network, or several that are trained side by side.

    Parameters
    ----------
    n_features : int
        Number of inputs of the first layer.

    n_outputs : int
        Number of outputs: the classes (as logits) or the targets.

    hidden_layer_sizes : sequence of int, default=(128,)
        Units of each hidden layer.

    activation : str, default="relu"
        A key of ``ACTIVATIONS``.

    dropout : float, default=0.0
        Probability of dropping a hidden unit in training.

    n_members : int, default=1
        Networks in the ensemble. In training mode they give outputs of shape
        (n_rows, n_members, n_outputs), each to be held against the same labels; in
        evaluation mode their mean.

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
        n_features,
        n_outputs,
        *,
        hidden_layer_sizes=(128,),
        activation="relu",
        dropout=0.0,
        n_members=1,
        inputs=None,
        generator=None,
        noise_generator=None,
    ):
        layers, width = [] if inputs is None else [inputs()], n_features
        for size in hidden_layer_sizes:
            layers.append(linear(width, size, generator, n_members))
            layers.append(ACTIVATIONS[activation]())
            if dropout:
                layers.append(GeneratorDropout(dropout, noise_generator))
            width = size
        super().__init__(*layers, linear(width, n_outputs, generator, n_members))
        self.n_members = n_members

    def forward(self, x):
        """Outputs of rows."""
        return self._combined(super().forward(x))

    def _combined(self, outputs):
        """The members' outputs: side by side in training, else their mean."""
        if self.n_members == 1:
            return outputs
        return outputs.movedim(0, 1) if self.training else outputs.mean(dim=0)

    @property
    def can_linearize(self):
        """Whether :meth:`linearize` does what a call does, as far as layers tell.

        Not in evaluation mode, where a subclass has a forward pass of its own, or
        where layers were exchanged, parametrized or given the same parameters.
        """
        kinds = [type(layer) for layer in self if type(layer) is not MemberInputs]
        n_linear = sum(kind in LINEAR for kind in kinds)
        return (
            self.training
            and type(self).forward is MLP.forward
            and LINEAR.union(ELEMENTWISE).issuperset(kinds)
            and len(list(self.parameters())) == 2 * n_linear
        )

    def linearize(self, x):
        """A training pass with the products of its Jacobian, see ``LinearizedPass``.

        Parameters
        ----------
        x : Tensor of shape (n_rows, n_columns)
            Rows.

        Returns
        -------
        linearized : LinearizedPass
            Its outputs have the members before the rows.
        """
        return LinearizedPass(self, x)
