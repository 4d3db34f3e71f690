"""Small tables that scikit-learn bundles or generates, with few labels."""

from functools import partial

import numpy as np
from sklearn import datasets
from sklearn.preprocessing import StandardScaler

from sklearn_lga.datasets import hide_labels


def bundled(name, columns=slice(None), n_noise=0):
    """A table that comes with scikit-learn, with columns of noise if wanted."""

    def make(random_state):
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        noise = np.random.RandomState(random_state).normal(size=(len(X), n_noise))
        return np.hstack([X[:, columns], noise]), y

    return make


def made(name, *args, n_repeats=1, **options):
    """A table that scikit-learn generates, each row repeated if wanted."""

    def make(random_state):
        generate = getattr(datasets, f"make_{name}")
        X, y = generate(*args, **options, random_state=random_state)
        return np.repeat(X, n_repeats, axis=0), np.repeat(y, n_repeats)

    return make


few = made("classification", 2000, 40, n_informative=3, n_redundant=0)
noisy = made("classification", 2000, 10, n_informative=5, n_redundant=0, flip_y=0.3)
friedman = made("friedman1", 2000, 25, noise=1.0)
line = made("regression", 1500, 30, n_informative=8, noise=5.0)
noisy_line = made("regression", 1500, 10, n_informative=5, noise=150.0)
repeated = made("blobs", 40, centers=2, cluster_std=2.0, n_repeats=10)

TABLES = {  # a maker and the counts of labels
    "circles, close": (made("circles", 200, factor=0.8), (2, 4, 20)),
    "circles": (made("circles", 200, factor=0.5, noise=0.05), (4, 10, 20)),
    "moons": (made("moons", 400, noise=0.1), (2, 6, 20)),
    "blobs, apart": (made("blobs", 600, centers=4), (4, 40)),
    "blobs, overlapping": (made("blobs", 600, cluster_std=4.0), (9, 60)),
    "blobs, rows repeated": (repeated, (20, 80)),
    "iris": (bundled("iris"), (6, 15, 45)),
    "iris, two columns": (bundled("iris", [0, 1]), (15, 50, 100)),
    "iris, 30 of noise": (bundled("iris", n_noise=30), (30,)),
    "wine": (bundled("wine"), (9, 30)),
    "breast cancer": (bundled("breast_cancer"), (6, 20, 100)),
    "digits": (bundled("digits"), (20, 40, 300)),
    "3 of 40 columns": (few, (50, 200)),
    "noisy labels": (noisy, (60, 300)),
    "diabetes": (bundled("diabetes"), (20, 100, 300)),
    "friedman1, 20 of noise": (friedman, (60, 200)),
    "friedman2": (made("friedman2", 2000, noise=10.0), (30, 200)),
    "friedman3": (made("friedman3", 2000, noise=0.1), (60, 300)),
    "line": (line, (40, 200)),
    "line, noisy": (noisy_line, (60, 300)),
    "s-curve": (made("s_curve", 1500, noise=0.05), (20, 100)),
}


def draw(name, n_labeled, seed):
    """Standardized rows, their labels, and these with all but a few hidden.

    At least one label of each class is kept. Hidden ones are -1, or NaN for targets.
    """
    X, y = TABLES[name][0](random_state=seed)
    marker = -1 if y.dtype.kind == "i" else np.nan
    hide = partial(hide_labels, stratify=False, random_state=seed, unlabeled=marker)
    X = StandardScaler().fit_transform(X).astype(np.float32)
    return X, y, hide(y, n_labeled=n_labeled)
