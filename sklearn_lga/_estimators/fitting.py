"""Fit: validate, read y, plan the network, train it, and keep what came out."""

import math
import warnings
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

import numpy as np
import torch
from sklearn.utils.validation import _check_sample_weight

from .._training.algorithm import mean_of_members
from .._training.batches import RowDataset, SemiSupervisedDataset
from .._views.inputs import Inputs
from .._views.rows import digest
from .._views.table import chunks, some_rows
from .._views.threads import one_thread
from . import checks
from .answer import (
    answer_first,
    members_left_out,
    start_of_labels,
    weigh_network,
    weights_of_members,
)
from .callers import AS_IT_FITS, warn_of_callers
from .net_params import check_net_params
from .network import make_net
from .plan import make_plan
from .run import (
    keep_on_device,
    module_randomness,
    prepare_run,
    threads_that_pay,
    train,
)


class Fitted(NamedTuple):
    """What a fit leaves for predictions and for a warm start.

    Parameters
    ----------
    task : Classes or Targets

    model : Answer or LinearModel
        Its ``outputs(X)`` are what the task makes predictions of.

    plan : Plan or None, default=None

    rows_digest : str or None, default=None
        Tells whether the unlabelled rows that are trained on are the same ones.
    """

    task: object
    model: object
    plan: object = None
    rows_digest: str | None = None


def fit_network(estimator, X, y, read, sample_weight=None):
    """Train an estimator's network on marked rows.

    Parameters
    ----------
    estimator : NetEstimator

    X, y : array-like
        As ``fit`` takes them.

    read : callable
        ``read(y, unlabeled, sample_weight, former_task)`` gives a task and the
        ``GivenLabels``.

    sample_weight : array-like of shape (n_samples,) or None, default=None

    Returns
    -------
    estimator : NetEstimator
        Fitted; where anything fails, it is as it was.
    """
    with all_or_nothing(estimator) as at_end:
        # A warm start goes on from a network; an exact linear model is none.
        goes_on = estimator.warm_start and hasattr(estimator, "net_")
        former = estimator._fitted_ if goes_on else None
        X, task, given = read_table(estimator, X, y, read, sample_weight, former)
        check_parameters(estimator, X)
        run = prepare_run(estimator, X, given, former)
        at_end.callback(run.progress.end)

        labeled, held_out = split_labeled(estimator, task, given, run.seeds.split)
        hidden = np.flatnonzero(given.unlabeled)
        seed = run.seeds.closed_form
        run.progress.at("closed form")
        with one_thread(X.shape[0]):
            form, table_rows = answer_first(estimator, task, X, labeled, seed)
        left_out = members_left_out(estimator, form)
        plan = make_plan(estimator, task, form, len(labeled.rows), len(hidden))
        trained = some_rows(len(hidden), plan.n_rows, run.seeds.batches)
        inputs, rows = choose_inputs(estimator, form, former, left_out), X
        if inputs is not None:
            rows = inputs.rows(X)
        dataset = SemiSupervisedDataset(
            rows,
            labeled.rows,
            labeled.labels,
            hidden[trained],
            run.processes,
            weights=weights_of_members(form, left_out, labeled.weights),
        )
        valid = None
        if len(held_out.rows):
            valid = RowDataset(rows[held_out.rows], torch.from_numpy(held_out.labels))
        keep_on_device(dataset, run.device, estimator.net_params)
        net = make_net(estimator, task, plan, inputs, dataset, valid, run)
        rows_digest = digest(X, hidden[trained])  # for a warm start, whenever it comes
        first = start = None
        if form is not None and plan.label_lr is not None:
            with one_thread():
                first, start = start_of_labels(
                    form, table_rows, hidden[trained], left_out
                )
            start = start[dataset.processes.own(np.arange(len(trained)))]
        with threads_that_pay(estimator, dataset):
            with module_randomness(estimator, run):
                train(net, dataset, run.checkpoint, former, rows_digest, start)
            answer, evidence = weigh_network(estimator, net, form, dataset, former)
        run.progress.at("labels")
        start, outputs = label_rows(answer, dataset, X, hidden, trained, first)
        if answer.weight == 1.0:
            answer.form = None  # which nobody asks any more
        fitted = {
            "net_": net,
            "history_": net.history,
            "n_iter_": len(net.history),
            "unlabeled_": task.unlabeled,
            "plan_": plan,
            "evidence_": evidence,
            "_fitted_": Fitted(task, answer, plan, rows_digest),
            **task.fitted_attributes(outputs, start, given),
        }
        if form is not None:
            fitted["relevance_"] = form.relevance()
        keep(estimator, fitted)
    return estimator


def choose_inputs(estimator, form, former, left_out):
    """What the built-in network sees of a table; None for the rows as they are."""
    if former is not None:
        return former.model.net.inputs
    if estimator.module is not None or form is None:
        return None
    return Inputs(form, left_out)


def label_rows(answer, dataset, X, hidden, trained, first):
    """Outputs that the labels of the unlabelled rows are made of.

    Parameters
    ----------
    answer : Answer

    dataset : SemiSupervisedDataset

    X : ndarray or CSR matrix of shape (n_samples, ...)

    hidden : ndarray of int, shape (n_unlabeled,)
        The unlabelled rows.

    trained : ndarray of int, shape (n_trained,)
        Which of them were trained on.

    first : ndarray of shape (n_trained, n_outputs) or None
        The closed form's outputs for these.

    Returns
    -------
    start, outputs : ndarray of shape (n_samples, n_outputs)
        Of the closed form, None without one; and these with w, which is the mean of the
        members' where they have labels of their own. For rows that were not trained on,
        and without label gradient alignment, the network stands for w. Labelled rows
        are left 0.
    """
    labels = answer.net.state_.imputed_labels
    outputs = np.zeros((X.shape[0], dataset.labels.shape[1]))
    start = None if answer.form is None else np.zeros_like(outputs)
    rest = hidden
    if labels is not None:
        w = dataset.processes.gather(mean_of_members(labels.w), len(trained))
        outputs[hidden[trained]] = answer.combine(first, w.double().cpu().numpy())
        if start is not None:
            start[hidden[trained]] = first
        rest = np.delete(hidden, trained)
    for chunk in chunks(len(rest)):
        form, network = answer.both(X[rest[chunk]])
        outputs[rest[chunk]] = answer.combine(form, network)
        if start is not None:
            start[rest[chunk]] = form
    return start, outputs


class LabeledRows(NamedTuple):
    """Some of the labelled rows.

    Parameters
    ----------
    rows : ndarray of int, shape (n_rows,)
        Where they stand in X.

    labels : ndarray of shape (n_rows, n_outputs)
        As the loss sees them.

    values : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        As ``y`` holds them: codes of classes, or targets.

    weights : ndarray of shape (n_rows,)
        Of their losses.
    """

    rows: np.ndarray
    labels: np.ndarray
    values: np.ndarray
    weights: np.ndarray


def split_labeled(estimator, task, given, seed):
    """The labelled rows to train on, and those that early stopping holds out.

    Rows of weight 0 are neither.
    """
    counted = np.flatnonzero(given.weights)
    rows, kept = np.flatnonzero(~given.unlabeled), counted
    n_labeled = len(counted)
    if estimator.early_stopping:
        fraction = estimator.validation_fraction
        n_held_out = math.ceil(fraction * n_labeled)
        if n_held_out >= n_labeled:
            raise ValueError(
                f"early_stopping=True with validation_fraction={fraction} would hold "
                f"out all {n_labeled} labelled rows. Label more rows, lower "
                "validation_fraction, or pass early_stopping=False."
            )
        random_state = np.random.RandomState(seed)
        kept = counted[task.hold_out(given.values[counted], n_held_out, random_state)]
    held = np.setdiff1d(counted, kept)
    each = rows, given.labels, given.values, given.weights
    return tuple(LabeledRows(*(of[part] for of in each)) for part in (kept, held))


def read_table(estimator, X, y, read, sample_weight=None, former=None):
    """Validated rows, the task, and what y says of each row."""
    X = checks.validated_rows(estimator, X, reset=former is None)
    checks.check_length(X, y, estimator)
    sample_weight = _check_sample_weight(
        sample_weight, X, dtype=np.float64, ensure_non_negative=True
    )
    task, given = read(y, estimator.unlabeled, sample_weight, former and former.task)
    if estimator._imputes_labels and not given.unlabeled.any():
        warnings.warn(
            f"y marks no row as unlabelled (unlabeled={estimator.unlabeled!r}): "
            f"{type(estimator).__name__} trains on the labels alone. If rows were "
            "marked, a meta-estimator has encoded y: wrap the estimator in "
            "sklearn_lga.compose.WithUnlabeled.",
            UserWarning,
            stacklevel=5,
        )
    if given.unlabeled.any():
        warn_of_callers(AS_IT_FITS, task.unlabeled)
    return X, task, given


def check_parameters(estimator, X):
    """Refuse what scikit-learn's constraints do not tell."""
    checks.check_float32_range(X)
    check_net_params(estimator)
    has_noise = estimator.module is not None or estimator.dropout > 0.0
    checks.check_regularizers(estimator.regularizers, has_noise)
    if estimator.module is None:
        checks.check_hidden_layer_sizes(estimator.hidden_layer_sizes)
    if estimator._imputes_labels:
        checks.check_labeled_weight(estimator.labeled_weight)


@contextmanager
def all_or_nothing(estimator):
    """Leave an estimator as it was, where its fit fails.

    Yields a stack of what is called at the end, whether it fails or not.
    """
    before = vars(estimator).copy()
    with ExitStack() as at_end:
        try:
            yield at_end
        except BaseException:
            vars(estimator).clear()
            vars(estimator).update(before)
            raise


def keep(estimator, fitted):
    """Set what was fitted, in place of all that a former fit has set."""
    for name in getattr(estimator, "_fitted_names_", ()):
        vars(estimator).pop(name, None)
    vars(estimator).update(fitted, _fitted_names_=tuple(fitted))
