"""The classifiers: what they read and predict, and LGAClassifier."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.base import ClassifierMixin
from sklearn.utils._param_validation import StrOptions

from .._labels.classes import Classes
from .base import LabelParameters, NetEstimator, checking_parameters, public
from .fitting import fit_network
from .net_params import by_name

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from typing_extensions import Self

    from .._types import Labels, Rows


@dataclass(kw_only=True, eq=False, repr=False)
class NetClassifier(ClassifierMixin, NetEstimator):
    """Base of the classifiers: labels in, classes and probabilities out."""

    class_weight: dict | str | None = None

    _parameter_constraints = {
        **NetEstimator._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    @checking_parameters
    @public
    def fit(self, X: Rows, y: Labels, sample_weight: ArrayLike | None = None) -> Self:
        """Train the network and label the unlabelled rows.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Labelled and unlabelled rows. Arrays of more dimensions are taken with
            a ``module`` of one's own.

        y : array-like of shape (n_samples,)
            Labels, with unlabelled rows marked as ``unlabeled`` says.

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
        read = partial(Classes.read, class_weight=self.class_weight)
        return fit_network(self, X, y, read, sample_weight)

    @public
    def predict_proba(self, X: Rows) -> np.ndarray:
        """Predict class probabilities.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Rows, seen in training or not.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        return softmax(self._outputs(X), axis=1)

    @public
    def predict_log_proba(self, X: Rows) -> np.ndarray:
        """Predict logarithms of class probabilities.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Rows, seen in training or not.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        return log_softmax(self._outputs(X), axis=1)

    @public
    def score(
        self, X: Rows, y: Labels, sample_weight: ArrayLike | None = None
    ) -> float:
        """Accuracy on the labelled rows; unlabelled ones are left out.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Rows.

        y : array-like of shape (n_samples,)
            True labels, with rows marked as in ``fit`` where there is none.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        score : float
            The share of labelled rows whose class is predicted.
        """
        predicted = self.predict(X)
        return self._fitted_.task.score(y, predicted, sample_weight)


@by_name
@dataclass(kw_only=True, eq=False, repr=False)
class LGAClassifier(LabelParameters, NetClassifier):
    """Classifier for tables with few labels, trained by label gradient alignment.

    A closed form answers first: kernel ridge regression in several views of the table,
    and trees, weighted by how well they predict labelled rows that they have not seen.
    A network is then trained on labels that are imputed for the unlabelled rows, and
    start from this answer. The imputed labels y_u = f(w), a softmax, follow the
    gradient of the normalized distance between the loss gradients on labelled and on
    unlabelled rows (Algorithm 1 and Eq. 2 of [1]_)::

        g_theta = g_u + T(i) g_l
        g_w     = gradient of ||EMA(g_l) - g_u||^2_normalized with respect to w

    while the network follows g_theta; both take steps of Adam. Predictions are of the
    network and the closed form, weighted by held-out labels once more: see
    ``evidence_``. The features should be on a common scale, by a ``StandardScaler``
    for example.

    Parameters
    ----------
    module : callable or None, default=None
        None: the built-in network, set by ``hidden_layer_sizes``, ``dropout`` and
        ``n_members``. Otherwise a class or callable, called as
        ``module(n_features, n_outputs, **module_params)``, that gives a
        ``torch.nn.Module`` with outputs of shape (n_rows, n_outputs): logits, or
        targets for a regressor. ``n_features`` is ``X.shape[1]`` for tables and
        ``X.shape[1:]`` for arrays of more dimensions, which are taken only with a
        module of one's own. Setting both is an error. A network of your own predicts
        alone: the closed form gives the start of its labels, and takes over, with a
        warning, where the network fits its own labels far worse than the
        closed form predicts unseen ones. ``pickle`` takes no lambda, and no class of
        a function's own, as a module: define it in a file.

    hidden_layer_sizes : int or sequence of int, default=(32,)
        Units of each hidden layer of the built-in network; an int is one layer.

    dropout : float in [0, 1), default=0.0
        Share of its hidden units that are dropped in training.

    n_members : int, default=5
        Networks of the built-in kind that are trained side by side, each with imputed
        labels of its own, and predict together. From 5 on each does without a fifth of
        the labelled rows, which tell how good it is; fewer see all of them and are
        weighted by the number of labels.

    closed_form : bool, default=True
        Whether the closed form answers first. It chooses what the built-in network
        sees of a row (the columns that the views are made of, scaled as kernels see
        them), where the imputed labels start, and how much the network counts in
        predictions. False: the network sees the features, labels start uniform, as in
        the paper, and predictions are the network's. It is of tables: for arrays of
        more dimensions it is not asked.

    memory : str, joblib.Memory or None, default=None
        Where the closed form is cached, as in scikit-learn's ``Pipeline``: fits on the
        same table and labels with the same ``random_state``, an int, compute it once:
        the candidates of a search, for example. By default nothing is.

    lr : float or None, default=None
        alpha_theta, the step size of the optimizer of the network. None means 1e-2 for
        the built-in network after the closed form, else 1e-3.

    weight_decay : float, default=0.0
        Decoupled decay of the parameters, ``lr * weight_decay`` of them a step
        (``AdamW``).

    batch_size : int, default=256
        Labelled rows in a step, and as many unlabelled ones; all of a kind where
        there are fewer.

    max_epochs : int or None, default=None
        Passes over the unlabelled rows (over the labelled ones where there are no
        others). None means as many as make 40 steps of the built-in network after
        the closed form, else 1,000, over 10,000 unlabelled rows at most: of more, as
        many are drawn; the others are labelled as new rows are.

    regularizers : list or tuple, default=()
        Terms to add to the loss, from :mod:`sklearn_lga.regularizers`, computed on the
        unlabelled rows (on the labelled ones where there are no others): ``[VAT()]``
        is the paper's LGA + VAT. They join the update of the network, not the
        alignment of the gradients.

    early_stopping : bool, default=False
        Whether to hold out labelled rows, stop when the loss on them improves no
        more (by less than 1e-4), and restore the best state, imputed labels included.

    validation_fraction : float in (0, 1), default=0.1
        Share of the labelled rows that early stopping holds out.

    n_iter_no_change : int, default=10
        Epochs without improvement that early stopping waits for.

    unlabeled : scalar or None, default=-1
        The marker of unlabelled rows. Missing values (None, NaN, pandas' NA) always
        mark them as well, and where ``y`` holds any they alone do, and -1 is a class;
        np.nan says so, and keeps the warning away. None: no row is unlabelled, for
        labels that truly are -1 and 1; a missing value is then an error.

    warm_start : bool, default=False
        Whether to start from the network of the previous fit. Its imputed labels are
        kept where the unlabelled rows are the same ones, else started anew.

    device : str, default="auto"
        A torch device; "auto" is CUDA where there is one, else the CPU.

    compile : bool, default=False
        Whether to run the passes of a step through ``torch.compile``. It is meant for
        CUDA, where it has not been run yet; on a CPU it gains nothing. A network with
        dropout or batch norm, or with ``regularizers``, is trained as ever, with a
        warning. ``compile__mode`` and the like reach its arguments.

    random_state : int, RandomState instance or None, default=None
        Determines the folds and trees of the closed form, the rows that are drawn where
        there are too many, the initial network, batches and dropout. Pass an int for
        reproducible results. Modules of your own may draw from torch's global
        generator: it is seeded for the fit and restored, so such fits are
        reproducible one at a time.

    verbose : int, default=0
        1 shows what the fit is at, on standard error: a line that moves in a terminal
        or a notebook, else a plain line for each epoch. From 2 on skorch prints its
        table of losses and its messages, too.

    callbacks : list or None, default=None
        skorch callbacks, or pairs of a name and a callback. They are cloned; find
        the ones that were used in ``net_.callbacks_``.

    net_params : dict or None, default=None
        Other arguments of ``skorch.NeuralNet``: "optimizer" (default
        ``AdamW``, fused), "iterator_train", "iterator_valid",
        "use_caching", "torch_load_kwargs", and routed ones as in
        ``module__x``, ``optimizer__x``, ``iterator_train__x``, ``callbacks__x``,
        ``compile__x``.
        ``set_params(optimizer__x=...)`` stores there, and ``get_params`` lists it.

    class_weight : dict, "balanced" or None, default=None
        Weights of the classes in the labelled loss, and so in g_l. The loss on the
        unlabelled rows is not weighted.

    label_lr : float or None, default=None
        alpha_w, the step size of Adam on the label parameters w. What counts is how
        far a row's label can travel in a whole run, ``label_lr`` times the row's
        visits (one an epoch). None means 1 / n_epochs after the closed form, else
        15 / n_epochs. With 0 labels stay where they start.

    labeled_weight : float, callable, str or tuple, default="linear"
        T(i), the weight of the labelled gradient in the update of the network: a
        number; a callable of the training progress in [0, 1]; or a decay from 3 by
        its name, "linear" (to 0), "cosine" (to 0) or "exponential" (to 0.03). A tuple
        like ``("linear", 10.0)`` sets where the decay starts.

    decay : float in [0, 1), default=0.9
        Decay of both running averages: of the labelled gradient, EMA(g_l), and of
        EMA(v^4) in Eq. 2.

    eps_norm : float or None, default=None
        The stabilizer of Eq. 2. None means 1e-6.

    Attributes
    ----------
    transduction_ : ndarray of shape (n_samples,)
        A label for every training row: given labels as given, the most probable
        imputed class for the others. ``predict`` on these rows may differ.

    label_distributions_ : ndarray of shape (n_samples, n_classes)
        The labels as distributions over ``classes_``: one-hot for labelled rows; for
        the others the imputed labels f(w) and the closed form's, weighted as the
        network and the closed form are for predictions.

    start_distributions_ : ndarray of shape (n_samples, n_classes)
        The same where the imputed labels started: the closed form's answer. Not with
        ``closed_form=False``.

    classes_ : ndarray of shape (n_classes,)
        The classes among the labels.

    unlabeled_ : scalar or None
        The marker, as settled in ``fit`` and used again by ``score``.

    evidence_ : object
        What held-out labelled rows tell; ``print`` shows it as a table. ``views`` has,
        by the name of each view of the closed form and for "network", the ``loss`` (log
        loss, or squared error over the variance), the ``accuracy`` of classes, the
        ``weight`` in predictions and the ``ridge`` (the labels' noise as a kernel sees
        it); ``loss`` and ``accuracy`` are what to expect of predictions, by ``n_rows``
        labelled rows. None where no row tells.

    relevance_ : ndarray of shape (``n_features_in_``,)
        How much the labels depend on each feature, by the views: shares, whose sum is
        1. Not with ``closed_form=False``.

    plan_ : object
        What the fit decided by itself: ``lr``, ``weight_decay``,
        ``n_epochs``, ``n_steps``, ``n_rows`` (unlabelled rows that are trained on),
        ``labeled_weight`` (T(i)), ``label_lr`` and ``label_travel``; parameters that
        were given are as given.

    n_features_in_ : int
        Number of features seen in ``fit``.

    feature_names_in_ : ndarray of shape (``n_features_in_``,)
        Names of the features, where ``X`` has names that are all strings.

    n_iter_ : int
        Epochs of training.

    net_ : skorch.NeuralNet
        The fitted net: ``net_.module_`` is the network, ``net_.state_`` holds w, and
        ``net_.network_rows(X)`` gives rows as the network takes them.

    history_ : skorch.history.History
        Losses, the alignment distance (Eq. 2), T(i) ("labeled_weight") and how far
        the imputed labels are from what the network says ("label_distance", the sum
        over the classes) of every epoch; see
        :class:`~sklearn_lga.inspection.TrainingDisplay`.

    See Also
    --------
    LGARegressor : The same for targets.
    sklearn_lga.baselines.RegularizedNetClassifier : The same network without LGA.
    sklearn.semi_supervised.LabelSpreading : Labels spread over a neighbour graph.
    sklearn_lga.model_selection.SemiSupervisedSplit : Cross-validation that folds the
        labelled rows only.
    sklearn_lga.compose.WithUnlabeled : For meta-estimators that know no marker.

    References
    ----------
    .. [1] J. Jackson and J. Schulman, "Semi-Supervised Learning by Label Gradient
       Alignment", 2019.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_lga import LGAClassifier
    >>> from sklearn_lga.datasets import hide_labels
    >>> X, y = load_iris(return_X_y=True)
    >>> y_marked = hide_labels(y, n_labeled=15, random_state=0)
    >>> model = make_pipeline(
    ...     StandardScaler(), LGAClassifier(max_epochs=200, random_state=0)
    ... )
    >>> model.fit(X, y_marked).score(X, y) > 0.9
    True
    >>> model[-1].transduction_.shape
    (150,)
    """

    _parameter_constraints = {
        **NetClassifier._parameter_constraints,
        **LabelParameters._label_constraints,
    }
