"""What the estimators refuse before they train, and the errors that say so."""

import inspect
from numbers import Integral, Real

import numpy as np
from scipy import sparse
from sklearn.utils.validation import validate_data
from torch import nn

from ..alignment import LABELED_WEIGHT_DECAYS


def validated_rows(estimator, X, reset):
    """The rows as scikit-learn validates them, within the range of float32."""
    with np.errstate(invalid="ignore"):  # infinities of both signs: refused
        return validate_data(
            estimator,
            X,
            reset=reset,
            accept_sparse="csr",
            allow_nd=estimator.module is not None,
            dtype="numeric",
        )


def check_length(X, y, estimator):
    """Refuse a ``y`` that is missing or does not match the rows of X."""
    if y is None:
        raise ValueError(
            f"This {type(estimator).__name__} estimator requires y to be passed, but "
            "the target y is None."
        )
    try:
        n_entries = len(y)
    except TypeError:
        n_entries = np.asarray(y).size
    if n_entries != X.shape[0]:
        raise ValueError(
            f"y must have one entry for each row of X: X has {X.shape[0]} rows, y has "
            f"{n_entries} entries. Unlabelled rows are kept in y, marked by "
            f"unlabeled={estimator.unlabeled!r}."
        )


def check_float32_range(X):
    """Refuse values that float32, which networks compute in, cannot hold."""
    values = X.data if sparse.issparse(X) else X
    if values.dtype != np.float64 or not values.size:
        return
    largest, limit = max(values.max(), -values.min()), np.finfo(np.float32).max
    if largest > limit:
        raise ValueError(
            f"X holds a value of magnitude {largest:.3g}, beyond {limit:.3g}, the "
            "largest that the network can compute with (float32). Scale the features, "
            "with StandardScaler for example."
        )


def check_hidden_layer_sizes(sizes):
    """Refuse layer sizes that are not a sequence of positive integers."""
    valid = np.ndim(sizes) == 1 and all(
        isinstance(size, Integral) and size >= 1 for size in sizes
    )
    if not valid:
        raise ValueError(
            "hidden_layer_sizes must be a sequence of integers >= 1, one for each "
            f"hidden layer, got {sizes!r}."
        )


def check_module(estimator):
    """Refuse an instance as ``module``, and settings of the built-in network."""
    module = estimator.module
    if isinstance(module, nn.Module):
        raise ValueError(
            f"module must be a class or callable that builds a network, called as "
            f"module(n_features, n_outputs, **module_params), got an instance of "
            f"{type(module).__name__}. Pass the class."
        )
    defaults = inspect.signature(type(estimator)).parameters
    for name in ("hidden_layer_sizes", "dropout", "n_members"):
        value = getattr(estimator, name)
        one = name == "n_members" and value == 1  # which it is
        if not (one or np.array_equal(value, defaults[name].default)):
            raise ValueError(
                f"{name}={value!r} sets the built-in network, but module="
                f"{getattr(module, '__name__', module)} was given, too. Use "
                f"module__{name} if your module takes it, or leave {name} at its "
                "default."
            )


def check_callbacks(callbacks):
    """Refuse what is no callback of skorch's kind, nor a pair of a name and one."""
    for i, item in enumerate(callbacks or ()):
        pair = isinstance(item, list | tuple) and len(item) == 2
        named = pair and isinstance(item[0], str)
        callback = item[1] if named else item
        works = all(hasattr(callback, name) for name in ("initialize", "on_train_end"))
        if not works or isinstance(callback, type):
            raise ValueError(
                f"callbacks[{i}] must be a skorch callback (an instance, not a class), "
                f"or a pair of a name and one, got {item!r}."
            )


def check_regularizers(regularizers, network_has_noise=True):
    """Refuse what no training could use as a regularizer, or not with this network."""
    needed = ("weight", "weight_at", "init", "loss", "update", "for_targets")
    for i, regularizer in enumerate(regularizers):
        if isinstance(regularizer, type):
            raise ValueError(
                f"regularizers[{i}] is the class {regularizer.__name__}: pass an "
                f"instance, as in regularizers=[{regularizer.__name__}()]."
            )
        if not all(hasattr(regularizer, name) for name in needed):
            raise ValueError(
                f"regularizers[{i}] must be a regularizer, such as "
                f"sklearn_lga.regularizers.VAT(), got {regularizer!r}. Derive your own "
                "from sklearn_lga.regularizers.Regularizer."
            )
        needs_noise = getattr(regularizer, "needs_noise", False) and regularizer.weight
        if needs_noise and not network_has_noise:
            raise ValueError(
                f"regularizers[{i}], {regularizer!r}, compares two random passes, and "
                "the built-in network with dropout=0 has nothing random: the two are "
                "the same. Pass dropout=0.2, for example."
            )


def check_two_dimensional(X):
    """Refuse arrays of more dimensions where a linear model is fitted."""
    if X.ndim != 2:
        raise ValueError(
            f"solver='exact' takes X of shape (n_samples, n_features), got {X.shape}."
        )


def check_exact_mode(estimator):
    """Refuse what only one of the solvers knows, or not together."""
    if estimator.solver != "exact":
        for name, value, remedy in (
            ("max_epochs", np.inf, "an integer or None"),
            ("eps_norm", 0, "a number > 0 or None"),
            ("fit_intercept", False, "True"),
        ):
            if getattr(estimator, name) == value:
                raise ValueError(
                    f"{name}={value} is for solver='exact'; solver='network' takes "
                    f"{remedy}."
                )
    elif estimator.max_epochs == np.inf and estimator.early_stopping:
        raise ValueError(
            "early_stopping=True chooses among the steps of a path, and "
            "max_epochs=np.inf asks for its end. Set one of them."
        )


def check_labeled_weight(labeled_weight):
    """Refuse a tuple that is not a decay's name and a start."""
    if not isinstance(labeled_weight, tuple):
        return
    name, start = labeled_weight if len(labeled_weight) == 2 else (None, None)
    numeric = isinstance(start, Real) and 0.0 <= start < np.inf
    if name not in LABELED_WEIGHT_DECAYS or not numeric:
        raise ValueError(
            "labeled_weight as a tuple must be the name of a decay, one of "
            f"{sorted(LABELED_WEIGHT_DECAYS)}, and the value >= 0 to start from, as in "
            f"('linear', 3.0), got {labeled_weight!r}."
        )
