"""The imputed labels, on a plane."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import issparse
from sklearn.base import is_classifier
from sklearn.decomposition import PCA
from sklearn.utils import check_consistent_length

from .._labels.marker import as_labels, as_targets, is_marked, unlabeled_target_rows
from ._drawing import COLORS, MARKERS, new_axes, tidy, value_colormap
from ._estimators import final_estimator, final_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from sklearn.base import BaseEstimator
    from typing_extensions import Self

    from .._types import Labels, Rows

SIZES = 10.0, 36.0
"""Areas of the least and the most confident row, in square points."""


class TransductionDisplay:
    """Given and imputed labels on two features or two principal components.

    Imputed labels of classes are the larger and the less transparent, the more
    probable they are; labelled rows have a ring. It is recommended to use
    :meth:`from_estimator`.

    Parameters
    ----------
    points : ndarray of shape (n_samples, 2)
        Where each row stands.

    labels : ndarray of shape (n_samples,)
        Given and imputed labels or targets.

    unlabeled : ndarray of bool, shape (n_samples,)
        The rows whose label is imputed.

    confidence : ndarray of shape (n_samples,) or None, default=None
        Probability of each row's label; None for targets, which have none.

    axis_names : pair of str, default=("", "")
        What the two axes are.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the points.

    figure_ : matplotlib Figure
        The figure that holds them.

    See Also
    --------
    TrainingDisplay : How the training came to these labels.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_lga import LGAClassifier
    >>> from sklearn_lga.datasets import hide_labels
    >>> from sklearn_lga.inspection import TransductionDisplay
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> y_marked = hide_labels(y, n_labeled=15, random_state=0)
    >>> model = LGAClassifier(max_epochs=20, random_state=0).fit(X, y_marked)
    >>> display = TransductionDisplay.from_estimator(
    ...     model, X, y_marked, features=["petal length (cm)", "petal width (cm)"]
    ... )
    >>> display.ax_.get_xlabel()
    'petal length (cm)'
    """

    def __init__(
        self,
        points: np.ndarray,
        labels: np.ndarray,
        unlabeled: np.ndarray,
        *,
        confidence: np.ndarray | None = None,
        axis_names: Sequence[str] = ("", ""),
    ) -> None:
        self.points = points
        self.labels = labels
        self.unlabeled = unlabeled
        self.confidence = confidence
        self.axis_names = axis_names

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: Rows,
        y: Labels,
        *,
        features: Sequence[int] | Sequence[str] | None = None,
        target: int = 0,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the labels of a fitted estimator.

        Parameters
        ----------
        estimator : estimator or Pipeline
            A fitted estimator of this package, or a Pipeline that ends in one.

        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows that it was fitted on, as they were given to it.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The labels or targets that it was fitted on, with the unlabelled rows
            marked.

        features : pair of int or str, default=None
            Two columns of ``X``, by position or name. None: the first two principal
            components of what the last step of a Pipeline is given, or the columns
            themselves where there are two.

        target : int, default=0
            Which target to show, where there are several.

        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.

        Returns
        -------
        display : TransductionDisplay

        Raises
        ------
        ValueError
            If ``X`` and ``y`` are not of the length of the training rows, or
            ``features`` are not two columns of ``X``.
        """
        remedy = "fit it on the training rows."
        last = final_estimator(estimator, "transduction_", cls.__name__, remedy)
        check_consistent_length(X, y, last.transduction_)
        if features is None:
            points, names = _plane(final_rows(estimator, X))
        else:
            points, names = _two_columns(X, features)
        labels, confidence = last.transduction_, None
        if is_classifier(last):
            unlabeled = is_marked(as_labels(y), last.unlabeled_)
            confidence = last.label_distributions_.max(axis=1)
        else:
            unlabeled = unlabeled_target_rows(as_targets(y), last.unlabeled_)
            labels = labels if labels.ndim == 1 else labels[:, target]
        display = cls(
            points, labels, unlabeled, confidence=confidence, axis_names=names
        )
        return display.plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the labels.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.

        Returns
        -------
        display : TransductionDisplay
            This object.
        """
        self.ax_ = new_axes(ax, "TransductionDisplay.plot", (7.0, 5.0))
        self.figure_ = self.ax_.figure
        if self.confidence is None:
            self._draw_targets()
        else:
            self._draw_classes()
        self.ax_.set(xlabel=self.axis_names[0], ylabel=self.axis_names[1])
        tidy(self.ax_)
        return self

    def _draw_classes(self):
        classes = np.unique(self.labels)
        low = 1.0 / max(len(classes), 2)
        share = np.clip((self.confidence - low) / (1.0 - low), 0.0, 1.0)
        sizes = SIZES[0] + share * (SIZES[1] - SIZES[0])
        for label, (color, marker) in zip(classes, _class_styles(), strict=False):
            style = {"color": color, "marker": marker}
            rows = np.flatnonzero((self.labels == label) & self.unlabeled)
            alpha = 0.15 + 0.7 * share[rows]
            self._scatter(rows, s=sizes[rows], alpha=alpha, linewidths=0, **style)
            given = np.flatnonzero((self.labels == label) & ~self.unlabeled)
            self._ring(given, **style)
        self._legend(classes)

    def _draw_targets(self):
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        norm = Normalize(self.labels.min(), self.labels.max())
        scale = {"cmap": value_colormap(), "norm": norm}
        rows, given = (np.flatnonzero(m) for m in (self.unlabeled, ~self.unlabeled))
        self._scatter(
            rows, c=self.labels[rows], s=20.0, linewidths=0, alpha=0.7, **scale
        )
        self._ring(given, c=self.labels[given], **scale)
        self.figure_.colorbar(ScalarMappable(**scale), ax=self.ax_, label="target")
        self._legend([])

    def _scatter(self, rows, **style):
        if len(rows):  # matplotlib takes no empty array of transparencies
            self.ax_.scatter(*self.points[rows].T, **style)

    def _ring(self, rows, **style):
        """Labelled rows stand out by size and by a ring in the colour of the text."""
        self._scatter(rows, s=60.0, edgecolors=_text_color(), linewidths=1.4, **style)

    def _legend(self, classes):
        """Full-sized entries, whatever the confidence of the rows."""
        from matplotlib.lines import Line2D

        styles = [
            {"marker": marker, "color": color, "label": str(label)}
            for label, (color, marker) in zip(classes, _class_styles(), strict=False)
        ]
        ring = {"marker": "o", "ms": 8, "mfc": "none", "mew": 1.4}
        styles.append({**ring, "mec": _text_color(), "label": "label given"})
        handles = [Line2D([], [], ls="", **style) for style in styles]
        outside = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)}
        self.ax_.legend(
            handles=handles, frameon=False, **(outside if len(classes) else {})
        )


def _class_styles():
    """Colours and markers of the classes, without end."""
    return zip(cycle(COLORS), cycle(MARKERS), strict=False)


def _text_color():
    import matplotlib

    return matplotlib.rcParams["text.color"]


def _plane(X):
    """Two columns as they are, or the first two principal components of more."""
    if not (hasattr(X, "iloc") or issparse(X)):
        X = np.asarray(X)
        X = X.reshape(len(X), -1)
    if X.shape[1] < 2:
        raise ValueError(
            "X has one feature, and the display needs two: draw predictions against "
            "it instead."
        )
    if X.shape[1] == 2:
        return _two_columns(X, getattr(X, "columns", (0, 1)))
    X, solver = (X, "arpack") if issparse(X) else (np.asarray(X), "auto")
    points = PCA(n_components=2, svd_solver=solver, random_state=0).fit_transform(X)
    return points, ("first principal component", "second principal component")


def _two_columns(X, features):
    """The columns of the given positions or names, and their names."""
    names = list(getattr(X, "columns", range(np.shape(X)[1])))
    try:
        first, second = (
            names.index(feature) if feature in names else range(len(names))[feature]
            for feature in features
        )
    except (TypeError, ValueError, IndexError) as error:
        raise ValueError(
            f"features must be two columns of X by position or name, got {features!r}; "
            f"X has the columns {names}."
        ) from error
    if hasattr(X, "iloc"):
        points = X.iloc[:, [first, second]].to_numpy(dtype=np.float64)
    elif issparse(X):
        points = X.tocsc()[:, [first, second]].toarray()
    else:
        points = np.asarray(X)[:, [first, second]].astype(np.float64)
    names = [n if isinstance(n, str) else f"feature {n}" for n in names]
    return points, (names[first], names[second])
