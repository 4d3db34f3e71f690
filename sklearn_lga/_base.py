"""What all estimators share: validate, encode, seed, build the net, fit, transduce."""

import math
from abc import ABCMeta, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from numbers import Integral, Real

import joblib
import numpy as np
import torch
from sklearn.base import BaseEstimator, _fit_context, clone
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data
from skorch.helper import predefined_split

from ._batches import (
    RowDataset,
    SemiSupervisedDataset,
    fits_on,
    n_steps_per_epoch,
)
from ._checks import (
    check_any_labeled,
    check_callbacks,
    check_cuda_graph,
    check_float32_range,
    check_length,
    check_regularizers,
    continue_network,
    count_held_out,
)
from ._net import ROW_MULTIPLE, RestoreBest, SemiSupervisedNet
from ._network import NetworkMixin
from ._pickling import VersionedPickle
from ._random import Generator, Seeds
from ._ranks import Ranks
from ._routing import NetParamsMixin, check_callback_names, check_routed_arguments
from .callbacks import find_checkpoint, identity_of, is_last
from .modules import ACTIVATIONS

DEFAULT_STEPS = 1000
"""Training steps that ``max_epochs=None`` aims at ..."""

DEFAULT_MIN_EPOCHS = 20
"""... and the passes over the rows that it makes at least."""


@dataclass(kw_only=True, eq=False, repr=False)
class BaseNetEstimator(
    NetworkMixin, NetParamsMixin, VersionedPickle, BaseEstimator, metaclass=ABCMeta
):
    """Base of the estimators: owns a skorch net that trains on marked rows.

    Subclasses say what the labels are (``_encode``, ``_store_transduction``), how
    the engine learns (``_engine``) and what it imputes (``_imputed_outputs``).
    Parameters are fields, so that each is written once; see ``LGAClassifier`` for
    what they mean.
    """

    module: object = None
    hidden_layer_sizes: object = (128,)
    activation: str = "relu"
    dropout: float = 0.2
    n_members: int = 2
    inputs: object = "auto"
    lr: float | None = None
    weight_decay: float | None = None
    averaging: float | None = None
    batch_size: int = 256
    unlabeled_batch_size: int | None = None
    max_epochs: int | None = None
    include_labeled: bool = False
    regularizers: object = ()
    early_stopping: bool = False
    validation_fraction: float = 0.1
    n_iter_no_change: int = 10
    tol: float = 1e-4
    unlabeled: object = -1
    warm_start: bool = False
    device: str = "auto"
    random_state: object = None
    verbose: int = 0
    callbacks: object = None
    net_params: dict | None = None

    _parameter_constraints = {
        "module": [callable, None],
        "hidden_layer_sizes": ["array-like"],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "n_members": [Interval(Integral, 1, None, closed="left")],
        "inputs": [StrOptions({"auto"}), list, tuple],
        "weight_decay": [Interval(Real, 0, None, closed="left"), None],
        "averaging": [Interval(Real, 0, 1, closed="both"), None],
        "lr": [Interval(Real, 0, None, closed="neither"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "unlabeled_batch_size": [Interval(Integral, 1, None, closed="left"), None],
        "max_epochs": [Interval(Integral, 1, None, closed="left"), None],
        "include_labeled": ["boolean"],
        "regularizers": [list, tuple],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "unlabeled": [Real, str, None],
        "warm_start": ["boolean"],
        "device": [str],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "callbacks": [list, tuple, None],
        "net_params": [dict, None],
    }

    _default_lr = 1e-3
    _default_weight_decay = 1.0

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Train the network and impute the missing labels.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Labelled and unlabelled rows. Arrays of more dimensions are taken with
            a ``module`` of one's own.

        y : array-like of shape (n_samples,)
            Labels or targets, with unlabelled rows marked as ``unlabeled`` says.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If the input or a parameter is unusable; the message names it.
        """
        continued = self.warm_start and hasattr(self, "net_")
        X = self._validate_rows(X, reset=not continued)
        check_length(X, y, self)
        encoded = self._encode(y, reset=not continued)
        check_any_labeled(encoded.unlabeled, self)
        seeds = Ranks.current().from_first(Seeds.draw(self.random_state))
        outputs = self._train(X, encoded, seeds, continued)
        self._store_transduction(encoded, outputs)
        return self

    def _train(self, X, encoded, seeds, continued):
        """Train the network; outputs that stand for the imputed labels."""
        check_float32_range(X)
        self._check_net_params()
        device, callbacks = self._resolve_device(), self._callbacks()
        checkpoint = find_checkpoint(callbacks)
        if checkpoint is not None:
            former = self.net_.module_ if continued else None
            identity = identity_of(self, X, encoded, device, former)
            seeds = checkpoint.open(
                identity, seeds, global_generator=self.module is not None
            )
        dataset, valid = self._datasets(X, encoded, seeds.split)
        if fits_on(device, dataset.X) and not self._sets_iterator():
            with suppress(torch.OutOfMemoryError):  # then batches come from the host
                dataset.keep_on(device)
        net = self._make_net(dataset, valid, seeds, device, callbacks)
        with self._module_randomness(seeds.module, net.device):
            net.initialize()
            self._warm_start(net, continued and self.net_, dataset)
            check_callback_names(net, self.net_params)
            dataset.ranks.same_as_first(net.module_.state_dict().values())
            net.partial_fit(
                dataset, epochs=checkpoint and checkpoint.epochs_left(net.max_epochs)
            )
            # Running statistics of batch norm are those of each process's rows.
            dataset.ranks.same_as_first(net.module_.state_dict().values())
        if not self.early_stopping:
            net.state_.load_average(net.module_)
        net.check_finite()
        self._calibrate(net, dataset)
        self.net_, self.history_, self.n_iter_ = net, net.history, len(net.history)
        return self._imputed_outputs(dataset, encoded.unlabeled)

    @property
    @abstractmethod
    def _objective(self):
        """Loss and label parameterization of the task."""

    @abstractmethod
    def _encode(self, y, reset):
        """Read ``y`` into ``EncodedTargets`` and set what predictions need of it."""

    @abstractmethod
    def _split_labeled(self, given, n_held_out, random_state):
        """Positions of labelled rows to train on; the others are held out."""

    @abstractmethod
    def _evidence_of(self, inputs, labels, n_layers):
        """Evidence of a network with these inputs for the labelled rows."""

    @abstractmethod
    def _n_eigenmaps(self, n_outputs):
        """Eigenmaps that a network may see."""

    def _calibrate(self, net, dataset):
        """Set what the outputs of a trained network need beside it."""

    @abstractmethod
    def _store_transduction(self, encoded, outputs):
        """Set ``transduction_`` from the given labels and outputs for the others."""

    @abstractmethod
    def _engine(self, dataset, n_epochs):
        """The engine's state class and the arguments of its own."""

    @abstractmethod
    def _imputed_outputs(self, dataset, unlabeled):
        """Outputs for the unlabelled rows that the imputed labels are made of."""

    def _validate_rows(self, X, reset):
        with np.errstate(invalid="ignore"):  # infinities of both signs: refused
            return validate_data(
                self,
                X,
                reset=reset,
                accept_sparse="csr",
                allow_nd=self.module is not None,
                dtype="numeric",
            )

    def _datasets(self, X, encoded, seed):
        """Training data, and held-out labelled rows for early stopping or None."""
        unlabeled, given, labels = encoded
        labels = torch.from_numpy(labels)
        rows, held = np.flatnonzero(~unlabeled), None
        if self.early_stopping:
            kept, held = self._hold_out(given, seed)
            (rows, held), (labels, held_labels) = (
                (values[kept], values[held]) for values in (rows, labels)
            )
        self._choose_inputs(X, rows, labels.numpy())
        if self._inputs:
            X = self._inputs.rows(X)
        valid = None if held is None else RowDataset(X[held], held_labels)
        stream = np.flatnonzero(unlabeled)
        if self.include_labeled and len(stream):
            stream = np.union1d(stream, rows)
        return SemiSupervisedDataset(X, rows, labels, stream, Ranks.current()), valid

    def _hold_out(self, given, seed):
        """Positions of the labelled rows to train on, and of those to hold out."""
        n_held_out = count_held_out(self.validation_fraction, len(given))
        kept = self._split_labeled(given, n_held_out, np.random.RandomState(seed))
        return kept, np.setdiff1d(np.arange(len(given)), kept)

    def _make_net(self, dataset, valid, seeds, device, callbacks):
        """The skorch net, not yet initialized."""
        sizes = self.batch_size, self.unlabeled_batch_size or self.batch_size
        steps = n_steps_per_epoch(
            len(dataset.labeled_rows), len(dataset.unlabeled_rows), *sizes
        )
        n_epochs = self.max_epochs or max(
            DEFAULT_MIN_EPOCHS, math.ceil(DEFAULT_STEPS / steps)
        )
        ranks = dataset.ranks
        noise_generator = Generator(device).manual_seed(seeds.noise + ranks.index)
        state, state_arguments = self._engine(dataset, n_epochs)
        state_arguments["n_steps"] = n_epochs * steps
        state_arguments["regularizers"] = self._regularizers()
        averaging = 0.5 if self.module is None else 0.0
        if self.averaging is not None:
            averaging = self.averaging
        state_arguments["averaging"] = averaging
        state_arguments["batch_generator"] = Generator().manual_seed(seeds.batches)
        state_arguments["noise_generator"] = noise_generator
        state_arguments["ranks"] = ranks
        module = self._module_factory(dataset, seeds.module, noise_generator)
        net_params = {**self._default_optimizer(device), **(self.net_params or {})}
        check_routed_arguments(self.module, net_params)
        check_cuda_graph(net_params, ranks.count, state_arguments.get("label_device"))
        return SemiSupervisedNet(
            module,
            self._objective,
            state=state,
            **{f"state__{name}": value for name, value in state_arguments.items()},
            lr=self._default_lr if self.lr is None else self.lr,
            max_epochs=n_epochs,
            batch_size=sizes[0],
            unlabeled_batch_size=sizes[1],
            inputs=self._inputs,
            row_multiple=ROW_MULTIPLE if self.module is None else 1,
            train_split=valid and predefined_split(valid),
            callbacks=callbacks,
            device=device,
            verbose=int(self.verbose) if ranks.index == 0 else 0,
            **net_params,
        )

    def _regularizers(self):
        """The regularizers, as the task takes them."""
        check_regularizers(self.regularizers)
        return list(self.regularizers)

    def _callbacks(self):
        """The user's callbacks, cloned as fitting changes them, and our own."""
        check_callbacks(self.callbacks)
        callbacks = sorted(clone(list(self.callbacks or []), safe=False), key=is_last)
        if self.early_stopping:
            stopping = RestoreBest(
                patience=self.n_iter_no_change,
                threshold=self.tol,
                threshold_mode="abs",
                load_best=True,
            )
            # Last, as it ends an epoch early for the callbacks behind it.
            callbacks.append(("early_stopping", stopping))
        return callbacks

    def _resolve_device(self):
        if self.device == "auto":
            return "cuda" if torch.cuda.is_available() else "cpu"
        try:
            torch.ones(1, device=self.device).item()  # "meta" holds no values
            Generator(self.device)
        except (RuntimeError, AssertionError) as error:
            raise ValueError(
                f"device={self.device!r} cannot be used: {error}. Pass 'auto', 'cpu', "
                "or a device that torch finds on this machine."
            ) from error
        return self.device

    def _sets_iterator(self):
        """Whether the user says how batches are loaded: from the host, then."""
        return any(name.startswith("iterator_train") for name in self.net_params or {})

    def _warm_start(self, net, previous, dataset):
        """Take over the network, and the labels where the rows are the same."""
        if not self.warm_start:
            return
        rows_hash = joblib.hash(dataset.X[dataset.unlabeled_rows])
        if previous:
            continue_network(net.module_, previous.module_)
            net.state_.restart_regularizers(net.module_)
            if rows_hash == self._unlabeled_hash:
                net.state_.keep_labels_of(previous.state_)
        self._unlabeled_hash = rows_hash

    def _outputs(self, X):
        """Outputs of the model for validated rows, shape (n_rows, n_outputs)."""
        check_float32_range(X)
        return self._forward(self.net_, self.net_.network_rows(X))

    @staticmethod
    def _forward(net, rows):
        return net.forward(rows).numpy().astype(np.float64)

    def _predict_outputs(self, X):
        check_is_fitted(self, "transduction_")
        return self._outputs(self._validate_rows(X, reset=False))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = True
        return tags
