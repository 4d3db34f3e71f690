"""Documents as TF-IDF, a few of them labelled: quality and time beside linear models.

    python examples/benchmarks/text.py [--seeds 3] [--jobs 1] [--large]

The documents are those of the installed packages: paragraphs of scikit-learn's classes,
603 of them, by module; docstrings of scipy's functions by subpackage; functions, as
source code, by the package that they are from. Each run is a line of
``doc/results/text.jsonl``. Prints the share of the unlabelled documents that are right,
macro F1 and log loss, CPU seconds in one thread, and how far LGA is ahead of the best
other model of each table and number of labels, chosen afterwards; then what the line in
all columns adds to LGA. With ``--large``: 20,000 functions, 50,000 words and pairs of
words, 200 labels, once.
"""

import argparse
import contextlib
import inspect
import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import scipy
import torch
from recorded import bounded_log_loss, mean_and_error, recorded
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import f1_score
from sklearn.naive_bayes import ComplementNB
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import LinearSVC
from sklearn.utils import all_estimators
from tables import without_views
from threadpoolctl import threadpool_limits

from sklearn_lga import LGAClassifier
from sklearn_lga.datasets import hide_labels

RESULTS = Path(__file__).parents[2] / "doc" / "results" / "text.jsonl"

SGD = SGDClassifier(loss="log_loss", random_state=0)

MODELS = {
    "LGA": LGAClassifier(random_state=0),
    "self-training, SGD": SelfTrainingClassifier(SGD),
    "logistic regression": LogisticRegression(C=10.0, max_iter=1_000),
    "linear SVM": LinearSVC(),
    "naive Bayes": ComplementNB(),
}

WITHOUT = "LGA without the line"
ON_ALL_ROWS = "LGA", "self-training, SGD", WITHOUT

N_LABELED = 30, 100, 300, 1_000


def source_files(package):
    """Files of an installed package, its tests left out."""
    folder = Path(package.__file__).parent
    return [path for path in sorted(folder.rglob("*.py")) if "test" not in str(path)]


def paragraphs():
    """Those of scikit-learn's classes, by module."""
    modules = "cluster", "decomposition", "ensemble", "linear_model", "preprocessing"
    for _, estimator in all_estimators():
        module = estimator.__module__.split(".")[1]
        if module in modules:
            for paragraph in re.split(r"\n\s*\n", inspect.getdoc(estimator)):
                if len(paragraph.split()) >= 8:
                    yield paragraph, module


def docstrings():
    """Those of scipy's functions and classes, by subpackage."""
    kept = "optimize", "signal", "sparse", "special", "stats", "linalg", "interpolate"
    for path in source_files(scipy):
        part = path.relative_to(Path(scipy.__file__).parent).parts[0]
        if part in kept:
            for text in re.findall(r'r?"""(.*?)"""', path.read_text(), re.DOTALL):
                if len(text.split()) >= 15:
                    yield inspect.cleandoc(text), part


def functions():
    """Functions as source code, by package."""
    import matplotlib
    import sklearn
    import sympy

    for package in (np, scipy, sklearn, pd, matplotlib, torch, sympy):
        for path in source_files(package):
            text = path.read_text(errors="ignore")
            for function in re.split(r"\n(?=(?:    )?def )", text)[1:]:
                if len(function.split()) >= 15:
                    yield function[:2_000], package.__name__


TABLES = {
    "paragraphs": (paragraphs, 603),
    "docstrings": (docstrings, 2_000),
    "functions": (functions, 3_000),
}


def documents(make, n_documents):
    """Some of the documents, each once, and their classes' codes."""
    texts, names = map(np.array, zip(*dict(make()).items(), strict=True))
    some = np.random.RandomState(0).permutation(len(texts))[:n_documents]
    return texts[some], np.unique(names[some], return_inverse=True)[1]


def measure(name, X, y, y_marked):
    """What a model says of the documents without a label, and its CPU time."""
    hidden, model = y_marked == -1, clone(MODELS.get(name, MODELS["LGA"]))
    start = time.process_time()
    with contextlib.ExitStack() as stack:
        for patch in without_views("sparse_line") if name == WITHOUT else ():
            stack.enter_context(patch)
        if name in ON_ALL_ROWS:
            model.fit(X, y_marked)
        else:
            model.fit(X[~hidden], y[~hidden])
    seconds = time.process_time() - start
    found, loss = model.predict(X[hidden]), None
    if hasattr(model, "predict_proba"):
        proba = np.zeros((len(found), y.max() + 1))
        proba[:, model.classes_] = model.predict_proba(X[hidden])
        loss = bounded_log_loss(y[hidden], proba)
    return {
        "accuracy": float(np.mean(found == y[hidden])),
        "f1": float(f1_score(y[hidden], found, average="macro")),
        "log_loss": loss,
        "seconds": seconds,
    }


def run(table, n_labeled, seed, name):
    """One line."""
    torch.set_num_threads(1)
    LGAClassifier(max_epochs=1).fit(np.eye(4), [0, 1, -1, -1])  # what is loaded once
    texts, y = documents(*TABLES[table])
    X = TfidfVectorizer().fit_transform(texts)
    y_marked = hide_labels(y, n_labeled=n_labeled, random_state=seed)
    with threadpool_limits(1):
        found = measure(name, X, y, y_marked)
    job = {"table": table, "n_labeled": n_labeled, "seed": seed, "model": name}
    return job | {"shape": X.shape} | found


def large():
    """Print what each model says of many documents and words."""
    torch.set_num_threads(1)
    texts, y = documents(functions, 20_000)
    X = TfidfVectorizer(ngram_range=(1, 2), max_features=50_000).fit_transform(texts)
    y_marked = hide_labels(y, n_labeled=200, random_state=0)
    print(f"{X.shape}, {X.nnz / len(y):.0f} entries a row")
    with threadpool_limits(1):
        for name in MODELS:
            found = measure(name, X, y, y_marked)
            print(f"{name:20s}", {k: v and round(v, 3) for k, v in found.items()})


def main():
    """Run what is missing, then print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--large", action="store_true")
    args = parser.parse_args()
    if args.large:
        return large()
    jobs = [
        (table, n_labeled, seed, name)
        for table, (_, n_documents) in TABLES.items()
        for n_labeled in N_LABELED
        for seed in range(args.seeds)
        for name in [*MODELS, WITHOUT]
        if n_labeled <= n_documents / 2
    ]
    keys = "table", "n_labeled", "seed", "model"
    lines = pd.DataFrame(recorded(RESULTS, run, keys, jobs, args.jobs))
    measures = ["accuracy", "f1", "log_loss", "seconds"]
    by_model = lines.pivot_table("accuracy", keys[:2], "model")[list(MODELS)]
    print(by_model.round(3).to_string())
    print(
        lines.groupby("model")[measures].mean().loc[list(MODELS)].round(3).to_string()
    )
    for measure, sign in zip(measures[:3], (1, 1, -1), strict=True):
        found = sign * lines.pivot_table(measure, keys[:3], "model")
        without = found.pop(WITHOUT)
        means = found.drop(columns="LGA").groupby(level=[0, 1]).mean()
        best = means.idxmax(axis=1)
        gaps = pd.Series(
            {i: row["LGA"] - row[best[i[:2]]] for i, row in found.iterrows()}
        )
        gaps.index.names = keys[:3]
        gap, error = mean_and_error(gaps)
        worst = gaps.groupby(level=[0, 1]).mean().min()
        print(
            f"ahead of the best, {measure}: {gap:.3f} ({error:.3f}), worst {worst:.3f}"
        )
        gains = found["LGA"] - without
        by_count = gains.groupby(level="n_labeled").apply(mean_and_error)
        for n_labeled, (gain, error) in by_count.items():
            print(f"  the line adds with {n_labeled} labels: {gain:.4f} ({error:.4f})")


if __name__ == "__main__":
    main()
