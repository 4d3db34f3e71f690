r"""
Figure 1: larger eigenvalues are learned faster
===============================================

In linear regression with uncorrelated features, each coefficient goes its own way
(Proposition 1). Its convergence coefficient :math:`c_{k,i}` (Eq. 12) goes from 0 to 1,
least squares. The figure varies the feature's second moment among the labelled rows,
:math:`\lambda^\ell`, and among the unlabelled rows, :math:`\lambda^u`. The step sizes
are the paper's, :math:`\alpha_\theta = \alpha_w = \varepsilon_{norm} = 10^{-3}`. It
does not state the number of unlabelled rows; here it is 10, and :math:`b = 1`. The
choice matters, and a table shows how.
"""

# %%
# The dynamics of all pairs at once: each pair is a feature, and no feature touches
# another. ``--full`` takes more steps.
import argparse
import csv
from pathlib import Path

import matplotlib
import numpy as np

from sklearn_lga.linear import lga_path_from_moments

matplotlib.use("Agg")
import matplotlib.pyplot as plt

DOC = Path(__file__).parents[2] / "doc"
VALUES = np.array([0.25, 0.5, 1.0, 2.0])
N_UNLABELED, STEP_SIZE = 10, 1e-3

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--full", action="store_true")
parser.add_argument("--out", type=Path, default=DOC / "images")
args = parser.parse_args()
args.out.mkdir(parents=True, exist_ok=True)
n_steps = 40_000 if args.full else 20_000

lambda_l, lambda_u = (grid.ravel() for grid in np.meshgrid(VALUES, VALUES))


def coefficients(n_unlabeled, record):
    """Coefficients c at the recorded steps, a column for each pair (Eq. 28)."""
    path = lga_path_from_moments(
        lambda_l,
        lambda_u,
        np.ones_like(lambda_l),
        n_unlabeled,
        lr=STEP_SIZE,
        label_lr=STEP_SIZE,
        eps_norm=STEP_SIZE,
        n_steps=record[-1],
        record=record,
    )
    return lambda_l * path.coef  # b is 1


def steps_to_half(c, record):
    """The first recorded step with c >= 0.5, by column; empty where there is none."""
    return [
        record[np.argmax(column)] if column.any() else "" for column in (c >= 0.5).T
    ]


record = np.unique(np.linspace(0, n_steps, 401).astype(int))
c = coefficients(N_UNLABELED, record)

# %%
# Left: one labelled second moment, several unlabelled ones; right: the reverse. The
# redder a line, the larger the value that varies.
fig, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained", sharey=True)
colors = plt.get_cmap("coolwarm")(np.linspace(0, 1, len(VALUES)))
panels = (
    (r"$\lambda^\ell = 1$", r"$\lambda^u$", lambda_l, lambda_u),
    (r"$\lambda^u = 1$", r"$\lambda^\ell$", lambda_u, lambda_l),
)
for ax, (title, varied, fixed, varying) in zip(axes, panels, strict=True):
    for value, color in zip(VALUES, colors, strict=True):
        (column,) = np.flatnonzero((fixed == 1.0) & (varying == value))
        ax.plot(record, c[:, column], color=color, label=f"{varied} = {value:g}")
    ax.axhline(1.0, color="0.6", lw=0.8, ls="--")
    ax.set(title=title, xlabel="step k")
    ax.legend(frameon=False, loc="lower right")
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel(r"$c_{k,i}$")

# %%
# Save the picture and its numbers.
name = "figure_1" if args.full else "figure_1_quick"
fig.savefig(args.out / f"{name}.png", dpi=120)


def save(name, header, rows):
    """Write and print a table."""
    with (DOC / "results" / f"{name}.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    for row in (header, *rows):
        print(*row, sep="\t")


halves = steps_to_half(c, record)
rows = zip(lambda_l, lambda_u, halves, c[-1].round(6), strict=True)
save(name, ["lambda_l", "lambda_u", "steps to c = 0.5", "c at the end"], list(rows))

# %%
# The number of unlabelled rows, for a labelled second moment of 1. The more there are,
# the slower is each label's step, beside theta's. In the end theta only follows:
# :math:`\theta = z / \lambda^u`, the labels' :math:`z = X_u' y_u / n_u` moves in
# proportion to :math:`\lambda^u`, and :math:`\lambda^u` cancels.
rows = []
for n_unlabeled in (1, 10, 100, 1000) if args.full else (1, 10):
    record = np.arange(0, 3000 + 450 * n_unlabeled, 5)
    halves = steps_to_half(coefficients(n_unlabeled, record), record)
    rows.append([n_unlabeled, *np.array(halves)[lambda_l == 1.0]])
save(f"{name}_n_u", ["n_u", *(f"lambda_u = {value:g}" for value in VALUES)], rows)
