"""Quality against time: every setting of ``tables.py`` on the real tables.

    python examples/benchmarks/plot_frontier.py [--picture doc/images/frontier.png]

Reads ``doc/results/tables.jsonl``. A point is a setting: the mean CPU seconds of its
fits, one thread, and its mean accuracy, log loss or R2 of the hidden rows, with the
standard error of the difference from the defaults. The line joins what no other
setting beats in both. Prints the points of each line.
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
from recorded import mean_and_error
from small_tables import TABLES

ROOT = Path(__file__).parents[2]
PANELS = {"accuracy": ("classes", 1), "loss": ("classes", -1), "R2": ("targets", 1)}
NAMES = {"accuracy": "accuracy", "loss": "log loss", "R2": "R2"}
TOLD = {  # marks of the settings that are told apart
    "defaults": ("*", "#d55e00", 17),
    "20 steps": ("v", "#0072b2", 8),
    "100 steps": ("^", "#0072b2", 8),
    "400 steps": ("s", "#0072b2", 7),
    "n_members=1": ("<", "#009e73", 8),
    "n_members=10": (">", "#009e73", 8),
    "2,500 landmarks": ("P", "#cc79a7", 8),
    "no clusters, no neighbourhoods": ("X", "#cc79a7", 8),
    "no relevant features": ("D", "#e69f00", 7),
    "equal weights": ("p", "#e69f00", 9),
}
LEFT_OUT = "closed_form=False"  # far below all others
KEYS = ["table", "n_labeled", "seed"]


def points(lines, measure):
    """Of each setting: seconds, the mean, and the error of its difference."""
    by_setting = lines.pivot_table(measure, KEYS, "setting")
    seconds = lines.groupby("setting")["seconds"].mean()
    gaps = by_setting.sub(by_setting["defaults"], axis=0)
    errors = {name: mean_and_error(gap.dropna())[1] for name, gap in gaps.items()}
    return pd.DataFrame(
        {"seconds": seconds, "mean": by_setting.mean(), "error": pd.Series(errors)}
    )


def frontier(points, sign):
    """Those that no faster one equals."""
    points = points.sort_values("seconds")
    best = (sign * points["mean"]).cummax()
    return points[(sign * points["mean"] >= best) & ~best.duplicated()]


def draw(ax, found, line, measure):
    """One panel."""
    ax.errorbar(
        *(found[x] for x in ("seconds", "mean", "error")),
        fmt="o",
        color="#8a939c",
        ecolor="#d5dade",
        markersize=4,
        label="others",
    )
    ax.plot(line["seconds"], line["mean"], color="#333333", lw=1, label="frontier")
    for name, (mark, color, size) in TOLD.items():
        point = found.loc[name]
        style = {"color": color, "markersize": size, "zorder": 3, "label": name}
        ax.plot(point["seconds"], point["mean"], mark, **style)
    ax.set(xscale="log", xlabel="CPU seconds a fit", title=NAMES[measure])
    ax.set_xticks(ticks := [0.2, 0.3, 0.5, 1.0], labels=map(str, ticks))
    ax.minorticks_off()
    ax.grid(alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)


def main():
    """Draw the picture, print the frontiers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    picture = ROOT / "doc" / "images" / "frontier.png"
    parser.add_argument("--picture", type=Path, default=picture)
    args = parser.parse_args()
    lines = pd.read_json(ROOT / "doc" / "results" / "tables.jsonl", lines=True)
    lines = lines[~lines["table"].isin(list(TABLES))]
    lines = lines[lines["setting"] != LEFT_OUT]
    fig, axes = plt.subplots(1, 3, figsize=(11, 4.4), layout="constrained")
    for ax, (measure, (task, sign)) in zip(axes, PANELS.items(), strict=True):
        found = points(lines[lines["task"] == task], measure)
        line = frontier(found, sign)
        print(f"{NAMES[measure]}\n{line.round(4).to_string()}\n")
        draw(ax, found, line, measure)
    handles = axes[0].get_legend_handles_labels()
    fig.legend(*handles, loc="outside lower center", ncols=4, frameon=False)
    fig.savefig(args.picture, dpi=110)


if __name__ == "__main__":
    main()
