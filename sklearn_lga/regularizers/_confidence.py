"""Outputs that are sure of a class."""

from dataclasses import dataclass
from numbers import Real
from typing import NoReturn

import torch
import torch.nn.functional as F
from sklearn.utils._param_validation import Interval
from torch import Tensor, nn

from ._base import Regularizer
from ._vat import VAT


def entropy(logits):
    """Entropy of softmax(logits) of each row, in nats."""
    log_p = F.log_softmax(logits, dim=-1)
    return -(log_p.exp() * log_p).sum(dim=-1)


class _NeedsClasses:
    """For regularizers that mean nothing without probabilities of classes."""

    def for_targets(self) -> NoReturn:
        """There is no such thing for targets."""
        raise ValueError(
            f"{type(self).__name__} needs probabilities of classes, which regression "
            "has not. VAT, PiModel and MeanTeacher take targets."
        )


@dataclass(frozen=True)
class PseudoLabel(_NeedsClasses, Regularizer):
    """The network's own confident predictions as labels.

    ::

        loss = mean over rows of 1[max_y p(y|x) >= threshold] * -log p(argmax_y p|x)

    The label takes no gradient; rows below the threshold give none, but count in the
    mean [1]_ (where all rows are labelled; the threshold is later practice).

    Parameters
    ----------
    weight : float, default=1.0
        Factor of the term.

    threshold : float in [0, 1], default=0.95
        Least probability of a prediction that serves as a label.

    ramp_up : float in [0, 1], default=0.0
        Share of the training over which the weight grows to the whole.

    References
    ----------
    .. [1] D.-H. Lee, "Pseudo-Label: The Simple and Efficient Semi-Supervised Learning
       Method for Deep Neural Networks", 2013.

    Examples
    --------
    >>> import torch
    >>> from sklearn_lga.regularizers import PseudoLabel
    >>> PseudoLabel(threshold=0.9).loss(None, None, None, torch.zeros(4, 2)).item()
    0.0
    """

    threshold: float = 0.95

    _parameter_constraints = {
        **Regularizer._parameter_constraints,
        "threshold": [Interval(Real, 0, 1, closed="both")],
    }

    def loss(
        self, state: nn.Module | None, module: nn.Module, X: Tensor, logits: Tensor
    ) -> Tensor:
        """Cross entropy with the predicted class, of the confident rows."""
        log_p = F.log_softmax(logits, dim=-1)
        confidence, label = log_p.detach().exp().max(dim=-1, keepdim=True)
        loss = -log_p.gather(-1, label)
        return torch.where(confidence >= self.threshold, loss, 0.0).mean()


@dataclass(frozen=True)
class EntropyMinimization(_NeedsClasses, Regularizer):
    """Confident predictions.

    ::

        loss = mean over rows of -sum_y p(y|x) log p(y|x)

    of which both factors take the gradient [1]_.

    Parameters
    ----------
    weight : float, default=1.0
        Factor of the term.

    perturbation : VAT or None, default=None
        Whose steps are added to the rows first, each from a random direction of its
        own: "VAT + EntMin" in the protocol of [2]_. Of VAT's parameters, its weight
        plays no part. None: the rows as they are.

    ramp_up : float in [0, 1], default=0.0
        Share of the training over which the weight grows to the whole.

    References
    ----------
    .. [1] Y. Grandvalet and Y. Bengio, "Semi-Supervised Learning by Entropy
       Minimization", 2005.
    .. [2] A. Oliver et al., "Realistic Evaluation of Deep Semi-Supervised Learning
       Algorithms", 2018.

    Examples
    --------
    >>> import torch
    >>> from sklearn_lga.regularizers import EntropyMinimization
    >>> loss = EntropyMinimization().loss(None, None, None, torch.zeros(4, 2))
    >>> round(loss.item(), 4)  # log 2
    0.6931
    """

    perturbation: VAT | None = None

    _parameter_constraints = {
        **Regularizer._parameter_constraints,
        "perturbation": [VAT, None],
    }

    def init(self, module: nn.Module) -> nn.Module | None:
        """The source of the perturbation's random directions."""
        return None if self.perturbation is None else self.perturbation.init(module)

    def loss(
        self, state: nn.Module | None, module: nn.Module, X: Tensor, logits: Tensor
    ) -> Tensor:
        """Mean entropy of the predictions, in nats."""
        if self.perturbation is not None:
            logits = self.perturbation.perturbed(state, module, X, logits)
        return entropy(logits).mean()
