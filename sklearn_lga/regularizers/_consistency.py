"""Equal outputs under a change of the input or the network."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from numbers import Real
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from sklearn.utils._param_validation import Interval, StrOptions
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.utils import parameters_to_vector

from ..alignment import unflatten
from ._base import Regularizer

if TYPE_CHECKING:
    from typing_extensions import Self


def kl_divergence(clean, other):
    """KL(softmax(clean) || softmax(other)) of each row; logits (n_rows, n_classes)."""
    log_p, log_q = F.log_softmax(clean, dim=-1), F.log_softmax(other, dim=-1)
    return (log_p.exp() * (log_p - log_q)).sum(dim=-1)


def half_squared_distance(clean, other):
    """KL of each row between Gaussians of variance 1 around outputs (n_rows, k)."""
    return 0.5 * (clean - other).square().sum(dim=-1)


@dataclass(frozen=True)
class Consistency(Regularizer):
    """Base of those that ask for equal outputs under a change of input or network.

    ``outputs`` says what they compare: the distributions of "logits", or "targets".
    """

    outputs: str = field(default="logits", kw_only=True)

    _parameter_constraints = {
        **Regularizer._parameter_constraints,
        "outputs": [StrOptions({"logits", "targets"})],
    }

    def for_targets(self) -> Self:
        """The same, comparing outputs as they are.

        Returns
        -------
        regularizer : Regularizer
            A copy with ``outputs="targets"``.
        """
        return replace(self, outputs="targets")

    def divergence(self, clean: Tensor, other: Tensor) -> Tensor:
        """KL divergence of each row, half the squared distance of targets.

        Parameters
        ----------
        clean, other : Tensor of shape (n_rows, n_outputs)
            Logits or targets; the divergence is taken from the first to the second.

        Returns
        -------
        divergence : Tensor of shape (n_rows,)
            In nats for logits.
        """
        if self.outputs == "targets":
            return half_squared_distance(clean, other)
        return kl_divergence(clean, other)

    def mean_squared_error(self, outputs: Tensor, others: Tensor) -> Tensor:
        """Mean over rows and classes of the squared difference of probabilities.

        Parameters
        ----------
        outputs, others : Tensor of shape (n_rows, n_outputs)
            Logits, or targets, which are compared as they are.

        Returns
        -------
        error : Tensor
            A scalar.
        """
        if self.outputs == "targets":
            return F.mse_loss(outputs, others)
        return F.mse_loss(outputs.softmax(dim=-1), others.softmax(dim=-1))


class Noise(nn.Module):
    """State of a regularizer that draws random numbers: where it draws them from."""

    generator = None

    def normal_like(self, values):
        """Standard normal numbers, shaped like ``values``."""
        return torch.empty_like(values).normal_(generator=self.generator)


@dataclass(frozen=True)
class PiModel(Consistency):
    """Equal outputs of two stochastic passes: dropout, noise, augmentation.

    ::

        loss = mean over rows and classes of (p1(y|x) - p2(y|x))^2

    where the second pass takes no gradient, as in the protocol of [3]_; in [1]_ and
    [2]_ both do, which is as much as twice the weight. A network without randomness in
    its forward pass has nothing to learn from it.

    Parameters
    ----------
    weight : float, default=1.0
        Factor of the term.

    ramp_up : float in [0, 1], default=0.0
        Share of the training over which the weight grows to the whole.

    outputs : {"logits", "targets"}, default="logits"
        What the network gives. Estimators of targets set it by themselves; targets
        are then compared as they are.

    References
    ----------
    .. [1] S. Laine and T. Aila, "Temporal Ensembling for Semi-Supervised Learning",
       2016.
    .. [2] M. Sajjadi et al., "Regularization with Stochastic Transformations and
       Perturbations for Deep Semi-Supervised Learning", 2016.
    .. [3] A. Oliver et al., "Realistic Evaluation of Deep Semi-Supervised Learning
       Algorithms", 2018.

    Examples
    --------
    >>> from sklearn_lga.regularizers import PiModel
    >>> PiModel(20.0, ramp_up=0.4).weight_at(1.0)
    20.0
    """

    needs_noise = True

    def loss(self, state: Any, module: nn.Module, X: Tensor, logits: Tensor) -> Tensor:
        """Mean squared difference of the probabilities of two passes."""
        with torch.no_grad():
            others = module(X)
        return self.mean_squared_error(logits, others)


class Teacher(nn.Module):
    """Exponential moving average of a network's parameters, evaluated in its place.

    The average is a buffer, so that no optimizer takes it for a parameter; noise
    and batch statistics are the student's own.
    """

    def __init__(self, module):
        super().__init__()
        start = parameters_to_vector(module.parameters()).detach()
        self.register_buffer("average", start)

    def update(self, module, decay):
        """Move towards the parameters of the student."""
        student = parameters_to_vector(module.parameters()).detach()
        self.average.lerp_(student, 1.0 - decay)

    @torch.no_grad()
    def outputs(self, module, X):
        """What the student would give with the averaged parameters."""
        named = dict(module.named_parameters())
        averaged = unflatten(self.average, named.values())
        return functional_call(module, dict(zip(named, averaged, strict=True)), (X,))


@dataclass(frozen=True)
class MeanTeacher(Consistency):
    """Outputs equal to those of a teacher, whose parameters average the student's.

    ::

        loss    = mean over rows and classes of (p(y|x) - p_teacher(y|x))^2
        teacher <- decay * teacher + (1 - decay) * student,   after every update

    The teacher takes no gradient [1]_. It starts as the student does. The student
    is what the estimator predicts with.

    Parameters
    ----------
    weight : float, default=1.0
        Factor of the term.

    decay : float in [0, 1], default=0.95
        Decay of the average.

    ramp_up : float in [0, 1], default=0.0
        Share of the training over which the weight grows to the whole.

    outputs : {"logits", "targets"}, default="logits"
        What the network gives. Estimators of targets set it by themselves; targets
        are then compared as they are.

    References
    ----------
    .. [1] A. Tarvainen and H. Valpola, "Mean Teachers Are Better Role Models:
       Weight-Averaged Consistency Targets Improve Semi-Supervised Deep Learning
       Results", 2017.

    Examples
    --------
    >>> from sklearn_lga.regularizers import MeanTeacher
    >>> MeanTeacher(8.0).decay
    0.95
    """

    decay: float = 0.95

    _parameter_constraints = {
        **Consistency._parameter_constraints,
        "decay": [Interval(Real, 0, 1, closed="both")],
    }

    def init(self, module: nn.Module) -> Teacher:
        """The teacher."""
        return Teacher(module)

    def loss(self, state: Any, module: nn.Module, X: Tensor, logits: Tensor) -> Tensor:
        """Mean squared difference of the student's and the teacher's probabilities."""
        return self.mean_squared_error(logits, state.outputs(module, X))

    def update(self, state: Any, module: nn.Module) -> None:
        """Let the teacher follow the student."""
        state.update(module, self.decay)
