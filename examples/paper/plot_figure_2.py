"""
Figure 2: the shells
====================

The synthetic data of Section 3.2 with d = 2 and n = 2,500. Five classes in concentric
shells, dense where the classes meet (Eq. 14): the optimal boundaries pass through
regions of high density, against the assumption of many semi-supervised methods.
"""

# %%
# The data, and the picture. ``--full`` changes nothing: there is no trial to repeat.
import argparse
from pathlib import Path

import matplotlib

from sklearn_lga.datasets import make_shells

matplotlib.use("Agg")
import matplotlib.pyplot as plt

DOC = Path(__file__).parents[2] / "doc"
parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--full", action="store_true")
parser.add_argument("--out", type=Path, default=DOC / "images")
args = parser.parse_args()
args.out.mkdir(parents=True, exist_ok=True)

X, y = make_shells(2500, 2, random_state=0)
colors = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7"]

fig, ax = plt.subplots(figsize=(6, 5), layout="constrained")
for label, color in enumerate(colors):
    mine = X[y == label]
    ax.scatter(*mine.T, s=5, color=color, lw=0, label=f"c = {label + 1}")
ax.set_aspect("equal")
ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), markerscale=3, frameon=False)
fig.savefig(args.out / "figure_2.png", dpi=120)
