"""One random_state in, independent seeds and generators out."""

from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from sklearn.utils import check_random_state


class Seeds(NamedTuple):
    """Seeds of a fit, one for each thing that is drawn."""

    split: int
    batches: int
    noise: int
    module: int
    closed_form: int

    @classmethod
    def draw(cls, random_state):
        """Draw seeds from what users pass as ``random_state``."""
        rng = check_random_state(random_state)
        seeds = rng.randint(np.iinfo(np.int32).max, size=len(cls._fields))
        return cls(*seeds.tolist())


class Generator(torch.Generator):
    """``torch.Generator`` that a file can take to a machine without its device.

    There it becomes one on the CPU, with the same seed: the states of two kinds of
    devices mean nothing to each other. torch's own would fail to load; and where a
    file is loaded to CUDA, it would find its state, a tensor, there, too, and fail.
    """

    def __reduce_ex__(self, protocol):
        state = self.get_state().numpy().tobytes()
        return load_generator, (str(self.device), self.initial_seed(), state)


def load_generator(device, seed, state):
    """The generator of a file, on its device or else the CPU."""
    try:
        generator = Generator(device)
    except (AssertionError, RuntimeError):  # torch was built without, or finds none
        return Generator().manual_seed(seed)
    return generator.set_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))


@contextmanager
def seeded_global_generator(seed, device):
    """Seed torch's global generators, and put them back as they were.

    For modules of the user's, which may draw from them. As they are shared by all
    threads, such a fit is reproducible only while no other one runs.
    """
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield
