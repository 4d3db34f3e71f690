"""Label two real tables from a few labels, by LGA and by scikit-learn's methods.

Prints a table for the bundled digits (100 labels) and breast-cancer data (20
labels), and draws it. Run by ``make demo``.
"""

import argparse
import time
import warnings
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import (
    LabelPropagation,
    LabelSpreading,
    SelfTrainingClassifier,
)
from tqdm import tqdm

from sklearn_lga import LGAClassifier
from sklearn_lga.baselines import RegularizedNetClassifier
from sklearn_lga.datasets import hide_labels

TABLES = {
    "digits, 100 labels": (load_digits, 100),
    "breast cancer, 20 labels": (load_breast_cancer, 20),
}
MEASURES = ["hidden rows", "test rows", "log loss", "seconds"]


def methods(seed):
    """LGA, the same network without it, and scikit-learn's three methods."""
    return {
        "LGAClassifier": LGAClassifier(random_state=seed),
        "same network, no LGA": RegularizedNetClassifier(random_state=seed),
        "LabelSpreading": LabelSpreading(kernel="knn", max_iter=300),
        "LabelPropagation": LabelPropagation(kernel="knn", max_iter=3000),
        "SelfTraining(LogisticRegression)": SelfTrainingClassifier(
            LogisticRegression(max_iter=1000)
        ),
    }


def evaluate(method, X, y_marked, y, X_test, y_test):
    """Accuracy on hidden and on test rows, log loss on test rows, seconds."""
    model = make_pipeline(StandardScaler(), method)
    hidden = y_marked == -1
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=RuntimeWarning)
        model.fit(X, y_marked)
        seconds = time.perf_counter() - start
        transduction = getattr(model[-1], "transduction_", None)
        if transduction is None or isinstance(method, SelfTrainingClassifier):
            transduction = model.predict(X)
        # a row without a labelled neighbour gets no probabilities of LabelPropagation
        proba = np.nan_to_num(model.predict_proba(X_test), nan=1 / len(np.unique(y)))
        proba = np.clip(proba, 1e-7, 1.0)
    return [
        np.mean(transduction[hidden] == y[hidden]),
        np.mean(model.predict(X_test) == y_test),
        log_loss(y_test, proba / proba.sum(axis=1, keepdims=True)),
        seconds,
    ]


def run(seeds):
    """Means over the seeds: ``results[table][method]``, a row of measures."""
    results, n_runs = {}, seeds * len(methods(0))
    for title, (load, n_labeled) in TABLES.items():
        results[title] = {name: [] for name in methods(0)}
        X, y = load(return_X_y=True)
        bar = tqdm(desc=title, total=n_runs, leave=False, disable=None)
        for seed in range(seeds):
            if bar.disable:  # nobody looks at a line that moves
                print(f"{title}: seed {seed + 1} of {seeds}", flush=True)
            X_train, X_test, y_train, y_test = train_test_split(
                X, y, test_size=0.25, stratify=y, random_state=seed
            )
            y_marked = hide_labels(y_train, n_labeled=n_labeled, random_state=seed)
            for name, method in methods(seed).items():
                bar.set_postfix_str(name)
                scores = evaluate(method, X_train, y_marked, y_train, X_test, y_test)
                results[title][name].append(scores)
                bar.update()
        bar.close()
        results[title] = {k: np.mean(v, axis=0) for k, v in results[title].items()}
        show(title, results[title])
    return results


def show(title, rows):
    """Print one table."""
    print(f"\n{title:34s}" + "".join(f"{measure:>13s}" for measure in MEASURES))
    for name, row in rows.items():
        print(f"{name:34s}" + "".join(f"{value:13.3f}" for value in row))


def draw(results, path):
    """One panel a table: accuracy against log loss, a mark for each method."""
    colors = ["#d55e00", "#0072b2", "#009e73", "#cc79a7", "#56606b"]
    markers = ["*", "o", "s", "^", "D"]
    fig, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for ax, (title, rows) in zip(axes, results.items(), strict=True):
        for (name, row), color, marker in zip(
            rows.items(), colors, markers, strict=True
        ):
            size = 320 if marker == "*" else 90
            ax.scatter(
                row[2], 100 * row[0], s=size, color=color, marker=marker, label=name
            )
        ax.set(
            title=f"{title} (better: up, left)",
            xlabel="log loss on test rows (lower is better)",
            ylabel="hidden labels right, %",
        )
        ax.margins(0.15)
        ax.grid(alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
    fig.legend(
        *axes[0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=3,
        frameon=False,
    )
    fig.savefig(path, dpi=120)
    plt.close(fig)


def main():
    """Run the comparison and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--picture", type=Path, default=Path(__file__).parent / "demo.png"
    )
    args = parser.parse_args()
    draw(run(args.seeds), args.picture)
    print(f"\nPicture: {args.picture}")


if __name__ == "__main__":
    main()
