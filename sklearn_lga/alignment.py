"""The formulas of label gradient alignment, as pure functions of tensors.

Equation numbers are those of Jackson and Schulman, "Semi-Supervised Learning by
Label Gradient Alignment" (2019). A gradient with respect to the network's
parameters is one flat vector of length ``n_parameters`` everywhere.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = [
    "CLASSIFICATION",
    "LABELED_WEIGHT_DECAYS",
    "REGRESSION",
    "Objective",
    "adam_update",
    "alignment_direction",
    "bias_corrected",
    "flat_gradient",
    "label_gradient",
    "labeled_weight_at",
    "moving_average",
    "normalized_distance",
    "output_gradient",
    "unflatten",
]


def cross_entropy(logits, labels):
    """Cross entropy of each row; ``labels`` are class weights, linear in them."""
    return -(labels * F.log_softmax(logits, dim=-1)).sum(dim=-1)


def cross_entropy_gradient(logits, labels):
    """Gradient of :func:`cross_entropy` with respect to the logits."""
    return torch.softmax(logits, dim=-1) * labels.sum(dim=-1, keepdim=True) - labels


def half_squared_error(outputs, targets):
    """Half the squared error of each row, summed over the outputs (Eq. 3)."""
    return 0.5 * (outputs - targets).square().sum(dim=-1)


def half_squared_error_gradient(outputs, targets):
    """Gradient of :func:`half_squared_error` with respect to the outputs."""
    return outputs - targets


softmax = partial(torch.softmax, dim=-1)
"""The label parameterization f of classification."""


def softmax_pullback(labels, tangent):
    """f'(w)^T t where f(w) = labels, a softmax."""
    return labels * (tangent - (labels * tangent).sum(dim=-1, keepdim=True))


def identity(w):
    """The label parameterization f of regression."""
    return w


def identity_pullback(labels, tangent):
    """f'(w)^T t where f is the identity."""
    return tangent


@dataclass(frozen=True)
class Objective:
    """What Algorithm 1 asks of a task: the loss L and the parameterization f.

    Parameters
    ----------
    loss : callable
        ``loss(outputs, labels)``, both of shape (n_rows, n_outputs), gives the
        loss of each row, of shape (n_rows,).

    gradient : callable
        ``gradient(outputs, labels)`` gives that of each row with respect to its
        outputs, of shape (n_rows, n_outputs); minus the labels, but for a part that
        the labels do not change.

    parameterize : callable
        f, from label parameters w to labels, shape (n_rows, n_outputs) both.

    pullback : callable
        ``pullback(f(w), t)`` gives f'(w)^T t of each row, all of shape (n_rows,
        n_outputs).

    Examples
    --------
    >>> import torch
    >>> from sklearn_lga.alignment import REGRESSION
    >>> REGRESSION(torch.tensor([[1.0], [3.0]]), torch.zeros(2, 1)).item()
    2.5
    """

    loss: Callable[[Tensor, Tensor], Tensor]
    gradient: Callable[[Tensor, Tensor], Tensor]
    parameterize: Callable[[Tensor], Tensor]
    pullback: Callable[[Tensor, Tensor], Tensor]

    def __call__(
        self, outputs: Tensor, labels: Tensor, weights: Tensor | float = 1.0
    ) -> Tensor:
        """L(theta, X, y), the mean over the rows, of a weight each."""
        return (weights * self.loss(outputs, labels)).mean()


CLASSIFICATION = Objective(
    cross_entropy, cross_entropy_gradient, softmax, softmax_pullback
)
REGRESSION = Objective(
    half_squared_error,
    half_squared_error_gradient,
    identity,
    identity_pullback,
)


def flat_gradient(
    outputs: Tensor,
    parameters: Sequence[Tensor],
    grad_outputs: Tensor | None = None,
    **kwargs: Any,
) -> Tensor:
    """Gradient with respect to the parameters as one vector, as in Eq. 1.

    Parameters
    ----------
    outputs : Tensor
        A scalar loss, or outputs of any shape with ``grad_outputs``.

    parameters : list of Tensor
        Parameters that the outputs do not depend on get a gradient of zero.

    grad_outputs : Tensor or None, default=None
        Gradient of the loss with respect to the outputs.

    **kwargs : dict
        ``create_graph`` and ``retain_graph`` of ``torch.autograd.grad``.

    Returns
    -------
    gradient : Tensor of shape (n_parameters,)
        The gradients of all parameters, one after the other.

    Examples
    --------
    >>> import torch
    >>> from sklearn_lga.alignment import flat_gradient
    >>> theta = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> flat_gradient(theta.square().sum(), [theta])
    tensor([2., 4.])
    """
    if grad_outputs is not None:
        # The same gradient; torch loads sympy to compare shapes when it is given both.
        outputs = (outputs * grad_outputs).sum()
    gradients = torch.autograd.grad(
        outputs, parameters, materialize_grads=True, **kwargs
    )
    return torch.cat(list(map(torch.flatten, gradients)))


def unflatten(vector: Tensor, parameters: Iterable[Tensor]) -> list[Tensor]:
    """The parts of a flat vector that are each parameter's, in its shape.

    Parameters
    ----------
    vector : Tensor of shape (n_parameters,)
        As :func:`flat_gradient` gives it.

    parameters : sequence of Tensor
        The same as there.

    Returns
    -------
    parts : list of Tensor
        Views of the vector.

    Examples
    --------
    >>> import torch
    >>> from sklearn_lga.alignment import unflatten
    >>> unflatten(torch.tensor([1.0, 2.0, 3.0]), [torch.ones(1, 2), torch.ones(1)])
    [tensor([[1., 2.]]), tensor([3.])]
    """
    parts = vector.split(list(map(torch.numel, parameters)))
    return list(map(torch.Tensor.view_as, parts, parameters))


def moving_average(
    average: Tensor, value: Tensor, decay: float, out: Tensor | None = None
) -> Tensor:
    """Exponential moving average after one more value, not yet bias-corrected.

    Parameters
    ----------
    average, value : Tensor
        The average so far, zero at first, and what comes to it; of one shape.

    decay : float in [0, 1)
        Weight of the average so far.

    out : Tensor or None, default=None
        Where to write the result; ``average`` updates it in its place.

    Returns
    -------
    average : Tensor
        Of the same shape.

    Examples
    --------
    >>> import torch
    >>> from sklearn_lga.alignment import moving_average
    >>> moving_average(torch.zeros(2), torch.ones(2), 0.75)
    tensor([0.2500, 0.2500])
    """
    return torch.lerp(value, average, decay, out=out)


def bias_corrected(
    average: Tensor | float, decay: float, n_updates: int | Tensor
) -> Tensor | float:
    """The average as if it had not started at zero, as in Adam.

    Parameters
    ----------
    average : Tensor, or 1.0
        Of :func:`moving_average`; 1.0 gives the factor of the correction.

    decay : float in [0, 1)
        The same as there.

    n_updates : int or Tensor
        How many values it has taken in, at least 1.

    Returns
    -------
    corrected : Tensor
        Of the same shape.

    Notes
    -----
    Departure from the paper, which does not say how its averages start: from
    zero without correction, Eq. 2's denominator would be far too small in the
    first ``1 / (1 - decay)`` iterations.

    Examples
    --------
    >>> import torch
    >>> from sklearn_lga.alignment import bias_corrected, moving_average
    >>> average = moving_average(torch.zeros(2), torch.ones(2), 0.75)
    >>> bias_corrected(average, 0.75, n_updates=1)
    tensor([1., 1.])
    """
    return average / (1.0 - decay**n_updates)


def alignment_direction(
    difference: Tensor, fourth_moment: Tensor, eps_norm: float
) -> Tensor:
    """The vector d = v / (eps_norm + sqrt(EMA(v^4))), elementwise.

    With the average held constant, as the paper does, ``2 d`` is the gradient of
    the normalized distance (Eq. 2) with respect to v.

    Parameters
    ----------
    difference : Tensor of shape (n_parameters,)
        v = EMA(g_l) - g_u.

    fourth_moment : Tensor of shape (n_parameters,)
        EMA(v^4).

    eps_norm : float
        The stabilizer of Eq. 2.

    Returns
    -------
    direction : Tensor of shape (n_parameters,)
        d, a constant of the step.

    Examples
    --------
    >>> import torch
    >>> from sklearn_lga.alignment import alignment_direction
    >>> v = torch.tensor([2.0, -4.0])
    >>> alignment_direction(v, v**4, eps_norm=0.0)
    tensor([ 0.5000, -0.2500])
    """
    return difference / fourth_moment.sqrt().add_(eps_norm)


def normalized_distance(difference: Tensor, direction: Tensor) -> Tensor:
    """Normalized distance between the gradients: ``||v||^2_normalized`` of Eq. 2.

    Parameters
    ----------
    difference : Tensor of shape (n_parameters,)
        v = EMA(g_l) - g_u.

    direction : Tensor of shape (n_parameters,)
        d of :func:`alignment_direction`, so that the distance is <v, d>.

    Returns
    -------
    distance : Tensor
        A scalar.

    Examples
    --------
    >>> import torch
    >>> from sklearn_lga.alignment import alignment_direction, normalized_distance
    >>> v = torch.tensor([2.0, -4.0])
    >>> normalized_distance(v, alignment_direction(v, v**4, eps_norm=0.0))
    tensor(2.)
    """
    return difference.dot(direction)


def output_gradient(
    objective: Objective,
    outputs: Tensor,
    labels: Tensor,
    weights: Tensor | None = None,
) -> Tensor:
    """Gradient of the mean loss with respect to the outputs.

    With J the Jacobian of the outputs and this delta, the gradient with respect to
    the parameters (Eq. 1) is ``J^T delta``.

    Parameters
    ----------
    objective : Objective
        L and f.

    outputs : Tensor of shape (n_rows, n_outputs)
        What the network gives.

    labels : Tensor of shape (n_rows, n_outputs)
        Given or imputed.

    weights : Tensor of shape (n_rows,) or None, default=None
        Of the rows' losses in the mean.

    Returns
    -------
    delta : Tensor of shape (n_rows, n_outputs)
        With the 1 / n_rows of the mean.

    Examples
    --------
    >>> import torch
    >>> from sklearn_lga.alignment import REGRESSION, output_gradient
    >>> output_gradient(REGRESSION, torch.tensor([[1.0]]), torch.tensor([[3.0]]))
    tensor([[-2.]])
    """
    gradient = objective.gradient(outputs, labels)
    if weights is not None:
        gradient = gradient * weights.unsqueeze(-1)
    return gradient / gradient[..., 0].numel()


def label_gradient(
    objective: Objective,
    labels: Tensor,
    output_tangent: Tensor,
    n_rows: int | None = None,
) -> Tensor:
    """Gradient of the normalized distance with respect to w (g_w of Algorithm 1).

    With v = EMA(g_l) - g_u and d of :func:`alignment_direction` held constant, and
    g_u = J^T delta, where delta of :func:`output_gradient` is -f(w) / n but for a part
    that w does not change::

        d ||v||^2_normalized / d w  =  -2 d . (d g_u / d w)
                                    =  -2 (J d) . (d delta / d w)
                                    =  (2 / n) f'(w)^T J d

    The labels follow what the outputs would do if the parameters moved along d.

    Parameters
    ----------
    objective : Objective
        L and f.

    labels : Tensor of shape (n_rows, n_outputs)
        f(w) of the rows that g_u was computed on.

    output_tangent : Tensor of shape (n_rows, n_outputs)
        J d.

    n_rows : int or None, default=None
        How many rows the mean loss behind g_u was taken over, n above, where these
        are but a part of them.

    Returns
    -------
    gradient : Tensor of shape (n_rows, n_outputs)
        What Adam on w descends.

    Examples
    --------
    >>> import torch
    >>> from sklearn_lga.alignment import REGRESSION, label_gradient
    >>> label_gradient(REGRESSION, torch.tensor([[3.0]]), torch.tensor([[0.5]]))
    tensor([[1.]])
    """
    n_rows = len(labels) if n_rows is None else n_rows
    return objective.pullback(labels, (2.0 / n_rows) * output_tangent)


def adam_update(
    gradient: Tensor,
    exp_avg: Tensor,
    exp_avg_sq: Tensor,
    n_updates: Tensor,
    *,
    lr: float,
    betas: tuple[float, float],
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """One step of Adam for rows that have each seen their own number of updates.

    Parameters
    ----------
    gradient, exp_avg, exp_avg_sq : Tensor of shape (n_rows, n_outputs)
        The gradient and its two running moments before this step.

    n_updates : Tensor of shape (n_rows,)
        Number of updates of each row, this one included.

    lr : float
        Step size alpha_w.

    betas : tuple of two floats
        Decay of the two moments.

    eps : float
        Added to the denominator.

    Returns
    -------
    step, exp_avg, exp_avg_sq : Tensor of shape (n_rows, n_outputs)
        What to add to the parameters, and the moments after this step.

    Examples
    --------
    >>> import torch
    >>> from sklearn_lga.alignment import adam_update
    >>> zeros = torch.zeros(1, 2)
    >>> step, _, _ = adam_update(
    ...     torch.tensor([[4.0, -0.1]]), zeros, zeros, torch.ones(1),
    ...     lr=0.5, betas=(0.9, 0.999), eps=1e-8,
    ... )
    >>> step
    tensor([[-0.5000,  0.5000]])
    """
    n_updates = n_updates.unsqueeze(-1).to(gradient.dtype)
    exp_avg = torch.lerp(gradient, exp_avg, betas[0])
    exp_avg_sq = torch.lerp(gradient.square(), exp_avg_sq, betas[1])
    mean = exp_avg / (1.0 - betas[0] ** n_updates)
    scale = (exp_avg_sq / (1.0 - betas[1] ** n_updates)).sqrt()
    return -lr * mean / (scale + eps), exp_avg, exp_avg_sq


LABELED_WEIGHT_DECAYS: dict[str, Callable[[float], float]] = {
    "linear": lambda progress: 1.0 - progress,
    "cosine": lambda progress: 0.5 * (1.0 + math.cos(math.pi * progress)),
    "exponential": lambda progress: 100.0**-progress,
}
"""Named decays of T(i): from 1 at progress 0 towards 0 at progress 1."""


def labeled_weight_at(
    progress: float,
    labeled_weight: float | str | tuple[str, float] | Callable[[float], float],
    start: float = 3.0,
) -> float:
    """The coefficient T(i) of the labelled gradient in Algorithm 1.

    Parameters
    ----------
    progress : float in [0, 1]
        Share of the training that is behind.

    labeled_weight : float, callable, str or tuple of (str, float)
        A constant; a function of progress; the name of a decay ("linear",
        "cosine" or "exponential"); or such a name with the value to start from.

    start : float, default=3.0
        Where a decay given by its name alone starts.

    Returns
    -------
    weight : float
        T(i), at least 0.

    Raises
    ------
    ValueError
        If a function of progress gives no number, a negative or an infinite one.

    Examples
    --------
    >>> from sklearn_lga.alignment import labeled_weight_at
    >>> labeled_weight_at(0.25, ("linear", 4.0))
    3.0
    """
    if callable(labeled_weight):
        return _checked_weight(labeled_weight(progress), progress)
    if isinstance(labeled_weight, str):
        labeled_weight = (labeled_weight, start)
    if isinstance(labeled_weight, tuple):
        name, start = labeled_weight
        return start * LABELED_WEIGHT_DECAYS[name](progress)
    return float(labeled_weight)


def _checked_weight(weight, progress):
    """What a schedule of the user's gave, refused where it is no weight."""
    try:
        value = float(weight)
    except (TypeError, ValueError):
        value = math.nan
    if not 0.0 <= value < math.inf:
        raise ValueError(
            "labeled_weight must give a finite number >= 0 for each progress in "
            f"[0, 1], got {weight!r} for {progress}."
        )
    return value
