"""A network of scikit-learn's that learns the imputed labels: quality and speed.

    python examples/benchmarks/student.py DATA_DIR OUT.jsonl [--seeds 2] [--jobs 1]
        [--print-only]

On the tables of ``tables.py``, 5,000 rows with 100 labels or 200 targets, of which 0.7
are fitted, and the others are new: ``LGA`` predicts these by itself, *student* is an
``MLPClassifier`` or ``MLPRegressor`` that was fitted to ``transduction_``. Both predict
100,000 rows besides, for the time. A run appends a line to OUT.jsonl. Prints means over
tables, and the student less LGA with the standard error.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from recorded import bounded_log_loss, mean_and_error, recorded
from sklearn.compose import TransformedTargetRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler
from tables import stored
from threadpoolctl import threadpool_limits

from sklearn_lga import LGAClassifier, LGARegressor

N_PREDICTED = 100_000
SEED_OFFSET = 5000  # splits of their own, apart from any other benchmark's


def student(classes, seed):
    """A network with scikit-learn's defaults, stopped early."""
    if classes:
        return MLPClassifier(early_stopping=True, random_state=seed)
    network = MLPRegressor(early_stopping=True, random_state=seed)
    return TransformedTargetRegressor(network, transformer=StandardScaler())


def run(path, seed):
    """One line: scores on new rows, and CPU seconds of 100,000 predictions."""
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    X, y, marked = stored(path, SEED_OFFSET + seed)
    n_fitted = int(0.7 * len(y))
    X_new, y_new = X[n_fitted:], y[n_fitted:]
    classes = y.dtype.kind == "i"
    many = np.resize(np.arange(len(X)), N_PREDICTED)
    line = {"table": path.stem, "seed": seed}
    with threadpool_limits(1):
        model = (LGAClassifier if classes else LGARegressor)(random_state=seed)
        model.fit(X[:n_fitted], marked[:n_fitted])
        learner = student(classes, seed).fit(X[:n_fitted], model.transduction_)
        for who, fitted in (("LGA", model), ("student", learner)):
            score = fitted.score(X_new, y_new)
            line[f"{who} {'accuracy' if classes else 'R2'}"] = score
            if classes:
                proba = np.zeros((len(y_new), y.max() + 1))
                proba[:, fitted.classes_] = fitted.predict_proba(X_new)
                line[f"{who} loss"] = bounded_log_loss(y_new, proba)
            start = time.process_time()
            fitted.predict(X[many])
            line[f"{who} seconds"] = time.process_time() - start
    return line


def main():
    """Run what is missing, then print the means."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--print-only", action="store_true")
    args = parser.parse_args()
    jobs = [
        (path, seed)
        for seed in range(args.seeds)
        for path in sorted(args.data.glob("*.npz"))
        if "X" in np.load(path)
    ]
    missing = () if args.print_only else jobs
    lines = pd.DataFrame(recorded(args.out, run, ("table", "seed"), missing, args.jobs))
    lines = lines.set_index(["table", "seed"])
    for measure in ("accuracy", "loss", "R2", "seconds"):
        both = lines[[f"LGA {measure}", f"student {measure}"]].dropna()
        gap, error = mean_and_error(both.iloc[:, 1] - both.iloc[:, 0])
        means = "".join(f"{mean:10.4f}" for mean in both.mean())
        print(f"{measure:10s}{means}{gap:+10.4f} ({error:.4f})")


if __name__ == "__main__":
    main()
