"""What the estimators of label gradient alignment share."""

import warnings
from dataclasses import dataclass
from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from ._base import BaseNetEstimator
from ._engine import LGAState
from ._supervised import SupervisedState
from .alignment import LABELED_WEIGHT_DECAYS


@dataclass(kw_only=True, eq=False, repr=False)
class BaseLGA(BaseNetEstimator):
    """Algorithm 1 in place of supervised training."""

    label_lr: float | None = None
    labeled_weight: object = "linear"
    gradient_decay: float = 0.9
    norm_decay: float = 0.9
    eps_norm: float | None = None
    label_pull: float = 0.2
    label_device: str | None = None

    _parameter_constraints = {
        **BaseNetEstimator._parameter_constraints,
        "label_lr": [Interval(Real, 0, None, closed="left"), None],
        "labeled_weight": [
            Interval(Real, 0, None, closed="left"),
            callable,
            StrOptions(set(LABELED_WEIGHT_DECAYS)),
            tuple,
        ],
        "gradient_decay": [Interval(Real, 0, 1, closed="left")],
        "norm_decay": [Interval(Real, 0, 1, closed="left")],
        "label_pull": [Interval(Real, 0, 1, closed="both")],
        "label_device": [StrOptions({"cpu"}), None],
        "eps_norm": [Interval(Real, 0, None, closed="neither"), None],
    }

    _default_eps_norm = 1e-6

    def _engine(self, dataset, n_epochs):
        check_labeled_weight(self.labeled_weight)
        if not len(dataset.unlabeled_rows):
            self._warn_all_labeled()
            return SupervisedState, {}
        if self.module is not None and (self.net_params or {}).get("compile"):
            raise ValueError(
                "net_params={'compile': True} cannot be used with a module of your "
                "own: the gradient for the labels is a derivative of a gradient, which "
                "torch.compile does not support. Leave compile out."
            )
        label_lr = self.label_lr
        if label_lr is None:
            label_lr = self._default_label_travel / n_epochs
        return LGAState, {
            "n_unlabeled": len(dataset.own_rows),
            "n_outputs": dataset.labels.shape[1],
            "label_lr": float(label_lr),
            "labeled_weight": self.labeled_weight,
            "gradient_decay": self.gradient_decay,
            "norm_decay": self.norm_decay,
            "eps_norm": float(self.eps_norm or self._default_eps_norm),
            "label_pull": self.label_pull,
            "label_device": self.label_device,
        }

    def _warn_all_labeled(self):
        warnings.warn(
            f"y marks no row as unlabelled (unlabeled={self.unlabeled!r}): "
            f"{type(self).__name__} trains on the labels alone.",
            UserWarning,
            stacklevel=2,
        )

    def _imputed_outputs(self, dataset, unlabeled):
        """The engine's w, without that of labelled rows in the stream."""
        rows = np.flatnonzero(unlabeled)
        if not len(rows):
            return np.empty((0, dataset.labels.shape[1]))
        w = self.net_.state_.label_rows.w
        w = dataset.ranks.gather(w, len(dataset.unlabeled_rows)).cpu().numpy()
        if len(rows) == len(w):
            return w
        return w[np.searchsorted(dataset.unlabeled_rows, rows)]


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
