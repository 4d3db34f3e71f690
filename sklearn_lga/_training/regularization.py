"""Terms that regularizers add to the loss, and what they remember between steps."""

from torch import nn

from .jacobian import frozen_statistics


class Regularization(nn.Module):
    """The regularizers of a training, with their states.

    Parameters
    ----------
    regularizers : sequence
        See :mod:`sklearn_lga.regularizers`; those of weight 0 are left out.

    module : torch.nn.Module
        The network before its first step; it is not kept.

    generator : torch.Generator or None
        Source of the noise of those that need any.
    """

    def __init__(self, regularizers, module, generator):
        super().__init__()
        self.regularizers = [r for r in regularizers if r.weight]
        self.generator = generator
        self.start(module)

    def __len__(self):
        return len(self.regularizers)

    def start(self, module):
        """Have the regularizers remember this network as their first."""
        states = [regularizer.init(module) for regularizer in self.regularizers]
        for state in states:
            if hasattr(state, "generator"):
                state.generator = self.generator
        self.states = nn.ModuleList(states)

    def loss(self, module, rows, outputs, progress):
        """The weighted sum of the terms for a batch, with its graph."""
        with frozen_statistics(module):
            return sum(
                regularizer.weight_at(progress)
                * regularizer.loss(state, module, rows, outputs)
                for regularizer, state in self._pairs()
            )

    def follow(self, module):
        """Let the states follow an update of the network."""
        for regularizer, state in self._pairs():
            regularizer.update(state, module)

    def _pairs(self):
        return zip(self.regularizers, self.states, strict=True)
