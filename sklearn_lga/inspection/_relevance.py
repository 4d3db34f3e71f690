"""How much the labels depend on each feature."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
from sklearn.pipeline import Pipeline

from ._drawing import COLORS, new_axes, tidy
from ._estimators import final_estimator

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from sklearn.base import BaseEstimator
    from typing_extensions import Self

INDICATOR = "missingindicator_"
"""What scikit-learn's imputer puts before the name of a column with gaps."""


class RelevanceDisplay:
    """How much the labels depend on each feature, as a fit has found.

    Shares of the features, whose sum is 1, by the views of the closed form. Features
    that tell the same divide it among them, or one has it all. It is recommended to use
    :meth:`from_estimator`.

    Parameters
    ----------
    relevance : ndarray of shape (n_features,)
        Each feature's share.

    feature_names : sequence of str, of length n_features
        Names of the features. Those of one name are one bar, of the sum of their
        shares.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the bars.

    figure_ : matplotlib Figure
        The figure that holds them.

    bars_ : matplotlib BarContainer
        The bars, the most relevant feature first; the last one is that of the others,
        where there are more features than are shown.

    See Also
    --------
    TransductionDisplay : The labels on two features of one's choice.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_lga import LGAClassifier
    >>> from sklearn_lga.datasets import hide_labels
    >>> from sklearn_lga.inspection import RelevanceDisplay
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> y_marked = hide_labels(y, n_labeled=15, random_state=0)
    >>> model = LGAClassifier(max_epochs=20, random_state=0).fit(X, y_marked)
    >>> display = RelevanceDisplay.from_estimator(model)
    >>> len(display.bars_)
    4

    Two parts of the flowers, in place of four measures:

    >>> display = RelevanceDisplay.from_estimator(
    ...     model, feature_names=["sepal", "sepal", "petal", "petal"]
    ... )
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['petal', 'sepal']
    """

    def __init__(self, *, relevance: np.ndarray, feature_names: Sequence[str]) -> None:
        self.relevance = relevance
        self.feature_names = feature_names

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        *,
        feature_names: Sequence[str] | None = None,
        max_features: int = 20,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the relevance of a fitted estimator's features.

        Parameters
        ----------
        estimator : estimator or Pipeline
            A fitted estimator of this package, or a Pipeline that ends in one.

        feature_names : sequence of str, default=None
            Names of the features that the estimator was fitted on, which is the last
            step of a Pipeline. A name may be repeated, and the shares are summed then:
            give the one-hot columns of a variable the variable's name. None: the
            table's columns after :func:`~sklearn_lga.table_pipeline`, else the names
            that the steps before give, else ``feature_names_in_``, else "x0", "x1" and
            so on.

        max_features : int, default=20
            So many bars, at most; the other features are summed up in one more.

        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.

        Returns
        -------
        display : RelevanceDisplay

        Raises
        ------
        ValueError
            If the estimator has no ``relevance_``, as with ``closed_form=False``, or
            ``feature_names`` are not as many as its features.
        """
        remedy = "fit it to a table with closed_form=True; of solver='exact' see coef_."
        last = final_estimator(estimator, "relevance_", cls.__name__, remedy)
        if feature_names is None:
            feature_names = names_of_features(estimator, last)
        display = cls(relevance=last.relevance_, feature_names=feature_names)
        return display.plot(ax=ax, max_features=max_features)

    def plot(self, ax: Axes | None = None, *, max_features: int = 20) -> Self:
        """Draw the bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.

        max_features : int, default=20
            So many bars, at most; the other features are summed up in one more.

        Returns
        -------
        display : RelevanceDisplay
            This object.
        """
        names, shares = most_relevant(self.relevance, self.feature_names, max_features)
        size = 7.0, 1.2 + 0.28 * len(names)
        self.ax_ = new_axes(ax, "RelevanceDisplay.plot", size)
        from matplotlib.ticker import PercentFormatter

        self.figure_ = self.ax_.figure
        positions = np.arange(len(names))[::-1]
        colors = [COLORS[0]] * max_features + ["#808080"]
        self.bars_ = self.ax_.barh(positions, shares, color=colors[: len(names)])
        self.ax_.bar_label(self.bars_, [f"{share:.1%}" for share in shares], padding=3)
        # A name is no formula, whatever dollars it holds.
        self.ax_.set_yticks(positions, names, parse_math=False)
        self.ax_.xaxis.set_major_formatter(PercentFormatter(1.0))
        self.ax_.set(xlabel="share of the relevance", xlim=(0.0, 1.15 * max(shares)))
        tidy(self.ax_)
        self.ax_.grid(axis="y", visible=False)
        self.ax_.tick_params(axis="y", length=0.0)
        return self


def most_relevant(relevance, names, max_features):
    """Names and shares, the largest first; the others are one more, "N others".

    Parameters
    ----------
    relevance : ndarray of shape (n_features,)

    names : sequence of str, of length n_features
        Shares of one name are summed.

    max_features : int

    Returns
    -------
    names, shares : list
        Of length ``max_features``, or one more where there are others.
    """
    if not isinstance(max_features, Integral) or max_features < 1:
        raise ValueError(
            f"max_features must be a whole number from 1 on, got {max_features!r}."
        )
    if isinstance(names, str) or len(names) != len(relevance):
        got = repr(names) if isinstance(names, str) else len(names)
        raise ValueError(
            f"feature_names must be {len(relevance)} names, one for each feature that "
            f"the estimator was fitted on, got {got}. The last step of a Pipeline is "
            "fitted on what the steps before make of the columns."
        )
    summed = {}
    for name, share in zip(map(str, names), relevance, strict=True):
        summed[name] = summed.get(name, 0.0) + float(share)
    names = sorted(summed, key=summed.get, reverse=True)
    shares = [summed[name] for name in names]
    n_others = len(names) - max_features
    if n_others > 0:
        others = f"{n_others} other" + "s" * (n_others > 1)
        names[max_features:] = [others]
        shares[max_features:] = [sum(shares[max_features:])]
    return names, shares


def names_of_features(estimator, last):
    """Names that an estimator's features have, by the best source there is.

    Features that a ``table_pipeline`` makes of a table's column have its name.

    Parameters
    ----------
    estimator : estimator or Pipeline

    last : estimator
        The same, or the Pipeline's last step.
    """
    n_features = last.n_features_in_
    if isinstance(estimator, Pipeline) and len(estimator) > 1:
        try:
            names = estimator[:-1].get_feature_names_out()
        except (AttributeError, ValueError):  # a step has none, or cannot tell them
            names = ()
        if len(names) == n_features:
            made_of = getattr(estimator[0], "output_to_input_", {})
            sources = (made_of.get(n.removeprefix(INDICATOR)) for n in names)
            return [
                made_of.get(name, source) or name
                for name, source in zip(names, sources, strict=True)
            ]
    return getattr(last, "feature_names_in_", [f"x{i}" for i in range(n_features)])
