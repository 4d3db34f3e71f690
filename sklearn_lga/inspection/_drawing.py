"""Axes and colours that all displays share."""

from sklearn.utils._optional_dependencies import check_matplotlib_support

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
"""Of Okabe and Ito's colours, which colour-blind people can tell apart, those that
stand out from white paper and from a dark screen alike."""

LINES = ("-", "--", "-.", ":")
"""Line styles that go with the colours, for those who see none."""

MARKERS = ("o", "s", "^", "D", "v")
"""Markers of the classes: with four colours, 20 pairs before the first comes again."""


def new_axes(ax, caller, figsize):
    """The axes to draw on: those given, or those of a new figure."""
    check_matplotlib_support(caller)
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=figsize, layout="constrained")[1]


def value_colormap():
    """Low values blue, high ones orange: as far from white as from black."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("lga", [COLORS[0], "#8c8c8c", COLORS[1]])


def tidy(ax):
    """Leave out what carries no information."""
    ax.grid(alpha=0.3, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
