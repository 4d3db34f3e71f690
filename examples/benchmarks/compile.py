"""Steps through torch.compile beside plain ones, in one thread.

    python examples/benchmarks/compile.py [--repeats 5]

The passes of ``LGAClassifier`` with ``closed_form=False`` and of ``compile=True`` on
the same batches of 256 rows of each kind; milliseconds a step, medians of interleaved
runs of 200 steps, and the seconds until the first compiled step is made.
"""

import argparse
import time

import numpy as np
import torch

from sklearn_lga._training.algorithm import TrainingState, descending
from sklearn_lga._training.compiled import Compiled
from sklearn_lga._training.imputed_labels import ImputedLabels
from sklearn_lga.alignment import CLASSIFICATION
from sklearn_lga.modules import MLP

N_STEPS, BATCH_SIZE, N_UNLABELED, N_CLASSES = 200, 256, 5_000, 5


def training(n_features, n_members, sizes, compiled):
    """A function that makes a number of steps of a training of its own."""
    torch.manual_seed(0)
    module = MLP(n_features, N_CLASSES, hidden_layer_sizes=sizes, n_members=n_members)
    members = (n_members,) if n_members > 1 else ()
    labels = ImputedLabels((N_UNLABELED, *members, N_CLASSES), lr=0.1)
    state = TrainingState(CLASSIFICATION, module, imputed_labels=labels)
    if compiled:
        state.differentiate = Compiled({})
    update = descending(torch.optim.Adam(module.parameters(), fused=True))
    given = torch.eye(N_CLASSES)[torch.randint(N_CLASSES, (BATCH_SIZE,))]
    X = torch.randn(2, BATCH_SIZE, n_features)
    batch = X[0], given, torch.ones(BATCH_SIZE)

    def run(n_steps):
        for _ in range(n_steps):
            rows = torch.randperm(N_UNLABELED)[:BATCH_SIZE]
            state.step(module, update, batch, (X[1], rows))

    return run


def seconds(function, *args):
    """How long a call takes."""
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(
        f"{'network':28s}{'plain, ms':>10s}{'compiled, ms':>14s}{'first step, s':>15s}"
    )
    for n_features, n_members, sizes in (
        (10, 5, (32,)),
        (40, 5, (32,)),
        (100, 1, (128, 128)),
        (100, 1, (512, 512, 512)),
    ):
        plain = training(n_features, n_members, sizes, compiled=False)
        compiled = training(n_features, n_members, sizes, compiled=True)
        plain(1)
        first = seconds(compiled, 1)
        both = [
            [seconds(run, N_STEPS) / N_STEPS for run in (plain, compiled)]
            for _ in range(args.repeats)
        ]
        times = 1e3 * np.median(both, axis=0)
        name = f"{n_features} -> {n_members} x {sizes}"
        print(f"{name:28s}{times[0]:10.2f}{times[1]:14.2f}{first:15.0f}", flush=True)


if __name__ == "__main__":
    main()
