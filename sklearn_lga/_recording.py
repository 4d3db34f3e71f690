"""The gradients of a step on CUDA, recorded once and replayed as one graph."""

from collections import Counter

import torch

N_WARM_UP = 3
"""Steps of each shape that are taken as they are before one is recorded."""


def recorded_gradient(state, device):
    """What computes ``state.gradient`` by a CUDA graph; None on other devices."""
    if torch.device(device).type != "cuda":
        return None
    check_recordable(state)
    return RecordedGradient(state, CudaRecorder(device, state.noise_generator))


def check_recordable(state):
    """Refuse what waits on the host in every step."""
    reason = None
    if state.ranks.count > 1:
        reason = "several processes, which exchange their gradients"
    elif getattr(state, "label_device", None) is not None:
        reason = f"label_device={state.label_device!r}, as it copies labels"
    if reason is not None:
        raise ValueError(
            f"net_params={{'cuda_graph': True}} cannot be used with {reason} in every "
            "step. Leave one of the two out."
        )


class CudaRecorder:
    """Records what a function does on a CUDA device.

    Parameters
    ----------
    device : torch.device

    generator : torch.Generator or None
        Which the function draws from, on the device; torch's global one aside.
    """

    def __init__(self, device, generator):
        self.device = device
        self.generator = generator

    def warm_up(self, function):
        """Call a function beside the stream, as libraries set themselves up there."""
        with torch.cuda.device(self.device):
            stream, aside = torch.cuda.current_stream(), torch.cuda.Stream()
            aside.wait_stream(stream)
            with torch.cuda.stream(aside):
                results = function()
            stream.wait_stream(aside)
        return results

    def record(self, function):
        """Record a function without calling it.

        Parameters
        ----------
        function : callable
            Without arguments; gives tensors.

        Returns
        -------
        replay : callable
            Does it again, with what the same tensors hold then.

        results : object
            What the function gave: tensors that each replay overwrites.
        """
        graph = torch.cuda.CUDAGraph()
        if self.generator is not None:
            graph.register_generator_state(self.generator)
        capture = torch.cuda.graph(graph, capture_error_mode="thread_local")
        with torch.cuda.device(self.device), capture:
            results = function()
        return graph.replay, results


class RecordedGradient:
    """``state.gradient``, recorded for each shape of the batches and replayed.

    A step of a small network is a hundred small operations. It takes the host longer
    to launch them one by one than the device to do them.

    Parameters
    ----------
    state : SupervisedState
        The engine.

    recorder : CudaRecorder
        Or what records in its place.
    """

    def __init__(self, state, recorder):
        self.state = state
        self.recorder = recorder
        self.n_seen = Counter()
        self.recordings = {}

    def __call__(self, module, scalars, *batches):
        """As ``state.gradient``."""
        batches = [batch for batch in batches if batch is not None]
        shapes = tuple(part.shape for batch in batches for part in batch)
        self.n_seen[shapes] += 1
        if self.n_seen[shapes] <= N_WARM_UP:
            return self.recorder.warm_up(
                lambda: self.state.gradient(module, scalars, *batches)
            )
        if shapes not in self.recordings:
            self.recordings[shapes] = Recording(
                self.recorder, self.state.gradient, module, scalars, batches
            )
        return self.recordings[shapes](scalars, batches)

    def __getstate__(self):
        """Without the recordings, which are of one process."""
        return vars(self) | {"recordings": {}, "n_seen": Counter()}


class Recording:
    """One recorded call of ``gradient``, and the tensors that its arguments go to.

    Parameters
    ----------
    recorder : CudaRecorder

    gradient : callable

    module : torch.nn.Module

    scalars : list of float

    batches : list of tuple of Tensors
        Of the shapes that this is for.
    """

    def __init__(self, recorder, gradient, module, scalars, batches):
        like = next(module.parameters())
        self.batches = [tuple(map(torch.empty_like, batch)) for batch in batches]
        self.scalars = like.new_empty(len(scalars))
        self._fill(scalars, batches)
        values = self.scalars.unbind()
        try:
            self.replay, self.results = recorder.record(
                lambda: gradient(module, values, *self.batches)
            )
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            raise ValueError(
                "net_params={'cuda_graph': True} cannot be used with this module or "
                f"these regularizers: {error} A step that is recorded may not wait "
                "for values on the host, as .item() does. Leave cuda_graph out."
            ) from error

    def __call__(self, scalars, batches):
        """Give the gradient, which the next call overwrites, and the terms."""
        self._fill(scalars, batches)
        self.replay()
        gradient, terms = self.results
        return gradient, {name: value.clone() for name, value in terms.items()}

    def _fill(self, scalars, batches):
        self.scalars.copy_(torch.tensor(scalars, dtype=self.scalars.dtype))
        for mine, batch in zip(self.batches, batches, strict=True):
            for tensor, values in zip(mine, batch, strict=True):
                tensor.copy_(values)
