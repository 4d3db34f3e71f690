"""One step of LGA beside those of others over the same rows.

    python examples/benchmarks/step.py [--steps 200]

Prints the median of interleaved steps, one thread, for networks of three hidden layers
and for batch sizes of each stream, as ratios to a supervised step as torch's tutorials
write it, on the labelled and the unlabelled rows together. The floor of exact LGA with
equal batches is 8/6 = 1.33 (forward passes of one batch: 3 + 3 + 2 against 3 + 3).

- engine: a supervised step of the package, on the same rows together.
- VAT: a supervised step on the labelled rows with virtual adversarial training on the
  others (one power iteration).
- naive: Algorithm 1 as written, with autograd through the gradients of each parameter
  and a dense Adam on w.
"""

import argparse
import time

import numpy as np
import torch
import torch.nn.functional as F

from sklearn_lga._training.algorithm import TrainingState, descending
from sklearn_lga._training.imputed_labels import ImputedLabels
from sklearn_lga.alignment import CLASSIFICATION
from sklearn_lga.modules import MLP
from sklearn_lga.regularizers import VAT

N_FEATURES, N_CLASSES = 50, 5


def network(width):
    """A network and its optimizer."""
    module = MLP(N_FEATURES, N_CLASSES, hidden_layer_sizes=(width,) * 3)
    return module, torch.optim.Adam(module.parameters(), fused=True)


def supervised(width, labeled, unlabeled, targets):
    """The baseline of the ratios."""
    module, optimizer = network(width)
    rows, classes = torch.cat([labeled[0], unlabeled[0]]), targets.argmax(dim=1)

    def step():
        optimizer.zero_grad()
        F.cross_entropy(module(rows), classes).backward()
        optimizer.step()

    return step


def engine(width, labeled, unlabeled, targets):
    """A supervised step of the package."""
    module, optimizer = network(width)
    state = TrainingState(CLASSIFICATION, module)
    rows = torch.cat([labeled[0], unlabeled[0]])
    batch = rows, targets, torch.ones(len(rows))
    return lambda: state.step(module, descending(optimizer), batch)


def vat(width, labeled, unlabeled, targets):
    """A supervised step with virtual adversarial training."""
    module, optimizer = network(width)
    state = TrainingState(CLASSIFICATION, module, regularizers=[VAT()])
    return lambda: state.step(module, descending(optimizer), labeled, unlabeled)


def lga(width, labeled, unlabeled, targets):
    """Algorithm 1, by the package."""
    module, optimizer = network(width)
    labels = ImputedLabels((len(unlabeled[0]), N_CLASSES), lr=0.1)
    state = TrainingState(CLASSIFICATION, module, imputed_labels=labels)
    return lambda: state.step(module, descending(optimizer), labeled, unlabeled)


def naive(width, labeled, unlabeled, targets):
    """Algorithm 1, line by line."""
    module, optimizer = network(width)
    parameters = list(module.parameters())
    w = torch.zeros(len(unlabeled[0]), N_CLASSES, requires_grad=True)
    label_optimizer = torch.optim.Adam([w], lr=0.1)
    mean_g_l = [torch.zeros_like(p) for p in parameters]
    fourth = [torch.zeros_like(p) for p in parameters]

    def gradients(rows, labels, **kwargs):
        loss = F.cross_entropy(module(rows), labels)
        return torch.autograd.grad(loss, parameters, **kwargs)

    def step():
        labels = w[unlabeled[1]].softmax(dim=1)
        g_l = gradients(*labeled[:2])
        g_u = gradients(unlabeled[0], labels, create_graph=True)
        distance = 0.0
        for p, m, s, a, b in zip(parameters, mean_g_l, fourth, g_l, g_u, strict=True):
            p.grad = a + b.detach()
            m.mul_(0.9).add_(a, alpha=0.1)
            v = m - b
            s.mul_(0.9).add_(v.detach() ** 4, alpha=0.1)
            distance = distance + (v**2 / (1e-6 + s.sqrt())).sum()
        (w.grad,) = torch.autograd.grad(distance, w)
        optimizer.step()
        label_optimizer.step()

    return step


METHODS = {"LGA": lga, "engine": engine, "VAT": vat, "naive": naive}


def medians(width, batch_size, n_steps):
    """Median seconds of a step: the supervised one, then those of METHODS."""
    torch.manual_seed(0)
    X_l, X_u = torch.randn(2, batch_size, N_FEATURES)
    targets = torch.eye(N_CLASSES)[torch.randint(N_CLASSES, (2 * batch_size,))]
    labeled = X_l, targets[:batch_size], torch.ones(batch_size)
    unlabeled = X_u, torch.arange(batch_size)
    steps = [
        build(width, labeled, unlabeled, targets)
        for build in (supervised, *METHODS.values())
    ]
    times = np.empty((n_steps, len(steps)))
    for row in times:
        for j, step in enumerate(steps):
            start = time.perf_counter()
            step()
            row[j] = time.perf_counter() - start
    return np.median(times[n_steps // 10 :], axis=0)


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=200)
    args = parser.parse_args()
    torch.set_num_threads(1)
    names = "".join(f"{name:>8s}" for name in METHODS)
    print(f"{'width':>6s}{'batch':>7s}{'supervised, ms':>16s}{names}")
    for width in (128, 256):
        for batch_size in (64, 256, 1024):
            plain, *others = medians(width, batch_size, args.steps)
            ratios = "".join(f"{other / plain:8.2f}" for other in others)
            print(f"{width:6d}{batch_size:7d}{1e3 * plain:16.2f}{ratios}", flush=True)


if __name__ == "__main__":
    main()
