"""Algorithm 1: one iteration in one function, and the state that it goes on from.

Names and the comments in capitals are those of Jackson and Schulman (2019), "l"
standing for labelled and "u" for unlabelled rows. The step on the labels alone, which
LGA is compared with, stands beside it.
"""

import math

import torch
from torch import nn

from .. import alignment
from .jacobian import differentiate, frozen_statistics, trainable_parameters
from .processes import ALONE
from .regularization import Regularization


def align_labels(
    state, module, parameters, update_network, labeled_batch, unlabeled_batch
):
    """One iteration of Algorithm 1, from two minibatches to both updates.

    Longer than other functions, as it is a page of the paper. Parameters and returns
    are those of :meth:`TrainingState.step`; ``parameters`` are theta.
    """
    objective, imputed = state.objective, state.imputed_labels
    (X_l, y_l, weights_l), (X_u, positions) = labeled_batch, unlabeled_batch
    T = alignment.labeled_weight_at(state.progress, state.labeled_weight)

    # y_u := f(w)
    w = imputed.w[positions]
    y_u = objective.parameterize(w)

    # g_l := GRADIENT OF L(theta, X_l, y_l),  g_u := GRADIENT OF L(theta, X_u, y_u)
    passes = state.differentiate(module, parameters, X_l, X_u)
    outputs_l, outputs_u = passes.labeled_outputs, passes.unlabeled_outputs
    check_outputs(module, outputs_l, y_l)
    loss_l, delta_l = loss_and_delta(objective, outputs_l.detach(), y_l, weights_l)
    loss_u, delta_u = loss_and_delta(objective, outputs_u.detach(), y_u)
    means_l = {"g": passes.labeled_vjp(delta_l), "loss": loss_l}
    means_u = {"g": passes.unlabeled_vjp(delta_u), "loss": loss_u}
    # The sum over the outputs of |prediction - label|, the mean over the rows.
    means_u["label_distance"] = torch.linalg.vector_norm(delta_u, 1)
    if state.regularization.regularizers:
        means_u |= regularization(state, module, parameters, X_u, outputs_u)
    n_u = len(X_u)
    if state.processes.count > 1:
        # Means over the rows of all processes, of which there are n_u then.
        (means_l, _), (means_u, n_u) = state.processes.means(
            (means_l, len(X_l)), (means_u, n_u)
        )
    g_l, g_u = means_l["g"], means_u["g"]

    # g_theta := g_u + T(i) g_l
    g_theta = g_u + T * g_l
    if state.regularization.regularizers:
        g_theta = g_theta + means_u["regularization_gradient"]

    # g_w := GRADIENT OF ||EMA(g_l) - g_u||^2_normalized by w
    v = state.running_average(state.gradient_average, g_l) - g_u
    fourth_moment = state.running_average(state.fourth_moment, v.square().square_())
    d = alignment.alignment_direction(v, fourth_moment, state.eps_norm)
    n_losses = n_u * math.prod(y_u.shape[1:-1])  # members may have labels of their own
    Jd = like_labels(passes.jvp(d), y_u)
    g_w = alignment.label_gradient(objective, y_u, Jd, n_losses)

    # theta <- ADAMUPDATE(alpha_theta, theta, g_theta)
    update_network(parameters, g_theta)

    # w <- ADAMUPDATE(alpha_w, w, g_w)
    imputed.update(positions, w, g_w)

    terms = {
        "y_pred": mean_of_members(outputs_l.detach()),
        "loss": means_u["loss"] + T * means_l["loss"],
        "labeled_loss": means_l["loss"],
        "unlabeled_loss": means_u["loss"],
        "label_distance": means_u["label_distance"],
        "labeled_weight": T,
        "alignment_distance": alignment.normalized_distance(v, d),
    }
    if state.regularization.regularizers:
        terms["regularization_loss"] = means_u["regularization"]
        terms["loss"] = terms["loss"] + means_u["regularization"]
    return terms


def learn_from_labels(
    state, module, parameters, update_network, labeled_batch, unlabeled_batch=None
):
    """One step on the given labels alone, with the regularizers' terms.

    Regularizers see the unlabelled rows, where there are none the labelled ones.
    Parameters and returns are those of :meth:`TrainingState.step`; ``parameters`` are
    the trainable ones.
    """
    X_l, y_l, weights_l = labeled_batch
    outputs = module(X_l)
    check_outputs(module, outputs, y_l)
    loss, delta = loss_and_delta(state.objective, outputs.detach(), y_l, weights_l)
    gradient = alignment.flat_gradient(outputs, parameters, delta)
    means, others, X = {"g": gradient, "loss": loss}, {}, X_l
    if state.regularization.regularizers:
        X = (unlabeled_batch or labeled_batch)[0]
        with frozen_statistics(module):
            logits = module(X)
        others = regularization(state, module, parameters, X, logits)
    if state.processes.count > 1:
        (means, _), (others, _) = state.processes.means(
            (means, len(X_l)), (others, len(X))
        )
    gradient = means["g"] + others.get("regularization_gradient", 0.0)
    update_network(parameters, gradient)
    terms = {
        "y_pred": mean_of_members(outputs.detach()),
        "loss": means["loss"],
        "labeled_loss": means["loss"],
    }
    if state.regularization.regularizers:
        terms["regularization_loss"] = others["regularization"]
        terms["loss"] = terms["loss"] + others["regularization"]
    return terms


class TrainingState(nn.Module):
    """All that a training in progress holds besides the network and its optimizer.

    Parameters
    ----------
    objective : Objective
        Loss and label parameterization.

    module : torch.nn.Module
        The network to train; it is not kept.

    imputed_labels : ImputedLabels or None, default=None
        w. None: training on the labelled rows alone.

    labeled_weight : float, callable, str or tuple, default=1.0
        T(i), see :func:`~sklearn_lga.alignment.labeled_weight_at`.

    decay : float, default=0.9
        Decay of EMA(g_l) and of EMA(v^4).

    eps_norm : float, default=1e-6
        The stabilizer of Eq. 2.

    n_steps : int, default=1
        N_iterations, which training progress is measured by.

    regularizers : sequence, default=()
        Terms to add to the loss, see :mod:`sklearn_lga.regularizers`.

    batch_generator, noise_generator : torch.Generator or None, default=None
        Sources of the batches (on the CPU) and of the noise inside the network and
        the regularizers (on its device). Kept here so that the state is all there
        is to resume.

    processes : Processes, default=ALONE
        The processes that take part, each with batches of its own rows.
    """

    def __init__(
        self,
        objective,
        module,
        *,
        imputed_labels=None,
        labeled_weight=1.0,
        decay=0.9,
        eps_norm=1e-6,
        n_steps=1,
        regularizers=(),
        batch_generator=None,
        noise_generator=None,
        processes=ALONE,
    ):
        super().__init__()
        self.objective = objective
        self.imputed_labels = imputed_labels
        self.labeled_weight = labeled_weight
        self.decay = decay
        self.eps_norm = eps_norm
        self.n_steps = n_steps
        self.n_steps_done = 0
        self.batch_generator = batch_generator
        self.noise_generator = noise_generator
        self.processes = processes
        self.differentiate = differentiate
        n_parameters = sum(p.numel() for p in trainable_parameters(module))
        if not n_parameters:
            raise ValueError(
                "module has no parameters to train: requires_grad is False for all."
            )
        self.regularization = Regularization(regularizers, module, noise_generator)
        if imputed_labels is not None:
            self.register_buffer("gradient_average", torch.zeros(n_parameters))
            self.register_buffer("fourth_moment", torch.zeros(n_parameters))

    @property
    def progress(self):
        """Share of the training that is behind, in [0, 1]."""
        return min(1.0, self.n_steps_done / max(1, self.n_steps - 1))

    def labels(self):
        """The imputed labels f(w), of the shape of w."""
        if self.imputed_labels is None:
            return torch.empty(0, 0)
        return self.objective.parameterize(self.imputed_labels.w)

    def step(self, module, update_network, labeled_batch, unlabeled_batch=None):
        """One iteration: gradients, the update of theta and that of the labels.

        Parameters
        ----------
        module : torch.nn.Module
            The network, in training mode.

        update_network : callable
            ``update_network(parameters, gradient)`` takes the optimizer's step from a
            flat gradient: that of the net's ``train_step``, or what :func:`descending`
            makes of an optimizer.

        labeled_batch : tuple of Tensors
            Rows of shape (batch_size, ...), labels (batch_size, n_outputs) and the
            weights of their losses, (batch_size,), or (batch_size, n_members) where
            networks side by side see different labels.

        unlabeled_batch : tuple of Tensors or None
            Rows of shape (batch_size, ...) and their positions among the
            unlabelled rows, shape (batch_size,), without repetition.

        Returns
        -------
        terms : dict of str to Tensor
            "loss" and the terms worth recording, scalars; and "y_pred", the outputs
            for the labelled batch. All without a graph.
        """
        iterate = learn_from_labels if self.imputed_labels is None else align_labels
        parameters = trainable_parameters(module)
        terms = iterate(
            self, module, parameters, update_network, labeled_batch, unlabeled_batch
        )
        self.n_steps_done += 1
        if self.regularization.regularizers:
            self.regularization.follow(module)
        return terms

    def running_average(self, average, value):
        """EMA(value): a buffer takes the value in, and is bias-corrected.

        NOTE: departure from the paper, which does not say how its averages start; see
        :func:`~sklearn_lga.alignment.bias_corrected`.
        """
        alignment.moving_average(average, value, self.decay, out=average)
        return alignment.bias_corrected(average, self.decay, self.n_steps_done + 1)

    def get_extra_state(self):
        """What a state_dict holds besides the buffers."""
        generators = (self.batch_generator, self.noise_generator)
        return {
            "n_steps_done": self.n_steps_done,
            "generators": [g and g.get_state() for g in generators],
        }

    def set_extra_state(self, state):
        """Restore what :meth:`get_extra_state` gave."""
        self.n_steps_done = state["n_steps_done"]
        generators = (self.batch_generator, self.noise_generator)
        for generator, saved in zip(generators, state["generators"], strict=True):
            if generator is not None and saved is not None:
                generator.set_state(saved.cpu())


def descending(optimizer):
    """What updates a network by an optimizer, for :meth:`TrainingState.step`."""

    def update_network(parameters, gradient):
        assign_gradient(parameters, gradient)
        optimizer.step()

    return update_network


def assign_gradient(parameters, gradient):
    """Hand a flat gradient to an optimizer, as views in ``.grad``."""
    parts = alignment.unflatten(gradient, parameters)
    for parameter, part in zip(parameters, parts, strict=True):
        parameter.grad = part


def loss_and_delta(objective, outputs, labels, weights=None):
    """The mean loss, and its gradient with respect to the outputs; both constants."""
    if outputs.ndim > labels.ndim:  # each member has the same labels
        labels = labels.unsqueeze(1)
        if weights is not None and weights.ndim == 1:
            weights = weights.unsqueeze(1)
    delta = alignment.output_gradient(objective, outputs, labels, weights)
    return objective(outputs, labels, 1.0 if weights is None else weights), delta


def mean_of_members(outputs):
    """Outputs (n_rows, n_outputs), where networks gave them side by side."""
    return outputs if outputs.ndim == 2 else outputs.mean(dim=1)


def like_labels(outputs, labels):
    """Outputs of each member, where they have labels of their own, else their mean."""
    return outputs if labels.ndim == outputs.ndim else outputs.mean(dim=1)


def regularization(state, module, parameters, X, outputs):
    """Value and gradient of the regularizers' terms, by their names."""
    term = state.regularization.loss(module, X, outputs, state.progress)
    gradient = alignment.flat_gradient(term, parameters, retain_graph=True)
    return {"regularization": term.detach(), "regularization_gradient": gradient}


def check_outputs(module, outputs, labels):
    """Refuse outputs that do not match the labels (n_rows, n_outputs).

    Networks with ``n_members`` > 1 give (n_rows, n_members, n_outputs).
    """
    expected = tuple(labels.shape)
    if getattr(module, "n_members", 1) > 1:
        expected = (expected[0], module.n_members, expected[1])
    shape = tuple(outputs.shape) if isinstance(outputs, torch.Tensor) else None
    if shape != expected:
        got = type(outputs).__name__ if shape is None else shape
        raise ValueError(
            f"module must return outputs of shape (n_rows, n_outputs) = {expected}, "
            f"got {got}. Its last layer needs {expected[-1]} outputs: the module is "
            "called as module(n_features, n_outputs, **module_params)."
        )
