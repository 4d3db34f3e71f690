"""The losses of Algorithm 1 and the parameterizations of its labels."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F


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


def softmax(w):
    """The label parameterization f of classification."""
    return torch.softmax(w, dim=-1)


def softmax_pullback(labels, tangent):
    """f'(w)^T t where f(w) = labels, a softmax."""
    return labels * (tangent - (labels * tangent).sum(dim=-1, keepdim=True))


def log_softmax(outputs):
    """Label parameters whose labels are the predictions of classification."""
    return F.log_softmax(outputs, dim=-1)


def identity(w):
    """The label parameterization f of regression, which is its own inverse."""
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

    invert : callable
        From outputs to label parameters w such that f(w) is the prediction.

    Examples
    --------
    >>> import torch
    >>> from sklearn_lga.alignment import REGRESSION
    >>> REGRESSION(torch.tensor([[1.0], [3.0]]), torch.zeros(2, 1)).item()
    2.5
    """

    loss: Callable
    gradient: Callable
    parameterize: Callable
    pullback: Callable
    invert: Callable

    def __call__(self, outputs, labels):
        """L(theta, X, y), the mean over the rows."""
        return self.loss(outputs, labels).mean()


CLASSIFICATION = Objective(
    cross_entropy, cross_entropy_gradient, softmax, softmax_pullback, log_softmax
)
REGRESSION = Objective(
    half_squared_error,
    half_squared_error_gradient,
    identity,
    identity_pullback,
    identity,
)
