"""Ours beside scikit-learn's methods, on the small tables that people try first.

    python examples/benchmarks/first_tries.py OUT.jsonl [--seeds 3] [--jobs 1]
        [--methods "LGA;closed form"] [--data DATA_DIR] [--print-only]

With ``--data``: on the real tables of ``tables.py`` in their place, in a file of their
own. Tables that scikit-learn bundles or generates, standardized, with 2 to 300 labels
drawn at random, at least one of each class. *LGA* has the package's default parameters;
*closed form* is where its labels start. Accuracy and R2 are those of the hidden rows:
of ``transduction_`` where labels are spread, of ``predict`` elsewhere; log
loss is that of ``predict_proba``. Each run appends a line to OUT.jsonl; what stands
there is not run again.

The best peer is the best in hindsight, chosen for each table, count and measure by its
mean over seeds. Standard errors take all counts of a table as one draw.
"""

import argparse
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from recorded import bounded_log_loss, mean_and_error, recorded
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import r2_score
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier
from sklearn.svm import SVR
from small_tables import TABLES, draw
from tables import stored

from sklearn_lga import LGAClassifier, LGARegressor

OURS = ["closed form", "LGA"]
SPREADING = {"LGA", *(f"LabelSpreading {kind}" for kind in ("knn", "rbf", "rbf, 1/d"))}
CASES = [(name, n) for name, (_, counts) in TABLES.items() for n in counts]
SIGNS = {"accuracy": 1.0, "R2": 1.0, "loss": -1.0}


def models(classes, d, seed):
    """Estimators for a table with d columns, by name."""
    if classes:
        spread = partial(LabelSpreading, max_iter=300)
        logistic = LogisticRegression(max_iter=1000)
        process = partial(GaussianProcessClassifier, ConstantKernel() * RBF(d**0.5))
        return {
            "LGA": LGAClassifier(random_state=seed),
            "LabelSpreading knn": spread(kernel="knn"),
            "LabelSpreading rbf": spread(),
            "LabelSpreading rbf, 1/d": spread(gamma=1 / d),
            "LogisticRegression": logistic,
            "SelfTraining": SelfTrainingClassifier(logistic),
            "ExtraTrees": ExtraTreesClassifier(200, random_state=0),
            "Gaussian process": process(random_state=0),
        }
    smooth = Matern(np.full(d, d**0.5), (1e-2, 1e4), nu=2.5)
    kernel = ConstantKernel(1.0, (1e-3, 1e3)) * smooth + WhiteKernel(0.1)
    peers = {
        "RidgeCV": RidgeCV(np.logspace(-3, 3, 13)),
        "SVR": SVR(),
        "ExtraTrees": ExtraTreesRegressor(200, random_state=0),
        "Gaussian process": GaussianProcessRegressor(kernel, random_state=0),
    }
    scaled = partial(TransformedTargetRegressor, transformer=StandardScaler())
    ours = LGARegressor(unlabeled=np.nan, random_state=seed)
    return {"LGA": ours} | {name: scaled(model) for name, model in peers.items()}


def answer(method, X, marked, hidden, seed):
    """Labels of the hidden rows and, for classes, their probabilities."""
    classes = marked.dtype.kind == "i"
    own = "LGA" if method == "closed form" else method
    model = models(classes, X.shape[1], seed)[own]
    if method == "closed form":
        model.fit(X, marked)
        found = model.start_distributions_ if classes else model.start_
        found = found[hidden]
        return (found.argmax(axis=1), found) if classes else (found, None)
    rows = slice(None) if method in {*SPREADING, "SelfTraining"} else ~hidden
    model.fit(X[rows], marked[rows])
    spread = method in SPREADING
    labels = model.transduction_[hidden] if spread else model.predict(X[hidden])
    return labels, model.predict_proba(X[hidden]) if classes else None


def run(name, n_labeled, seed, method):
    """One fit; a line of results."""
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    table = getattr(name, "stem", name)
    line = {"table": table, "n_labeled": n_labeled, "seed": seed, "method": method}
    make = stored if isinstance(name, Path) else partial(draw, n_labeled=n_labeled)
    X, y, marked = make(name, seed=seed)
    hidden = marked != y  # A marker is no label, and NaN differs from all.
    start = time.process_time()
    try:
        labels, proba = answer(method, X, marked, hidden, seed)
    except Exception as error:
        return line | {"error": f"{type(error).__name__}: {error}"[:200]}
    line["seconds"] = time.process_time() - start
    if proba is None:
        return line | {"R2": float(r2_score(y[hidden], labels))}
    proba = np.nan_to_num(proba, nan=1 / proba.shape[1])
    loss = bounded_log_loss(y[hidden], proba)
    return line | {"accuracy": float(np.mean(labels == y[hidden])), "loss": loss}


def real_tables(folder):
    """The files of real tables, as cases; how many labels they have they say."""
    paths = sorted(folder.glob("*.npz"))
    return [(path, 0) for path in paths if "X" in np.load(path)]


def jobs(cases, seeds, methods):
    """Parameters of all runs; a seed is complete before the next one starts."""
    for seed in range(seeds):
        for name, n_labeled in cases:
            classes = name_has_classes(name)
            for method in "closed form", *models(classes, 1, seed):
                if methods is None or method in methods:
                    yield name, n_labeled, seed, method


def name_has_classes(name):
    """Whether a table's labels are classes."""
    if isinstance(name, Path):
        return np.load(name)["y"].dtype.kind in "iu"
    return draw(name, 50, 0)[1].dtype.kind == "i"


def summary(gaps):
    """Mean and its standard error, with tables drawn as wholes, and the worst one."""
    gaps = gaps.dropna()
    mean, error = mean_and_error(gaps)
    name, n_labeled = gaps.idxmin()
    worst = f"{gaps.min():+.3f} at {name}, {n_labeled}"
    return f"{mean:+.4f} ({error:.4f}), {worst}"


def report(lines):
    """Print each table and count, then the leads on the best peers."""
    frame, found = pd.DataFrame(lines), []
    for measure in (measure for measure in SIGNS if measure in frame):
        sign, known = SIGNS[measure], frame.dropna(subset=measure)
        means = known.pivot_table(measure, ["table", "n_labeled"], "method", sort=False)
        ours = means.reindex(columns=OURS)
        peers = sign * means.drop(columns=OURS, errors="ignore")
        if not peers.empty:
            best = {"best peer": sign * peers.max(axis=1), "": peers.idxmax(axis=1)}
            leads = (sign * ours).sub(peers.max(axis=1), axis=0)
            leads["closed form less LGA"] = leads[OURS[0]] - leads[OURS[1]]
            leads = leads.dropna(axis=1, how="all")
            found += [f"{measure:10s}{v:22s}{summary(leads[v])}" for v in leads]
            ours = ours.assign(**best)
        print(f"\n{measure}\n{ours.round(3).to_string()}")
    print("\nlead on the best peer: mean (standard error), worst; positive is better")
    print("\n".join(found))
    seconds = frame.groupby("method", sort=False)["seconds"].median()
    print(f"\nmedian CPU seconds\n{seconds.round(2).to_string(header=False)}")
    for line in (line for line in lines if "error" in line):
        print(line)


def main():
    """Run what is missing, then print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--methods", type=lambda text: text.split(";"))
    parser.add_argument("--print-only", action="store_true")
    parser.add_argument("--data", type=Path)
    args = parser.parse_args()
    cases = real_tables(args.data) if args.data else CASES
    keys = "table", "n_labeled", "seed", "method"
    missing = () if args.print_only else jobs(cases, args.seeds, args.methods)
    lines = recorded(args.out, run, keys, missing, args.jobs)
    report(lines)


if __name__ == "__main__":
    main()
