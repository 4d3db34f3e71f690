"""What predictions are made of: the closed form, the network, and their weights."""

import warnings

import numpy as np
import torch
from sklearn.utils.validation import check_memory

from .._version import __version__
from .._views.closed_form import ClosedForm
from .._views.combination import Evidence, network_prior, with_network
from .._views.inputs import fits_of, left_out
from .._views.table import chunks
from .._views.threads import one_thread

ROW_MULTIPLE = 256
"""Rows are predicted by a multiple of this, which is what kernels are computed by."""


def answer_first(estimator, task, X, labeled, seed):
    """Have the closed form answer, if it is asked and X is a table.

    Parameters
    ----------
    estimator : NetEstimator

    task : Classes or Targets

    X : ndarray or CSR matrix of shape (n_samples, ...)

    labeled : LabeledRows

    seed : int

    Returns
    -------
    form, table_rows : ClosedForm or None, TableRows or None
    """
    if not estimator.closed_form or X.ndim != 2:
        return None, None
    labels = labeled.values if task.kind == "classes" else labeled.labels
    fit = check_memory(estimator.memory).cache(fit_closed_form)
    form, table_rows = fit(
        X,
        labeled.rows,
        labels,
        task.weights,
        labeled.weights,
        seed,
        __version__,
    )
    table_rows.X = X
    return form, table_rows


def fit_closed_form(X, rows, labels, class_weight, weights, seed, version):
    """:meth:`ClosedForm.fit`, as this version can cache it, without the table."""
    form, table_rows = ClosedForm.fit(X, rows, labels, class_weight, weights, seed)
    table_rows.X = None
    return form, table_rows


def members_left_out(estimator, form):
    """The part of the labels that each member does without; None where it sees all.

    A network of the user's is one member, and without a closed form there are no parts.
    """
    if estimator.module is not None or form is None:
        return [None] * (estimator.n_members if estimator.module is None else 1)
    return left_out(estimator.n_members)


def start_of_labels(form, table_rows, rows, left_out):
    """Where w of some unlabelled rows starts.

    NOTE: departure from the paper, where all w start at 0. Each member starts from the
    answer without the part of the labels that it does without.

    Parameters
    ----------
    form, table_rows : ClosedForm, TableRows

    rows : ndarray of int, shape (n_rows,)

    left_out : list of int or None
        Of each member.

    Returns
    -------
    outputs, start : ndarray of shape (n_rows, n_outputs), Tensor
        The answer, and w as the members have it.
    """
    if left_out[0] is None:
        each = form.outputs_of(table_rows, rows)[:, None]
    else:
        each = form.outputs_of_each(table_rows, rows)
    start = each[:, fits_of(left_out)]
    start = start[:, 0] if len(left_out) == 1 else start
    return each[:, 0], torch.from_numpy(start).float()


def weights_of_members(form, left_out, weights):
    """Weights of the labelled rows' losses in each member's, with a mean of 1."""
    if left_out[0] is not None:
        seen = form.folding.parts[:, None] != np.array(left_out)
        weights = weights[:, None] * seen
    return (weights * (len(weights) / weights.sum(axis=0))).astype(np.float32)


class Answer:
    """The closed form and the network as one model.

    Parameters
    ----------
    net : SemiSupervisedNet

    form : ClosedForm or None, default=None
        None: the network answers alone.

    weight : float in [0, 1], default=1.0
        The network's.

    sharpness : float, default=1.0
        What its logits are multiplied by.
    """

    def __init__(self, net, form=None, weight=1.0, sharpness=1.0):
        self.net = net
        self.form = form
        self.weight = weight
        self.sharpness = sharpness

    def outputs(self, X):
        """Outputs for the rows of a table, float64 of shape (n_rows, n_outputs)."""
        if self.weight == 1.0:
            return self.net.outputs(X) * self.sharpness
        return np.concatenate(
            [self.combine(*self.both(X[rows])) for rows in chunks(X.shape[0])]
        )

    def both(self, X):
        """Outputs of the closed form and of the network, for rows that fit in memory.

        Matrix products round differently for different numbers of rows; filled up to a
        multiple of ``ROW_MULTIPLE`` rows they do not.
        """
        n_rows, inputs, form = X.shape[0], self.net.inputs, self.form
        if form is None:
            return None, self.net.outputs(X)
        X = X[np.arange(n_rows - n_rows % -ROW_MULTIPLE) % n_rows]
        shared = inputs is not None and inputs.table is form.table
        parts = form.parts.union(["features"] if shared else [])
        with one_thread(n_rows):
            seen = form.table.see(X, parts)
            outputs, network = form.combined(seen)[:n_rows], None
            if shared and self.weight:
                features = seen["features"].astype(np.float32)
                network = self.net.forward(features)[:n_rows].double().numpy()
        if self.weight and not shared:
            network = self.net.outputs(X)[:n_rows]
        return outputs, network

    def combine(self, form, network):
        """Combine outputs of both."""
        if self.weight == 1.0:
            return network * self.sharpness
        if self.weight == 0.0:
            return form
        mix = self.form.combination.mix
        return mix(form, network, self.weight, self.sharpness)


def weigh_network(estimator, net, form, dataset, former=None):
    """Hold a trained network against the closed form.

    The members of the built-in network each do without a part of the labels, and are
    judged by these, as the views are. Of a network of the user's nothing is held out:
    it answers alone, unless it fits its own labels far worse than the closed form
    predicts labels that it has not seen.

    Parameters
    ----------
    estimator : NetEstimator

    net : SemiSupervisedNet
        Trained.

    form : ClosedForm or None

    dataset : SemiSupervisedDataset

    former : Fitted or None, default=None
        What the network went on from: it has seen labels that are left out now, and so
        counts as much as one that sees all.

    Returns
    -------
    answer, evidence : Answer, Evidence
    """
    if form is None:
        return Answer(net), Evidence()
    told, combination = form.told, form.combination
    rows = dataset.labeled_batch(told).to(net.device)
    expected = form.evidence.loss, form.evidence.accuracy
    results = {"network": (None, None), "all": expected}
    without = members_left_out(estimator, form)
    weight, sharpness = network_prior(len(dataset.labels)), 1.0
    if estimator.module is not None:
        loss, _ = combination.tell(predicted(net.module_, rows), told)
        # Put aside where it is more than halfway to knowing nothing.
        guess = combination.loss_of_a_guess
        far = loss is not None and 2.0 * loss > form.evidence.loss + guess
        weight = float(not far or loss <= form.evidence.loss)
        if not weight:
            warn_of_network(loss, form.evidence.loss, len(told))
    elif former is None and without[0] is not None:
        unseen = np.equal(without, form.folding.parts[told][:, None])
        outputs = predicted(net.module_.members, rows) * unseen[:, :, None]
        outputs = outputs.sum(axis=1) / np.maximum(unseen.sum(axis=1), 1)[:, None]
        weight, sharpness, results = combination.join(form.held_out, outputs, told)
    evidence = with_network(form.evidence, weight, results)
    return Answer(net, form, weight, sharpness), evidence


def warn_of_network(loss, unseen, n_rows):
    """Say that a network of the user's is put aside."""
    warnings.warn(
        f"The network's loss on its own {n_rows} labelled rows, {loss:.3g}, is far "
        f"above that of the closed form on rows that it has not seen, {unseen:.3g}: "
        "predictions are those of the closed form. Train longer or with other "
        "settings, or pass closed_form=False to predict by the network.",
        UserWarning,
        stacklevel=6,
    )


@torch.no_grad()
def predicted(forward, rows):
    """Outputs of a module, or a method of it, in double precision."""
    getattr(forward, "__self__", forward).eval()
    return forward(rows).double().cpu().numpy()
