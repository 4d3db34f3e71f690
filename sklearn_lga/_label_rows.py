"""The label parameters w of the unlabelled rows, with an Adam of their own."""

import torch
from torch import nn

from . import alignment


class LabelRows(nn.Module):
    """w, its two Adam moments and the number of updates of each row.

    All are buffers; as an ``nn.Parameter``, w would join theta's optimizer.

    Parameters
    ----------
    n_rows, n_outputs : int
        Rows and columns of w.

    lr, betas, eps : float, tuple of two floats, float
        Settings of Adam; ``lr`` is alpha_w.

    device : str or None, default=None
        Where the rows stay, whatever the network is moved to; None: with it. Those of
        a batch are copied there and back at each step. Memory of the host is pinned
        where there is CUDA.
    """

    def __init__(self, n_rows, n_outputs, *, lr, betas, eps, device=None):
        super().__init__()
        self.device = device
        self.adam = {"lr": lr, "betas": betas, "eps": eps}
        pinned = device == "cpu" and torch.cuda.is_available()

        def zeros(*shape, **kwargs):
            return torch.zeros(shape, device=device, pin_memory=pinned, **kwargs)

        self.register_buffer("w", zeros(n_rows, n_outputs))
        self.register_buffer("exp_avg", zeros(n_rows, n_outputs))
        self.register_buffer("exp_avg_sq", zeros(n_rows, n_outputs))
        self.register_buffer("n_updates", zeros(n_rows, dtype=torch.int32))

    def _apply(self, fn, recurse=True):
        """Move with the network, unless there is a device to stay on."""
        if self.device is None:
            return super()._apply(fn, recurse)
        for name, buffer in self._buffers.items():
            dtype = fn(buffer[:0]).dtype
            self._buffers[name] = buffer.to(dtype)
        return self

    def read(self, positions):
        """Give w of some rows, on the device of their positions."""
        return self.w[positions.to(self.w.device)].to(positions.device)

    def update(self, positions, w, gradient, target, pull):
        """Adam on some rows, then a step towards a target.

        NOTE: departure from the paper, whose framework's dense Adam moves every
        row on every step by its remaining momentum, at a cost of O(n_rows k). Here
        a row moves only when it is visited, with moments and bias correction of
        its own, at a cost of O(batch k).

        NOTE: departure from the paper, where ``pull`` is not 0. A label carries the
        noise of its own few steps; the network has averaged that of many rows.

        Parameters
        ----------
        positions : Tensor of shape (batch_size,)
            Which rows, without repetition.

        w, gradient, target : Tensor of shape (batch_size, n_outputs)
            What :meth:`read` gave, g_w, and where to pull w.

        pull : float in [0, 1]
            Share of the way to the target.
        """
        positions, w, gradient = (
            values.to(self.w.device) for values in (positions, w, gradient)
        )
        n_updates = self.n_updates[positions] + 1
        step, exp_avg, exp_avg_sq = alignment.adam_update(
            gradient,
            self.exp_avg[positions],
            self.exp_avg_sq[positions],
            n_updates,
            **self.adam,
        )
        w = w + step
        if pull:
            w = torch.lerp(w, target.to(w.device), pull)
        self.w[positions] = w
        self.exp_avg[positions] = exp_avg
        self.exp_avg_sq[positions] = exp_avg_sq
        self.n_updates[positions] = n_updates
