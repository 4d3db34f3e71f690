"""Errors on the published splits of "Semi-Supervised Learning" (2006), chapter 21.

    python examples/benchmarks/ssl_book.py DATA_DIR OUT.jsonl [--labels 100]
        [--splits 12] [--jobs 2]

DATA_DIR holds ``ssl_*.npz`` with ``X``, ``y`` and ``labeled_idx_100``: the labelled
rows of a split, one split a row; every other row is unlabelled, and is what the error
in % is of. Features are standardized. All methods have their default parameters or
those that are named. A run appends a line to OUT.jsonl.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from recorded import recorded
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import (
    LabelPropagation,
    LabelSpreading,
    SelfTrainingClassifier,
)

from sklearn_lga import LGAClassifier
from sklearn_lga.regularizers import VAT

METHODS = {
    "LGA": lambda d: LGAClassifier(random_state=0),
    "LGA + VAT": lambda d: LGAClassifier(regularizers=[VAT()], random_state=0),
    "LabelSpreading knn": lambda d: LabelSpreading(kernel="knn", max_iter=300),
    "LabelSpreading rbf, gamma=1/d": lambda d: LabelSpreading(gamma=1 / d),
    "LabelPropagation knn": lambda d: LabelPropagation(kernel="knn", max_iter=1000),
    "SelfTraining, logistic": lambda d: SelfTrainingClassifier(LogisticRegression()),
    "LogisticRegression": lambda d: LogisticRegression(),
    "MLPClassifier": lambda d: MLPClassifier(random_state=0),
}
SUPERVISED = {"LogisticRegression", "MLPClassifier"}


def run(path, method, split, n_labeled):
    """One fit: the share of unlabelled rows that get a wrong label."""
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    data = np.load(path)
    X, y = StandardScaler().fit_transform(data["X"]), data["y"]
    labeled = data[f"labeled_idx_{n_labeled}"][split]
    hidden = np.ones(len(y), dtype=bool)
    hidden[labeled] = False
    model = METHODS[method](X.shape[1])
    if method in SUPERVISED:
        labels = model.fit(X[labeled], y[labeled]).predict(X)
    else:
        model.fit(X, np.where(hidden, -1, y))
        labels = getattr(model, "transduction_", None)
        labels = model.predict(X) if labels is None else labels
    error = float(np.mean(labels[hidden] != y[hidden]))
    line = {"table": path.stem, "method": method, "split": split}
    return line | {"n_labeled": n_labeled, "error": error}


def in_percent(errors):
    """Mean and standard deviation over the splits, as the docs write them."""
    return f"{100 * np.mean(errors):.2f} +- {100 * np.std(errors):.2f}"


def main():
    """Run what is missing, then print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument("--splits", type=int, default=12)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    jobs = [
        (path, method, split, args.labels)
        for method in METHODS
        for path in sorted(args.data.glob("ssl_*.npz"))
        for split in range(args.splits)
    ]
    keys = "table", "method", "split", "n_labeled"
    lines = pd.DataFrame(recorded(args.out, run, keys, jobs, args.jobs))
    lines = lines[lines["n_labeled"] == args.labels]
    print(lines.pivot_table("error", "method", "table", in_percent, sort=False))


if __name__ == "__main__":
    main()
