"""Choose the settings of Figures 3 and 4, on trials of other seeds than theirs.

    python examples/paper/search_shells.py

Prints the means of doc/paper.rst and writes each run's best test loss and accuracy to
``doc/results/shells_search.csv``.
"""

import csv

import joblib
import numpy as np
from shells import RESULTS, run

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
        "setting": setting,
        "trial": trial,
        "best_loss": min(row["test_loss"] for row in history),
        "best_accuracy": max(row["test_accuracy"] for row in history),
    }


def main():
    """Run all, save, and print the means."""
    lines = joblib.Parallel(n_jobs=2, verbose=1)(
        joblib.delayed(best)(setting, trial) for trial in TRIALS for setting in SETTINGS
    )
    with (RESULTS / "shells_search.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    print(f"{'setting':30s}{'best loss':>12s}{'best accuracy':>16s}")
    for setting in SETTINGS:
        mine = [line for line in lines if line["setting"] == setting]
        loss, accuracy = (
            np.mean([line[name] for line in mine])
            for name in ("best_loss", "best_accuracy")
        )
        print(f"{setting:30s}{loss:12.3f}{accuracy:16.3f}")


if __name__ == "__main__":
    main()
