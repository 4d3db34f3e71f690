"""What predictions are made of: the closed form, the network, and their weights."""

import warnings
from typing import NamedTuple

import numpy as np
import torch

from .._views.closed_form import ClosedForm
from .._views.combination import Evidence, network_prior, with_network
from .._views.folding import N_PARTS
from .._views.inputs import Inputs, left_out


class FirstAnswer(NamedTuple):
    """What the closed form says of the training rows.

    Parameters
    ----------
    form : ClosedForm or None
        None where it is not asked.

    table_rows : TableRows or None

    outputs : ndarray of shape (n_unlabeled, n_outputs) or None
        Its outputs for the unlabelled rows.

    hidden : ndarray of int, shape (n_unlabeled,)
        These rows.
    """

    form: ClosedForm | None = None
    table_rows: object = None
    outputs: np.ndarray | None = None
    hidden: np.ndarray | None = None

    def start_of(self, rows, estimator, net):
        """Where w of some unlabelled rows starts; None for 0.

        NOTE: departure from the paper, where all w start at 0. Each member starts from
        the answer without the part of the labels that it does without.
        """
        if self.form is None or not estimator._imputes_labels or not len(rows):
            return None
        apart = left_out(estimator.n_members if estimator.module is None else 1)
        if apart[0] is None:
            outputs = self.outputs[np.searchsorted(self.hidden, rows)]
            start = torch.from_numpy(outputs).float()
            return start if len(apart) == 1 else start[:, None].repeat(1, len(apart), 1)
        outputs = self.form.outputs_without_parts(self.table_rows, rows)
        return torch.from_numpy(outputs[:, apart]).float()


def answer_first(estimator, task, X, labeled, hidden, seed):
    """Have the closed form answer, if it is asked and X is a table.

    Parameters
    ----------
    estimator : NetEstimator

    task : Classes or Targets

    X : ndarray or CSR matrix of shape (n_samples, ...)

    labeled : LabeledRows

    hidden : ndarray of int, shape (n_unlabeled,)

    seed : int

    Returns
    -------
    first : FirstAnswer
    """
    if not estimator.closed_form or X.ndim != 2:
        return FirstAnswer()
    labels = labeled.values if task.kind == "classes" else labeled.labels
    form, table_rows = ClosedForm.fit(X, labeled.rows, labels, task.weights, seed)
    return FirstAnswer(form, table_rows, form.outputs_of(table_rows, hidden), hidden)


def choose_inputs(estimator, form, former):
    """What the built-in network sees; None for the rows as they are."""
    if former is not None:
        return former.model.net.inputs
    if estimator.module is not None or form is None:
        return None
    return Inputs(form, estimator.n_members)


def weights_of_members(estimator, form, n_labeled):
    """Weights of the labelled rows' losses in each member's; None for 1."""
    if estimator.module is not None or form is None or estimator.n_members < N_PARTS:
        return None
    apart = np.array(left_out(estimator.n_members))
    weights = (form.folding.parts[:, None] != apart).astype(np.float32)
    return weights * (n_labeled / weights.sum(axis=0, dtype=np.float32))


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
        form = None if self.weight == 1.0 else self.form.outputs(X)
        network = None if self.weight == 0.0 else self.net.outputs(X)
        return self.combine(form, network)

    def combine(self, form, network):
        """Combine outputs of both; those of one without weight may be None."""
        if self.weight == 1.0:
            return network * self.sharpness
        if self.weight == 0.0:
            return form
        mix = self.form.combination.mix
        return mix(form, network, self.weight, self.sharpness)


def weigh_network(estimator, net, form, dataset):
    """Hold a trained network against the closed form.

    The members of the built-in network each do without a part of the labels, and are
    judged by these, as the views are. Of a network of the user's nothing is held out:
    it answers alone, unless it fits its own labels worse than the closed form predicts
    labels that it has not seen.

    Parameters
    ----------
    estimator : NetEstimator

    net : SemiSupervisedNet
        Trained.

    form : ClosedForm or None

    dataset : SemiSupervisedDataset

    Returns
    -------
    answer, evidence : Answer, Evidence
    """
    if form is None:
        return Answer(net), Evidence()
    told = form.told
    outputs = members_outputs(net, dataset.labeled_batch(told))
    apart = left_out(outputs.shape[1])
    if estimator.module is not None:
        fit, _ = form.combination.tell(outputs.mean(axis=1), told)
        unseen, _ = form.combination.tell(form.held_out, told)
        weight, sharpness = 1.0, 1.0
        if fit is not None and fit > unseen:
            weight = 0.0
            warnings.warn(
                f"The network's loss on its own {len(told)} labelled rows, {fit:.3g}, is "
                f"higher than that of the closed form on rows that it has not seen, "
                f"{unseen:.3g}: predictions are those of the closed form. Train longer, "
                "or with other settings; closed_form=False predicts by the network.",
                UserWarning,
                stacklevel=4,
            )
        results = {"network": (None, None), "all": (form.evidence.loss, form.evidence.accuracy)}
    elif apart[0] is None:
        weight, sharpness = network_prior(len(dataset.labels)), 1.0
        results = {"network": (None, None), "all": (form.evidence.loss, form.evidence.accuracy)}
    else:
        unseen = np.equal(apart, form.folding.parts[told][:, None])
        outputs = (outputs * unseen[:, :, None]).sum(axis=1)
        outputs /= np.maximum(unseen.sum(axis=1), 1)[:, None]
        weight, sharpness, results = form.combination.join(form.held_out, outputs, told)
    answer = Answer(net, form, weight, sharpness)
    return answer, with_network(form.evidence, weight, results)


@torch.no_grad()
def members_outputs(net, rows):
    """Outputs of each member for some rows, (n_rows, n_members, n_outputs)."""
    module = net.module_.eval()
    outputs = getattr(module, "members", module)(rows.to(net.device))
    return outputs.reshape(len(rows), -1, outputs.shape[-1]).double().cpu().numpy()
