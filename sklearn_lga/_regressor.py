"""The regressor of label gradient alignment."""

from dataclasses import dataclass
from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Options, StrOptions

from ._base import DEFAULT_STEPS
from ._checks import check_two_dimensional
from ._exact import fit_linear
from ._lga import BaseLGA
from ._targets import RegressorTargets


@dataclass(kw_only=True, eq=False, repr=False)
class LGARegressor(RegressorTargets, BaseLGA):
    """Regressor for tables with few targets, trained by label gradient alignment.

    A network is trained on targets that are imputed for the unlabelled rows. The
    imputed targets y_u = w follow the gradient of the normalized distance between
    the loss gradients on labelled and on unlabelled rows (Algorithm 1 and Eq. 2 of
    [1]_, with half the squared error of Eq. 3 as the loss)::

        g_theta = g_u + T(i) g_l
        g_w     = gradient of ||EMA(g_l) - g_u||^2_normalized with respect to w

    while the network follows g_theta; both take steps of Adam. Targets are centred
    and scaled by the labelled rows inside. The features should be on a common scale,
    by a ``StandardScaler`` for example.

    Parameters
    ----------
    module : callable or None, default=None
        None: the built-in network, set by ``hidden_layer_sizes``, ``activation``,
        ``dropout``, ``n_members`` and ``inputs``. Otherwise a class or callable, called
        as ``module(n_features, n_outputs, **module_params)``, that gives a
        ``torch.nn.Module`` with outputs
        of shape (n_rows, n_outputs). ``n_features`` is ``X.shape[1]``
        for tables and ``X.shape[1:]`` for arrays of more dimensions, which are taken
        only with a module of one's own. Setting both is an error.

    hidden_layer_sizes : sequence of int, default=(128, 128)
        Units of each hidden layer of the built-in network.

    activation : {"relu", "leaky_relu", "elu", "gelu", "silu", "tanh"}, default="relu"
        Activation function of its hidden layers.

    dropout : float in [0, 1), default=0.2
        Share of its hidden units that are dropped in training.

    n_members : int, default=2
        Networks of the built-in kind that are trained side by side on the same labels
        and predict together.

    inputs : "auto" or list of str, default="auto"
        What each network sees of a row: "features"; "features+bins" or
        "features+fine_bins", with a piecewise-linear encoding of each column in 8 or
        32 quantile bins beside them; "features+eigenmaps" or "eigenmaps", coordinates
        along the clusters of all rows (Laplacian eigenmaps of the graph of 10 nearest
        neighbours), with the features or without. Shorter lists are repeated. "auto"
        takes the best by the leave-one-out loss of the labelled rows under the kernel
        of a network of infinite width, in closed form; see ``evidence_``. It weighs
        bins up to 1,000 of a kind, eigenmaps up to 100,000 rows, both up to 1,000
        features; CSR matrices are seen as they are.

    lr : float or None, default=None
        alpha_theta, the step size of the optimizer of the network. None means 1e-3.

    weight_decay : float or None, default=None
        Decoupled decay of the parameters, ``lr * weight_decay`` of them a step
        (``AdamW``). None means, for the built-in network, 10 times the root of the
        labels' noise that ``evidence_`` finds, within 0.3 and 20, or 3 where it is
        empty; 0 for a module of your own.

    averaging : float in [0, 1] or None, default=None
        Share of the training, its last part, over which the network's parameters are
        averaged for prediction. None means 0.5 for the built-in network, 0 for a
        module of your own. Early stopping restores the best epoch instead.

    batch_size : int, default=256
        Labelled rows in a step; all of them where there are fewer.

    unlabeled_batch_size : int or None, default=None
        Unlabelled rows in a step; None means ``batch_size``.

    max_epochs : int or None, default=None
        Passes over the unlabelled rows (over the labelled ones where there are no
        others). None means as many as make 1,000 steps, and at least 20. See ``solver``
        for the exact mode.

    include_labeled : bool, default=False
        Whether the labelled rows stand in the unlabelled stream, too.

    regularizers : list or tuple, default=()
        Terms to add to the loss, from :mod:`sklearn_lga.regularizers`, computed on the
        unlabelled rows (on the labelled ones where there are no others): ``[VAT()]``
        is the paper's LGA + VAT. They join the update of the network, not the
        alignment of the gradients. VAT, PiModel and MeanTeacher take
        targets.

    early_stopping : bool, default=False
        Whether to hold out labelled rows, stop when the loss on them improves no
        more, and restore the best state, imputed labels included.

    validation_fraction : float in (0, 1), default=0.1
        Share of the labelled rows that early stopping holds out.

    n_iter_no_change : int, default=10
        Epochs without improvement that early stopping waits for.

    tol : float, default=1e-4
        By how much the held-out loss must fall to count as an improvement.

    unlabeled : float or None, default=-1
        The marker of unlabelled rows. NaN always marks them as well, and where ``y``
        holds any NaN it alone does, and -1 is a value. Pass np.nan for NaN alone,
        None where no row is unlabelled. With several outputs a row is unlabelled
        when all of its targets are marked.

    warm_start : bool, default=False
        Whether to start from the network of the previous fit. Its imputed labels are
        kept where the unlabelled rows are the same ones, else started anew.

    device : str, default="auto"
        A torch device; "auto" is CUDA where there is one, else the CPU.

    random_state : int, RandomState instance or None, default=None
        Determines the initial network, the batches and dropout. Pass an int for
        reproducible results. Modules of your own may draw from torch's global
        generator: it is seeded for the fit and restored, so such fits are
        reproducible one at a time.

    verbose : int, default=0
        1 prints a line for each epoch.

    callbacks : list or None, default=None
        skorch callbacks, or pairs of a name and a callback. They are cloned; find
        the ones that were used in ``net_.callbacks_``.

    net_params : dict or None, default=None
        Other arguments of ``skorch.NeuralNet``: "optimizer" (default
        ``AdamW``, fused), "iterator_train", "iterator_valid", "compile",
        "use_caching", "torch_load_kwargs", and routed ones as in
        ``module__x``, ``optimizer__x``, ``iterator_train__x``, ``callbacks__x``.
        "cuda_graph": True (experimental), on CUDA, records what a step launches and
        replays it, to the same results; without effect on other devices.
        ``set_params(optimizer__x=...)`` stores there, and ``get_params`` lists it.

    label_lr : float or None, default=None
        alpha_w, the step size of Adam on the label parameters w. What counts is how
        far a row's label can travel in a whole run, ``label_lr`` times the row's
        visits (one an epoch). None means 3 / n_epochs. With 0 the labels stay
        at the mean target.

    labeled_weight : float, callable, str or tuple, default="linear"
        T(i), the weight of the labelled gradient in the update of the network: a
        number; a callable of the training progress in [0, 1]; or a decay from 3 by
        its name, "linear" (to 0), "cosine" (to 0) or "exponential" (to 0.03). A tuple
        like ``("linear", 10.0)`` sets where the decay starts.

    gradient_decay : float in [0, 1), default=0.9
        Decay of the running average of the labelled gradient, EMA(g_l).

    norm_decay : float in [0, 1), default=0.9
        Decay of the running average in Eq. 2, EMA(v^4).

    eps_norm : float or None, default=None
        The stabilizer of Eq. 2. None means 1e-6.

    label_pull : float in [0, 1], default=0.2
        After each step of its own, a row's w goes by this share of the way to what
        the network says. Not in the paper, whose algorithm is that of 0: it takes
        out of the imputed targets the noise of their own few steps.

    label_device : {"cpu"} or None, default=None
        "cpu" keeps the imputed labels and what their optimizer remembers, 12 bytes an
        unlabelled row and output, in the host's memory, for a GPU that is too small
        for them; each batch's are copied there and back. None: on ``device``.

    solver : {"network", "exact"}, default="network"
        "exact" is linear regression in place of the network, followed exactly in
        float64 (Section 3.1): gradient descent on the squared error and on w, with all
        rows in each step. It uses ``lr``, ``label_lr`` and ``eps_norm`` (None: derived
        from the data such that the fixed point is stable), ``max_epochs`` as the number
        of steps (None: 1,000; np.inf: the fixed point), ``early_stopping`` with
        ``validation_fraction`` (it chooses the step of the one path that suits the
        held-out rows best), ``unlabeled`` and ``random_state``. All other parameters
        are ignored. The intercept comes by centring labelled and unlabelled rows each
        by their own means.

    Attributes
    ----------
    transduction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        A target for every training row: given ones as given, the imputed ones for
        the others. ``predict`` on these rows may differ.

    unlabeled_ : scalar or None
        The marker, as settled in ``fit`` and used again by ``score``.

    inputs_ : tuple of str
        The view of each network; not with a module of your own.

    evidence_ : dict of str to tuple
        What leaving each labelled row out tells of each view: the loss (log loss, or
        squared error over the variance), the ridge that gives it (the labels' noise)
        and, for classes, the accuracy. Empty below 10 labelled rows; of more than
        500, as many are drawn.

    n_features_in_ : int
        Number of features seen in ``fit``.

    feature_names_in_ : ndarray of shape (``n_features_in_``,)
        Names of the features, where ``X`` has names that are all strings.

    n_iter_ : int
        Epochs of training; with ``solver="exact"`` the number of steps.

    coef_ : ndarray of shape (n_features,) or (n_outputs, n_features)
        Coefficients of the linear model; ``solver="exact"`` only.

    intercept_ : float or ndarray of shape (n_outputs,)
        Intercept of the linear model; ``solver="exact"`` only.

    net_ : skorch.NeuralNet
        With ``solver="network"``: the fitted net. ``net_.module_`` is the network,
        ``net_.state_`` holds w.

    history_ : skorch.history.History
        With ``solver="network"``: losses, the alignment distance (Eq. 2), T(i)
        ("labeled_weight") and how far the imputed targets are from what the network
        says ("label_distance", in standard deviations) of every epoch; see
        :class:`~sklearn_lga.inspection.TrainingDisplay`.

    See Also
    --------
    LGAClassifier : The same for class labels.
    sklearn_lga.baselines.RegularizedNetRegressor : The same network without LGA.
    sklearn_lga.model_selection.SemiSupervisedSplit : Cross-validation that folds the
        labelled rows only.

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

    solver: str = "network"

    _parameter_constraints = {
        **BaseLGA._parameter_constraints,
        **RegressorTargets._target_constraints,
        "solver": [StrOptions({"network", "exact"})],
        "max_epochs": [
            *BaseLGA._parameter_constraints["max_epochs"],
            Options(Real, {np.inf}),
        ],
    }

    _default_label_travel = 3.0

    def _train(self, X, encoded, seeds, continued):
        self._forget_the_other_solver()
        if self.solver == "exact":
            return self._train_exact(X, encoded, seeds)
        if self.max_epochs == np.inf:
            raise ValueError(
                "max_epochs=np.inf, the fixed point, is for solver='exact'; "
                "solver='network' takes an integer or None."
            )
        return super()._train(X, encoded, seeds, continued)

    def _forget_the_other_solver(self):
        """Drop what a former fit by the other solver has set."""
        exact = ("_linear", "coef_", "intercept_")
        for name in ("net_", "history_") if self.solver == "exact" else exact:
            if hasattr(self, name):
                delattr(self, name)

    def _train_exact(self, X, encoded, seeds):
        """Solve the linear model; the imputed targets of the unlabelled rows."""
        check_two_dimensional(X)
        labels = self._scaled(encoded.given)
        rows, kept, held_out = np.flatnonzero(~encoded.unlabeled), slice(None), None
        if self.early_stopping:
            if self.max_epochs == np.inf:
                raise ValueError(
                    "early_stopping=True chooses among the steps of a path, and "
                    "max_epochs=np.inf asks for its end. Set one of them."
                )
            kept, held = self._hold_out(encoded.given, seeds.split)
            held_out = X[rows[held]], labels[held]
        if not encoded.unlabeled.any():
            self._warn_all_labeled()
        model = fit_linear(
            X[rows[kept]],
            labels[kept],
            X[np.flatnonzero(encoded.unlabeled)],
            held_out,
            self.max_epochs or DEFAULT_STEPS,
            {"lr": self.lr, "label_lr": self.label_lr, "eps_norm": self.eps_norm},
        )
        self._linear = model._replace(imputed=None)
        self.n_iter_ = model.n_steps
        coef = model.coef * self._target_scale
        level = self._target_mean + model.level * self._target_scale
        intercept = level - model.center @ coef
        flat = self._target_mean.ndim == 0
        self.coef_ = coef[:, 0] if flat else coef.T
        self.intercept_ = float(intercept[0]) if flat else intercept
        return model.imputed

    def _outputs(self, X):
        if not hasattr(self, "_linear"):
            return super()._outputs(X)
        coef, center, level = self._linear[:3]
        return X @ coef - center @ coef + level
