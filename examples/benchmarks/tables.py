"""Choose defaults: score settings of the estimators on real tables.

    python examples/benchmarks/tables.py DATA_DIR OUT.jsonl [--task clf|reg]
        [--seeds 2] [--sets a,b] [--settings "name;name"] [--jobs 2] [--print-only]

DATA_DIR holds one ``.npz`` a data set: ``X`` (rows, features), ``y`` (int for
classes, float for targets) and, where there are any, ``categorical`` (bool a
column). Each run appends a line to OUT.jsonl; what stands there is not run again.
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import joblib
import numpy as np
import torch
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.metrics import log_loss, r2_score
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from skorch.callbacks import EarlyStopping

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga.baselines import RegularizedNetClassifier, RegularizedNetRegressor
from sklearn_lga.datasets import hide_labels
from sklearn_lga.model_selection import SemiSupervisedSplit
from sklearn_lga.regularizers import VAT

N_TRAIN, N_TEST = 5000, 2000
SEED_OFFSET = 1000  # splits of their own, apart from any other benchmark's


# The network and the training of the first round: Algorithm 1 and nothing else.
PLAIN = {
    "n_members": 1,
    "inputs": ["features"],
    "weight_decay": 0.0,
    "averaging": 0.0,
    "label_pull": 0.0,
}
UNCALIBRATED = {"temperature": 1.0}  # of classes
DECAY = PLAIN | {"weight_decay": 1.0}
BINS = ["features+bins", "features"]
ENCODED = DECAY | {"inputs": BINS, "n_members": 2}
SMOOTH = ENCODED | {"averaging": 0.5, "label_pull": 0.1}
DEEP = SMOOTH | {"hidden_layer_sizes": (128, 128)}


STOP = EarlyStopping(monitor="alignment_distance", patience=10, sink=lambda text: None)


def settings(task):
    """Named parameters, round by round."""
    first = first_round(task)
    if task == "clf":
        first |= vat_lengths()
    sizes = {"clf": (256,), "reg": (128, 128)}[task]
    grid = {name: PLAIN | change for name, change in first.items()}
    grid = {
        name: {"hidden_layer_sizes": sizes} | change
        for name, change in (grid | second_round()).items()
    }
    if task == "clf":
        grid = {name: UNCALIBRATED | change for name, change in grid.items()}
    return grid | third_round(task)


def first_round(task):
    """One change at a time."""
    grid = {"plain": {}, "supervised": {}}
    for travel in {"clf": (5, 15, 50), "reg": (1, 3, 10)}[task]:
        for decay in (("linear", 3.0), ("linear", 10.0), ("linear", 30.0)):
            name = f"travel={travel} T={decay[1]:g}"
            grid[name] = {"label_lr": travel, "labeled_weight": decay}
    return grid | {
        "dropout=0": {"dropout": 0.0},
        "hidden=128,128": {"hidden_layer_sizes": (128, 128)},
        "hidden=512": {"hidden_layer_sizes": (512,)},
        "lr=3e-4": {"lr": 3e-4},
        "lr=3e-3": {"lr": 3e-3},
        "decays=0.99": {"decay": 0.99},
        "eps_norm=1e-3": {"eps_norm": 1e-3},
        "lr=3e-4 travel x2": {"lr": 3e-4, "label_lr": {"clf": 30, "reg": 6}[task]},
        "AdamW decay=0.1": {"weight_decay": 0.1},
        "AdamW decay=1": {"weight_decay": 1.0},
        "supervised AdamW decay=1": {"weight_decay": 1.0},
        "supervised dropout=0": {"dropout": 0.0},
    }


def second_round():
    """The network and the training around the best of the first settings."""
    return {
        "decay=1 averaging=0.5": DECAY | {"averaging": 0.5},
        "decay=1 pull=0.1": DECAY | {"label_pull": 0.1},
        "decay=1 members=4": DECAY | {"n_members": 4},
        "bins=8": DECAY | {"inputs": BINS[:1]},
        "bins=8 members=2": ENCODED,
        "smooth": SMOOTH,
        "smooth members=4": SMOOTH | {"n_members": 4},
        "smooth pull=0.03": SMOOTH | {"label_pull": 0.03},
        "smooth pull=0.3": SMOOTH | {"label_pull": 0.3},
        "smooth decay=3": SMOOTH | {"weight_decay": 3.0},
        "smooth lr=3e-4": SMOOTH | {"lr": 3e-4},
        "smooth dropout=0": SMOOTH | {"dropout": 0.0},
        "smooth dropout=0.5": SMOOTH | {"dropout": 0.5},
        "smooth hidden=512": SMOOTH | {"hidden_layer_sizes": (512,)},
        "smooth hidden=128,128": DEEP,
        "deep decay=3": DEEP | {"weight_decay": 3.0},
        "deep decay=3 lr=3e-4": DEEP | {"weight_decay": 3.0, "lr": 3e-4},
        "deep decay=3 dropout=0.3": DEEP | {"weight_decay": 3.0, "dropout": 0.3},
    }


def third_round(task):
    """Inputs and weight decay by the evidence of the labelled rows: the defaults."""
    of_classes = {"temperature=1": UNCALIBRATED} if task == "clf" else {}
    return {
        "default": {},
        "supervised, defaults": {},
        "features": {"inputs": ["features"]},
        "bins and features": {"inputs": BINS},
        "decay=1": {"weight_decay": 1.0},
        "decay=10": {"weight_decay": 10.0},
        "members=1": {"n_members": 1},
        "pull=0": {"label_pull": 0.0},
        "averaging=0": {"averaging": 0.0},
        "dropout=0.0": {"dropout": 0.0},
        "T=1": {"labeled_weight": ("linear", 1.0)},
        "epochs / 2": {"epochs": 0.5},
        "early stopping": {"early_stopping": True},
        "stop by alignment": {"callbacks": [STOP]},
        "epochs by CV": {"cv_epochs": (0.25, 0.5, 1.0)},
        "VAT": {"regularizers": [VAT()]},
        **of_classes,
    }


def vat_lengths():
    """VAT's eps: a length in units of X, or a length times the root of the features."""
    lengths = {f"{c:g}": (c, 0.0) for c in (0.3, 1.0, 3.0)}
    lengths |= {f"{c:g} root": (c, 0.5) for c in (0.03, 0.1, 0.2, 0.3)}
    return {
        f"{method}VAT eps={name}": {"vat_eps": length}
        for method in ("supervised ", "")
        for name, length in lengths.items()
    }


def table(path, n_labeled, seed):
    """Preprocessed training and test rows, with all but a few labels hidden."""
    data = np.load(path, allow_pickle=False)
    X = data["X"].reshape(len(data["X"]), -1)
    categorical = data["categorical"] if "categorical" in data else np.zeros(X.shape[1])
    categorical = categorical.astype(bool)
    classes = np.issubdtype(data["y"].dtype, np.integer)
    y = np.unique(data["y"], return_inverse=True)[1] if classes else data["y"]
    n_test = min(N_TEST, len(X) // 4)
    train, test = train_test_split(
        np.arange(len(X)),
        train_size=min(N_TRAIN, len(X) - n_test),
        test_size=n_test,
        random_state=seed,
        stratify=y if classes else None,
    )
    prepare = make_column_transformer(
        (
            make_pipeline(SimpleImputer(), StandardScaler()),
            np.flatnonzero(~categorical),
        ),
        (
            OneHotEncoder(
                handle_unknown="infrequent_if_exist",
                max_categories=20,
                sparse_output=False,
            ),
            np.flatnonzero(categorical),
        ),
    )
    X_train = prepare.fit_transform(X[train]).astype(np.float32)
    X_test = prepare.transform(X[test]).astype(np.float32)
    marked = hide_labels(
        y[train],
        n_labeled=n_labeled,
        stratify=False,
        random_state=seed,
        unlabeled=-1 if classes else np.nan,
    )
    return X_train, marked, y[train], X_test, y[test]


def run(path, task, name, params, seed):
    """One fit; a line of results."""
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    n_classes = len(np.unique(np.load(path)["y"])) if task == "clf" else 0
    n_labeled = max(100, 10 * n_classes) if task == "clf" else 200
    X, marked, y, X_test, y_test = table(path, n_labeled, SEED_OFFSET + seed)
    supervised = name.startswith("supervised")
    if task == "clf":
        estimator = RegularizedNetClassifier if supervised else LGAClassifier
    else:
        estimator = RegularizedNetRegressor if supervised else LGARegressor
    hidden = marked == -1 if task == "clf" else np.isnan(marked)
    model = estimator(random_state=seed)
    params = dict(params)
    if supervised:
        params.pop("label_pull", None)
    epochs = max(20, int(np.ceil(1000 / np.ceil(hidden.sum() / 256))))  # the default
    if "epochs" in params:  # a multiple of the default
        params["max_epochs"] = int(np.ceil(epochs * params.pop("epochs")))
    if "label_lr" in params:  # given as a row's travel in a whole run
        params["label_lr"] /= epochs
    if "vat_eps" in params:
        length, power = params.pop("vat_eps")
        params["regularizers"] = [VAT(eps=length * X.shape[1] ** power)]
    start = time.perf_counter()
    if "cv_epochs" in params:
        grid = [int(np.ceil(epochs * share)) for share in params.pop("cv_epochs")]
        search = GridSearchCV(
            model,
            {"max_epochs": grid},
            scoring="neg_log_loss" if task == "clf" else "r2",
            cv=SemiSupervisedSplit(3, unlabeled=-1 if task == "clf" else np.nan),
            refit=False,
        ).fit(X, marked)
        params = search.best_params_
    model.set_params(**params).fit(X, marked)
    line = {
        "data": path.stem,
        "task": task,
        "setting": name,
        "seed": seed,
        "seconds": time.perf_counter() - start,
    }
    score = (lambda a, b: np.mean(a == b)) if task == "clf" else r2_score
    line["transduction"] = float(score(y[hidden], model.transduction_[hidden]))
    line["hidden"] = float(score(y[hidden], model.predict(X)[hidden]))
    line["test"] = float(score(y_test, model.predict(X_test)))
    if task == "clf":
        proba = model.predict_proba(X_test)
        line["log_loss"] = float(log_loss(y_test, proba))
        line["ece"] = calibration_error(
            proba.max(axis=1), proba.argmax(axis=1) == y_test
        )
    return line


def calibration_error(confidence, is_right, n_bins=10):
    """The expected calibration error over bins of equally many rows."""
    order = np.argsort(confidence)
    bins = np.array_split(order, n_bins)
    gaps = [abs(confidence[b].mean() - is_right[b].mean()) * len(b) for b in bins]
    return float(np.sum(gaps) / len(order))


def report(lines, task):
    """Print the mean of each measure over data sets and seeds, by setting."""
    lines = [line for line in lines if line["task"] == task]
    measures = ["transduction", "hidden", "test", "log_loss", "ece", "seconds"]
    print(f"{'setting':24s}{'runs':>6s}" + "".join(f"{m:>14s}" for m in measures))
    for name in dict.fromkeys(line["setting"] for line in lines):
        mine = [line for line in lines if line["setting"] == name]
        means = [np.mean([line.get(m, np.nan) for line in mine]) for m in measures]
        print(f"{name:24s}{len(mine):6d}" + "".join(f"{mean:14.4f}" for mean in means))


def main():
    """Run what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--task", choices=["clf", "reg"], default="clf")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--sets")
    parser.add_argument("--settings")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--print-only", action="store_true")
    args = parser.parse_args()
    lines = []
    if args.out.exists():
        lines = [json.loads(line) for line in args.out.read_text().splitlines()]
    if not args.print_only:
        done = {(x["data"], x["setting"], x["seed"]) for x in lines}
        jobs = [
            (path, args.task, name, params, seed)
            for seed in range(args.seeds)
            for name, params in settings(args.task).items()
            for path in sorted(args.data.glob("*.npz"))
            if (not args.sets or path.stem in args.sets.split(","))
            and (not args.settings or name in args.settings.split(";"))
            and (path.stem, name, seed) not in done
            and "X" in (data := np.load(path))
            and (data["y"].dtype.kind in "iu") == (args.task == "clf")
        ]
        results = joblib.Parallel(n_jobs=args.jobs, return_as="generator_unordered")(
            joblib.delayed(run)(*job) for job in jobs
        )
        for line in results:
            lines.append(line)
            with open(args.out, "a") as file:
                file.write(json.dumps(line) + "\n")
    report(lines, args.task)


if __name__ == "__main__":
    main()
