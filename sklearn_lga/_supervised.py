"""One iteration of training on labels alone, with all of its state in one object."""

import torch
from torch import nn

from . import alignment
from ._jacobian import frozen_statistics
from ._ranks import ALONE


def trainable_parameters(module):
    """The parameters that the flat gradients stand for, in their order."""
    return [p for p in module.parameters() if p.requires_grad]


def assign_gradient(parameters, gradient):
    """Hand a flat gradient to an optimizer, as views in ``.grad``."""
    sizes = [p.numel() for p in parameters]
    for parameter, part in zip(parameters, gradient.split(sizes), strict=True):
        parameter.grad = part.view_as(parameter)


def check_outputs(module, outputs, labels):
    """Refuse outputs that do not match the labels (n_rows, n_outputs).

    Networks with ``n_members`` > 1 give (n_rows, n_members, n_outputs).
    """
    expected = tuple(labels.shape)
    if getattr(module, "n_members", 1) > 1:
        expected = (expected[0], module.n_members, expected[1])
    shape = getattr(outputs, "shape", None)
    if shape != expected:
        got = type(outputs).__name__ if shape is None else tuple(shape)
        raise ValueError(
            f"module must return outputs of shape (n_rows, n_outputs) = {expected}, "
            f"got {got}. Its last layer needs {expected[-1]} outputs: the module is "
            "called as module(n_features, n_outputs, **module_params)."
        )


def mean_of_members(outputs):
    """Outputs (n_rows, n_outputs), where networks gave them side by side."""
    return outputs if outputs.ndim == 2 else outputs.mean(dim=1)


class SupervisedState(nn.Module):
    """State of training on the labelled rows alone: what LGA is compared with.

    Parameters
    ----------
    objective : Objective
        Loss and label parameterization.

    module : torch.nn.Module
        The network to train; it is not kept.

    n_steps : int, default=1
        N_iterations, which training progress is measured by.

    regularizers : sequence, default=()
        Terms to add to the loss, see :mod:`sklearn_lga.regularizers`. They are
        computed on the unlabelled batch, where there is none on the labelled one.

    averaging : float in [0, 1], default=0.0
        Share of the training, its last part, over which the parameters are averaged
        for :meth:`load_average`.

    batch_generator, noise_generator : torch.Generator or None, default=None
        Sources of the batches (on the CPU) and of the noise inside the network and
        the regularizers (on its device). Kept here so that the state is all there
        is to resume.

    ranks : Ranks, default=ALONE
        The processes that take part, each with batches of its own rows.
    """

    def __init__(
        self,
        objective,
        module,
        *,
        n_steps=1,
        regularizers=(),
        averaging=0.0,
        batch_generator=None,
        noise_generator=None,
        ranks=ALONE,
    ):
        super().__init__()
        self.objective = objective
        self.ranks = ranks
        self.n_steps = n_steps
        self.averaging = averaging
        self.n_averaged = 0
        self.n_parameters = sum(p.numel() for p in trainable_parameters(module))
        if not self.n_parameters:
            raise ValueError(
                "module has no parameters to train: requires_grad is False for all."
            )
        self.batch_generator = batch_generator
        self.noise_generator = noise_generator
        self.n_steps_done = 0
        self.regularizers = [r for r in regularizers if r.weight]
        self.restart_regularizers(module)
        if averaging:
            size = self.n_parameters
            self.register_buffer("parameter_average", torch.zeros(size))

    def restart_regularizers(self, module):
        """Have the regularizers remember this network as their first."""
        states = [regularizer.init(module) for regularizer in self.regularizers]
        for state in states:
            if hasattr(state, "generator"):
                state.generator = self.noise_generator
        self.regularizer_states = nn.ModuleList(states)

    @property
    def progress(self):
        """Share of the training that is behind, in [0, 1]."""
        return min(1.0, self.n_steps_done / max(1, self.n_steps - 1))

    def step(self, module, optimizer, labeled_batch, unlabeled_batch=None):
        """One iteration: gradients, the update of theta and that of the labels.

        Parameters
        ----------
        module : torch.nn.Module
            The network, in training mode.

        optimizer : torch.optim.Optimizer
            Over the parameters of ``module``.

        labeled_batch : tuple of Tensors
            Rows of shape (batch_size, ...) and labels (batch_size, n_outputs).

        unlabeled_batch : tuple of Tensors or None
            Rows of shape (batch_size, ...) and their positions among the
            unlabelled rows, shape (batch_size,), without repetition.

        Returns
        -------
        terms : dict of str to Tensor
            "loss" and the terms worth recording, scalars; and "y_pred", the outputs
            for the labelled batch. All without a graph.
        """
        terms = self.backward(module, labeled_batch, unlabeled_batch)
        optimizer.step()
        self.after_update(module)
        return terms

    def backward(self, module, labeled_batch, unlabeled_batch=None, compute=None):
        """What of :meth:`step` is before the update of theta, left as ``.grad``.

        ``compute`` may take the place of :meth:`gradient`.
        """
        compute = compute or self.gradient
        gradient, terms = compute(
            module, self.scalars(), labeled_batch, unlabeled_batch
        )
        assign_gradient(trainable_parameters(module), gradient)
        self.n_steps_done += 1
        return terms

    def scalars(self):
        """The numbers that the next step differs from the others by: weights."""
        return [r.weight_at(self.progress) for r in self.regularizers]

    def gradient(self, module, scalars, labeled_batch, unlabeled_batch=None):
        """Gradient for the optimizer and the terms of :meth:`step`.

        The same operations at every step, none of which the host waits for; what
        changes comes in ``scalars``, numbers or tensors, and in the batches.
        """
        parameters = trainable_parameters(module)
        rows, labels = labeled_batch
        outputs = module(rows)
        check_outputs(module, outputs, labels)
        loss, delta = self._loss_and_delta(outputs, labels)
        gradient = alignment.flat_gradient(outputs, parameters, delta)
        means = [(gradient, len(rows)), (loss, len(rows))]
        if self.regularizers:
            rows = (unlabeled_batch or labeled_batch)[0]
            with frozen_statistics(module):
                logits = module(rows)
            term = self._regularization(module, rows, logits, scalars)
            of_term = alignment.flat_gradient(term, parameters)
            means += [(of_term, len(rows)), (term.detach(), len(rows))]
        (gradient, loss, *regularization), _ = self.ranks.means(
            *zip(*means, strict=True)
        )
        terms = {"loss": loss, "labeled_loss": loss}
        gradient = self._regularized(gradient, terms, regularization)
        return gradient, terms | {"y_pred": mean_of_members(outputs.detach())}

    @staticmethod
    def _regularized(gradient, terms, regularization):
        """The gradient with that of the regularizers, whose value joins the terms."""
        if not regularization:
            return gradient
        of_term, terms["regularization_loss"] = regularization
        terms["loss"] = terms["loss"] + terms["regularization_loss"]
        return gradient + of_term

    def after_update(self, module):
        """What of :meth:`step` is behind the update of theta."""
        for regularizer, state in self._regularizers_and_states():
            regularizer.update(state, module)
        progress = self.n_steps_done / self.n_steps
        if self.averaging and progress > 1.0 - self.averaging:
            self.n_averaged += 1
            now = nn.utils.parameters_to_vector(trainable_parameters(module)).detach()
            self.parameter_average.lerp_(now, 1.0 / self.n_averaged)

    def load_average(self, module):
        """Put the averaged parameters in place of the last ones."""
        if self.n_averaged:
            nn.utils.vector_to_parameters(
                self.parameter_average.clone(), trainable_parameters(module)
            )

    def _regularizers_and_states(self):
        return zip(self.regularizers, self.regularizer_states, strict=True)

    def _regularization(self, module, rows, logits, weights):
        """The regularizers' weighted terms, with their graph."""
        with frozen_statistics(module):
            return sum(
                weight * regularizer.loss(state, module, rows, logits)
                for weight, (regularizer, state) in zip(
                    weights, self._regularizers_and_states(), strict=True
                )
            )

    def labels(self):
        """The imputed labels (n_unlabeled, n_outputs); here there are none."""
        return torch.empty(0, 0)

    def keep_labels_of(self, other):
        """Start from the imputed labels of another state; here there are none."""

    def _loss_and_delta(self, outputs, labels):
        """The loss, and its gradient with respect to the outputs; both constants."""
        outputs = outputs.detach()
        if outputs.ndim > labels.ndim:  # each member has the same labels
            labels = labels.unsqueeze(1)
        delta = alignment.output_gradient(self.objective, outputs, labels)
        return self.objective(outputs, labels), delta

    def get_extra_state(self):
        """What a state_dict holds besides the buffers."""
        generators = (self.batch_generator, self.noise_generator)
        return {
            "n_steps_done": self.n_steps_done,
            "n_averaged": self.n_averaged,
            "generators": [g and g.get_state() for g in generators],
        }

    def set_extra_state(self, state):
        """Restore what :meth:`get_extra_state` gave."""
        self.n_steps_done = state["n_steps_done"]
        self.n_averaged = state["n_averaged"]
        generators = (self.batch_generator, self.noise_generator)
        for generator, saved in zip(generators, state["generators"], strict=True):
            if generator is not None and saved is not None:
                generator.set_state(saved.cpu())
