"""The skorch net that drives the engine."""

import math
import traceback
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping
from skorch.dataset import unpack_data
from skorch.utils import TeeGenerator, to_device
from torch.utils.data import DataLoader

from ._batches import Batches, PairedSampler, RowDataset, SequentialSampler
from ._recording import recorded_gradient

ROW_MULTIPLE = 16
"""Rows to a multiple of which prediction batches of the built-in network are padded."""

STEPS_BETWEEN_WAITS = {"cpu": 1, "cuda": 100}
"""Steps after which the losses are read, for which the host waits but on a CPU."""


@contextmanager
def made_from(arguments):
    """Errors of a part that is made from the user's arguments name these."""
    try:
        yield
    except Exception as error:  # of any kind: it is code of others
        raise ValueError(
            f"{arguments} cannot be used: {type(error).__name__}: {error}"
        ) from error


@contextmanager
def explaining_layers(batch):
    """Errors of torch's layers say which rows the module was given.

    What a module's own code raises, or this package, is left as it is.
    """
    try:
        yield
    except (IndexError, RuntimeError, TypeError, ValueError) as error:
        *_, (frame, _) = traceback.walk_tb(error.__traceback__)
        in_torch = frame.f_globals.get("__name__", "").startswith("torch.")
        if not in_torch or isinstance(error, torch.OutOfMemoryError):
            raise
        shapes = " and ".join(str(tuple(part[0].shape)) for part in batch)
        raise ValueError(
            f"module cannot be trained on rows of shape {shapes}: {error} Batch norm "
            "needs two rows in every batch, labelled and unlabelled."
        ) from error


def check_is_module(module):
    """Refuse what a callable built in place of a network."""
    if not isinstance(module, torch.nn.Module):
        raise ValueError(
            "module must be a class or callable that gives a torch.nn.Module, got one "
            f"that gives {type(module).__name__}."
        )


def looks_at_batches(callback):
    """Whether a callback may need the losses of batches as they come.

    A ``Checkpoint``, which runs last, asks for them where it does.
    """
    overridden = type(callback).on_batch_end is not Callback.on_batch_end
    return overridden and not getattr(callback, "runs_last", False)


def as_is(batch):
    """Batches come whole from their data set: there is nothing to collate."""
    return batch


class SemiSupervisedNet(NeuralNet):
    """``skorch.NeuralNet`` whose training step is the engine's.

    Parameters
    ----------
    module, criterion : callable
        As in skorch; the criterion is the engine's ``Objective``.

    state : type
        ``SupervisedState`` or a subclass; ``state__x`` reach its constructor.
        It is initialized beside the module, as ``state_``.

    unlabeled_batch_size : int
        Unlabelled rows in a batch.

    inputs : Inputs or None, default=None
        What the module sees of a table; None: its rows as they are.

    row_multiple : int, default=1
        Prediction batches are padded with rows of zeros to a multiple of this. For
        modules that treat each row by itself.

    cuda_graph : bool, default=False
        Whether a step's gradients are recorded as a CUDA graph and replayed. Without
        effect on other devices.

    **kwargs : dict
        The other arguments of ``skorch.NeuralNet``.
    """

    def __init__(
        self,
        module,
        criterion,
        *,
        state,
        unlabeled_batch_size,
        inputs=None,
        row_multiple=1,
        cuda_graph=False,
        dataset=RowDataset,
        iterator_valid__batch_size=1024,
        **kwargs,
    ):
        self.state = state
        self.unlabeled_batch_size = unlabeled_batch_size
        self.inputs = inputs
        self.row_multiple = row_multiple
        self.cuda_graph = cuda_graph
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

    def initialize_criterion(self):
        """The objective is a plain function of tensors, without parameters."""
        self.criterion_ = self.criterion
        return self

    def initialize_module(self):
        """Initialize the module, and the engine's state for it."""
        with made_from("module"):
            super().initialize_module()
        check_is_module(self.module_)
        self.state_ = self.state(
            self.criterion, self.module_, **self.get_params_for("state")
        )
        return self

    def initialize_callbacks(self):
        """As in skorch, with errors that say where the callbacks came from."""
        with made_from("callbacks"):
            return super().initialize_callbacks()

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
        batch_size = kwargs.pop("batch_size", self.batch_size)
        if training:
            generator = self.state_.batch_generator
            sampler = PairedSampler(
                len(dataset.labeled_rows),
                len(dataset.unlabeled_rows),
                batch_size,
                self.unlabeled_batch_size,
                generator,
                dataset.ranks,
            )
            self.sampler_ = sampler
        else:
            generator = torch.Generator()
            sampler = SequentialSampler(len(dataset), batch_size)
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
        """One iteration of the engine; callbacks see the gradients before it ends."""
        if not self.module_.training:
            self._set_training(True)
        batch = to_device(batch, self.device)
        with explaining_layers(batch):
            terms = self.state_.backward(self.module_, *batch, compute=self.compute_)
        self.notify(
            "on_grad_computed",
            named_parameters=TeeGenerator(self.get_all_learnable_params()),
            batch=batch,
            training=True,
        )
        self._step_optimizer(None)
        self.state_.after_update(self.module_)
        self._add_to_sums(terms)
        return terms

    def _add_to_sums(self, terms):
        """Sum the epoch's terms up, but for those that skorch records."""
        for name, value in terms.items():
            if name in self.sums_:
                self.sums_[name] += value
            elif name not in ("loss", "y_pred"):
                self.sums_[name] = torch.as_tensor(value, device=self.device).clone()

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        """As in skorch, but that the host does not wait for every training loss."""
        if not training:
            return super().run_single_epoch(
                iterator, training, prefix, step_fn, **fit_params
            )
        every = self._steps_between_waits()
        for i, batch in enumerate(iterator, start=1):
            self.notify("on_batch_begin", batch=batch, training=True)
            step = step_fn(batch, **fit_params)
            self.history.record_batch("train_batch_size", len(batch[0][0]))
            self.history.record_batch("train_loss", step["loss"])
            record = self.history[-1]["batches"][-1]
            self.unread_.append((record, step["loss"], step["labeled_loss"]))
            if i % every == 0:
                self.read_losses()
            self.notify("on_batch_end", batch=batch, training=True, **step)
        self.read_losses()
        # Of all steps, also those before an interruption.
        self.history.record("train_batch_count", len(self.sampler_))

    def _steps_between_waits(self):
        """One where callbacks may look at the losses of a batch."""
        if any(looks_at_batches(callback) for _, callback in self.callbacks_):
            return 1
        return STEPS_BETWEEN_WAITS.get(torch.device(self.device).type, 1)

    def read_losses(self):
        """Put numbers in place of tensors, and stop at one that is not finite."""
        if not self.unread_:
            return
        unread, self.unread_ = self.unread_, []
        values = [loss.reshape(()) for _, *losses in unread for loss in losses]
        if len(unread) == 1:  # cheaper, on a CPU
            values = [value.item() for value in values]
        else:
            values = torch.stack(values).tolist()
        for (record, *_), loss, labeled_loss in zip(
            unread, values[::2], values[1::2], strict=True
        ):
            record["train_loss"] = loss
            if not math.isfinite(loss):
                self._raise_not_finite(loss, math.isfinite(labeled_loss))

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

    def on_epoch_begin(self, net, **kwargs):
        """Start summing up the terms of the epoch's steps."""
        super().on_epoch_begin(net, **kwargs)
        self.sums_, self.unread_ = {}, []

    def on_epoch_end(self, net, **kwargs):
        """Record the epoch's mean of each term of the engine's."""
        super().on_epoch_end(net, **kwargs)
        for name, total in self.sums_.items():
            self.history.record(name, total.item() / len(self.sampler_))

    def on_train_begin(self, net, **kwargs):
        """Have the gradients recorded, where that is asked for."""
        super().on_train_begin(net, **kwargs)
        self.unread_, self.compute_ = [], None
        if self.cuda_graph:
            self.compute_ = recorded_gradient(self.state_, self.device)

    def on_train_end(self, net, **kwargs):
        """Drop what only a training in progress needs."""
        super().on_train_end(net, **kwargs)
        self.read_losses()
        self.sums_, self.sampler_, self.compute_ = {}, None, None

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
        label_lr = self.get_params_for("state").get("label_lr")
        culprit, value = "lr", self.optimizer_.param_groups[0]["lr"]
        if labels_are_to_blame and label_lr is not None:
            culprit, value = "label_lr", label_lr
        raise ValueError(
            f"The training loss became {loss} in epoch {len(self.history)}: "
            f"{culprit}={value} is too large. Lower {culprit}, and see that the "
            "features of X are on a common scale (StandardScaler)."
        )


class RestoreBest(EarlyStopping):
    """skorch's early stopping that restores the imputed labels, too.

    It holds one more copy of the label parameters, those of the best epoch.
    """

    def on_epoch_end(self, net, **kwargs):
        """Keep the labels of the best epoch so far."""
        super().on_epoch_end(net, **kwargs)
        if self.best_epoch_ == net.history[-1, "epoch"]:
            self.best_labels_ = {
                name: buffer.clone()
                for name, buffer in net.state_.named_buffers()
                if name == "label_rows.w"
            }

    def on_train_end(self, net, **kwargs):
        """Restore the network, then the labels."""
        super().on_train_end(net, **kwargs)
        if self.best_epoch_:
            net.state_.load_state_dict(self.best_labels_, strict=False)
        self.best_labels_ = None
