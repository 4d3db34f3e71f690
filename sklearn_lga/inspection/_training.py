"""The curves of a training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import is_classifier

from ._drawing import COLORS, LINES, new_axes, tidy
from ._estimators import final_estimator

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from sklearn.base import BaseEstimator
    from typing_extensions import Self

LOSSES = {
    "labeled_loss": "labelled rows",
    "unlabeled_loss": "unlabelled rows",
    "regularization_loss": "regularizers",
    "valid_loss": "held-out rows",
}
"""Losses in a history, and what the legend calls them."""

OTHERS = {
    "alignment_distance": "alignment distance (Eq. 2)",
    "agreement": "agreement of labels and network",
    "label_distance": "distance of labels from network",
    "labeled_weight": "weight of the labelled rows, T(i)",
}
"""The other curves, a panel each, with its title."""


class TrainingDisplay:
    """Curves of a training, epoch by epoch.

    Losses; the normalized distance between the gradients of labelled and unlabelled
    rows (Eq. 2), which the imputed labels descend; how far these agree with the
    network; and T(i). It is recommended to use :meth:`from_estimator`.

    Parameters
    ----------
    curves : dict of str to ndarray of shape (n_epochs,)
        Means over the steps of each epoch, by their names in ``history_``:
        "labeled_loss", "unlabeled_loss", "regularization_loss", "valid_loss",
        "alignment_distance" and "labeled_weight"; and "agreement" for classes,
        in [0, 1], or "label_distance" for targets, in their standard deviations. All
        are optional, and what is missing is not drawn.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes whose space the panels share; invisible.

    axes_ : list of matplotlib Axes
        The panels.

    figure_ : matplotlib Figure
        The figure that holds them.

    See Also
    --------
    TransductionDisplay : The labels that came out.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_lga import LGAClassifier
    >>> from sklearn_lga.datasets import hide_labels
    >>> from sklearn_lga.inspection import TrainingDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> y_marked = hide_labels(y, n_labeled=15, random_state=0)
    >>> model = LGAClassifier(max_epochs=20, random_state=0).fit(X, y_marked)
    >>> display = TrainingDisplay.from_estimator(model)
    >>> [ax.get_title() for ax in display.axes_][:2]
    ['loss', 'alignment distance (Eq. 2)']
    """

    def __init__(self, curves: Mapping[str, np.ndarray]) -> None:
        self.curves = curves

    @classmethod
    def from_estimator(
        cls, estimator: BaseEstimator, *, ax: Axes | None = None
    ) -> Self:
        """Draw the curves of a fitted estimator.

        Parameters
        ----------
        estimator : estimator or Pipeline
            A fitted estimator of this package that has trained a network, or a
            Pipeline that ends in one.

        ax : matplotlib Axes, default=None
            Where to draw; its space is divided among the panels. None: a new figure.

        Returns
        -------
        display : TrainingDisplay

        Raises
        ------
        ValueError
            If the estimator has no history, as with ``solver="exact"``, or was
            interrupted before the first training step.
        """
        remedy = "the exact mode has no epochs; use ConvergenceDisplay."
        estimator = final_estimator(estimator, "history_", cls.__name__, remedy)
        curves = {}
        for name in [*LOSSES, "alignment_distance", "label_distance", "labeled_weight"]:
            # An epoch that was interrupted has the terms of its steps, if any.
            values = [epoch[name] for epoch in estimator.history_ if name in epoch]
            if values:
                curves[name] = np.array(values)
        if not curves:
            raise ValueError(
                f"{cls.__name__} shows training steps, but the fit of {estimator!r} "
                "was interrupted before the first one. Fit it again."
            )
        if is_classifier(estimator) and "label_distance" in curves:
            # Half the sum of absolute differences is the total variation distance.
            curves["agreement"] = 1.0 - 0.5 * curves.pop("label_distance")
        return cls(curves).plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; its space is divided among the panels. None: a new figure.

        Returns
        -------
        display : TrainingDisplay
            This object.
        """
        panels = {"loss": [name for name in LOSSES if name in self.curves]}
        panels |= {OTHERS[name]: [name] for name in OTHERS if name in self.curves}
        self.ax_ = new_axes(
            ax, "TrainingDisplay.plot", (9.0, 2.8 * -(-len(panels) // 2))
        )
        self.figure_ = self.ax_.figure
        self.axes_ = _divide(self.ax_, len(panels))
        for panel, (title, names) in zip(self.axes_, panels.items(), strict=True):
            for name, color, style in zip(names, COLORS, LINES, strict=False):
                values = self.curves[name]
                panel.plot(
                    np.arange(1, len(values) + 1),
                    values,
                    color=color,
                    linestyle=style,
                    marker="o" if len(values) == 1 else None,
                    label=LOSSES.get(name, name),
                )
            panel.set(title=title, xlabel="epoch")
            tidy(panel)
            if len(names) > 1:
                panel.legend(frameon=False)
            if names == ["agreement"]:
                panel.set_ylim(0.0, 1.02)
            elif names == ["labeled_weight"]:
                panel.set_ylim(bottom=0.0)
        return self


def _divide(ax, n_panels):
    """Panels in up to two columns, in the place of an axes."""
    if ax.get_subplotspec() is None:
        raise ValueError(
            "ax must be the axes of a grid, as plt.subplots makes them: its space is "
            "divided among the panels."
        )
    ax.set_axis_off()
    n_columns = min(n_panels, 2)
    grid = ax.get_subplotspec().subgridspec(-(-n_panels // n_columns), n_columns)
    return [ax.figure.add_subplot(grid[i // 2, i % 2]) for i in range(n_panels)]
