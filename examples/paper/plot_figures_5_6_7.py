"""Figures 5 to 7: test error and loss as the number of labels grows.

    python examples/paper/plot_figures_5_6_7.py [--scaled] [--out FOLDER]

Draws what ``run_table_1.py`` has run so far, a figure a data set: CIFAR-10 (Figure 5),
SVHN (6), Fashion-MNIST (7). Bands are standard deviations over seeds.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from protocols import METHODS
from run_table_1 import kept, path_of, values
from runs import RESULTS, read_lines

FIGURES = {"cifar10": 5, "svhn": 6, "fashion_mnist": 7}
TITLES = {"cifar10": "CIFAR-10", "svhn": "SVHN", "fashion_mnist": "Fashion-MNIST"}
# Okabe and Ito's colours; line styles and markers tell the methods apart without them.
STYLES = {
    "LGA": ("#d55e00", "-", "o"),
    "LGA + VAT": ("#cc79a7", "-", "s"),
    "VAT": ("#0072b2", "--", "^"),
    "VAT + EntMin": ("#56b4e9", "--", "v"),
    "Pi-Model": ("#009e73", ":", "D"),
    "Mean Teacher": ("#b8a500", ":", "P"),
    "Pseudo-Label": ("#7f7f7f", "-.", "X"),
    "supervised": ("#000000", "-.", "*"),
}
MEASURES = {"test_error": ("test error, %", 100.0), "test_loss": ("test loss, nats", 1)}


def draw(ax, lines, data, measure):
    """One measure against the number of labels, a line and a band for each method."""
    ylabel, factor = MEASURES[measure]
    counts = sorted({line["n_labeled"] for line in lines if line["data"] == data})
    for method in reversed(METHODS):  # LGA on top
        cells = [factor * values(lines, data, n, method, measure) for n in counts]
        done = [(n, cell) for n, cell in zip(counts, cells, strict=True) if len(cell)]
        if not done:
            continue
        n = [count for count, _ in done]
        mean = np.array([cell.mean() for _, cell in done])
        deviation = np.array([cell.std() for _, cell in done])
        color, style, marker = STYLES[method]
        ax.plot(
            n, mean, color=color, linestyle=style, marker=marker, ms=5, label=method
        )
        ax.fill_between(
            n, mean - deviation, mean + deviation, color=color, alpha=0.15, lw=0
        )
    ax.set(xscale="log", xlabel="labelled images", ylabel=ylabel)
    ax.set_xticks(counts, [f"{n:,}" for n in counts])
    ax.minorticks_off()
    ax.grid(alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)


def main():
    """One picture for each data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scaled", action="store_true")
    parser.add_argument("--out", type=Path, default=RESULTS.parent / "images")
    args = parser.parse_args()
    lines = kept(read_lines(path_of(args.scaled)))
    if not lines:
        parser.error("there are no results yet: run run_table_1.py first")
    args.out.mkdir(parents=True, exist_ok=True)
    for data in sorted({line["data"] for line in lines}):
        figure, axes = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
        for ax, measure in zip(axes, MEASURES, strict=True):
            draw(ax, lines, data, measure)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(
            handles[::-1], labels[::-1], loc="outside right upper", frameon=False
        )
        figure.suptitle(TITLES[data] + (", scaled down" if args.scaled else ""))
        suffix = "_scaled" if args.scaled else ""
        path = args.out / f"figure_{FIGURES[data]}{suffix}.png"
        figure.savefig(path, dpi=120)
        print(path)


if __name__ == "__main__":
    main()
