"""The way to least squares of the exact mode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils.validation import _check_sample_weight

from .._estimators.checks import validated_rows
from .._estimators.plan import STEPS_FROM_NOTHING
from .._labels.marker import as_targets, unlabeled_target_rows
from .._labels.task import labeled_weights
from ..linear import least_squares
from ..linear._model import models_on_path, path_moments, recorded_steps
from ._drawing import COLORS, LINES, new_axes, tidy, value_colormap
from ._estimators import final_estimator, final_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from typing_extensions import Self

    from .._types import Labels, Rows
    from ..linear import LGAPath


class ConvergenceDisplay:
    """How far each coefficient of the exact linear mode has come, step by step.

    The convergence coefficient c_k of a feature is its coefficient after k steps over
    the one that training ends at: 0 at the start, 1 at the end. For uncorrelated
    features that is c of Eqs. 12 and 28. Directions that the unlabelled rows vary in
    get there first (Figure 1). It is recommended to use :meth:`from_estimator` or
    :meth:`from_path`.

    Parameters
    ----------
    steps : ndarray of shape (n_recorded,)
        Numbers of updates.

    coefficients : ndarray of shape (n_recorded, n_features)
        c_k of each feature at these steps.

    feature_names : sequence of str or None, default=None
        Names of the features; None: their positions.

    variances : ndarray of shape (n_features,) or None, default=None
        Variance of each feature among the unlabelled rows, which colours the lines
        where there are more than four.

    n_iter : float or None, default=None
        The step that a fit has stopped at, to be marked.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the curves.

    figure_ : matplotlib Figure
        The figure that holds them.

    lines_ : list of matplotlib Line2D
        One line a feature.

    See Also
    --------
    sklearn_lga.linear.convergence_coefficients : c by its formula.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_lga import LGARegressor
    >>> from sklearn_lga.datasets import hide_labels
    >>> from sklearn_lga.inspection import ConvergenceDisplay
    >>> X, y = load_diabetes(return_X_y=True)
    >>> y_marked = hide_labels(y, n_labeled=60, random_state=0, unlabeled=np.nan)
    >>> model = LGARegressor(solver="exact", max_epochs=200).fit(X, y_marked)
    >>> display = ConvergenceDisplay.from_estimator(model, X, y_marked)
    >>> display.coefficients.shape
    (201, 10)
    """

    def __init__(
        self,
        steps: np.ndarray,
        coefficients: np.ndarray,
        *,
        feature_names: Sequence[str] | None = None,
        variances: np.ndarray | None = None,
        n_iter: float | None = None,
    ) -> None:
        self.steps = steps
        self.coefficients = coefficients
        self.feature_names = feature_names
        self.variances = variances
        self.n_iter = n_iter

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: Rows,
        y: Labels,
        *,
        sample_weight: ArrayLike | None = None,
        principal: bool = False,
        target: int = 0,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the path that an estimator with ``solver="exact"`` has followed.

        The path is computed anew; with ``early_stopping`` from all labelled rows,
        where ``fit`` has left the held-out ones out.

        Parameters
        ----------
        estimator : LGARegressor or Pipeline
            Fitted with ``solver="exact"``; or a Pipeline that ends in such a one.

        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows that it was fitted on, as they were given to it.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets that it was fitted on, with the unlabelled rows marked.

        sample_weight : array-like of shape (n_samples,), default=None
            The weights that it was fitted with.

        principal : bool, default=False
            Whether to show the principal directions of the unlabelled rows in place
            of the features: for features that are correlated, or scaled alike.

        target : int, default=0
            Which target to show, where there are several.

        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.

        Returns
        -------
        display : ConvergenceDisplay

        Raises
        ------
        ValueError
            If the estimator has trained a network.
        """
        remedy = "only solver='exact' follows a path; for networks: TrainingDisplay."
        last = final_estimator(estimator, "coef_", cls.__name__, remedy)
        X = validated_rows(last, final_rows(estimator, X), reset=False)
        moments, steps, coefs, limit = _path_of(last, X, y, sample_weight, target)
        A_u = moments.matrices()[1]
        names, variances = getattr(last, "feature_names_in_", None), np.diag(A_u)
        if principal:
            variances, directions = np.linalg.eigh(A_u)
            coefs, limit = coefs @ directions, limit @ directions
            names = [f"direction of variance {value:.3g}" for value in variances]
        display = cls(
            steps,
            _relative(coefs, limit),
            feature_names=names,
            variances=variances,
            n_iter=last.n_iter_,
        )
        return display.plot(ax=ax)

    @classmethod
    def from_path(
        cls,
        path: LGAPath,
        X_labeled: Rows,
        y_labeled: ArrayLike,
        *,
        ax: Axes | None = None,
    ) -> Self:
        """Draw a path of :mod:`sklearn_lga.linear`, over least squares.

        Parameters
        ----------
        path : LGAPath
            Of :func:`~sklearn_lga.linear.lga_path`, for example, with the steps to
            be drawn in ``record``, and one target.

        X_labeled : {array-like, sparse matrix} of shape (n_labeled, n_features)
            The labelled rows that it was computed from.

        y_labeled : array-like of shape (n_labeled,)
            Their targets.

        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.

        Returns
        -------
        display : ConvergenceDisplay
        """
        limit = least_squares(X_labeled, y_labeled)
        return cls(path.steps, _relative(path.coef, limit)).plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.

        Returns
        -------
        display : ConvergenceDisplay
            This object.
        """
        self.ax_ = new_axes(ax, "ConvergenceDisplay.plot", (7.0, 4.0))
        self.figure_ = self.ax_.figure
        self.ax_.axhline(1.0, color="#808080", lw=0.8)
        self.lines_ = self.ax_.plot(self.steps, self.coefficients, lw=1.5)
        if len(self.lines_) <= len(COLORS):
            self._name_lines()
        elif self.variances is not None:
            self._color_lines()
        if self.n_iter is not None and self.n_iter < self.steps[-1]:
            self.ax_.axvline(self.n_iter, color="#808080", lw=0.8, ls="--")
        # One coefficient that ends near zero must not flatten all others.
        self.ax_.set_ylim(
            max(-0.5, np.nanmin(self.coefficients) - 0.05),
            min(2.0, max(1.05, np.nanmax(self.coefficients) + 0.05)),
        )
        self.ax_.set(xlabel="step k", ylabel="convergence coefficient $c_k$")
        tidy(self.ax_)
        return self

    def _name_lines(self):
        names = self.feature_names
        for i, line in enumerate(self.lines_):
            name = f"feature {i}" if names is None else names[i]
            line.set(color=COLORS[i], linestyle=LINES[i], label=name)
        self.ax_.legend(frameon=False)

    def _color_lines(self):
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import LogNorm, Normalize

        low, high = np.min(self.variances), np.max(self.variances)
        norm = LogNorm if low > 0.0 and high > 10.0 * low else Normalize
        scale = ScalarMappable(norm(low, high), value_colormap())
        for line, variance in zip(self.lines_, self.variances, strict=True):
            line.set_color(scale.to_rgba(variance))
        self.figure_.colorbar(
            scale, ax=self.ax_, label="variance among the unlabelled rows"
        )


def _path_of(estimator, X, y, sample_weight, target):
    """Of a fit's path: moments, steps, coefficients (n_recorded, n_features), end."""
    task, model = estimator._fitted_.task, estimator._fitted_.model
    targets = as_targets(y)
    unlabeled = unlabeled_target_rows(targets, task.unlabeled)
    n_unlabeled = int(unlabeled.sum())
    X_labeled, X_unlabeled = (X[np.flatnonzero(m)] for m in (~unlabeled, unlabeled))
    sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
    weights = labeled_weights(sample_weight, unlabeled)
    labeled = X_labeled, task.scaled(targets[~unlabeled]), weights
    moments = path_moments(labeled, X_unlabeled, model.origin)
    # The parameters of the fit; the estimator's may have changed since.
    n_steps = model.max_steps
    steps = recorded_steps(STEPS_FROM_NOTHING if np.isinf(n_steps) else n_steps)
    coefs, end = (
        models_on_path(moments, n_unlabeled, last, record, model.sizes)[0]
        for last, record in ((steps[-1], steps), (np.inf, [np.inf]))
    )
    return moments, np.array(steps), coefs[..., target], end[0, :, target]


def _relative(coefs, limit):
    """c_k; NaN for a feature whose coefficient ends at zero."""
    return coefs / np.where(limit == 0.0, np.nan, limit)
