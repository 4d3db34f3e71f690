"""Fits with default settings: quality on digits, seconds on a larger table.

    python examples/benchmarks/default_fits.py [--seeds 5]

Digits: 150 labels drawn at random, standardized, the share of hidden labels that are
right, beside the same network without LGA. Then 20,000 x 20 rows with 100 labels.
"""

import argparse
import time

import numpy as np
from sklearn.datasets import load_digits, make_classification
from sklearn.preprocessing import StandardScaler

from sklearn_lga import LGAClassifier
from sklearn_lga.baselines import RegularizedNetClassifier
from sklearn_lga.datasets import hide_labels


def digits(seed):
    """Share of hidden digits that each gets right, one seed."""
    X, y = load_digits(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    y_marked = hide_labels(y, n_labeled=150, stratify=False, random_state=seed)
    hidden = y_marked == -1
    models = [
        estimator(random_state=seed).fit(X, y_marked)
        for estimator in (LGAClassifier, RegularizedNetClassifier)
    ]
    imputed = models[0].transduction_[hidden]
    guesses = [imputed, *(model.predict(X[hidden]) for model in models)]
    return [np.mean(guess == y[hidden]) for guess in guesses]


def seconds_of_a_larger_table():
    """Seconds of a default fit of 20,000 x 20 rows, 100 of them labelled."""
    X, y = make_classification(20_000, 20, n_informative=8, random_state=0)
    y_marked = hide_labels(y, n_labeled=100, random_state=0)
    start = time.perf_counter()
    LGAClassifier(random_state=0).fit(X, y_marked)
    return time.perf_counter() - start


def main():
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    args = parser.parse_args()
    names = ("LGA, transduction_", "LGA, predict", "without LGA")
    means = np.mean([digits(seed) for seed in range(args.seeds)], axis=0)
    for name, mean in zip(names, means, strict=True):
        print(f"digits, 150 labels: {name:20s}{mean:7.4f}")
    print(f"20,000 x 20, 100 labels: {seconds_of_a_larger_table():.1f} s")


if __name__ == "__main__":
    main()
