"""How training steps align with the principal curvature of the loss (Section 3.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from skorch.callbacks import Callback
from torch import Tensor, nn
from torch.func import functional_call, grad, vjp
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.utils import parameters_to_vector

from .alignment import unflatten

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from skorch import NeuralNet

__all__ = ["AlignmentRecorder", "alignment", "principal_eigenvector"]


def principal_eigenvector(
    module: nn.Module,
    X: Tensor | np.ndarray,
    y: Tensor | np.ndarray,
    *,
    loss: Callable[[Tensor, Tensor], Tensor],
    tol: float = 1e-3,
    random_state: int = 0,
) -> tuple[float, Tensor]:
    """The algebraically largest eigenvalue of a Hessian, and its eigenvector.

    The Hessian is that of ``loss(module(X), y)`` with respect to the module's
    trainable parameters. It is never formed: ``torch.func`` gives its products with
    vectors, scipy's Lanczos method the rest.

    Parameters
    ----------
    module : torch.nn.Module
        Evaluated as it will predict (``eval`` mode), and left as it is.

    X, y : Tensor or ndarray
        Inputs and targets, in the module's dtype and on its device.

    loss : callable
        ``loss(outputs, y)`` gives a scalar.

    tol : float, default=1e-3
        Relative accuracy of the eigenvalue.

    random_state : int, default=0
        Seed of the vector that Lanczos starts from.

    Returns
    -------
    eigenvalue : float
        The largest one, negative if all are.

    vector : Tensor of shape (n_parameters,)
        Of unit length, float64, on the CPU; the parameters in the order of
        ``module.parameters()``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_lga.analysis import principal_eigenvector
    >>> module = torch.nn.Linear(2, 1, bias=False)
    >>> X, y = torch.tensor([[3.0, 0.0], [0.0, 1.0]]), torch.zeros(2, 1)
    >>> eigenvalue, vector = principal_eigenvector(
    ...     module, X, y, loss=torch.nn.functional.mse_loss
    ... )
    >>> round(eigenvalue, 3), vector.abs().round(decimals=3)
    (9.0, tensor([1., 0.], dtype=torch.float64))
    """
    X, y = torch.as_tensor(X), torch.as_tensor(y)
    trainable = {n: p.detach() for n, p in module.named_parameters() if p.requires_grad}
    if not trainable:
        raise ValueError("module has no trainable parameters, and so no Hessian.")

    def value(parameters):
        return loss(functional_call(module, parameters, (X,)), y)

    # Fused attention has no second derivative; the plain one does.
    with evaluation_mode(module), sdpa_kernel(SDPBackend.MATH):
        hessian_product = vjp(grad(value), trainable)[1]
        product = _flat_product(hessian_product, trainable)
        return _largest_eigenpair(product, random_state, tol)


@contextmanager
def evaluation_mode(module):
    """All parts of a module in ``eval`` mode, and then back in their own."""
    modes = {part: part.training for part in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for part, training in modes.items():
            part.training = training


def _flat_product(hessian_product, parameters):
    """The product with a Hessian as a scipy operator on flat vectors."""
    like = next(iter(parameters.values()))

    def product(vector):
        flat = torch.as_tensor(vector.ravel(), dtype=like.dtype, device=like.device)
        parts = unflatten(flat, parameters.values())
        (result,) = hessian_product(dict(zip(parameters, parts, strict=True)))
        flat = torch.cat([result[name].reshape(-1) for name in parameters])
        return flat.detach().cpu().numpy().astype(np.float64)

    n = sum(map(torch.numel, parameters.values()))
    return LinearOperator((n, n), matvec=product, dtype=np.float64)


def _largest_eigenpair(operator, random_state, tol):
    n = operator.shape[0]
    start = np.random.RandomState(random_state).standard_normal(n)
    if not np.any(operator @ start):  # a Hessian of zero, which Lanczos cannot start on
        return 0.0, torch.from_numpy(start / np.linalg.norm(start))
    if n <= 2:  # too small for Lanczos
        eigenvalues, vectors = np.linalg.eigh(operator @ np.eye(n))
    else:
        eigenvalues, vectors = eigsh(operator, k=1, which="LA", v0=start, tol=tol)
    return float(eigenvalues[-1]), torch.from_numpy(vectors[:, -1].copy())


def alignment(update: Tensor, vector: Tensor) -> float:
    """Cosine similarity of an update with an eigenvector, without sign (Eq. 13).

    Parameters
    ----------
    update : Tensor of shape (n_parameters,)
        A step of the parameters, or a gradient.

    vector : Tensor of shape (n_parameters,)
        The principal eigenvector.

    Returns
    -------
    alignment : float in [0, 1]
        Zero for an update of zero, NaN for one that is not finite.

    Examples
    --------
    >>> import torch
    >>> from sklearn_lga.analysis import alignment
    >>> round(alignment(torch.tensor([-3.0, 4.0]), torch.tensor([1.0, 0.0])), 6)
    0.6
    """
    update = torch.as_tensor(update).detach().to("cpu", torch.float64)
    vector = torch.as_tensor(vector).detach().to("cpu", torch.float64)
    norms = update.norm() * vector.norm()
    if norms == 0.0:
        return 0.0
    return float((update.dot(vector).abs() / norms).clamp(max=1.0))


class AlignmentRecorder(Callback):
    """Callback of skorch's that records the alignment of the updates during ``fit``.

    At the start of every ``every``-th epoch it takes the principal eigenvector of the
    Hessian of the loss on ``X``, ``y``, and then averages Eq. 13 over the next
    ``n_updates`` updates: one alone is noisy. Into the history of these epochs go

    - ``hessian_eigenvalue``, the largest;
    - ``update_alignment``, of the actual changes of the parameters (Adam's steps);
    - ``gradient_alignment``, of the raw g_theta.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features)
        Test rows.

    y : array-like of shape (n_rows,) or (n_rows, n_outputs)
        Their classes as integers from 0, or targets in the units of training.

    loss : callable, default=torch.nn.functional.cross_entropy
        ``loss(outputs, y)`` gives a scalar.

    every : int, default=1
        Epochs from one recorded point to the next; the first epoch is one.

    n_updates : int, default=20
        Updates to average over, at most those of an epoch.

    Examples
    --------
    >>> from sklearn_lga import LGAClassifier
    >>> from sklearn_lga.analysis import AlignmentRecorder
    >>> from sklearn_lga.datasets import hide_labels, make_shells
    >>> X, y = make_shells(300, 2, random_state=0)
    >>> recorder = AlignmentRecorder(X, y, n_updates=2)
    >>> model = LGAClassifier(max_epochs=2, callbacks=[recorder], random_state=0)
    >>> model = model.fit(X, hide_labels(y, n_labeled=50, random_state=0))
    >>> [0 <= value <= 1 for value in model.history_[:, "update_alignment"]]
    [True, True]
    """

    def __init__(
        self,
        X: ArrayLike,
        y: ArrayLike,
        loss: Callable[[Tensor, Tensor], Tensor] = nn.functional.cross_entropy,
        every: int = 1,
        n_updates: int = 20,
    ) -> None:
        self.X = X
        self.y = y
        self.loss = loss
        self.every = every
        self.n_updates = n_updates

    def on_epoch_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Take the eigenvector that this epoch's updates are compared with."""
        self.alignments_: list[tuple[float, float]] = []
        self.recording_ = (len(net.history) - 1) % self.every == 0
        if not self.recording_:
            return
        rows = np.asarray(self.X, dtype=np.float32)
        if hasattr(net, "network_rows"):
            rows = net.network_rows(rows)[:]
        X = torch.as_tensor(rows, device=net.device)
        y = torch.as_tensor(np.asarray(self.y), device=net.device)
        y = y.float() if y.is_floating_point() else y.long()
        eigenvalue, self.vector_ = principal_eigenvector(
            net.module_, X, y, loss=self.loss
        )
        net.history.record("hessian_eigenvalue", eigenvalue)

    def on_grad_computed(
        self,
        net: NeuralNet,
        named_parameters: Iterable[tuple[str, Tensor]],
        training: bool = False,
        **kwargs: Any,
    ) -> None:
        """Keep the gradient and the parameters as they are before the update."""
        if not training or not self._wanted():
            return
        parameters = [p for _, p in named_parameters if p.requires_grad]
        gradients = [
            torch.zeros_like(p) if p.grad is None else p.grad for p in parameters
        ]
        self.gradient_ = parameters_to_vector(gradients)
        self.before_ = parameters_to_vector(parameters).detach()

    def on_batch_end(
        self, net: NeuralNet, training: bool = False, **kwargs: Any
    ) -> None:
        """Compare the update with the eigenvector."""
        if not training or not self._wanted():
            return
        parameters = [p for p in net.module_.parameters() if p.requires_grad]
        update = parameters_to_vector(parameters).detach() - self.before_
        self.alignments_.append(
            (alignment(update, self.vector_), alignment(self.gradient_, self.vector_))
        )

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Record the means."""
        if self.alignments_:
            update, gradient = np.mean(self.alignments_, axis=0)
            net.history.record("update_alignment", float(update))
            net.history.record("gradient_alignment", float(gradient))

    def _wanted(self):
        return self.recording_ and len(self.alignments_) < self.n_updates
