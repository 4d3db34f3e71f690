"""
Figure 4: test loss and accuracy
================================

During training on the shells of Section 3.2, by LGA and by supervised training of the
same network: mean and standard deviation over trials.
"""

# %%
# Run the trials that are not yet recorded; Figure 3 is drawn from the same ones.
# ``--full`` takes 25, ``--long`` one of 400 epochs; it can be stopped at any time and
# goes on where it was.
import matplotlib
from shells import METHODS, command_line, compare, curves, draw_band, stages

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

lines, setting, picture = command_line(__doc__)

# %%
# The picture.
fig, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
draw_band(axes[0], lines, "test_accuracy", "test accuracy")
draw_band(axes[1], lines, "test_loss", "test loss")
axes[0].set_ylim(0.65, None)
axes[0].legend(frameon=False)
fig.suptitle(f"Mean and standard deviation over {setting['trials']} trials")
fig.savefig(picture("figure_4"), dpi=120)

# %%
# The claim in numbers: the best value of each run, their means and the difference.
for measure, best in {"test_loss": np.min, "test_accuracy": np.max}.items():
    ours, theirs, difference, error = compare(lines, measure, best)
    print(
        f"best {measure}: LGA {ours:.4f}, supervised {theirs:.4f}, difference "
        f"{difference:+.4f} ({difference / error:+.1f} standard errors)"
    )
for method in METHODS:
    for name, (loss, epoch) in stages(lines, method).items():
        print(f"test_loss {name}: {method} {loss:.3f} in epoch {epoch:.0f}")
    _, losses = curves(lines, method, "test_loss")
    _, accuracies = curves(lines, method, "test_accuracy")
    chosen = accuracies[np.arange(len(losses)), losses.argmin(axis=1)]
    print(f"test_accuracy at the best test_loss: {method} {chosen.mean():.4f}")
    print(f"test_accuracy at the end: {method} {accuracies[:, -1].mean():.4f}")
