"""Terms of the loss that need no labels: the other systems of the paper's Table 1.

Each is a small object that holds parameters only. The engine asks three things of it:
``init(module)`` gives what it remembers between steps (a ``torch.nn.Module`` or
None), ``loss(state, module, X, logits)`` the term for a batch whose outputs are
``logits``, and ``update(state, module)`` is called after every update of the network.
The engine multiplies the term by ``weight_at(progress)``, and leaves terms of weight 0
out.
"""

import math
from dataclasses import dataclass, field, fields, replace
from numbers import Integral, Real

import torch
import torch.nn.functional as F
from sklearn.utils._param_validation import (
    Interval,
    StrOptions,
    validate_parameter_constraints,
)
from torch import nn
from torch.func import functional_call

__all__ = [
    "VAT",
    "EntropyMinimization",
    "MeanTeacher",
    "PiModel",
    "PseudoLabel",
    "Regularizer",
]

EPS_PER_ROOT_FEATURE = 0.1
"""VAT's ``eps=None``, divided by the square root of the number of features."""


def kl_divergence(clean, other):
    """KL(softmax(clean) || softmax(other)) of each row; logits (n_rows, n_classes)."""
    log_p, log_q = F.log_softmax(clean, dim=-1), F.log_softmax(other, dim=-1)
    return (log_p.exp() * (log_p - log_q)).sum(dim=-1)


def half_squared_distance(clean, other):
    """KL of each row between Gaussians of variance 1 around outputs (n_rows, k)."""
    return 0.5 * (clean - other).square().sum(dim=-1)


def entropy(logits):
    """Entropy of softmax(logits) of each row, in nats."""
    log_p = F.log_softmax(logits, dim=-1)
    return -(log_p.exp() * log_p).sum(dim=-1)


def unit_rows(values):
    """Each row scaled to a Euclidean norm of 1; a row of zeros stays one."""
    flat = values.flatten(start_dim=1)
    # To a maximum of 1 first, as the squares of small numbers would be lost.
    tiny = torch.finfo(values.dtype).tiny
    flat = flat / flat.abs().amax(dim=1, keepdim=True).clamp(min=tiny)
    return F.normalize(flat, dim=1).view_as(values)


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

    def weight_at(self, progress):
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

    def init(self, module):
        """What to remember between the steps of a training of ``module``.

        Parameters
        ----------
        module : torch.nn.Module
            The network, before its first step.

        Returns
        -------
        state : torch.nn.Module or None
            Its buffers are saved with the engine's. Where it has an attribute
            ``generator``, the engine puts the source of noise there.
        """
        return None

    def loss(self, state, module, X, logits):
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
            ``module(X)``, with its graph.

        Returns
        -------
        loss : Tensor
            A scalar.
        """
        raise TypeError(f"{type(self).__name__} has no method loss: define one.")

    def update(self, state, module):
        """Follow an update of the network; most regularizers need not.

        Parameters
        ----------
        state : torch.nn.Module or None
            What ``init`` gave.

        module : torch.nn.Module
            The network, after the update.
        """

    def for_targets(self):
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


class _NeedsClasses:
    """For regularizers that mean nothing without probabilities of classes."""

    def for_targets(self):
        """There is no such thing for targets."""
        raise ValueError(
            f"{type(self).__name__} needs probabilities of classes, which regression "
            "has not. VAT, PiModel and MeanTeacher take targets."
        )


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

    def for_targets(self):
        """The same, comparing outputs as they are.

        Returns
        -------
        regularizer : Regularizer
            A copy with ``outputs="targets"``.
        """
        return replace(self, outputs="targets")

    def divergence(self, clean, other):
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

    def mean_squared_error(self, outputs, others):
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
class VAT(Consistency):
    """Virtual adversarial training: equal outputs for the worst small step of a row.

    ::

        loss = mean KL(p(y|x) || p(y|x + r)),   r = eps d
        d    = unit(gradient of KL(p(y|x) || p(y|x + xi d)) with respect to d)

    from a random d, ``n_power`` times. p(y|x) is held constant, so the gradient
    flows through the perturbed outputs alone [1]_.

    Parameters
    ----------
    weight : float, default=1.0
        Factor of the term.

    eps : float or None, default=None
        Length of the step r, in units of X. None means 0.1 times the root of
        the number of features: distances between rows grow with that root, where
        features are standardized.

    xi : float or None, default=None
        Length of the step that the direction is found with. None means the cube
        root of the resolution of X's dtype, 0.005 for float32, where the direction
        is nearest to that of float64. The 1e-6 of the published code is lost in the
        rounding of standardized float32 features.

    n_power : int, default=1
        Number of power iterations.

    ramp_up : float in [0, 1], default=0.0
        Share of the training over which the weight grows to the whole.

    outputs : {"logits", "targets"}, default="logits"
        What the network gives. Estimators of targets set it by themselves; the
        divergence is then half the squared distance.

    References
    ----------
    .. [1] T. Miyato et al., "Virtual Adversarial Training: A Regularization Method
       for Supervised and Semi-Supervised Learning", 2018.

    Examples
    --------
    >>> from sklearn_lga import LGAClassifier
    >>> from sklearn_lga.regularizers import VAT
    >>> LGAClassifier(regularizers=[VAT(0.3)]).regularizers == [VAT(weight=0.3)]
    True
    """

    eps: float | None = None
    xi: float | None = None
    n_power: int = 1

    _parameter_constraints = {
        **Consistency._parameter_constraints,
        "eps": [Interval(Real, 0, None, closed="left"), None],
        "xi": [Interval(Real, 0, None, closed="neither"), None],
        "n_power": [Interval(Integral, 0, None, closed="left")],
    }

    def init(self, module):
        """The source of the random directions."""
        return Noise()

    def loss(self, state, module, X, logits):
        """KL(p(y|x) || p(y|x + r)), the mean over the rows."""
        clean = logits.detach()
        direction = unit_rows((state or Noise()).normal_like(X))
        for _ in range(self.n_power):
            direction = self._steepest(module, X, clean, direction)
        perturbed = module(X + self._eps(X) * direction)
        return self.divergence(clean, perturbed).mean()

    def _steepest(self, module, X, clean, direction):
        """One power iteration."""
        step = (self._xi(X) * direction).requires_grad_()
        divergence = self.divergence(clean, module(X + step)).sum()
        return unit_rows(torch.autograd.grad(divergence, step)[0])

    def _eps(self, X):
        if self.eps is not None:
            return float(self.eps)
        return EPS_PER_ROOT_FEATURE * math.sqrt(X[0].numel())

    def _xi(self, X):
        if self.xi is not None:
            return float(self.xi)
        return torch.finfo(X.dtype).eps ** (1 / 3)


@dataclass(frozen=True)
class PiModel(Consistency):
    """Equal outputs of two stochastic passes: dropout, noise, augmentation.

    ::

        loss = mean over rows and classes of (p1(y|x) - p2(y|x))^2

    where both passes take the gradient [1]_ [2]_. A network without randomness in
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

    Examples
    --------
    >>> from sklearn_lga.regularizers import PiModel
    >>> PiModel(20.0, ramp_up=0.4).weight_at(1.0)
    20.0
    """

    def loss(self, state, module, X, logits):
        """Mean squared difference of the probabilities of two passes."""
        return self.mean_squared_error(logits, module(X))


class Teacher(nn.Module):
    """Exponential moving average of a network's parameters, evaluated in its place.

    The average is a buffer, so that no optimizer takes it for a parameter; noise
    and batch statistics are the student's own.
    """

    def __init__(self, module):
        super().__init__()
        self.register_buffer("average", self.flat_parameters(module))

    @staticmethod
    def flat_parameters(module):
        """All parameters in one vector."""
        return nn.utils.parameters_to_vector(module.parameters()).detach()

    def update(self, module, decay):
        """Move towards the parameters of the student."""
        self.average.lerp_(self.flat_parameters(module), 1.0 - decay)

    @torch.no_grad()
    def outputs(self, module, X):
        """What the student would give with the averaged parameters."""
        named = dict(module.named_parameters())
        parts = self.average.split([p.numel() for p in named.values()])
        averaged = {
            name: part.view_as(p)
            for (name, p), part in zip(named.items(), parts, strict=True)
        }
        return functional_call(module, averaged, (X,))


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

    def init(self, module):
        """The teacher."""
        return Teacher(module)

    def loss(self, state, module, X, logits):
        """Mean squared difference of the student's and the teacher's probabilities."""
        return self.mean_squared_error(logits, state.outputs(module, X))

    def update(self, state, module):
        """Let the teacher follow the student."""
        state.update(module, self.decay)


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

    def loss(self, state, module, X, logits):
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

    ramp_up : float in [0, 1], default=0.0
        Share of the training over which the weight grows to the whole.

    References
    ----------
    .. [1] Y. Grandvalet and Y. Bengio, "Semi-Supervised Learning by Entropy
       Minimization", 2005.

    Examples
    --------
    >>> import torch
    >>> from sklearn_lga.regularizers import EntropyMinimization
    >>> loss = EntropyMinimization().loss(None, None, None, torch.zeros(4, 2))
    >>> round(loss.item(), 4)  # log 2
    0.6931
    """

    def loss(self, state, module, X, logits):
        """Mean entropy of the predictions, in nats."""
        return entropy(logits).mean()
