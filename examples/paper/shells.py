"""The experiment of Section 3.2, shared by Figures 3 and 4.

Five classes in shells, d = 50: n = 5,000 labelled and 25,000 unlabelled points, a
network of 4 layers with 128 hidden units, LGA beside supervised training by Adam. Each
finished run is appended to a CSV file, one line an epoch; a run that stands there is
not run again.
"""

import argparse
import csv
from pathlib import Path

import joblib
import numpy as np
import torch
from runs import RESULTS, check_settings, mean_and_error
from scipy.special import log_softmax
from skorch.callbacks import Callback

from sklearn_lga import ALGORITHM_1, LGAClassifier
from sklearn_lga.analysis import AlignmentRecorder
from sklearn_lga.baselines import RegularizedNetClassifier
from sklearn_lga.datasets import make_shells

N_FEATURES, N_LABELED, N_UNLABELED, N_TEST, N_HESSIAN = 50, 5000, 25_000, 5000, 2000
METHODS = ("LGA", "supervised")
COLORS = {"LGA": "#d55e00", "supervised": "#0072b2"}

# Chosen on trials of other seeds, from 1000; see doc/paper.rst.
NETWORK = {
    **ALGORITHM_1,
    "hidden_layer_sizes": (128, 128, 128),
    "dropout": 0.0,
    "weight_decay": 0.0,
    "batch_size": 2560,
    "labeled_batch_size": 512,
    "lr": 3e-4,
}
LGA = {
    "label_lr": 0.5,
    "labeled_weight": ("linear", 20.0),
    "decay": 0.99,
    "eps_norm": 1e-6,
}
QUICK = {"trials": 2, "epochs": 40, "every": 10}
FULL = {"trials": 25, "epochs": 150, "every": 10}
LONG = {"trials": 1, "epochs": 400, "every": 100}  # T(i) takes as long to fall
N_UPDATES = 10  # that an alignment averages: those of an epoch


class FewerLabeledRows:
    """Batches with fewer labelled rows than unlabelled ones, for ``iterator_train``.

    Parameters
    ----------
    dataset : object
        Gives the batches, indexed by a pair of positions.

    sampler : iterable
        Pairs of positions of labelled and of unlabelled rows.

    generator : torch.Generator
        Says which of the labelled rows of a pair are kept.

    n_labeled : int
        How many, at most.

    **kwargs : dict
        What else a ``torch.utils.data.DataLoader`` is given.
    """

    def __init__(self, dataset, *, sampler, generator, n_labeled, **kwargs):
        self.dataset = dataset
        self.sampler = sampler
        self.generator = generator
        self.n_labeled = n_labeled

    def __len__(self):
        return len(self.sampler)

    def __iter__(self):
        for labeled, unlabeled in self.sampler:
            order = torch.randperm(len(labeled), generator=self.generator)
            yield self.dataset[labeled[order[: self.n_labeled]], unlabeled]


class TestScores(Callback):
    """Record loss and accuracy on test rows after every epoch."""

    __test__ = False

    def __init__(self, X, y):
        self.X = X
        self.y = y

    def on_epoch_end(self, net, **kwargs):
        """Score the network as it stands."""
        log_proba = log_softmax(net.forward(self.X).numpy().astype(float), axis=1)
        loss = -log_proba[np.arange(len(self.y)), self.y].mean()
        net.history.record("test_loss", float(loss))
        net.history.record(
            "test_accuracy", float(np.mean(log_proba.argmax(1) == self.y))
        )


def run(method, trial, epochs, every, **changes):
    """One training run; a dict for each epoch."""
    torch.set_num_threads(1)
    X, y = make_shells(N_LABELED + N_UNLABELED + N_TEST, N_FEATURES, random_state=trial)
    X = X.astype(np.float32)
    train, test = slice(0, N_LABELED + N_UNLABELED), slice(-N_TEST, None)
    y_marked = y[train].copy()
    y_marked[N_LABELED:] = -1
    X_test, y_test = X[test], y[test]
    estimator, settings = RegularizedNetClassifier, NETWORK | changes
    if method == "LGA":
        estimator, settings = LGAClassifier, NETWORK | LGA | changes
    batches = {
        "iterator_train": FewerLabeledRows,
        "iterator_train__n_labeled": settings.pop("labeled_batch_size"),
    }
    model = estimator(
        **settings,
        net_params=batches,
        max_epochs=epochs,
        random_state=trial,
        callbacks=[
            TestScores(X_test, y_test),
            AlignmentRecorder(
                X_test[:N_HESSIAN],
                y_test[:N_HESSIAN],
                every=every,
                n_updates=N_UPDATES,
            ),
        ],
    )
    history = model.fit(X[train], y_marked).history_
    measures = (
        *("test_loss", "test_accuracy", "labeled_loss"),
        *("update_alignment", "gradient_alignment", "hessian_eigenvalue"),
    )
    return [
        {"method": method, "trial": trial, "epoch": row["epoch"]}
        | {name: row.get(name, "") for name in measures}
        for row in history
    ]


def settings_of(epochs, every, **trials):
    """What runs that stand in one file have in common."""
    return {"network": NETWORK, "lga": LGA, "epochs": epochs, "every": every}


def results(path, trials, epochs, every, n_jobs):
    """All runs' lines: those that stand in the file, and the missing ones, run now."""
    check_settings(path.with_suffix(".json"), settings_of(epochs, every))
    lines = list(csv.DictReader(path.open())) if path.exists() else []
    done = {
        (line["method"], int(line["trial"]))
        for line in lines
        if int(line["epoch"]) == epochs
    }
    lines = [line for line in lines if (line["method"], int(line["trial"])) in done]
    jobs = [
        (method, trial)
        for trial in range(trials)
        for method in METHODS
        if (method, trial) not in done
    ]
    runs = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")(
        joblib.delayed(run)(method, trial, epochs, every) for method, trial in jobs
    )
    for i, new in enumerate(runs, start=1):
        lines += new
        write(path, lines)
        print(f"run {i} of {len(jobs)}: {new[0]['method']}, trial {new[0]['trial']}")
    return [line for line in lines if int(line["trial"]) < trials]


def command_line(description):
    """The runs' lines, their setting, and where a picture of a name goes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--full", action="store_true", help="25 trials")
    parser.add_argument("--long", action="store_true", help="one of 400 epochs")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS.parent / "images")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    name, setting = "quick", QUICK
    if args.full or args.long:
        name, setting = ("full", FULL) if args.full else ("long", LONG)
    lines = results(RESULTS / f"shells_{name}.csv", **setting, n_jobs=args.jobs)
    suffix = "" if args.full else f"_{name}"
    return lines, setting, lambda figure: args.out / f"{figure}{suffix}.png"


def write(path, lines):
    """Write the lines whole, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".partial")
    with temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    temporary.replace(path)


def curves(lines, method, measure):
    """Epochs (n,) and values (n_trials, n) of a measure, where it was recorded."""
    mine = [x for x in lines if x["method"] == method and x[measure] != ""]
    epochs = sorted({int(x["epoch"]) for x in mine})
    trials = sorted({int(x["trial"]) for x in mine})
    values = np.full((len(trials), len(epochs)), np.nan)
    for x in mine:
        row, column = trials.index(int(x["trial"])), epochs.index(int(x["epoch"]))
        values[row, column] = float(x[measure])
    return np.array(epochs), values


def draw_band(ax, lines, measure, ylabel):
    """Mean and standard deviation over trials, a band for each method."""
    for method in reversed(METHODS):  # LGA on top
        epochs, values = curves(lines, method, measure)
        mean, deviation = values.mean(axis=0), values.std(axis=0)
        color = COLORS[method]
        ax.plot(epochs, mean, color=color, label=method)
        ax.fill_between(
            epochs, mean - deviation, mean + deviation, color=color, alpha=0.2, lw=0
        )
    ax.set(xlabel="epoch (10 updates each)", ylabel=ylabel)
    ax.grid(alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)


def stages(lines, method):
    """Test losses early in training, at their highest after it, and at the end.

    T(i) falls to 0 only at the end of a run, so the loss can grow before. Means over
    trials, as pairs of the loss and its epoch, by what a stage is called.
    """
    epochs, losses = curves(lines, method, "test_loss")
    early = losses[:, : len(epochs) // 3].argmin(axis=1)
    peak = [i + run[i:].argmax() for i, run in zip(early, losses, strict=True)]
    found = {"at first": early, "then up to": peak, "at the end": [-1] * len(losses)}
    trials = np.arange(len(losses))
    return {
        name: (losses[trials, where].mean(), epochs[where].mean())
        for name, where in found.items()
    }


def compare(lines, measure, best):
    """Best value of each run by method: means, and their difference in errors."""
    ours, theirs = (best(curves(lines, m, measure)[1], axis=1) for m in METHODS)
    return ours.mean(), theirs.mean(), *mean_and_error(ours - theirs)
