"""The gradients of a step on CUDA, recorded once and replayed as one graph."""

import threading
from contextlib import contextmanager

import torch

N_WARM_UP = 3
"""Steps of each shape that are taken as they are before one is recorded."""

ONE_AT_A_TIME = threading.Lock()
"""Held while a graph is recorded, as this and the check for waits are a process's."""


def recorded_gradient(state, device):
    """What computes ``state.gradient`` by a CUDA graph; None on other devices."""
    if torch.device(device).type != "cuda":
        return None
    return RecordedGradient(state, CudaRecorder(device, state.noise_generator))


class CudaRecorder:
    """Records what a function does on a CUDA device.

    Parameters
    ----------
    device : torch.device or str

    generator : torch.Generator or None
        Which the function draws from, on the device; torch's global one aside.
    """

    def __init__(self, device, generator):
        self.device = torch.device(device)
        self.generator = generator
        with torch.cuda.device(self.device):
            self.stream = torch.cuda.Stream()
            self.pool = torch.cuda.graph_pool_handle()

    def warm_up(self, function):
        """Call a function where it will be recorded, for libraries to set up there."""
        with self._aside():
            return function()

    def record(self, function):
        """Record a function, which is called, but does nothing on the device.

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
        with ONE_AT_A_TIME, self._aside():
            graph = torch.cuda.CUDAGraph()
            if self.generator is not None:
                # torch's own, of one state with ours: a subclass it would not take.
                graph.register_generator_state(self.generator.graphsafe_get_state())
            with torch.cuda.graph(
                graph,
                pool=self.pool,
                stream=self.stream,
                capture_error_mode="thread_local",
            ):
                results = function()
        return graph.replay, results

    def refuse_waits(self, function):
        """:meth:`warm_up`, with an error where the host would wait for the device.

        While a graph is recorded, the same would leave torch in disorder.
        """
        with ONE_AT_A_TIME:
            before = torch.cuda.get_sync_debug_mode()
            torch.cuda.set_sync_debug_mode("error")
            try:
                return self.warm_up(function)
            finally:
                torch.cuda.set_sync_debug_mode(before)

    @contextmanager
    def _aside(self):
        """On the stream of the recordings, in order with that of the caller."""
        with torch.cuda.device(self.device):
            stream = torch.cuda.current_stream()
            self.stream.wait_stream(stream)
            with torch.cuda.stream(self.stream):
                yield
            stream.wait_stream(self.stream)


@contextmanager
def refusing_what_cannot_be_recorded():
    """Errors of the recording name the argument that asked for it."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        cause = error.__context__ or error  # the end of a recording fails, too
        raise ValueError(
            "net_params={'cuda_graph': True} cannot be used with this module or these "
            f"regularizers: {cause} A step that is recorded may not wait for values "
            "on the host, as .item() does. Leave cuda_graph out."
        ) from error


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
        self.recordings = {}
        self.storages = ()

    def __call__(self, module, scalars, *batches):
        """As ``state.gradient``."""
        storages = [(p.data_ptr(), p.requires_grad) for p in module.parameters()]
        if storages != self.storages:  # elsewhere than a recording looks for them
            self.recordings, self.storages = {}, storages
        batches = [batch for batch in batches if batch is not None]
        shapes = tuple(part.shape for batch in batches for part in batch)
        if shapes not in self.recordings:
            self.recordings[shapes] = Recording(
                self.recorder, self.state.gradient, module, scalars, batches
            )
        return self.recordings[shapes](scalars, batches)

    def __getstate__(self):
        """Nothing but what to compute: graphs and streams are of one process."""
        return {"state": self.state}


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
        like = next(p for p in module.parameters() if p.requires_grad)
        self.batches = [tuple(map(torch.empty_like, batch)) for batch in batches]
        self.scalars = like.new_empty(len(scalars))
        self.recorder = recorder
        self.n_calls = 0
        values = self.scalars.unbind()
        self.function = lambda: gradient(module, values, *self.batches)

    def __call__(self, scalars, batches):
        """Give the gradient, which the next call overwrites, and the terms."""
        self._fill(scalars, batches)
        self.n_calls += 1
        if self.n_calls < N_WARM_UP:
            results = self.recorder.warm_up(self.function)
        elif self.n_calls == N_WARM_UP:
            with refusing_what_cannot_be_recorded():
                results = self.recorder.refuse_waits(self.function)
        else:
            if self.n_calls == N_WARM_UP + 1:
                with refusing_what_cannot_be_recorded():
                    self.replay, self.results = self.recorder.record(self.function)
            self.replay()
            results = self.results
        gradient, terms = results
        return gradient, {name: value.clone() for name, value in terms.items()}

    def _fill(self, scalars, batches):
        values = torch.tensor(scalars, dtype=self.scalars.dtype)
        self.scalars.copy_(values, non_blocking=True)
        for mine, batch in zip(self.batches, batches, strict=True):
            for tensor, values in zip(mine, batch, strict=True):
                tensor.copy_(values)
