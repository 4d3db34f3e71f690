"""Steps and fits on a GPU beside supervised ones over the same rows.

    python examples/benchmarks/gpu.py [--steps 200] [--device cuda] [--rows 1000000]

Prints the median of interleaved steps in ms: a supervised step as torch's tutorials
write it, and LGA's; then their ratio. WRN-28-2 on 32 x 32 colour images, 100 labelled
and 100 unlabelled ones a step, and the built-in network on tables. Below that, in s:
fits of 500 steps without LGA and with it; these steps as they are and with
``compile=True``; and default fits, of 5,000 rows and of many, on the CPU and there.
"""

import argparse
import time

import numpy as np
import torch
import torch.nn.functional as F

from sklearn_lga import LGAClassifier
from sklearn_lga._training.algorithm import TrainingState, descending
from sklearn_lga._training.imputed_labels import ImputedLabels
from sklearn_lga.alignment import CLASSIFICATION
from sklearn_lga.baselines import RegularizedNetClassifier
from sklearn_lga.modules import MLP, WideResNet

N_CLASSES = 10
CASES = {
    "WRN-28-2, 100 + 100": ((3, 32, 32), 100, lambda: WideResNet((3, 32, 32), 10)),
    "MLP 256, 256 + 256": (
        *((50,), 256),
        lambda: MLP(50, 10, hidden_layer_sizes=(256,), n_members=2),
    ),
    "MLP 128 x 3, 1024 + 1024": (
        *((50,), 1024),
        lambda: MLP(50, 10, hidden_layer_sizes=(128,) * 3),
    ),
}


def network(build, device):
    """A network in training mode and its optimizer."""
    module = build().to(device).train()
    fused = torch.device(device).type in ("cpu", "cuda")
    return module, torch.optim.Adam(module.parameters(), fused=fused)


def supervised(build, rows, classes):
    """A step on all rows together."""
    module, optimizer = network(build, rows.device)

    def step():
        optimizer.zero_grad()
        outputs = module(rows)
        outputs = outputs if outputs.ndim == 2 else outputs.mean(dim=1)
        F.cross_entropy(outputs, classes).backward()
        optimizer.step()

    return step


def lga(build, rows, classes):
    """A step of Algorithm 1: the second half of the rows is unlabelled."""
    module, optimizer = network(build, rows.device)
    n = len(rows) // 2
    members = getattr(module, "n_members", 1)
    shape = (n, members, N_CLASSES) if members > 1 else (n, N_CLASSES)
    imputed = ImputedLabels(shape, lr=0.1)
    state = TrainingState(CLASSIFICATION, module, imputed_labels=imputed)
    state.to(rows.device)
    weights = torch.ones(n, device=rows.device)
    labeled = rows[:n], F.one_hot(classes[:n], N_CLASSES).float(), weights
    unlabeled = rows[n:], torch.arange(n, device=rows.device)
    return lambda: state.step(module, descending(optimizer), labeled, unlabeled)


def table(n_rows, n_columns):
    """Rows of a table, of which 1,000 have a label."""
    rng = np.random.RandomState(0)
    X = rng.randn(n_rows, n_columns).astype(np.float32)
    return X, np.where(np.arange(n_rows) < 1000, (X[:, :5] > 0).sum(axis=1), -1)


def fit(estimator, device, **parameters):
    """A fit of 500 steps on a table."""
    X, y = table(10_000, 50)
    steps = {"closed_form": False, "max_epochs": 14}
    model = estimator(**steps, **parameters, device=device, random_state=0)
    return lambda: model.fit(X, y)


def default_fit(n_rows, device):
    """One with default parameters."""
    X, y = table(n_rows, 20)
    return lambda: LGAClassifier(device=device, random_state=0).fit(X, y)


def seconds(step, device):
    """Of one step, all of its work on the device done."""
    start = time.perf_counter()
    step()
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def medians(steps, n_steps, device):
    """Median seconds of each of several steps, interleaved."""
    times = [[seconds(step, device) for step in steps] for _ in range(n_steps)]
    return np.median(times[n_steps // 10 :], axis=0)


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--rows", type=int, default=1_000_000)
    args = parser.parse_args()
    if args.device == "cuda" and not torch.cuda.is_available():
        parser.error("no GPU here; --device cpu tries the script without one")
    names = "supervised", "LGA", "LGA / sup."
    print(" " * 28 + "".join(f"{name:>13s}" for name in names))
    for name, case in CASES.items():
        problem = make_problem(*case, args.device)
        steps = [supervised(*problem), lga(*problem)]
        report(name, *(1e3 * medians(steps, args.steps, args.device)))
    estimators = RegularizedNetClassifier, LGAClassifier
    fits = [fit(estimator, args.device) for estimator in estimators]
    report("a fit of 500 steps, s", *medians(fits, 3, args.device))
    print(f"\n{'':28s}{'as it is':>13s}{'compiled':>13s}")
    fits = [fit(LGAClassifier, args.device, compile=c) for c in (False, True)]
    report("a fit of 500 steps, s", *medians(fits, 3, args.device))
    print(f"\n{'':28s}{'cpu':>13s}{args.device:>13s}")
    for n_rows, repeats in ((5_000, 5), (args.rows, 1)):
        fits = [default_fit(n_rows, device) for device in ("cpu", args.device)]
        report(f"a fit, {n_rows:,} rows, s", *medians(fits, repeats, args.device))


def make_problem(shape, batch_size, build, device):
    """A network's builder, rows of both kinds, and their classes."""
    torch.manual_seed(0)
    rows = torch.randn(2 * batch_size, *shape, device=device)
    return build, rows, torch.randint(N_CLASSES, (2 * batch_size,), device=device)


def report(name, plain, ours):
    """Print a line: both, and their ratio."""
    print(f"{name:28s}{plain:13.2f}{ours:13.2f}{ours / plain:13.2f}", flush=True)


if __name__ == "__main__":
    main()
