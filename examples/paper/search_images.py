"""Choose the settings of the scaled Table 1, on validation images.

    python examples/paper/search_images.py DATA_HOME [--jobs 2] [--print-only]

By the rule of Section 4: at one label count, then the same at every count. One change
at a time from the full protocol's settings, on training rows of other seeds than the
table's; then a second round around what the first found, both at 250 labels; then T(i)
at 1,000 labels, as the paper chooses at its higher counts; then T(i) at every count,
for a rule that suits them all. Each run is a line of
``doc/results/images_search.jsonl``.
"""

import argparse
import dataclasses
from pathlib import Path

import numpy as np
from images import run
from protocols import FULL, SCALED
from runs import RESULTS, complete, read_lines

DATA, SEED = "fashion_mnist", 1000
START = FULL.hyperparameters["svhn"]
BASE = dataclasses.replace(SCALED, weight_per_root_share=None, n_train=5000)
PATH = RESULTS / "images_search.jsonl"

LGA = {
    "lr=1e-3": {"lr": 1e-3},
    "lr=1e-2": {"lr": 1e-2},
    **{f"travel={x}": {"label_lr": float(x)} for x in (5, 50, 150)},
    **{f"T from {x}": {"labeled_weight": ("linear", float(x))} for x in (3, 30)},
    "T=1": {"labeled_weight": 1.0},
    "T=3": {"labeled_weight": 3.0},
    "decays=0.99": {"decay": 0.99},
    "decays=0.5": {"decay": 0.5},
    "eps_norm=1e-4": {"eps_norm": 1e-4},
    "eps_norm=1e-9": {"eps_norm": 1e-9},
}
# The second round starts from what the first found.
T_FROM_3 = {"labeled_weight": ("linear", 3.0)}
LGA |= {
    "lr=1e-2, T from 3": {"lr": 1e-2} | T_FROM_3,
    "lr=1e-2, T from 1": {"lr": 1e-2, "labeled_weight": ("linear", 1.0)},
    "lr=3e-2, T from 3": {"lr": 3e-2} | T_FROM_3,
    "lr=1e-2, T from 3, travel=50": {"lr": 1e-2, "label_lr": 50.0} | T_FROM_3,
    "lr=1e-2, T from 3, travel=5": {"lr": 1e-2, "label_lr": 5.0} | T_FROM_3,
}
LGA |= {f"lr=1e-2, T={T}": {"lr": 1e-2, "labeled_weight": T} for T in (0.3, 1.0)}
# The third: less and less of the labelled gradient.
LGA |= {
    f"lr=1e-2, T from {start:g}, travel={travel:g}": {
        "lr": 1e-2,
        "labeled_weight": ("linear", start),
        "label_lr": travel,
    }
    for start, travel in ((0.3, 15.0), (0.1, 15.0), (0.3, 50.0))
}
OTHERS = ("VAT", "VAT + EntMin", "Pi-Model", "Mean Teacher", "Pseudo-Label")
FEW = {
    ("LGA", "as it is"): {},
    **{("LGA", name): change for name, change in LGA.items()},
    **{
        (method, f"lr={lr:g}"): {"lr": lr}
        for lr in (3e-4, 1e-3, 3e-3, 1e-2)
        for method in ("supervised", *OTHERS)
    },
    **{
        ("VAT", f"weight={weight:g}, eps={eps:g}"): {"weight": weight, "eps": eps}
        for weight, eps in ((0.3, 0.5), (0.3, 2.0), (1.0, 0.5), (1.0, 1.0))
    },
}
FAST = {"lr": 1e-2}
MANY = {
    **{(method, "lr=1e-2"): FAST for method in ("supervised", "VAT")},
    **{
        (method, f"lr=1e-2, T from {start}"): FAST
        | {"labeled_weight": ("linear", float(start))}
        for start in (1, 3, 10, 30)
        for method in ("LGA", "LGA + VAT")
    },
    **{
        (method, f"lr=1e-2, T={T}"): FAST | {"labeled_weight": float(T)}
        for T in (1, 3, 10)
        for method in ("LGA", "LGA + VAT")
    },
}
# Twice the visits to a row, by half the rows.
SMALL_POOL = {
    **{(m, "lr=1e-2, 2500 rows"): FAST | {"n_train": 2500} for m in ("VAT",)},
    **{
        (method, f"lr=1e-2, 2500 rows, {name}"): FAST
        | {"n_train": 2500, "labeled_weight": T}
        for name, T in (
            *(("T from 10", ("linear", 10.0)), ("T=1", 1.0)),
            *(("T=0.5", 0.5), ("T=0.3", 0.3)),
        )
        for method in ("LGA", "LGA + VAT")
    },
}
# VAT weighed against both gradients of LGA.
SMALL_POOL |= {
    ("LGA + VAT", f"lr=1e-2, 2500 rows, T={T}, VAT 1"): FAST
    | {"n_train": 2500, "labeled_weight": T, "weight": 1.0, "eps": 1.0}
    for T in (0.5, 0.3)
}
SETTINGS = {
    (n_labeled, *name, SEED): change
    for n_labeled, settings in (
        *((250, FEW), (1000, MANY)),
        *((1000, SMALL_POOL), (250, SMALL_POOL)),
    )
    for name, change in settings.items()
}
# At every count, scored on all 5,000 validation images: what T(i) does where labels are
# few. Then the root of the share of labelled images as a rule for it: 0.8 times that is
# 0.16, 0.25 and 0.5.
POOL = FAST | {"n_train": 2500, "n_valid": None}
ALL_COUNTS = {
    "T=0.5": {"labeled_weight": 0.5},
    "T from 1": {"labeled_weight": ("linear", 1.0)},
    "T from 3": {"labeled_weight": ("linear", 3.0)},
    "T 2 to 0.3": {"labeled_weight": lambda progress: 2.0 - 1.7 * progress},
    "T=0.5, VAT 0.15": {"labeled_weight": 0.5, "weight": 0.15, "eps": 1.0},
}
BY_SHARE = {
    100: {"T=0.15": 0.15, "T from 0.4": ("linear", 0.4)},
    250: {"T=0.25": 0.25, "T from 0.6": ("linear", 0.6)},
}
SETTINGS |= {
    (n_labeled, method, f"{name}, 5000 valid", seed): POOL | change
    for n_labeled, seed in ((250, 1000), (1000, 1000), (100, 1001), (1000, 1001))
    for method in ("VAT", "LGA", "LGA + VAT")
    for name, change in (
        {"as it is": {}}
        if method == "VAT"
        else ALL_COUNTS
        | {x: {"labeled_weight": T} for x, T in BY_SHARE.get(n_labeled, {}).items()}
    ).items()
    if method != "LGA" or "eps" not in change
}
OF_PROTOCOL = {"n_train", "n_valid"}


def search_run(n_labeled, method, setting, seed, data_home):
    """One run on validation images; no score on test images is kept."""
    changes = dict(SETTINGS[n_labeled, method, setting, seed])
    replaced = {name: changes.pop(name) for name in OF_PROTOCOL.intersection(changes)}
    chosen = dataclasses.replace(
        START,
        vat_eps=changes.pop("eps", START.vat_eps),
        weights=START.weights | {"VAT": changes.pop("weight", START.weights["VAT"])},
    )
    results = run(
        *(DATA, n_labeled, method, seed, DATA),
        protocol=dataclasses.replace(BASE, hyperparameters={DATA: chosen}, **replaced),
        data_home=data_home,
        **changes,
    )
    return {name: x for name, x in results.items() if "test" not in name}


def main():
    """Run what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data_home", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--print-only", action="store_true")
    args = parser.parse_args()
    names = "n_labeled", "method", "setting", "seed"
    jobs = [dict(zip(names, key, strict=True)) for key in SETTINGS]
    if args.print_only:
        lines = read_lines(PATH)
    else:

        def one(**job):
            return search_run(**job, data_home=args.data_home)

        lines = complete(PATH, jobs, one, args.jobs)
    print(
        f"{'labels':6s} {'method':14s}{'setting':34s}{'error':>8s}{'loss':>8s}"
        f"{'last loss':>11s}"
    )
    for job in jobs:
        mine = [line for line in lines if job.items() <= line.items()]
        if not mine:
            continue
        means = [
            np.mean([x[name] for x in mine])
            for name in ("valid_error", "valid_loss", "last_valid_loss")
        ]
        print(
            f"{job['n_labeled']:6d} {job['method']:14s}{job['setting']:34s}"
            f"{means[0]:8.4f}{means[1]:8.3f}{means[2]:11.3f}"
        )


if __name__ == "__main__":
    main()
