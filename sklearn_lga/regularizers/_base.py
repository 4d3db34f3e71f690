"""What every regularizer has: a weight, its ramp-up, three methods."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from numbers import Real
from typing import TYPE_CHECKING

from sklearn.utils._param_validation import Interval, validate_parameter_constraints

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Regularizer:
    """Base of the regularizers: a weight, an optional ramp-up, and three methods.

    Parameters
    ----------
    weight : float, default=1.0
        Factor of the term; with 0 it is not computed and draws no random number.

    ramp_up : float in [0, 1], default=0.0
        Share of the training over which the weight grows from exp(-5) of itself to
        the whole, see :meth:`weight_at`.

    Examples
    --------
    A penalty on large outputs:

    >>> from dataclasses import dataclass
    >>> from sklearn_lga.regularizers import Regularizer
    >>> @dataclass(frozen=True)
    ... class SmallOutputs(Regularizer):
    ...     def loss(self, state, module, X, logits):
    ...         return logits.square().mean()
    >>> SmallOutputs(weight=0.1)
    SmallOutputs(weight=0.1, ramp_up=0.0)
    """

    weight: float = 1.0
    ramp_up: float = field(default=0.0, kw_only=True)

    _parameter_constraints = {
        "weight": [Interval(Real, 0, None, closed="left")],
        "ramp_up": [Interval(Real, 0, 1, closed="both")],
    }

    def __post_init__(self):
        validate_parameter_constraints(
            self._parameter_constraints,
            {f.name: getattr(self, f.name) for f in fields(self)},
            caller_name=type(self).__name__,
        )

    def weight_at(self, progress: float) -> float:
        """Weight of the term: ``weight * exp(-5 (1 - progress / ramp_up)^2)``.

        Parameters
        ----------
        progress : float in [0, 1]
            Share of the training that is behind.

        Returns
        -------
        weight : float
            From ``progress >= ramp_up`` on, the whole.
        """
        if progress >= self.ramp_up:
            return float(self.weight)
        return self.weight * math.exp(-5.0 * (1.0 - progress / self.ramp_up) ** 2)

    def init(self, module: nn.Module) -> nn.Module | None:
        """What to remember between the steps of a training of ``module``.

        Parameters
        ----------
        module : torch.nn.Module
            The network, before its first step.

        Returns
        -------
        state : torch.nn.Module or None
            Its buffers are saved with the training's. Where it has an attribute
            ``generator``, the training puts its source of noise there.
        """
        return None

    def loss(
        self, state: nn.Module | None, module: nn.Module, X: Tensor, logits: Tensor
    ) -> Tensor:
        """The term, without its weight.

        Parameters
        ----------
        state : torch.nn.Module or None
            What ``init`` gave.

        module : torch.nn.Module
            The network, in training mode.

        X : Tensor of shape (n_rows, ...)
            Rows, labelled or not.

        logits : Tensor of shape (n_rows, n_outputs)
            ``module(X)``; gradients flow through it.

        Returns
        -------
        loss : Tensor
            A scalar.
        """
        raise TypeError(f"{type(self).__name__} has no method loss: define one.")

    def update(self, state: nn.Module | None, module: nn.Module) -> None:
        """Follow an update of the network; most regularizers need not.

        Tensors of the state are to be written in place.

        Parameters
        ----------
        state : torch.nn.Module or None
            What ``init`` gave.

        module : torch.nn.Module
            The network, after the update.
        """

    def for_targets(self) -> Regularizer:
        """The same for outputs that are targets of regression.

        Returns
        -------
        regularizer : Regularizer
            This object, or one that compares targets.

        Raises
        ------
        ValueError
            By those that need the probabilities of classes.
        """
        return self
