"""Base of the estimators: parameters, their routing, and predictions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from ..alignment import LABELED_WEIGHT_DECAYS
from .callers import AS_IT_PREDICTS, warn_of_callers
from .checks import check_float32_range, validated_rows
from .elsewhere import missing_attribute
from .net_params import split_routed
from .pickling import reduced

if TYPE_CHECKING:
    from joblib import Memory
    from torch import nn
    from typing_extensions import Self

    from .._types import Marker, Rows, Seed
    from ..regularizers import Regularizer

Method = TypeVar("Method", bound=Callable)

ALGORITHM_1: MappingProxyType[str, Any] = MappingProxyType(
    {"closed_form": False, "n_members": 1}
)
"""Parameters that turn off every departure from the paper that is a parameter."""


def public(method: Method) -> Method:
    """Have Python's errors of its arguments name no class that nobody has asked for."""
    method.__qualname__ = method.__name__
    return method


def checking_parameters(fit: Method) -> Method:
    """Have scikit-learn check the parameters first; its decorator has no types."""
    return _fit_context(prefer_skip_nested_validation=True)(fit)


@dataclass(kw_only=True, eq=False, repr=False)
class NetEstimator(BaseEstimator):
    """Base of the estimators: parameters of a network and of its training.

    Parameters are fields, so that each is written once; see ``LGAClassifier`` for
    what they mean.
    """

    module: Callable[..., nn.Module] | None = None
    hidden_layer_sizes: int | Sequence[int] = (32,)
    dropout: float = 0.0
    n_members: int = 5
    closed_form: bool = True
    memory: str | Memory | None = None
    lr: float | None = None
    weight_decay: float = 0.0
    batch_size: int = 256
    max_epochs: int | None = None
    regularizers: Sequence[Regularizer] = ()
    early_stopping: bool = False
    validation_fraction: float = 0.1
    n_iter_no_change: int = 10
    unlabeled: Marker = -1
    warm_start: bool = False
    device: str = "auto"
    compile: bool = False
    random_state: Seed = None
    verbose: int = 0
    callbacks: list | tuple | None = None
    net_params: dict | None = None

    _parameter_constraints: ClassVar[dict] = {
        "module": [callable, None],
        "hidden_layer_sizes": ["array-like", Integral],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "n_members": [Interval(Integral, 1, None, closed="left")],
        "closed_form": ["boolean"],
        "memory": [None, str, HasMethods(["cache"])],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left"), None],
        "regularizers": [list, tuple],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "unlabeled": [Real, str, None],
        "warm_start": ["boolean"],
        "device": [str],
        "compile": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "callbacks": [list, tuple, None],
        "net_params": [dict, None],
    }

    _imputes_labels = False

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Get the parameters of this estimator.

        Parameters
        ----------
        deep : bool, default=True
            If True, list what ``net_params`` holds, too, each by its own name.

        Returns
        -------
        params : dict
            Parameter names mapped to their values.
        """
        params = super().get_params(deep=deep)
        if deep and isinstance(self.net_params, dict):
            params.update(self.net_params)
        return params

    def set_params(self, **params: Any) -> Self:
        """Set the parameters of this estimator.

        Parameters
        ----------
        **params : dict
            Parameters by name. ``module__x``, ``optimizer__x``,
            ``iterator_train__x``, ``iterator_valid__x``, ``callbacks__x`` and
            ``compile__x`` are passed on to the skorch net by way of
            ``net_params``.

        Returns
        -------
        self : object
            This estimator.

        Raises
        ------
        ValueError
            If a name is unknown; the nearest known one is proposed.
        """
        direct, routed = split_routed(self, params)
        super().set_params(**direct)
        if routed:  # in a new dict: one of the user's stays as it is, clones share none
            self.net_params = {**(self.net_params or {}), **routed}
        return self

    @public
    def predict(self, X: Rows) -> np.ndarray:
        """Predict the class or the targets of each row.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Rows, seen in training or not.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The most probable of ``classes_``, or targets in the units of training.
        """
        outputs = self._outputs(X)
        return self._fitted_.task.decode(outputs)

    def _outputs(self, X):
        """Outputs of the fitted model for rows, of shape (n_rows, n_outputs)."""
        check_is_fitted(self, "transduction_")
        warn_of_callers(AS_IT_PREDICTS, self.unlabeled_)
        X = validated_rows(self, X, reset=False)
        if hasattr(self, "net_"):
            check_float32_range(X)
        return self._fitted_.model.outputs(X)

    def __getattr__(self, name):
        # Only what is not there comes here; hasattr stays False.
        raise missing_attribute(self, name)

    def __reduce_ex__(self, protocol):
        return reduced(self)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = True
        return tags


@dataclass(kw_only=True, eq=False, repr=False)
class LabelParameters:
    """Parameters of the imputed labels: Algorithm 1 in place of supervised training."""

    label_lr: float | None = None
    labeled_weight: float | str | tuple[str, float] | Callable[[float], float] = (
        "linear"
    )
    decay: float = 0.9
    eps_norm: float | None = None

    _label_constraints = {
        "label_lr": [Interval(Real, 0, None, closed="left"), None],
        "labeled_weight": [
            Interval(Real, 0, None, closed="left"),
            callable,
            StrOptions(set(LABELED_WEIGHT_DECAYS)),
            tuple,
        ],
        "decay": [Interval(Real, 0, 1, closed="left")],
        "eps_norm": [Interval(Real, 0, None, closed="neither"), None],
    }

    _imputes_labels = True
