"""The same network, data, batches and budget, without label gradient alignment."""

from dataclasses import dataclass

from ._estimators.classifier import NetClassifier
from ._estimators.net_params import by_name
from ._estimators.regressor import NetRegressor

__all__ = ["RegularizedNetClassifier", "RegularizedNetRegressor"]


@by_name
@dataclass(kw_only=True, eq=False, repr=False)
class RegularizedNetClassifier(NetClassifier):
    """The network of LGAClassifier trained without label gradient alignment.

    The same network, batches, budget and seeds: what label gradient alignment is
    compared with. Without ``regularizers`` it is trained on the labelled rows alone;
    unlabelled ones then count towards the length of an epoch only, so that equal
    parameters mean equally many steps. With them it is the other systems of Table 1
    of the paper: VAT, the Pi-Model, Mean Teacher, Pseudo-Label. The closed form chooses
    what the network sees and joins its predictions, as with LGA; there are no imputed
    labels to start.

    Parameters
    ----------
    module, hidden_layer_sizes, dropout, n_members, closed_form : object
        The network, as in :class:`~sklearn_lga.LGAClassifier`, with the same defaults.

    memory, lr, weight_decay, batch_size, max_epochs : object
        Its closed form and its training, likewise.

    regularizers : list or tuple, default=()
        Terms to add to the loss, from :mod:`sklearn_lga.regularizers`, computed on the
        unlabelled rows (on the labelled ones where there are no others).

    early_stopping, validation_fraction, n_iter_no_change : object
        As in :class:`~sklearn_lga.LGAClassifier`.

    unlabeled, warm_start, device : object
        Likewise.

    compile : bool, default=False
        Whether to train the network through ``torch.compile``.

    random_state, verbose, callbacks, net_params : object
        As in :class:`~sklearn_lga.LGAClassifier`.

    class_weight : object
        Weights of the labels, likewise.

    Attributes
    ----------
    transduction_ : ndarray of shape (n_samples,)
        A label for every training row: given labels as given, the network's predictions
        for the others. There are no imputed labels without LGA.

    label_distributions_ : ndarray of shape (n_samples, n_classes)
        One-hot for labelled rows, the predicted probabilities for the others.

    classes_, unlabeled_, evidence_, relevance_, start_distributions_, plan_ : object
        As in :class:`~sklearn_lga.LGAClassifier`.

    net_, history_, n_iter_, n_features_in_, feature_names_in_ : object
        Likewise; the history has the losses of every epoch.

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
    >>> model.fit(X, y_marked).score(X, y) > 0.9
    True
    """


@by_name
@dataclass(kw_only=True, eq=False, repr=False)
class RegularizedNetRegressor(NetRegressor):
    """The network of LGARegressor trained without label gradient alignment.

    The same network, batches, budget and seeds, as for
    :class:`RegularizedNetClassifier`.

    Parameters
    ----------
    module, hidden_layer_sizes, dropout, n_members, closed_form : object
        The network, as in :class:`~sklearn_lga.LGARegressor`, with the same defaults.

    memory, lr, weight_decay, batch_size, max_epochs : object
        Its closed form and its training, likewise.

    regularizers : list or tuple, default=()
        Terms to add to the loss, from :mod:`sklearn_lga.regularizers`: VAT, PiModel and
        MeanTeacher take targets.

    early_stopping, validation_fraction, n_iter_no_change, unlabeled : object
        As in :class:`~sklearn_lga.LGARegressor`.

    warm_start, device, compile, random_state, verbose, callbacks, net_params : object
        Likewise.

    Attributes
    ----------
    transduction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        A target for every training row: given ones as given, the network's predictions
        for the others. There are no imputed labels without LGA.

    unlabeled_, evidence_, relevance_, start_, plan_ : object
        As in :class:`~sklearn_lga.LGARegressor`.

    net_, history_, n_iter_, n_features_in_, feature_names_in_ : object
        Likewise; the history has the losses of every epoch.

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
