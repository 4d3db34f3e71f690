"""Processes that train one network together, as torch.distributed counts them."""

from typing import NamedTuple

import torch
import torch.distributed as dist


class Processes(NamedTuple):
    """One process among those of a training; by default it is the only one.

    Every process draws the same batches. Of each it takes its share: an even part of
    the labelled rows, and those unlabelled rows whose labels it keeps, which are every
    ``count``-th one.

    Parameters
    ----------
    index : int, default=0
        Of this process.

    count : int, default=1
        Of processes.
    """

    index: int = 0
    count: int = 1

    @classmethod
    def current(cls):
        """Those of torch's default process group, where one was set up."""
        if dist.is_available() and dist.is_initialized():
            return cls(dist.get_rank(), dist.get_world_size())
        return cls()

    def part(self, positions):
        """Part of a batch that any process may take."""
        return positions.tensor_split(self.count)[self.index]

    def own(self, rows):
        """The rows, in an array of all, whose labels this process keeps."""
        return rows[self.index :: self.count]

    def own_positions(self, positions):
        """From a batch's positions among all rows to those among :meth:`own` ones."""
        if self.count == 1:
            return positions
        return positions[positions % self.count == self.index] // self.count

    def gather(self, values, n_rows):
        """All rows' values, of which each process gives those of its own.

        Parameters
        ----------
        values : Tensor of shape (n_own, k)

        n_rows : int
            Of all processes together.

        Returns
        -------
        values : Tensor of shape (n_rows, k)
        """
        if self.count == 1:
            return values
        most = -(-n_rows // self.count)
        padded = values.new_zeros(most, values.shape[1])
        padded[: len(values)] = values
        parts = [torch.empty_like(padded) for _ in range(self.count)]
        dist.all_gather(parts, padded)
        return torch.stack(parts, dim=1).flatten(end_dim=1)[:n_rows]

    def from_first(self, value):
        """A picklable value as the first process has it."""
        if self.count == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box)
        return box[0]

    def same_as_first(self, tensors):
        """Overwrite tensors with those of the first process."""
        if self.count > 1:
            for tensor in tensors:
                dist.broadcast(tensor.detach(), src=0)

    def means(self, *groups):
        """Means over the rows of all processes, from those over each one's own.

        One exchange, whatever the number of values.

        Parameters
        ----------
        *groups : tuple of (dict of str to Tensor, int)
            Values by name, and how many rows of this process each is a mean over; what
            is of no rows does not count.

        Returns
        -------
        means : list of tuple of (dict of str to Tensor, Tensor)
            The same of all processes.
        """
        values = [value for named, _ in groups for value in named.values()]
        counts = [n_rows for named, n_rows in groups for _ in named]
        sums = torch.cat(
            [
                (value * n if n else torch.zeros_like(value)).reshape(-1)
                for value, n in zip(values, counts, strict=True)
            ]
            + [torch.tensor([n for _, n in groups]).to(values[0])]
        )
        dist.all_reduce(sums)
        *parts, totals = sums.split([*(v.numel() for v in values), len(groups)])
        parts, means = iter(parts), []
        for (named, _), total in zip(groups, totals, strict=True):
            of_all = {k: next(parts).view_as(v) / total for k, v in named.items()}
            means.append((of_all, total))
        return means


ALONE = Processes()
"""The only process."""
