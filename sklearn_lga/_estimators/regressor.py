"""The regressors: what they read and predict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils._param_validation import Interval, Options, StrOptions

from .._labels.targets import Targets
from . import checks, fitting
from .base import LabelParameters, NetEstimator, checking_parameters, public
from .exact import fit_exact
from .net_params import by_name

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from typing_extensions import Self

    from .._types import Labels, Rows


@dataclass(kw_only=True, eq=False, repr=False)
class NetRegressor(RegressorMixin, NetEstimator):
    """Base of the regressors: targets in, targets out."""

    hidden_layer_sizes: int | Sequence[int] = (32, 32)
    unlabeled: float | None = -1

    _parameter_constraints = {
        **NetEstimator._parameter_constraints,
        "unlabeled": [Real, None],
    }

    @checking_parameters
    @public
    def fit(self, X: Rows, y: Labels, sample_weight: ArrayLike | None = None) -> Self:
        """Train the network and impute the targets of the unlabelled rows.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Labelled and unlabelled rows. Arrays of more dimensions are taken with
            a ``module`` of one's own.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets, with unlabelled rows marked as ``unlabeled`` says.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the labelled rows in the labelled loss, and so in g_l and in the
            closed form; only their ratios count. A row of weight 0 keeps its label and
            teaches nothing. Those of unlabelled rows are not used.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If the input or a parameter is unusable; the message names it, and the
            estimator is as it was before.
        """
        return fitting.fit_network(self, X, y, Targets.read, sample_weight)

    @public
    def score(
        self, X: Rows, y: Labels, sample_weight: ArrayLike | None = None
    ) -> float:
        """Coefficient of determination on the labelled rows; others are left out.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Rows.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True targets, with rows marked as in ``fit`` where there is none.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        score : float
            R^2 of ``predict(X)``.
        """
        predicted = self.predict(X)
        return self._fitted_.task.score(y, predicted, sample_weight)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


@by_name
@dataclass(kw_only=True, eq=False, repr=False)
class LGARegressor(LabelParameters, NetRegressor):
    """Regressor for tables with few targets, trained by label gradient alignment.

    A closed form answers first, kernel ridge regression in several views of the table,
    and trees. A network is then trained on targets that are imputed for the unlabelled
    rows, and start from this answer. The imputed targets y_u = w follow the gradient of
    the normalized distance between the loss gradients on labelled and on unlabelled
    rows (Algorithm 1 and Eq. 2 of [1]_, with half the squared error of Eq. 3 as the
    loss)::

        g_theta = g_u + T(i) g_l
        g_w     = gradient of ||EMA(g_l) - g_u||^2_normalized with respect to w

    while the network follows g_theta; both take steps of Adam. Predictions are of the
    network and the closed form, weighted by held-out targets. Targets are centred
    and scaled by the labelled rows inside. The features should be on a common scale,
    by a ``StandardScaler`` for example. What is described as in
    :class:`LGAClassifier` is explained there in full.

    Parameters
    ----------
    module : callable or None, default=None
        A network of your own, as in :class:`LGAClassifier`.

    hidden_layer_sizes : int or sequence of int, default=(32, 32)
        Units of each hidden layer of the built-in network; an int is one layer.

    dropout, n_members, closed_form, memory, lr, weight_decay, batch_size : object
        As in :class:`LGAClassifier`.

    max_epochs : int, np.inf or None, default=None
        Passes over the unlabelled rows (over the labelled ones where there are no
        others). None: as in :class:`LGAClassifier`. See ``solver`` for the exact mode.

    regularizers : list or tuple, default=()
        As in :class:`LGAClassifier`; VAT, PiModel and MeanTeacher take targets.

    early_stopping, validation_fraction, n_iter_no_change : object
        As in :class:`LGAClassifier`.

    unlabeled : float or None, default=-1
        The marker of unlabelled rows. NaN always marks them as well, and where ``y``
        holds any NaN it alone does, and -1 is a value. Pass np.nan for NaN alone,
        None where no row is unlabelled. With several outputs a row is unlabelled
        when all of its targets are marked.

    warm_start, device, compile, random_state, verbose, callbacks, net_params : object
        As in :class:`LGAClassifier`.

    label_lr : float or None, default=None
        As in :class:`LGAClassifier`, but None means 0.2 / n_epochs after the closed
        form, else 3 / n_epochs, in standard deviations of the targets.

    labeled_weight, decay, eps_norm : object
        As in :class:`LGAClassifier`.

    solver : {"network", "exact"}, default="network"
        "exact" is linear regression in place of the network, followed exactly in
        float64 (Section 3.1): gradient descent on the squared error and on w, with all
        rows in each step. It uses ``lr``, ``label_lr`` and ``eps_norm`` (None: derived
        from the data such that the fixed point is stable; ``eps_norm=0``, the paper's
        analysis, gives a path that never rests), ``max_epochs`` as the number of steps
        (None: 1,000; np.inf: the path's end), ``early_stopping`` with
        ``validation_fraction`` (it chooses the step of the one path that suits the
        held-out rows best), ``fit_intercept``, ``unlabeled`` and ``random_state``. All
        other parameters are ignored.

    fit_intercept : bool, default=True
        Whether the linear model of ``solver="exact"`` has an intercept, by centring
        labelled and unlabelled rows each by their own means. The network has one.

    Attributes
    ----------
    transduction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        A target for every training row: given ones as given, the imputed ones for
        the others. ``predict`` on these rows may differ.

    start_ : ndarray, shaped like ``transduction_``
        The same where the imputed targets started: the closed form's answer. Not with
        ``closed_form=False``.

    unlabeled_ : scalar or None
        The marker, as settled in ``fit`` and used again by ``score``.

    n_iter_ : int
        Epochs of training; with ``solver="exact"`` the number of steps.

    coef_ : ndarray of shape (n_features,) or (n_outputs, n_features)
        Coefficients of the linear model; ``solver="exact"`` only.

    intercept_ : float or ndarray of shape (n_outputs,)
        Intercept of the linear model; ``solver="exact"`` only.

    plan_ : object
        What the fit decided by itself, as in :class:`LGAClassifier`; of the exact mode
        the number of steps and the step sizes.

    net_, history_, evidence_, relevance_ : object
        With ``solver="network"``, as in :class:`LGAClassifier`; distances of the
        imputed targets from the network's are in standard deviations.

    n_features_in_ : int
        Number of features seen in ``fit``.

    feature_names_in_ : ndarray of shape (``n_features_in_``,)
        Names of the features, where ``X`` has names that are all strings.

    See Also
    --------
    LGAClassifier : The same for class labels.
    sklearn_lga.baselines.RegularizedNetRegressor : The same network without LGA.
    sklearn_lga.model_selection.SemiSupervisedSplit : Cross-validation that folds the
        labelled rows only.
    sklearn_lga.compose.WithUnlabeled : For meta-estimators that know no marker.

    References
    ----------
    .. [1] J. Jackson and J. Schulman, "Semi-Supervised Learning by Label Gradient
       Alignment", 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_regression
    >>> from sklearn_lga import LGARegressor
    >>> from sklearn_lga.datasets import hide_labels
    >>> X, y = make_regression(n_samples=300, n_features=5, random_state=0)
    >>> y_marked = hide_labels(y, n_labeled=50, random_state=0, unlabeled=np.nan)
    >>> model = LGARegressor(max_epochs=200, random_state=0).fit(X, y_marked)
    >>> model.score(X, y) > 0.8
    True
    >>> model.transduction_.shape
    (300,)
    """

    max_epochs: float | None = None  # type: ignore[assignment]  # np.inf is a float
    solver: str = "network"
    fit_intercept: bool = True

    _parameter_constraints = {
        **NetRegressor._parameter_constraints,
        **LabelParameters._label_constraints,
        "solver": [StrOptions({"network", "exact"})],
        "fit_intercept": ["boolean"],
        "eps_norm": [Interval(Real, 0, None, closed="left"), None],
        "max_epochs": [
            *NetRegressor._parameter_constraints["max_epochs"],
            Options(Real, {np.inf}),
        ],
    }

    @checking_parameters
    def fit(self, X: Rows, y: Labels, sample_weight: ArrayLike | None = None) -> Self:
        """Train the network, or follow the exact linear model, and impute targets.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Labelled and unlabelled rows. Arrays of more dimensions are taken with
            a ``module`` of one's own.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets, with unlabelled rows marked as ``unlabeled`` says.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the labelled rows in the labelled loss, and so in g_l and in the
            closed form; only their ratios count. A row of weight 0 keeps its label and
            teaches nothing. Those of unlabelled rows are not used.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If the input or a parameter is unusable; the message names it, and the
            estimator is as it was before.
        """
        checks.check_exact_mode(self)
        if self.solver == "exact":
            return fit_exact(self, X, y, sample_weight)
        return fitting.fit_network(self, X, y, Targets.read, sample_weight)
