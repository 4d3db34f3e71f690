"""Table 1: every system, by one protocol.

    python examples/paper/run_table_1.py DATA_HOME [--scaled] [--jobs 2]
        [--data cifar10,svhn] [--labels 250,4000] [--methods "LGA,VAT"] [--print-only]
        [--lines FILE]

DATA_HOME holds the images, see ``sklearn_lga.datasets.load_images``. The default is the
full protocol, 500,000 steps of WRN-28-2 a run, which is for GPUs. ``--scaled`` is small
enough for two CPU cores: Fashion-MNIST in 14 x 14 pixels, 2,500 training images, 2,000
steps of a network of depth 10. Each run is a line of ``doc/results/table_1.jsonl`` or
``table_1_scaled.jsonl``; stop the script at any time, it goes on where it was.
"""

import argparse
import dataclasses
from pathlib import Path

import numpy as np
from images import run
from protocols import FULL, METHODS, SCALED
from runs import RESULTS, check_settings, complete, mean_and_error, read_lines

PUBLISHED = {  # test errors in %, mean and standard deviation
    ("cifar10", 4000): (
        *((12.91, 0.15), (12.06, 0.19), (13.86, 0.27), (13.13, 0.39)),
        *((16.37, 0.63), (15.87, 0.28), (17.78, 0.57), (20.26, 0.38)),
    ),
    ("svhn", 1000): (
        *((7.56, 0.19), (6.58, 0.36), (5.63, 0.20), (5.35, 0.19)),
        *((7.19, 0.27), (5.65, 0.47), (7.62, 0.29), (12.83, 0.47)),
    ),
}


def path_of(scaled):
    """Where the lines of a setting are kept."""
    return RESULTS / ("table_1_scaled.jsonl" if scaled else "table_1.jsonl")


def grid(protocol):
    """Every run of the table, seed by seed, so that any start of it is a table."""
    names = "data", "n_labeled", "method", "seed", "hyperparameters"
    return [
        dict(zip(names, (data, n_labeled, method, seed, tried), strict=True))
        for seed in protocol.seeds
        for data, counts in protocol.data.items()
        for n_labeled in counts
        for method in METHODS
        for tried in protocol.tried(data)
    ]


def kept(lines):
    """The lines of each method's better hyperparameters, where several were tried.

    The paper's rule for Fashion-MNIST. Better is the lower mean validation error, over
    the label counts and seeds that were run with all of them.
    """
    errors = {}
    for line in lines:
        cell, run = (line["data"], line["method"]), (line["n_labeled"], line["seed"])
        tried = errors.setdefault(cell, {}).setdefault(line.get("hyperparameters"), {})
        tried[run] = line["valid_error"]
    best = {}
    for cell, tried in errors.items():
        common = set.intersection(*map(set, tried.values()))
        best[cell] = min(tried, key=lambda x: np.mean([tried[x][r] for r in common]))
    return [
        x for x in lines if x.get("hyperparameters") == best[x["data"], x["method"]]
    ]


def values(lines, data, n_labeled, method, measure):
    """A measure of the seeds of one cell."""
    cell = {"data": data, "n_labeled": n_labeled, "method": method}
    return np.array(
        [line[measure] for line in lines if cell.items() <= line.items()], dtype=float
    )


def report(lines):
    """Print errors in % and losses, mean and standard deviation over seeds."""
    cells = dict.fromkeys((line["data"], line["n_labeled"]) for line in lines)
    for data, n_labeled in sorted(cells):
        print(f"\n{data}, {n_labeled} labels")
        header = f"{'method':14s}{'seeds':>6s}{'test error, %':>18s}{'test loss':>18s}"
        published = PUBLISHED.get((data, n_labeled))
        print(header + (f"{'published, %':>18s}" if published else ""))
        for i, method in enumerate(METHODS):
            errors = 100 * values(lines, data, n_labeled, method, "test_error")
            losses = values(lines, data, n_labeled, method, "test_loss")
            if not len(errors):
                continue
            row = f"{method:14s}{len(errors):6d}"
            row += f"{errors.mean():10.2f} +-{errors.std():5.2f}"
            row += f"{losses.mean():10.3f} +-{losses.std():5.3f}"
            if published:
                row += "{:10.2f} +-{:5.2f}".format(*published[i])
            print(row)


def differences(lines, data, n_labeled=None):
    """Print each method's means, and how much more it has than LGA + VAT.

    Over all pairs of a label count and a seed that both were run with; standard errors
    of the differences.
    """
    mine = [
        x for x in lines if x["data"] == data and n_labeled in (None, x["n_labeled"])
    ]
    runs = {(x["method"], (x["n_labeled"], x["seed"])): x for x in mine}
    where = f"{n_labeled} labels" if n_labeled else "all label counts"
    print(f"\n{data}, {where}: means, and differences to LGA + VAT")
    for method in METHODS:
        pairs = [
            (x, runs["LGA + VAT", pair])
            for (name, pair), x in runs.items()
            if name == method and ("LGA + VAT", pair) in runs
        ]
        row = f"{method:14s}{len(pairs):4d} pairs"
        for measure, factor in (("test_error", 100.0), ("test_loss", 1.0)):
            if pairs:
                ours, theirs = (
                    factor * np.array([[x[measure] for x in pair] for pair in pairs]).T
                )
                gap, error = mean_and_error(ours - theirs)
                row += f"{ours.mean():10.3f}{gap:+9.3f} +-{error:6.3f}"
        print(row)


def main():
    """Run what is missing, then print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data_home", type=Path)
    parser.add_argument("--scaled", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--data")
    parser.add_argument("--labels")
    parser.add_argument("--methods")
    parser.add_argument("--print-only", action="store_true")
    parser.add_argument("--lines", type=Path, help="print these, of a former run")
    args = parser.parse_args()
    protocol, path = SCALED if args.scaled else FULL, path_of(args.scaled)
    wanted = {
        "data": args.data and args.data.split(","),
        "n_labeled": args.labels and [int(x) for x in args.labels.split(",")],
        "method": args.methods and args.methods.split(","),
    }
    jobs = [
        job
        for job in grid(protocol)
        if all(not some or job[name] in some for name, some in wanted.items())
    ]
    if not jobs:
        parser.error(f"nothing to run: the grid has {protocol.data} and {METHODS}")
    if args.print_only or args.lines:
        lines = read_lines(args.lines or path)
    else:
        check_settings(path.with_suffix(".json"), dataclasses.asdict(protocol))

        def one(**job):
            return run(**job, protocol=protocol, data_home=args.data_home)

        lines = complete(path, jobs, one, args.jobs)
    lines = kept(lines)
    report(lines)
    for data in dict.fromkeys(line["data"] for line in lines):
        for n_labeled in (*protocol.data[data], None):
            differences(lines, data, n_labeled)


if __name__ == "__main__":
    main()
