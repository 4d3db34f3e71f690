"""One step of LGA beside a supervised step over the same rows.

    python examples/benchmarks/step.py [--steps 200]

Prints the ratio of the medians of interleaved steps, one thread, for networks of
three hidden layers and for batch sizes of each stream. The floor of exact LGA with
equal batches is 8/6 = 1.33 (forward passes of one batch: 3 + 3 + 2 against 3 + 3).
"""

import argparse
import time

import numpy as np
import torch

from sklearn_lga._engine import LGAState, SupervisedState
from sklearn_lga.alignment import CLASSIFICATION
from sklearn_lga.modules import MLP

N_FEATURES, N_CLASSES = 50, 5


def ratio(width, batch_size, n_steps):
    """Median seconds of an LGA step over those of a supervised one."""
    torch.manual_seed(0)
    X_l, X_u = torch.randn(2, batch_size, N_FEATURES)
    y = torch.eye(N_CLASSES)[torch.randint(N_CLASSES, (2 * batch_size,))]
    positions = torch.arange(batch_size)
    labeled, unlabeled = (X_l, y[:batch_size]), (X_u, positions)
    both = (torch.cat([X_l, X_u]), y)

    def network():
        module = MLP(N_FEATURES, N_CLASSES, hidden_layer_sizes=(width,) * 3)
        return module, torch.optim.Adam(module.parameters(), fused=True)

    module, optimizer = network()
    state = LGAState(
        CLASSIFICATION,
        module,
        n_unlabeled=batch_size,
        n_outputs=N_CLASSES,
        label_lr=0.1,
    )
    baseline, baseline_optimizer = network()
    supervised = SupervisedState(CLASSIFICATION, baseline)
    times = np.empty((n_steps, 2))
    for i in range(n_steps):
        start = time.perf_counter()
        state.step(module, optimizer, labeled, unlabeled)
        middle = time.perf_counter()
        supervised.step(baseline, baseline_optimizer, both)
        times[i] = middle - start, time.perf_counter() - middle
    lga, plain = np.median(times[n_steps // 10 :], axis=0)
    return lga, plain


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200)
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{'width':>6s}{'batch':>7s}{'LGA, ms':>10s}{'supervised':>12s}{'ratio':>7s}")
    for width in (128, 256):
        for batch_size in (64, 256, 1024):
            lga, plain = ratio(width, batch_size, args.steps)
            print(
                f"{width:6d}{batch_size:7d}{1e3 * lga:10.2f}{1e3 * plain:12.2f}"
                f"{lga / plain:7.2f}"
            )


if __name__ == "__main__":
    main()
