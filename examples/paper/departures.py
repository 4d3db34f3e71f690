"""What the departures from the paper change that no parameter undoes.

    python examples/paper/departures.py [--images DATA_HOME] [--seeds 5] [--jobs 1]
        [--print-only]

Each is undone by putting the paper's own in its place, here and nowhere else: the dense
Adam of its framework on w, running averages that start at zero without a correction,
targets as they are given. On the shells of Figures 3 and 4, whose runs of the same
seeds are the ones "as it is"; for targets on smaller shells, whose class number is the
target; with ``--images`` also LGA in the scaled Table 1 at 250 labels. Each run is a
line of ``doc/results/departures.jsonl``.
"""

import argparse
import contextlib
import csv
import math
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import shells
import torch
from images import run as image_run
from protocols import SCALED
from runs import RESULTS, complete, mean_and_error, read_lines

from sklearn_lga import ALGORITHM_1, LGARegressor
from sklearn_lga._labels.targets import Targets
from sklearn_lga._training.algorithm import TrainingState
from sklearn_lga._training.imputed_labels import ImputedLabels
from sklearn_lga.alignment import adam_update, moving_average
from sklearn_lga.datasets import make_shells

PATH = RESULTS / "departures.jsonl"
# Steps from one visit of a row to the next.
PERIOD = {
    "shells": shells.N_UNLABELED / shells.NETWORK["batch_size"],
    "images": SCALED.n_train / SCALED.batch_size,
}
LABEL_LR = {
    "shells": shells.LGA["label_lr"],
    "images": SCALED.hyperparameters["fashion_mnist"].lga["label_lr"],
}


def dense_update(self, positions, w, g_w):
    """Adam on all rows of w at once; those without a gradient go on moving."""
    gradient = torch.zeros_like(self.w)
    gradient[positions] = g_w
    self.n_updates += 1
    step, self.exp_avg, self.exp_avg_sq = adam_update(
        gradient, self.exp_avg, self.exp_avg_sq, self.n_updates, **self.adam
    )
    self.w += step


def uncorrected_average(self, average, value):
    """EMA from zero, as it is."""
    return moving_average(average, value, self.decay, out=average)


def unscaled(*args, read=Targets.read):
    """Targets as they are, with mean 0 and scale 1; in place of ``Targets.read``."""
    task, given = read(*args)
    task = replace(task, mean=0.0 * task.mean, scale=0.0 * task.scale + 1.0)
    return task, given._replace(labels=task.scaled(given.values).astype(np.float32))


DENSE = ImputedLabels, "update", dense_update
UNDONE = {
    "as it is": None,
    "dense Adam": DENSE,
    # Where a row is visited every P steps, its second moment is P times smaller.
    "dense Adam, equal travel": DENSE,
    "no bias correction": (TrainingState, "running_average", uncorrected_average),
    "targets unscaled": (Targets, "read", unscaled),
    "targets unscaled, times 100": (Targets, "read", unscaled),
}


def run(data, variant, seed, data_home):
    """One run with a departure undone: its loss and its error, or none."""
    undone, changes = UNDONE[variant], {}
    if variant.endswith("equal travel"):
        changes["label_lr"] = LABEL_LR[data] / math.sqrt(PERIOD[data])
    with patch.object(*undone) if undone else contextlib.nullcontext():
        if data == "targets":
            factor = 100.0 if variant.endswith("times 100") else 1.0
            return {"loss": squared_error(seed, factor)}
        if data == "images":
            line = image_run(
                *("fashion_mnist", 250, "LGA", seed, "fashion_mnist"),
                protocol=SCALED,
                data_home=data_home,
                **changes,
            )
            return {"loss": line["test_loss"], "error": line["test_error"]}
        setting = {name: shells.FULL[name] for name in ("epochs", "every")}
        return best_of(shells.run("LGA", seed, **setting, **changes))


def best_of(history):
    """The best test loss of a run, and the error there."""
    best = min(history, key=lambda row: float(row["test_loss"]))
    return {
        "loss": float(best["test_loss"]),
        "error": 1.0 - float(best["test_accuracy"]),
    }


def figure_4(seed):
    """The line of a run that Figure 4 has."""
    with (RESULTS / "shells_full.csv").open() as file:
        history = [
            row
            for row in csv.DictReader(file)
            if row["method"] == "LGA" and int(row["trial"]) == seed
        ]
    job = {"data": "shells", "variant": "as it is", "seed": seed}
    return job | best_of(history)


def squared_error(seed, factor):
    """Of a regressor on shells, in variances of the targets."""
    torch.set_num_threads(1)
    X, y = make_shells(5000, 10, random_state=seed)
    y = factor * y.astype(float)
    known = y.copy()
    known[500:3000] = np.nan
    model = LGARegressor(
        **ALGORITHM_1, hidden_layer_sizes=(64, 64), unlabeled=np.nan, random_state=seed
    ).fit(X[:3000], known[:3000])
    return float(np.mean((model.predict(X[3000:]) - y[3000:]) ** 2) / y.var())


def report(lines):
    """Print means, and differences to what stands "as it is", with standard errors."""
    by_run = {(x["data"], x["variant"], x["seed"]): x for x in lines}
    print(f"{'data':10s}{'variant':30s}{'runs':>5s}{'loss':>9s}{'difference':>20s}")
    for data, variant in dict.fromkeys((x["data"], x["variant"]) for x in lines):
        pairs = [
            (by_run[data, variant, seed], by_run[data, "as it is", seed])
            for d, v, seed in by_run
            if (d, v) == (data, variant) and (data, "as it is", seed) in by_run
        ]
        row = f"{data:10s}{variant:30s}{len(pairs):5d}"
        for name in ("loss", "error"):
            if all(name in x for pair in pairs for x in pair):
                ours, theirs = np.array([[x[name] for x in pair] for pair in pairs]).T
                gap, error = mean_and_error(ours - theirs)
                row += f"{ours.mean():9.4f}{gap:+10.4f} +-{error:.4f}"
        print(row)


def main():
    """Run what is missing, then print the differences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--print-only", action="store_true")
    args = parser.parse_args()
    of_data = {
        "targets": ("as it is", "targets unscaled", "targets unscaled, times 100"),
        "shells": ("dense Adam", "dense Adam, equal travel", "no bias correction"),
    }
    if args.images:
        of_data["images"] = ("as it is", *of_data["shells"])
    jobs = [
        {"data": data, "variant": variant, "seed": seed}
        for data, variants in of_data.items()
        for seed in range(args.seeds)
        for variant in variants
    ]

    def one(**job):
        return run(**job, data_home=args.images)

    lines = read_lines(PATH)
    if not args.print_only:
        lines = complete(PATH, jobs, one, args.jobs)
    report([figure_4(seed) for seed in range(args.seeds)] + lines)


if __name__ == "__main__":
    main()
