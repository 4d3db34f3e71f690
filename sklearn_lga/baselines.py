"""The same network, data, batches and budget, without label gradient alignment."""

from dataclasses import dataclass

import numpy as np

from ._base import BaseNetEstimator
from ._supervised import SupervisedState
from ._targets import ClassifierTargets, RegressorTargets

__all__ = ["RegularizedNetClassifier", "RegularizedNetRegressor"]


class BaseRegularizedNet(BaseNetEstimator):
    """Training on the labelled rows, and with what regularizers ask of all rows."""

    def _engine(self, dataset, n_epochs):
        return SupervisedState, {}

    def _imputed_outputs(self, dataset, unlabeled):
        rows = np.flatnonzero(unlabeled)
        if not len(rows):
            return np.empty((0, dataset.labels.shape[1]))
        # All rows, as those without a label would be a copy.
        return self.net_.forward(dataset.X).numpy()[rows]


@dataclass(kw_only=True, eq=False, repr=False)
class RegularizedNetClassifier(ClassifierTargets, BaseRegularizedNet):
    """The network of LGAClassifier trained without label gradient alignment.

    The same network, batches, budget and seeds: what label gradient alignment is
    compared with. Without ``regularizers`` it is trained on the labelled rows alone;
    unlabelled ones then count towards the length of an epoch only, so that equal
    parameters mean equally many steps. With them it is the other systems of Table 1
    of the paper: VAT, the Pi-Model, Mean Teacher, Pseudo-Label.

    Parameters
    ----------
    module : callable or None, default=None
        None: the built-in network, set by ``hidden_layer_sizes``, ``activation``,
        ``dropout``, ``n_members`` and ``inputs``. Otherwise a class or callable, called
        as ``module(n_features, n_outputs, **module_params)``, that gives a
        ``torch.nn.Module`` with outputs
        of shape (n_rows, n_outputs) (logits). ``n_features`` is ``X.shape[1]``
        for tables and ``X.shape[1:]`` for arrays of more dimensions, which are taken
        only with a module of one's own. Setting both is an error.

    hidden_layer_sizes : sequence of int, default=(128,)
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
        labels' noise that ``evidence_`` finds, within 0.3 and 20, or 1 where it is
        empty; 0 for a module of your own.

    averaging : float in [0, 1] or None, default=None
        Share of the training, its last part, over which the network's parameters are
        averaged for prediction. None means 0.5 for the built-in network, 0 for a
        module of your own. Early stopping restores the best epoch instead.

    batch_size : int, default=256
        Labelled rows in a step; all of them where there are fewer.

    unlabeled_batch_size : int or None, default=None
        Unlabelled rows that a step stands for; None means ``batch_size``.

    max_epochs : int or None, default=None
        Passes over the unlabelled rows (over the labelled ones where there are no
        others). None means as many as make 1,000 steps, and at least 20.

    include_labeled : bool, default=False
        Whether the labelled rows stand in the unlabelled stream, too, which here
        makes an epoch longer.

    regularizers : list or tuple, default=()
        Terms to add to the loss, from :mod:`sklearn_lga.regularizers`, computed on the
        unlabelled rows (on the labelled ones where there are no others). None:
        supervised training.

    early_stopping : bool, default=False
        Whether to hold out labelled rows, stop when the loss on them improves no
        more, and restore the best state.

    validation_fraction : float in (0, 1), default=0.1
        Share of the labelled rows that early stopping holds out.

    n_iter_no_change : int, default=10
        Epochs without improvement that early stopping waits for.

    tol : float, default=1e-4
        By how much the held-out loss must fall to count as an improvement.

    unlabeled : scalar or None, default=-1
        The marker of unlabelled rows. Missing values (None, NaN, pandas' NA) mark
        them as well; np.nan means that they alone do. None: no row is unlabelled, for
        labels that truly are -1 and 1; a missing value is then an error.

    warm_start : bool, default=False
        Whether to start from the network of the previous fit.

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

    class_weight : dict, "balanced" or None, default=None
        Weights of the classes in the loss.

    temperature : float in [0.001, 1000] or None, default=None
        What logits are divided by for probabilities. None, for the built-in network:
        at least 1, and such that the mean confidence on the unlabelled rows is no
        higher than the leave-one-out accuracy in ``evidence_``, as networks that know
        few labels are too sure; 1 where that is empty, and for a module of your own.

    Attributes
    ----------
    transduction_ : ndarray of shape (n_samples,)
        A label for every training row: given labels as given, the network's predictions
        for the others. There are no imputed labels without LGA.

    label_distributions_ : ndarray of shape (n_samples, n_classes)
        The labels as distributions over ``classes_``: one-hot for labelled rows,
        ``predict_proba`` for the others.

    temperature_ : float
        What logits are divided by.

    classes_ : ndarray of shape (n_classes,)
        The classes among the labels.

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
        Epochs of training.

    net_ : skorch.NeuralNet
        The fitted net: ``net_.module_`` is the network.

    history_ : skorch.history.History
        Losses of every epoch.

    See Also
    --------
    sklearn_lga.LGAClassifier : The same with label gradient alignment.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_lga.baselines import RegularizedNetClassifier
    >>> from sklearn_lga.datasets import hide_labels
    >>> X, y = load_iris(return_X_y=True)
    >>> y_marked = hide_labels(y, n_labeled=15, random_state=0)
    >>> model = RegularizedNetClassifier(max_epochs=200, random_state=0)
    >>> model.fit(X, y_marked).score(X, y) > 0.8
    True
    """

    _parameter_constraints = {
        **BaseNetEstimator._parameter_constraints,
        **ClassifierTargets._target_constraints,
    }


@dataclass(kw_only=True, eq=False, repr=False)
class RegularizedNetRegressor(RegressorTargets, BaseRegularizedNet):
    """The network of LGARegressor trained without label gradient alignment.

    The same network, batches, budget and seeds: what label gradient alignment is
    compared with. Without ``regularizers`` it is trained on the labelled rows alone;
    unlabelled ones then count towards the length of an epoch only, so that equal
    parameters mean equally many steps. With them it is the other systems of Table 1
    of the paper: VAT, the Pi-Model, Mean Teacher, Pseudo-Label.

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
        Unlabelled rows that a step stands for; None means ``batch_size``.

    max_epochs : int or None, default=None
        Passes over the unlabelled rows (over the labelled ones where there are no
        others). None means as many as make 1,000 steps, and at least 20.

    include_labeled : bool, default=False
        Whether the labelled rows stand in the unlabelled stream, too, which here
        makes an epoch longer.

    regularizers : list or tuple, default=()
        Terms to add to the loss, from :mod:`sklearn_lga.regularizers`, computed on the
        unlabelled rows (on the labelled ones where there are no others). VAT, PiModel
        and MeanTeacher take targets. None: supervised training.

    early_stopping : bool, default=False
        Whether to hold out labelled rows, stop when the loss on them improves no
        more, and restore the best state.

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
        Whether to start from the network of the previous fit.

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

    Attributes
    ----------
    transduction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        A target for every training row: given ones as given, the network's predictions
        for the others. There are no imputed labels without LGA.

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
        Epochs of training.

    net_ : skorch.NeuralNet
        The fitted net: ``net_.module_`` is the network.

    history_ : skorch.history.History
        Losses of every epoch.

    See Also
    --------
    sklearn_lga.LGARegressor : The same with label gradient alignment.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_regression
    >>> from sklearn_lga.baselines import RegularizedNetRegressor
    >>> from sklearn_lga.datasets import hide_labels
    >>> X, y = make_regression(n_samples=300, n_features=5, random_state=0)
    >>> y_marked = hide_labels(y, n_labeled=50, random_state=0, unlabeled=np.nan)
    >>> model = RegularizedNetRegressor(max_epochs=200, random_state=0)
    >>> model.fit(X, y_marked).score(X, y) > 0.8
    True
    """

    _parameter_constraints = {
        **BaseNetEstimator._parameter_constraints,
        **RegressorTargets._target_constraints,
    }
