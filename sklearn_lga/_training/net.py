"""The skorch net that drives a training: its loop, callbacks, history and iterators."""

import math
import traceback
import warnings
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.utils import gen_batches
from skorch import NeuralNet
from skorch.callbacks import PrintLog
from skorch.dataset import unpack_data
from skorch.helper import predefined_split
from skorch.utils import TeeGenerator, to_device
from torch.utils.data import DataLoader

from .algorithm import assign_gradient
from .batches import Batches, PairedSampler, RowDataset
from .compiled import Compiled
from .jacobian import differentiate

LAYERS = "torch.nn.modules.", "torch.nn.functional"
"""Modules of torch whose errors are about the rows that a network was given."""


class EpochTable(PrintLog):
    """skorch's table of epochs, whose rows are made where something prints them."""

    def on_epoch_end(self, net, **kwargs):
        """Print a row."""
        if net.verbose or self.sink is not print:
            super().on_epoch_end(net, **kwargs)


class SemiSupervisedNet(NeuralNet):
    """``skorch.NeuralNet`` whose training step is an iteration of Algorithm 1.

    Parameters
    ----------
    module, criterion : callable
        As in skorch; the criterion is an ``Objective``.

    state : callable
        ``state(module)`` gives the ``TrainingState`` of a module that was initialized.
        It is kept beside the module, as ``state_``.

    inputs : Inputs or None, default=None
        What the module sees of a table; None: its rows as they are.

    row_multiple : int, default=1
        Prediction batches are padded with rows of zeros to a multiple of this. For
        modules that treat each row by itself.

    **kwargs : dict
        The other arguments of ``skorch.NeuralNet``.
    """

    def __init__(
        self,
        module,
        criterion,
        *,
        state,
        inputs=None,
        row_multiple=1,
        dataset=RowDataset,
        iterator_valid__batch_size=1024,
        **kwargs,
    ):
        self.state = state
        self.inputs = inputs
        self.row_multiple = row_multiple
        super().__init__(
            module,
            criterion,
            dataset=dataset,
            iterator_valid__batch_size=iterator_valid__batch_size,
            **kwargs,
        )

    def network_rows(self, X):
        """Rows of a table as the module takes them."""
        return X if self.inputs is None else self.inputs.rows(X)

    def outputs(self, X):
        """Outputs for the rows of a table, float64 of shape (n_rows, n_outputs)."""
        return self.forward(self.network_rows(X)).numpy().astype(np.float64)

    def initialize_criterion(self):
        """The objective is a plain function of tensors, without parameters."""
        self.criterion_ = self.criterion
        return self

    def initialize_module(self):
        """Initialize the module, and the state of a training of it."""
        with made_from("module"):
            super().initialize_module()
        if not isinstance(self.module_, torch.nn.Module):
            raise ValueError(
                "module must be a class or callable that gives a torch.nn.Module, got "
                f"one that gives {type(self.module_).__name__}."
            )
        self.state_ = self.state(self.module_)
        return self

    def torch_compile(self, module, name):
        """As in skorch, for a module trained on the given labels alone.

        Where labels are imputed, products with its Jacobian are compiled: the module
        would be differentiated twice, which torch cannot compile.
        """
        if name == "state":
            return module
        if self.state_.imputed_labels is None:
            return super().torch_compile(module, name)
        if self.compile and self.state_.regularization.regularizers:
            warnings.warn(
                "compile=True has no effect with regularizers, whose terms need the "
                "graph of the network's outputs.",
                UserWarning,
                stacklevel=8,
            )
        elif self.compile:
            self.state_.differentiate = Compiled(self.get_params_for("compile"))
        return module

    def get_default_callbacks(self):
        """As in skorch, with a table that costs nothing where it is not printed."""
        callbacks = dict(super().get_default_callbacks())
        return list({**callbacks, "print_log": EpochTable()}.items())

    def initialize_callbacks(self):
        """As in skorch, with errors that say where the callbacks came from."""
        with made_from("callbacks"):
            super().initialize_callbacks()
        known = {n for n, _ in [*self.callbacks_, *self.get_default_callbacks()]}
        for name in self.get_params_for("callbacks"):
            if name.partition("__")[0] not in known:
                raise ValueError(
                    f"callbacks__{name} was set, but there is no such callback. The "
                    f"callbacks are {sorted(known)}."
                )
        return self

    def initialize_optimizer(self, *args, **kwargs):
        """As in skorch, with errors that say where the arguments came from."""
        with made_from("lr, weight_decay or the optimizer of net_params"):
            return super().initialize_optimizer(*args, **kwargs)

    def get_iterator(self, dataset, training=False):
        """Whole batches in the sampler's order, by a DataLoader where it is set up."""
        part = "iterator_train" if training else "iterator_valid"
        with made_from(f"{part} of net_params"):
            return self._iterator(dataset, training, self.get_params_for(part))

    def _iterator(self, dataset, training, kwargs):
        if training:
            generator = self.state_.batch_generator
            sampler = PairedSampler(
                len(dataset.labeled_rows),
                len(dataset.unlabeled_rows),
                self.batch_size,
                generator,
                dataset.processes,
            )
            self.sampler_ = sampler
        else:
            generator = torch.Generator()
            sampler = list(gen_batches(len(dataset), kwargs.pop("batch_size")))
        iterator = self.iterator_train if training else self.iterator_valid
        if iterator is DataLoader and not kwargs:
            return Batches(dataset, sampler)
        return iterator(
            dataset,
            batch_size=None,
            sampler=sampler,
            collate_fn=as_is,
            generator=generator,
            **kwargs,
        )

    def train_step(self, batch, **fit_params):
        """One iteration; callbacks see the network's gradient before its update."""
        if not self.module_.training:
            self._set_training(True)
        batch = to_device(batch, self.device)

        def update_network(parameters, gradient):
            assign_gradient(parameters, gradient)
            self.notify(
                "on_grad_computed",
                named_parameters=TeeGenerator(self.get_all_learnable_params()),
                batch=batch,
                training=True,
            )
            self._step_optimizer(None)

        try:
            terms = self.state_.step(self.module_, update_network, *batch)
        except (IndexError, RuntimeError, TypeError, ValueError) as error:
            explain_layers(error, batch)
            raise
        loss = terms["loss"].item()
        if not math.isfinite(loss):
            self._raise_not_finite(loss, terms["labeled_loss"].isfinite())
        for name, value in {**terms, "n_steps": 1.0}.items():
            if name in self.sums_:
                self.sums_[name] += value
            elif name not in ("loss", "y_pred"):  # which skorch records
                self.sums_[name] = torch.as_tensor(value, device=self.device).clone()
        return terms

    def evaluation_step(self, batch, training=False):
        """Outputs of a batch, the same for a row whatever rows come with it.

        Matrix products round differently for different numbers of rows; padded
        to a multiple of ``row_multiple`` rows they do not.
        """
        if training:
            return super().evaluation_step(batch, training=True)
        rows, _ = unpack_data(batch)
        pad = (0, 0) * (rows.ndim - 1) + (0, -len(rows) % self.row_multiple)
        return super().evaluation_step((F.pad(rows, pad), 0))[: len(rows)]

    def on_train_begin(self, net, **kwargs):
        """Begin with nothing summed up."""
        super().on_train_begin(net, **kwargs)
        self.sums_ = {}

    def on_epoch_begin(self, net, **kwargs):
        """Start summing up the terms of the epoch's steps."""
        super().on_epoch_begin(net, **kwargs)
        self.sums_ = {}

    def on_epoch_end(self, net, **kwargs):
        """Record the epoch's mean of each term of the iterations."""
        super().on_epoch_end(net, **kwargs)
        # Of all steps, also those before an interruption that a fit goes on from.
        self.history.record("train_batch_count", len(self.sampler_))
        self._record_means()

    def on_train_end(self, net, **kwargs):
        """Record what an interrupted epoch had, drop what only a training needs."""
        super().on_train_end(net, **kwargs)
        self._record_means()
        self.sampler_ = None
        self.state_.differentiate = differentiate  # which can be pickled

    def _record_means(self):
        sums, self.sums_ = self.sums_, {}
        n_steps = sums.pop("n_steps", None)
        for name, total in sums.items():
            self.history.record(name, (total / n_steps).item())

    def check_finite(self):
        """Refuse what the last update of a training may have left.

        The loss of an update is that before it; the one after the last is never seen.
        """
        # Finite values can overflow in the next product: far from zero is too far.
        limit = torch.finfo(torch.float32).max ** 0.25

        def sane(values):
            return bool((values.detach().abs() < limit).all())

        network_is_sane = all(map(sane, self.module_.parameters()))
        if not (network_is_sane and sane(self.state_.labels())):
            self._raise_not_finite(math.inf, labels_are_to_blame=network_is_sane)

    def _raise_not_finite(self, loss, labels_are_to_blame):
        labels = self.state_.imputed_labels
        culprit, value = "lr", self.optimizer_.param_groups[0]["lr"]
        if labels_are_to_blame and labels is not None:
            culprit, value = "label_lr", labels.adam["lr"]
        raise ValueError(
            f"The training loss became {loss} in epoch {len(self.history)}: "
            f"{culprit}={value} is too large. Lower {culprit}, and see that the "
            "features of X are on a common scale (StandardScaler)."
        )


@contextmanager
def made_from(arguments):
    """Errors of a part that is made from the user's arguments name these."""
    try:
        yield
    except Exception as error:  # of any kind: it is code of others
        raise ValueError(
            f"{arguments} cannot be used: {type(error).__name__}: {error}"
        ) from error


def explain_layers(error, batch):
    """Raise errors of torch's layers again with the rows that the module was given.

    What a module's own code raises, or this package, is left as it is.
    """
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    in_layer = frame.f_globals.get("__name__", "").startswith(LAYERS)
    if not in_layer or isinstance(error, torch.OutOfMemoryError):
        return
    shapes = " and ".join(str(tuple(part[0].shape)) for part in batch)
    hint = ""
    if "more than 1 value per channel" in str(error):
        hint = ". Batch norm needs two rows in every batch, labelled and unlabelled."
    raise ValueError(
        f"module cannot be trained on rows of shape {shapes}: {error}{hint}"
    ) from error


def split_off(rows):
    """What has skorch validate on held-out rows; None without any."""
    return rows and predefined_split(rows)


def as_is(batch):
    """Batches come whole from their data set: there is nothing to collate."""
    return batch
