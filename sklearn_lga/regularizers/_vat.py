"""Virtual adversarial training."""

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import torch
import torch.nn.functional as F
from sklearn.utils._param_validation import Interval
from torch import Tensor, nn

from ._consistency import Consistency, Noise

EPS_PER_ROOT_FEATURE = 0.1
"""VAT's ``eps=None``, divided by the square root of the number of features."""


def unit_rows(values):
    """Each row scaled to a Euclidean norm of 1; a row of zeros stays one."""
    flat = values.flatten(start_dim=1)
    # To a maximum of 1 first, as the squares of small numbers would be lost.
    tiny = torch.finfo(values.dtype).tiny
    flat = flat / flat.abs().amax(dim=1, keepdim=True).clamp(min=tiny)
    return F.normalize(flat, dim=1).view_as(values)


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

    def init(self, module: nn.Module) -> Noise:
        """The source of the random directions."""
        return Noise()

    def loss(self, state: Any, module: nn.Module, X: Tensor, logits: Tensor) -> Tensor:
        """KL(p(y|x) || p(y|x + r)), the mean over the rows."""
        perturbed = self.perturbed(state, module, X, logits)
        return self.divergence(logits.detach(), perturbed).mean()

    def perturbed(
        self, state: Any, module: nn.Module, X: Tensor, logits: Tensor
    ) -> Tensor:
        """Compute outputs after the step r, of which the gradient flows.

        Parameters
        ----------
        state, module, X, logits : object
            As for ``loss``.

        Returns
        -------
        outputs : Tensor of shape (n_rows, n_outputs)
            ``module(X + r)``.
        """
        clean = logits.detach()
        direction = unit_rows((state or Noise()).normal_like(X))
        for _ in range(self.n_power):
            direction = self._steepest(module, X, clean, direction)
        return module(X + self._eps(X) * direction)

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
