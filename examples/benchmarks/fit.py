"""A fit beside the bare loop of its steps.

    python examples/benchmarks/fit.py [--repeats 7]

The same steps twice: by ``LGAClassifier.fit``, with skorch's loop, callbacks, history
and the loading of batches, and by a loop over ``TrainingState.step`` on batches that
are there already, for the 20 passes over the rows of a default fit and for 5.
Interleaved, one thread; prints medians of the CPU time and of the ratio. What a fit
does once, such as making the network, counts as its own; the closed form is left out.
"""

import argparse
import itertools
import time

import numpy as np
import torch
from sklearn.datasets import make_classification

from sklearn_lga import LGAClassifier
from sklearn_lga._training.algorithm import TrainingState, descending
from sklearn_lga._training.imputed_labels import ImputedLabels
from sklearn_lga.alignment import CLASSIFICATION
from sklearn_lga.datasets import hide_labels
from sklearn_lga.modules import MLP

N_FEATURES, N_CLASSES = 20, 5


def fit_seconds(X, y, batch_size, n_epochs):
    """CPU time of a fit."""
    model = LGAClassifier(
        batch_size=batch_size,
        max_epochs=n_epochs,
        n_members=1,
        closed_form=False,
        hidden_layer_sizes=(128,),
        device="cpu",
        random_state=0,
    )
    start = time.process_time()
    model.fit(X, y)
    return time.process_time() - start


def loop_seconds(X, y, batch_size, n_epochs):
    """CPU time of as many steps on batches of the same sizes."""
    X_u, X_l = (torch.from_numpy(X[y == -1]), torch.from_numpy(X[y != -1]))
    labels = torch.nn.functional.one_hot(torch.from_numpy(y[y != -1])).float()
    module = MLP(N_FEATURES, N_CLASSES, hidden_layer_sizes=(128,))
    optimizer = torch.optim.Adam(module.parameters(), fused=True)
    imputed = ImputedLabels((len(X_u), N_CLASSES), lr=0.1)
    state = TrainingState(CLASSIFICATION, module, imputed_labels=imputed)
    n_batches = -(-len(X_u) // batch_size)
    pairs = [
        ((X_l[i], labels[i], torch.ones(len(i))), (X_u[j], j))
        for i, j in zip(
            [torch.randperm(len(X_l))[:batch_size] for _ in range(n_batches)],
            torch.randperm(len(X_u)).tensor_split(n_batches),
            strict=True,
        )
    ]
    start = time.process_time()
    for _ in range(n_epochs):
        for labeled, unlabeled in pairs:
            state.step(module, descending(optimizer), labeled, unlabeled)
    return time.process_time() - start


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    args = parser.parse_args()
    torch.set_num_threads(1)
    X, y = make_classification(
        20_000, N_FEATURES, n_informative=10, n_classes=N_CLASSES, random_state=0
    )
    X = X.astype(np.float32)
    y = hide_labels(y, n_labeled=1000, random_state=0)
    print(
        f"{'epochs':>6s}{'batch':>7s}{'fit, s':>8s}{'bare loop, s':>14s}{'ratio':>7s}"
    )
    for n_epochs, batch_size in itertools.product((20, 5), (64, 256, 1024)):
        seconds = [
            [
                seconds(X, y, batch_size, n_epochs)
                for seconds in (fit_seconds, loop_seconds)
            ]
            for _ in range(args.repeats)
        ]
        fit, loop = np.median(seconds, axis=0)
        ratio = np.median([a / b for a, b in seconds])
        line = f"{n_epochs:6d}{batch_size:7d}{fit:8.2f}{loop:14.2f}{ratio:7.2f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
