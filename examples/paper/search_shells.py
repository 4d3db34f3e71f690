"""Choose the settings of Figures 3 and 4, on trials of other seeds than theirs.

    python examples/paper/search_shells.py [--jobs 2] [--print-only]

Each run's best test loss and accuracy is a line of ``doc/results/shells_search.jsonl``;
prints their means.
"""

import argparse

import numpy as np
from runs import RESULTS, complete, read_lines
from shells import run

PATH = RESULTS / "shells_search.jsonl"
TRIALS = range(1000, 1004)
SMALL = {"lr": 1e-3, "batch_size": 256, "labeled_batch_size": 256}
SETTINGS = {
    "T from 10": ("LGA", 150, {"labeled_weight": ("linear", 10.0)}),
    "T from 20": ("LGA", 150, {"labeled_weight": ("linear", 20.0)}),
    "T from 30, lr=1e-3": (
        "LGA",
        150,
        {"labeled_weight": ("linear", 30.0), "lr": 1e-3},
    ),
    "supervised": ("supervised", 150, {}),
    "supervised, lr=1e-3": ("supervised", 150, {"lr": 1e-3}),
    "batches of 256": (
        "LGA",
        30,
        SMALL | {"label_lr": 0.2, "labeled_weight": ("linear", 10.0)},
    ),
    "supervised, batches of 256": ("supervised", 30, SMALL),
}


def best(setting, trial):
    """Best test loss and accuracy of one run."""
    method, epochs, changes = SETTINGS[setting]
    history = run(method, trial, epochs, every=epochs, **changes)
    return {
        "best_loss": min(row["test_loss"] for row in history),
        "best_accuracy": max(row["test_accuracy"] for row in history),
    }


def means(lines, setting):
    """Mean best loss and best accuracy of a setting's runs."""
    mine = [line for line in lines if line["setting"] == setting]
    return [np.mean([x[name] for x in mine]) for name in ("best_loss", "best_accuracy")]


def main():
    """Run what is missing, then print the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--print-only", action="store_true")
    args = parser.parse_args()
    jobs = [{"setting": name, "trial": trial} for trial in TRIALS for name in SETTINGS]
    lines = (
        read_lines(PATH) if args.print_only else complete(PATH, jobs, best, args.jobs)
    )
    print(f"{'setting':30s}{'best loss':>12s}{'best accuracy':>16s}")
    for setting in SETTINGS:
        loss, accuracy = means(lines, setting)
        print(f"{setting:30s}{loss:12.3f}{accuracy:16.3f}")


if __name__ == "__main__":
    main()
