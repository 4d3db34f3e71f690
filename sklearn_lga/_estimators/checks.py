"""What the estimators refuse before they train, and the errors that say so."""

from numbers import Integral, Real

import numpy as np
from scipy import sparse
from sklearn.base import is_classifier, is_regressor
from sklearn.utils.validation import validate_data

from ..alignment import LABELED_WEIGHT_DECAYS


def validated_rows(estimator, X, reset):
    """The rows as scikit-learn validates them, within the range of float32."""
    check_columns(estimator, X)
    if getattr(X, "ndim", 2) > 2 and estimator.module is None:
        raise ValueError(
            f"X is an array of shape {X.shape}, and the built-in network of "
            f"{type(estimator).__name__} takes tables, of dim 2. Pass "
            "X.reshape(len(X), -1), or a module of your own, such as "
            "sklearn_lga.modules.WideResNet for images."
        )
    try:
        with np.errstate(invalid="ignore"):  # infinities of both signs: refused
            return validate_data(
                estimator,
                X,
                reset=reset,
                accept_sparse="csr",
                allow_nd=estimator.module is not None,
                dtype="numeric",
            )
    except ValueError as error:
        text = first_text(X)
        if text is not None:
            refuse_columns(estimator, f"text, such as {text!r}", error)
        raise


def check_columns(estimator, X):
    """Refuse columns of a frame, and arrays, that are no numbers, by their dtype.

    Truth values are 0 and 1, as in all of scikit-learn.
    """
    if hasattr(X, "columns") and hasattr(X, "dtypes"):
        dtypes = zip(X.columns, X.dtypes, strict=True)
        others = [f"{name!r} ({dtype})" for name, dtype in dtypes if no_number(dtype)]
        if others:
            more = f" and {len(others) - 5} more" if len(others) > 5 else ""
            refuse_columns(estimator, f"columns {', '.join(others[:5])}{more}")
    elif getattr(getattr(X, "dtype", None), "kind", "") in tuple("mM"):
        refuse_columns(estimator, f"dates or durations ({X.dtype})")


def no_number(dtype):
    """Whether a column's dtype, pandas' or polars', is one of other things.

    What objects are shows when they are converted.
    """
    if isinstance(dtype, np.dtype):
        return dtype.kind in "mM"
    if hasattr(dtype, "kind"):
        return dtype.kind not in "biufc"
    return not (dtype.is_numeric() or str(dtype) == "Boolean")


def first_text(X):
    """The first entry that is text, and no number; None without one."""
    if sparse.issparse(X):
        return None
    for value in np.asarray(X, dtype=object).ravel():
        try:
            isinstance(value, str) and float(value)
        except ValueError:
            return value
    return None


def refuse_columns(estimator, found, error=None):
    """Raise the error of a table that is not of numbers, with the line that mends it.

    Parameters
    ----------
    estimator : NetEstimator

    found : str

    error : Exception or None, default=None
        What it follows from.
    """
    name = type(estimator).__name__
    raise ValueError(
        f"{name} takes numbers, but X holds {found}. Make numbers of all columns by "
        f"sklearn_lga.table_pipeline({name}()).fit(X, y)."
    ) from error


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
    check_kind_of_labels(np.asarray(y), estimator)


def check_kind_of_labels(y, estimator):
    """Refuse several labels a row for a classifier, and classes for a regressor."""
    name = type(estimator).__name__
    if is_classifier(estimator) and y.ndim == 2 and y.shape[1] > 1:
        raise ValueError(
            f"y must hold one label a row, got an array of shape {y.shape}. For "
            f"several labels a row use sklearn.multioutput.MultiOutputClassifier({name}"
            "()), where a row is marked in each column; of one-hot columns pass the "
            "number of the column."
        )
    may_be_text = is_regressor(estimator) and y.dtype.kind in "OUS"
    text = first_text(y) if may_be_text else None
    if text is not None:
        raise ValueError(
            f"y must hold numbers as targets, but {name} got {text!r}. For classes use "
            f"{name.replace('Regressor', 'Classifier')}."
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
    """Refuse layer sizes that are no positive integers."""
    valid = np.ndim(sizes) < 2 and all(
        isinstance(size, Integral) and size >= 1 for size in np.atleast_1d(sizes)
    )
    if not valid:
        raise ValueError(
            "hidden_layer_sizes must be an integer >= 1 or a sequence of them, one for "
            f"each hidden layer, got {sizes!r}."
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
