"""A training of a net: what it runs on, and from its start to its end."""

from contextlib import nullcontext, suppress
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from sklearn.base import clone

from .._training.batches import fits_on
from .._training.processes import Processes
from .._training.seeds import Seeds, seeded_global_generator
from .._views.threads import one_thread
from ..callbacks._checkpoint import find_checkpoint
from ..callbacks._identity import identity_of
from ..callbacks._order import is_last
from ..callbacks._progress import Progress, find_progress
from ..callbacks._restore_best import RestoreBest
from . import checks
from .network import resolve_device

LITTLE_WORK = 2**24
"""A layer's product with fewer multiplications is done before threads have met."""

MIN_IMPROVEMENT = 1e-4
"""By how much the held-out loss must fall for early stopping to go on."""


class Run(NamedTuple):
    """What a training runs on: the same fit elsewhere would differ in these.

    Parameters
    ----------
    device : str

    processes : Processes

    seeds : Seeds
        Those of the fit that was interrupted, where there is one.

    callbacks : list
        The user's, cloned, and our own.

    checkpoint : Checkpoint or None
        The one among them, opened.

    progress : Progress
        The one among them.
    """

    device: str
    processes: Processes
    seeds: Seeds
    callbacks: list
    checkpoint: object
    progress: Progress


def prepare_run(estimator, X, given, former):
    """Settle device and seeds, clone the callbacks, open a checkpoint among them."""
    checks.check_callbacks(estimator.callbacks)
    callbacks = clone(list(estimator.callbacks or []), safe=False)
    callbacks.sort(key=is_last)
    if estimator.early_stopping:
        # Last, as it ends an epoch early for the callbacks behind it.
        stopping = RestoreBest(
            patience=estimator.n_iter_no_change,
            threshold=MIN_IMPROVEMENT,
            threshold_mode="abs",
            load_best=True,
        )
        callbacks.append(("early_stopping", stopping))
    device, processes = resolve_device(estimator.device), Processes.current()
    seeds = processes.from_first(Seeds.draw(estimator.random_state))
    checkpoint = find_checkpoint(callbacks)
    if checkpoint is not None:
        identity = identity_of(estimator, X, given, device, former)
        draws = estimator.module is not None
        seeds = checkpoint.open(identity, seeds, global_generator=draws)
    if estimator.verbose and processes.index == 0:
        callbacks.insert(0, ("verbose_progress", Progress(type(estimator).__name__)))
    progress = find_progress(callbacks)
    return Run(device, processes, seeds, callbacks, checkpoint, progress)


def train(net, dataset, checkpoint, former, rows_digest, start=None):
    """Initialize the net, go on from where it may have been, and train it.

    Parameters
    ----------
    net : SemiSupervisedNet
        Not initialized.

    dataset : SemiSupervisedDataset

    checkpoint : Checkpoint or None
        Opened.

    former : Fitted or None
        What a warm start begins with.

    rows_digest : str
        Of the unlabelled rows.

    start : Tensor or None, default=None
        Where w starts. None: at 0.
    """
    net.initialize()
    if start is not None:
        net.state_.imputed_labels.w.copy_(start)
    if former is not None:
        continue_training(net, former, rows_digest)
    dataset.processes.same_as_first(net.module_.state_dict().values())
    if checkpoint is not None and checkpoint.has_ended:
        checkpoint.restore(net)
    else:
        n_epochs = checkpoint and checkpoint.epochs_left(net.max_epochs)
        net.partial_fit(dataset, epochs=n_epochs)
        if not len(net.history):  # interrupted before there was anything to keep
            raise KeyboardInterrupt
        if checkpoint is not None:
            checkpoint.close(net)
    net.train_split = None  # held-out rows are not to travel with the model
    # Running statistics of batch norm are those of each process's rows.
    dataset.processes.same_as_first(net.module_.state_dict().values())
    net.check_finite()


def continue_training(net, former, rows_digest):
    """Take over the network, and the labels where the rows are the same."""
    try:
        net.module_.load_state_dict(former.model.net.module_.state_dict())
    except RuntimeError as error:
        raise ValueError(
            "warm_start=True continues the network of the previous fit, but this one "
            "is another: the module, its settings or the number of outputs changed. "
            "Pass warm_start=False to start anew."
        ) from error
    net.state_.regularization.start(net.module_)
    ours, theirs = net.state_.imputed_labels, former.model.net.state_.imputed_labels
    if former.rows_digest == rows_digest and None not in (ours, theirs):
        ours.load_state_dict(theirs.state_dict())


def keep_on_device(dataset, device, net_params):
    """Hold the rows on a GPU that has the room, unless the user loads the batches."""
    loads = any(name.startswith("iterator_train") for name in net_params or {})
    n_rows = len(dataset.labeled_rows) + len(dataset.own_rows)
    if not loads and fits_on(device, n_rows, dataset.X):
        with suppress(torch.OutOfMemoryError):  # then batches come from the host
            dataset.keep_on(device)


def threads_that_pay(estimator, dataset):
    """One thread for the small products of the built-in network.

    A network of the user's has those that torch was given.
    """
    if estimator.module is not None:
        return nullcontext()
    widths = [dataset.X.shape[1], *np.atleast_1d(estimator.hidden_layer_sizes)]
    largest = max((a * b for a, b in pairwise(widths)), default=0)
    work = int(estimator.batch_size) * estimator.n_members * int(largest)
    return one_thread() if work < LITTLE_WORK else nullcontext()


def module_randomness(estimator, run):
    """Let a module of the user's draw from torch's global generator, seeded.

    The built-in network draws from generators of its own.
    """
    if estimator.module is None:
        return nullcontext()
    return seeded_global_generator(run.seeds.module, torch.device(run.device))
