"""Choose defaults: what each part of the estimators adds, on real and small tables.

    python examples/benchmarks/tables.py OUT.jsonl [--data DATA_DIR] [--seeds 2]
        [--settings "defaults;without LGA"] [--counts 30,300,1000,3000] [--jobs 2]
        [--print-only]

The small tables are those of ``small_tables.py``, with 2 to 300 labels. DATA_DIR holds
one ``.npz`` a data set: ``X`` (rows, features), ``y`` (int for classes, float for
targets) and, where there are any, ``categorical`` (bool a column); of each, 5,000 rows
with 100 labels (10 a class where these are more), or 200 targets. With ``--counts`` it
is these tables alone, with so many labels each, where 0.7 of the rows are as many. Each
setting is the defaults but for one change. A run appends a line to OUT.jsonl; what
stands there is not run again. The last table shows the differences from the defaults,
with standard errors that take all runs of a table as one draw.
"""

import argparse
import contextlib
import time
import warnings
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import torch
from recorded import bounded_log_loss, mean_and_error, recorded
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from small_tables import TABLES, draw

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga._estimators import fitting, plan
from sklearn_lga._views import closed_form, clusters, combination, table, trees
from sklearn_lga.baselines import RegularizedNetClassifier, RegularizedNetRegressor
from sklearn_lga.datasets import hide_labels

N_TRAIN, N_TEST = 5000, 2000
SEED_OFFSET = 1000  # splits of their own, apart from any other benchmark's


def without_views(*words):
    """Leave out the views whose names hold one of the words."""
    views_of, fit = closed_form.views_of, closed_form.fit_answers

    def some(answers):
        kept = {v: a for v, a in answers.items() if not any(w in v for w in words)}
        return kept or answers

    return [
        mock.patch.object(closed_form, "views_of", lambda *a: some(views_of(*a))),
        mock.patch.object(closed_form, "fit_answers", lambda *a: some(fit(*a))),
    ]


def constant(place, name, value):
    """Give a constant another value."""
    return [mock.patch.object(place, name, value)]


def equal_weights(names, loss, prior, n_rows):
    """The weights of the views before any evidence."""
    return dict(zip(names, prior, strict=True))


def from_zero(*args, start=fitting.start_of_labels):
    """The closed form's answer, and w at 0."""
    outputs, w = start(*args)
    return outputs, torch.zeros_like(w)


NO_START = [mock.patch.object(fitting, "start_of_labels", from_zero)]
FEATURES = [mock.patch.object(fitting, "choose_inputs", return_value=None)]
TRAVEL = {
    times: {
        kind: travel._replace(from_closed_form=times * travel.from_closed_form)
        for kind, travel in plan.LABEL_TRAVEL.items()
    }
    for times in (0.3, 3.0)
}

SETTINGS = {  # parameters, and what is replaced inside the package
    "defaults": ({}, []),
    "without LGA": ({}, []),
    "labels stay at their start": ({"label_lr": 0.0}, []),
    "labels travel 0.3 times as far": ({}, constant(plan, "LABEL_TRAVEL", TRAVEL[0.3])),
    "labels travel 3 times as far": ({}, constant(plan, "LABEL_TRAVEL", TRAVEL[3.0])),
    "T from 1": ({"labeled_weight": ("linear", 1.0)}, []),
    "T from 10": ({"labeled_weight": ("linear", 10.0)}, []),
    "labels start at 0": ({}, NO_START),
    "closed_form=False": ({"closed_form": False}, []),
    "network sees columns unscaled": ({}, FEATURES),
    "n_members=1": ({"n_members": 1}, []),
    "n_members=10": ({"n_members": 10}, []),
    "hidden layers of 64": ({"hidden_layer_sizes": 64}, []),
    "hidden layers of 128": ({"hidden_layer_sizes": 128}, []),
    "dropout=0.2": ({"dropout": 0.2}, []),
    "weight_decay=1": ({"weight_decay": 1.0}, []),
    "weight_decay=10": ({"weight_decay": 10.0}, []),
    "lr=0.003": ({"lr": 3e-3}, []),
    "20 steps": ({}, constant(plan, "STEPS_FROM_CLOSED_FORM", 20)),
    "100 steps": ({}, constant(plan, "STEPS_FROM_CLOSED_FORM", 100)),
    "400 steps": ({}, constant(plan, "STEPS_FROM_CLOSED_FORM", 400)),
    "equal weights": ({}, constant(combination, "weights_by_name", equal_weights)),
    "probabilities as sure as they come": (
        {},
        constant(
            combination, "best_sharpness", lambda logs, codes, w, start, tried: start
        ),
    ),
    "no line": ({}, without_views("line")),
    "no features as they are": ({}, without_views("features")),
    "no relevant features": ({}, without_views("relevant")),
    "no clusters": ({}, without_views("clusters")),
    "no neighbourhoods": ({}, without_views("neighborhood")),
    "no trees": ({}, without_views("trees")),
    "100 trees": ({}, constant(trees, "N_TREES", 100)),
    "20 eigenvectors": ({}, constant(clusters, "N_COMPONENTS", 20)),
    "neighbourhoods of 10 and 20": ({}, constant(clusters, "NEIGHBORHOODS", (10, 20))),
    "2,500 landmarks": ({}, constant(table, "MAX_LANDMARKS", 2_500)),
    "no clusters, no neighbourhoods": ({}, without_views("clusters", "neighborhood")),
}


def stored(path, seed, n_labeled=0):
    """Preprocessed training rows, with all but a few labels hidden; 0: the usual."""
    data = np.load(path, allow_pickle=False)
    X = data["X"].reshape(len(data["X"]), -1)
    categorical = data["categorical"] if "categorical" in data else np.zeros(X.shape[1])
    categorical = categorical.astype(bool)
    classes = np.issubdtype(data["y"].dtype, np.integer)
    y = np.unique(data["y"], return_inverse=True)[1] if classes else data["y"]
    usual = max(100, 10 * (y.max() + 1)) if classes else 200
    n_test = min(N_TEST, len(X) // 4)
    train, _ = train_test_split(
        np.arange(len(X)),
        train_size=min(N_TRAIN, len(X) - n_test),
        test_size=n_test,
        random_state=seed,
        stratify=y if classes else None,
    )
    encoder = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=20, sparse_output=False
    )
    scaler = make_pipeline(SimpleImputer(), StandardScaler())
    prepare = make_column_transformer(
        (scaler, np.flatnonzero(~categorical)), (encoder, np.flatnonzero(categorical))
    )
    marker = -1 if classes else np.nan
    marked = hide_labels(
        y[train],
        n_labeled=n_labeled or usual,
        stratify=False,
        random_state=seed,
        unlabeled=marker,
    )
    return prepare.fit_transform(X[train]).astype(np.float32), y[train], marked


def run(name, n_labeled, setting, seed):
    """One fit; a line of results, which are those of the hidden rows."""
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    if isinstance(name, Path):
        X, y, marked = stored(name, SEED_OFFSET + seed, n_labeled)
    else:
        X, y, marked = draw(name, n_labeled, SEED_OFFSET + seed)
    classes = y.dtype.kind == "i"
    hidden = marked != y  # A marker is no label, and NaN differs from all.
    if setting == "without LGA":
        estimator = RegularizedNetClassifier if classes else RegularizedNetRegressor
    else:
        estimator = LGAClassifier if classes else LGARegressor
    params, patches = SETTINGS[setting]
    if "hidden_layer_sizes" in params:
        layers = len(estimator().hidden_layer_sizes)
        params = {"hidden_layer_sizes": (params["hidden_layer_sizes"],) * layers}
    model = estimator(random_state=seed, **params)
    line = {"table": getattr(name, "stem", name), "n_labeled": n_labeled, "seed": seed}
    line |= {"setting": setting, "task": "classes" if classes else "targets"}
    start = time.process_time()
    with contextlib.ExitStack() as stack:
        for patch in patches:
            stack.enter_context(patch)
        model.fit(X, marked)
    line["seconds"] = time.process_time() - start
    answers = {"": (model.transduction_, getattr(model, "label_distributions_", None))}
    if "network" in model.evidence_.views:
        line["weight"] = model.evidence_.views["network"].weight
    if setting in ("defaults", "without LGA", "labels stay at their start"):
        outputs = model.net_.outputs(X)
        task = model._fitted_.task
        proba = np.exp(outputs) / np.exp(outputs).sum(1, keepdims=True)
        answers["network "] = task.decode(outputs), proba
        if setting == "defaults":
            first = model.start_distributions_ if classes else model.start_
            labels = first.argmax(axis=1) if classes else first
            answers["closed form "] = labels, first
    for who, (labels, proba) in answers.items():
        if classes:
            line[who + "accuracy"] = float(np.mean(labels[hidden] == y[hidden]))
            line[who + "loss"] = bounded_log_loss(y[hidden], proba[hidden])
        else:
            line[who + "R2"] = float(r2_score(y[hidden], labels[hidden]))
    return line


def differences(frame, measure):
    """Each setting's mean, its difference from the defaults and the standard error."""
    runs = frame.pivot_table(measure, ["table", "n_labeled", "seed"], "setting")
    for setting in [s for s in SETTINGS if s in runs]:
        both = runs[["defaults", setting]].dropna() if setting != "defaults" else None
        if both is None:
            yield setting, len(runs), runs[setting].mean(), 0.0, 0.0
            continue
        gap = both[setting] - both["defaults"]
        yield setting, len(gap), both[setting].mean(), *mean_and_error(gap)


def kinds(frame):
    """The runs of each kind of table, those of real ones by their count of labels."""
    small = frame["table"].isin(list(TABLES))
    if small.any():
        yield "small tables", frame[small]
    for n_labeled, part in frame[~small].groupby("n_labeled"):
        yield f"real tables, {n_labeled or 'the usual'} labels", part


def report(lines):
    """Print the differences for each kind of table."""
    frame = pd.DataFrame(lines)
    for kind, part in kinds(frame):
        for measure in ("accuracy", "loss", "R2"):
            if part.get(measure) is None or part[measure].isna().all():
                continue
            print(f"\n{kind}, {measure}: mean, less the defaults (standard error)")
            for setting, n, mean, gap, error in differences(part, measure):
                print(f"{setting:36s}{n:5d}{mean:9.4f}{gap:+9.4f} ({error:.4f})")
            for who in ("closed form ", "network "):
                if who + measure in part:
                    by = part.groupby("setting", sort=False)[who + measure].mean()
                    for setting, mean in by.dropna().items():
                        print(f"  {who}alone, {setting}: {mean:.4f}")
        seconds = part[part["setting"] == "defaults"]["seconds"]
        print(f"median CPU seconds of the defaults: {seconds.median():.2f}")


def jobs(args):
    """Parameters of all runs; a setting is complete before the next one starts."""
    small = {} if args.counts else TABLES
    cases = [(name, n) for name, (_, counts) in small.items() for n in counts]
    for path in sorted(args.data.glob("*.npz")) if args.data else ():
        data = np.load(path)
        if "X" in data:
            most = 0.7 * min(N_TRAIN, len(data["X"]))
            cases += [(path, n) for n in args.counts or [0] if n <= most]
    for setting in SETTINGS:
        if args.settings and setting not in args.settings.split(";"):
            continue
        for seed in range(args.seeds):
            for name, n in cases:
                yield name, n, setting, seed


def main():
    """Run what is missing, then print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--settings")
    parser.add_argument("--counts", type=lambda text: [int(n) for n in text.split(",")])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--print-only", action="store_true")
    args = parser.parse_args()
    keys = "table", "n_labeled", "setting", "seed"
    missing = () if args.print_only else jobs(args)
    lines = recorded(args.out, run, keys, missing, args.jobs)
    report(lines)


if __name__ == "__main__":
    main()
