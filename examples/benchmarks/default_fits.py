"""Default fits beside plain steps of torch: CPU time, in one thread.

    python examples/benchmarks/default_fits.py [--repeats 5]

A default fit of 5,000 rows, 10 and 40 columns, 100 labels or 200 targets, and 1,000
steps of a plain training on the same batches (all labelled rows, up to 256, and 256
unlabelled ones): one network of 128 hidden units, of two layers for targets, its loss
on both batches, backward and Adam. Interleaved; prints medians of both and of their
ratio. Then the same for ``LabelSpreading(kernel="knn")`` at 100,000 x 20 rows, for
``predict`` of these beside ``MLPClassifier``'s; the first fit of a process (iris, 30
labels) beside a later one, and beside a first one that imports torch's compiler; and
the seconds of a grid search by two processes, 20 candidates and 5 folds of 5,000 x 10
rows.
"""

import argparse
import itertools
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
from sklearn.datasets import make_classification, make_regression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.semi_supervised import LabelSpreading
from threadpoolctl import threadpool_limits
from torch import nn

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga.datasets import hide_labels

N_ROWS, N_STEPS, BATCH_SIZE, WIDTH = 5_000, 1_000, 256, 128


def problem(kind, n_features, n_rows=N_ROWS):
    """A table and its labels, of which 100 or 200 are left."""
    if kind == "classes":
        X, y = make_classification(n_rows, n_features, n_informative=8, random_state=0)
        marked = hide_labels(y, n_labeled=100, random_state=0)
    else:
        X, y = make_regression(
            n_rows, n_features, n_informative=8, noise=10.0, random_state=0
        )
        marked = hide_labels(y, n_labeled=200, random_state=0, unlabeled=np.nan)
    return X.astype(np.float32), y, marked


def cpu_seconds(function, *args):
    """CPU time of a call."""
    start = time.process_time()
    function(*args)
    return time.process_time() - start


def fit(kind, X, y, marked):
    """A default fit."""
    estimator = LGAClassifier if kind == "classes" else LGARegressor
    estimator(random_state=0).fit(X, marked)


def plain_steps(kind, X, y, marked):
    """As many steps on the same batches, each on given labels."""
    torch.manual_seed(0)
    given = np.flatnonzero(marked == y)
    sizes = [X.shape[1], *[WIDTH] * (1 if kind == "classes" else 2)]
    layers = [
        layer
        for n_in, n_out in itertools.pairwise(sizes)
        for layer in (nn.Linear(n_in, n_out), nn.ReLU())
    ]
    module = nn.Sequential(*layers, nn.Linear(WIDTH, 2 if kind == "classes" else 1))
    optimizer = torch.optim.Adam(module.parameters(), fused=True)
    criterion = nn.CrossEntropyLoss() if kind == "classes" else nn.MSELoss()
    X, target = torch.from_numpy(X), torch.from_numpy(y)
    if kind == "targets":
        target = target.float()[:, None] / target.std()
    given = torch.from_numpy(given[:BATCH_SIZE])
    for _ in range(N_STEPS):
        loss = 0.0
        for rows in (given, torch.randint(len(X), (BATCH_SIZE,))):
            loss = loss + criterion(module(X[rows]), target[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def beside_label_spreading(repeats):
    """CPU seconds of both at 100,000 x 20, and their ratio."""
    X, _, marked = problem("classes", 20, n_rows=100_000)
    both = [
        [
            cpu_seconds(LGAClassifier(random_state=0).fit, X, marked),
            cpu_seconds(LabelSpreading(kernel="knn").fit, X, marked),
        ]
        for _ in range(repeats)
    ]
    return np.median([[*pair, pair[0] / pair[1]] for pair in both], axis=0)


def predictions(repeats):
    """CPU seconds of both at 100,000 x 20, and their ratio."""
    X, y, _ = problem("classes", 20, n_rows=100_000)
    marked = hide_labels(y[:N_ROWS], n_labeled=100, random_state=0)
    ours = LGAClassifier(random_state=0).fit(X[:N_ROWS], marked)
    theirs = MLPClassifier(max_iter=20).fit(X[:N_ROWS], y[:N_ROWS])
    both = [
        [cpu_seconds(model.predict, X) for model in (ours, theirs)]
        for _ in range(repeats)
    ]
    return np.median([[*pair, pair[0] / pair[1]] for pair in both], axis=0)


FIRST_FIT = """
import time, torch
torch.set_num_threads(1)
from sklearn.datasets import load_iris
from sklearn_lga import LGAClassifier
from sklearn_lga.datasets import hide_labels
X, y = load_iris(return_X_y=True)
y = hide_labels(y, n_labeled=30, random_state=0)
for _ in range(2):
    start = time.process_time()
    {import_compiler}
    LGAClassifier(random_state=0).fit(X, y)
    print(time.process_time() - start)
"""


def first_fits(repeats):
    """CPU seconds of a process's first fit, of its second, and with the compiler."""
    runs = []
    for _ in range(repeats):
        told = []
        for import_compiler in ("pass", "import torch._dynamo"):
            code = FIRST_FIT.format(import_compiler=import_compiler)
            command = [sys.executable, "-c", code]
            told += subprocess.check_output(command, text=True).split()
        runs.append([float(seconds) for seconds in told[:3]])
    return np.median(runs, axis=0)


def seconds_of_search(memory):
    """How long a search takes, which keeps its closed forms in a folder or not."""
    X, _, marked = problem("classes", 10)
    model = LGAClassifier(random_state=0, memory=memory)
    grid = {"lr": [1e-3, 3e-3, 1e-2, 3e-2], "label_lr": [0.0, 0.1, 0.3, 1.0, 3.0]}
    start = time.perf_counter()
    GridSearchCV(model, grid, cv=5, n_jobs=2, refit=False).fit(X, marked)
    return time.perf_counter() - start


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{'':20s}{'fit, s':>8s}{'1,000 plain steps, s':>22s}{'ratio':>7s}")
    ratios = []
    with threadpool_limits(1):
        for kind in ("classes", "targets"):
            for n_features in (10, 40):
                data = problem(kind, n_features)
                fit(kind, *data)  # what is loaded or planned once
                both = [
                    [cpu_seconds(f, kind, *data) for f in (fit, plain_steps)]
                    for _ in range(args.repeats)
                ]
                ratios.append(np.median([a / b for a, b in both]))
                first, second = np.median(both, axis=0)
                name = f"{kind}, {n_features} columns"
                print(f"{name:20s}{first:8.2f}{second:22.2f}{ratios[-1]:7.2f}")
        print(f"{'median':50s}{np.median(ratios):7.2f}")
        few = max(1, args.repeats // 2)
        for what, ours, theirs, ratio in (
            ("fit, LabelSpreading(kernel='knn')", *beside_label_spreading(few)),
            ("predict, MLPClassifier", *predictions(few)),
        ):
            print(f"100,000 x 20, {what}: {ours:.2f} s, {theirs:.2f} s, {ratio:.2f}")
    first, second, compiler = first_fits(few)
    print(
        f"iris: first fit {first:.2f} s, second {second:.2f} s, first with torch's "
        f"compiler {compiler:.2f} s"
    )
    with tempfile.TemporaryDirectory() as folder:
        plain, kept = map(seconds_of_search, (None, folder))
    print(f"20 candidates, 5 folds: {plain:.0f} s, with memory {kept:.0f} s")


if __name__ == "__main__":
    main()
