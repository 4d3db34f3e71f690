"""The imputed labels of the unlabelled rows: their parameters w, with an Adam."""

import torch
from torch import nn

from .. import alignment


class ImputedLabels(nn.Module):
    """w, its two Adam moments and the number of updates of each row.

    All are buffers; as an ``nn.Parameter``, w would join theta's optimizer.

    Parameters
    ----------
    shape : tuple of int
        Of w: (n_rows, n_outputs), or (n_rows, n_members, n_outputs), where networks
        side by side have labels of their own.

    lr : float
        alpha_w, the step size of Adam.

    betas, eps : tuple of two floats, float
        The other settings of Adam.
    """

    def __init__(self, shape, *, lr, betas=(0.9, 0.999), eps=1e-8):
        super().__init__()
        self.adam = {"lr": lr, "betas": betas, "eps": eps}
        for name in ("w", "exp_avg", "exp_avg_sq"):
            self.register_buffer(name, torch.zeros(shape))
        one_a_row = shape[0], *(1,) * (len(shape) - 2)  # beside w's other dimensions
        self.register_buffer("n_updates", torch.zeros(one_a_row, dtype=torch.int32))

    def update(self, positions, w, g_w):
        """Adam on the rows of a batch.

        NOTE: departure from the paper, whose framework's dense Adam moves every
        row on every step by its remaining momentum, at a cost of O(n_rows k). Here
        a row moves only when it is visited, with moments and bias correction of
        its own, at a cost of O(batch k).

        Parameters
        ----------
        positions : Tensor of shape (batch_size,)
            Which rows, without repetition.

        w, g_w : Tensor of shape (batch_size, ...)
            What the rows hold, and the gradient to descend.
        """
        n_updates = self.n_updates[positions] + 1
        step, exp_avg, exp_avg_sq = alignment.adam_update(
            g_w,
            self.exp_avg[positions],
            self.exp_avg_sq[positions],
            n_updates,
            **self.adam,
        )
        self.w[positions] = w + step
        self.exp_avg[positions] = exp_avg
        self.exp_avg_sq[positions] = exp_avg_sq
        self.n_updates[positions] = n_updates
