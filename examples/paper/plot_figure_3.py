"""
Figure 3: alignment of the updates
==================================

During training on the shells of Section 3.2: cosine similarity of the parameter
updates with the principal eigenvector of the Hessian of the test loss (Eq. 13), mean
and standard deviation over trials. The paper does not say which update it means, so
there are two: the actual steps of Adam, and the raw g_theta; each point averages the 10
updates of an epoch. The right panel has the largest eigenvalue itself.
"""

# %%
# Run the trials that are not yet recorded. ``--full`` takes 25, minutes each; it can be
# stopped at any time and goes on where it was.
import matplotlib
from shells import command_line, compare, draw_band

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

lines, setting, picture = command_line(__doc__)

# %%
# The picture.
fig, axes = plt.subplots(1, 3, figsize=(12, 3.8), layout="constrained")
panels = {
    "update_alignment": "alignment of Adam's steps",
    "gradient_alignment": "alignment of g_theta",
    "hessian_eigenvalue": "largest eigenvalue",
}
for ax, (measure, label) in zip(axes, panels.items(), strict=True):
    draw_band(ax, lines, measure, label)
axes[2].set_yscale("log")
axes[0].legend(frameon=False)
fig.suptitle(f"Mean and standard deviation over {setting['trials']} trials")
fig.savefig(picture("figure_3"), dpi=120)

# %%
# The claim in numbers: means over training, and their difference in standard errors.
for measure in panels:
    ours, theirs, difference, error = compare(lines, measure, np.mean)
    print(
        f"{measure}: LGA {ours:.4f}, supervised {theirs:.4f}, difference "
        f"{difference:+.4f} ({difference / error:+.1f} standard errors)"
    )
