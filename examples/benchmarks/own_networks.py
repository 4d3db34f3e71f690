"""Networks of one's own, trained with LGA and without: where it gains most.

    python examples/benchmarks/own_networks.py DATA_DIR OUT.jsonl [--steps 1000]
        [--seeds 2] [--tables a,b] [--networks a,b] [--jobs 2] [--print-only]

Three networks that are given as ``module``, on the tables of ``tables.py`` (5,000 rows,
100 labels or 200 targets), with labels as they are and with every fifth given label
replaced by that of another labelled row. Each network is trained
on the given labels alone, by LGA as in the paper (``closed_form=False``), by LGA with
labels that start from the closed form (the default), and on these labels as they start.
Accuracy, R2 and log loss are those of the network's predictions of hidden rows; a run
appends a line to OUT.jsonl.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from recorded import bounded_log_loss, mean_and_error, recorded
from sklearn.metrics import r2_score
from tables import SEED_OFFSET, stored
from torch import nn

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga.baselines import RegularizedNetClassifier, RegularizedNetRegressor
from sklearn_lga.modules import MLP

TABLES = "adult", "letter", "magic", "satimage", "spambase", "abalone", "kin8nm"
BATCH_SIZE = 256


class Residual(nn.Module):
    """Two residual blocks of 128 units with layer norm."""

    def __init__(self, n_features, n_outputs, width=128):
        super().__init__()
        self.first = nn.Linear(n_features, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(width),
                nn.Linear(width, width),
                nn.ReLU(),
                nn.Linear(width, width),
            )
            for _ in range(2)
        )
        self.last = nn.Linear(width, n_outputs)

    def forward(self, X):
        """Outputs of rows."""
        hidden = self.first(X)
        for block in self.blocks:
            hidden = hidden + block(hidden)
        return self.last(torch.relu(hidden))


class ColumnAttention(nn.Module):
    """One layer of attention over the columns, each a token; their mean is read."""

    def __init__(self, n_features, n_outputs, width=16):
        super().__init__()
        self.scale = nn.Parameter(torch.randn(n_features, width) / width**0.5)
        self.shift = nn.Parameter(torch.randn(n_features, width) / width**0.5)
        self.qkv = nn.Linear(width, 3 * width)
        self.feed = nn.Sequential(nn.Linear(width, 64), nn.ReLU(), nn.Linear(64, width))
        self.last = nn.Linear(width, n_outputs)

    def forward(self, X):
        """Outputs of rows."""
        tokens = X[:, :, None] * self.scale + self.shift
        q, k, v = self.qkv(tokens).chunk(3, dim=-1)
        attention = torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, dim=-1)
        tokens = tokens + attention @ v
        tokens = tokens + self.feed(tokens)
        return self.last(tokens.mean(dim=1))


NETWORKS = {
    "MLP": (MLP, {"module__hidden_layer_sizes": (256, 256)}),
    "residual MLP": (Residual, {}),
    "attention": (ColumnAttention, {}),
}
SYSTEMS = {
    "given labels": None,
    "LGA of the paper": {"closed_form": False},
    "LGA": {},
    "labels stay at their start": {"label_lr": 0.0},
}


def noisy(y, marked, random_state):
    """Replace every fifth given label by that of another labelled row."""
    given = np.flatnonzero(marked == y)
    changed = random_state.permutation(given)[: len(given) // 5]
    marked = marked.copy()
    marked[changed] = y[random_state.choice(given, len(changed))]
    return marked


def run(path, network, system, n_steps, noise, seed):
    """One fit; a line of results."""
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    X, y, marked = stored(path, SEED_OFFSET + seed)
    hidden = marked != y
    if noise:
        marked = noisy(y, marked, np.random.RandomState(seed))
    classes = y.dtype.kind == "i"
    lga, alone = (
        (LGAClassifier, RegularizedNetClassifier)
        if classes
        else (LGARegressor, RegularizedNetRegressor)
    )
    module, params = NETWORKS[network]
    n_epochs = -(-n_steps // -(-int(hidden.sum()) // BATCH_SIZE))
    change = SYSTEMS[system]
    model = (alone if change is None else lga)(
        module=module, max_epochs=n_epochs, random_state=seed, **(change or {})
    )
    if change is None:
        model.set_params(closed_form=False)
    start = time.process_time()
    model.set_params(**params).fit(X, marked)
    line = {
        "table": path.stem,
        "network": network,
        "system": system,
        "n_steps": n_steps,
        "noise": noise,
        "seed": seed,
        "seconds": time.process_time() - start,
    }
    outputs = model.net_.outputs(X[hidden])
    predicted = model._fitted_.task.decode(outputs)
    if not classes:
        return line | {"R2": float(r2_score(y[hidden], predicted))}
    proba = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    loss = bounded_log_loss(y[hidden], proba / proba.sum(axis=1, keepdims=True))
    accuracy = float(np.mean(predicted == y[hidden]))
    return line | {"accuracy": accuracy, "loss": loss}


def report(lines):
    """Print means over tables and seeds, then LGA less the others with errors."""
    frame = pd.DataFrame(lines)
    for measure in ("accuracy", "loss", "R2"):
        known = frame.dropna(subset=measure) if measure in frame else frame[:0]
        if known.empty:
            continue
        by = ["network", "n_steps", "noise"]
        means = known.pivot_table(measure, by, "system", sort=False)
        means = means[[s for s in SYSTEMS if s in means]]
        print(f"\n{measure}\n{means.round(4).to_string()}")
        runs = known.pivot_table(measure, [*by, "table", "seed"], "system").dropna()
        for other in (s for s in SYSTEMS if s != "LGA" and s in runs):
            mean, error = mean_and_error(runs["LGA"] - runs[other])
            print(f"LGA less {other}: {mean:+.4f} ({error:.4f})")


def main():
    """Run what is missing, then print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--print-only", action="store_true")
    args = parser.parse_args()
    keys = "table", "network", "system", "n_steps", "noise", "seed"
    jobs = (
        (args.data / f"{table}.npz", network, system, args.steps, noise, seed)
        for seed in range(args.seeds)
        for noise in (False, True)
        for table in args.tables.split(",")
        for network in args.networks.split(",")
        for system in SYSTEMS
    )
    missing = () if args.print_only else jobs
    lines = recorded(args.out, run, keys, missing, args.jobs)
    report(lines)


if __name__ == "__main__":
    main()
