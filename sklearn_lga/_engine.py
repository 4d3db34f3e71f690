"""One iteration of Algorithm 1, with all of its state in one object."""

import torch

from . import alignment
from ._jacobian import differentiate
from ._label_rows import LabelRows
from ._supervised import (
    SupervisedState,
    check_outputs,
    mean_of_members,
    trainable_parameters,
)


class LGAState(SupervisedState):
    """State of Algorithm 1: label parameters w and the running averages.

    Parameters
    ----------
    objective : Objective
        Loss and label parameterization.

    module : torch.nn.Module
        The network to train; it is not kept.

    n_unlabeled, n_outputs : int
        Rows and columns of w.

    label_lr : float
        alpha_w, the step size of Adam on w.

    labeled_weight : float, callable, str or tuple
        T(i), see :func:`~sklearn_lga.alignment.labeled_weight_at`.

    gradient_decay, norm_decay : float
        Decay of EMA(g_l) and of EMA(v^4).

    eps_norm : float
        The stabilizer of Eq. 2.

    label_pull : float in [0, 1], default=0.0
        rho: after each step of its Adam, a row's w moves by this share of the way to
        where f(w) is the network's output.

    label_betas, label_eps : tuple of two floats, float
        The other settings of Adam on w.

    label_device : str or None, default=None
        Where the labels stay, see :class:`~._label_rows.LabelRows`.

    **kwargs : dict
        See :class:`SupervisedState`.
    """

    def __init__(
        self,
        objective,
        module,
        *,
        n_unlabeled,
        n_outputs,
        label_lr,
        labeled_weight=1.0,
        gradient_decay=0.9,
        norm_decay=0.9,
        eps_norm=1e-6,
        label_pull=0.0,
        label_betas=(0.9, 0.999),
        label_eps=1e-8,
        label_device=None,
        **kwargs,
    ):
        super().__init__(objective, module, **kwargs)
        self.labeled_weight = labeled_weight
        self.gradient_decay = gradient_decay
        self.norm_decay = norm_decay
        self.eps_norm = eps_norm
        self.label_pull = label_pull
        self.label_rows = LabelRows(
            n_unlabeled,
            n_outputs,
            lr=label_lr,
            betas=label_betas,
            eps=label_eps,
            device=label_device,
        )
        self.register_buffer("gradient_average", torch.zeros(self.n_parameters))
        self.register_buffer("fourth_moment", torch.zeros(self.n_parameters))

    def labels(self):
        """The imputed labels f(w), of shape (n_unlabeled, n_outputs)."""
        return self.objective.parameterize(self.label_rows.w)

    def keep_labels_of(self, other):
        """Start from the labels, moments and counters of another state."""
        self.label_rows.load_state_dict(other.label_rows.state_dict())

    def scalars(self):
        """Corrections of both running averages, T(i), and the other weights."""
        n_updates = self.n_steps_done + 1
        corrections = [
            alignment.bias_corrected(1.0, decay, n_updates)
            for decay in (self.gradient_decay, self.norm_decay)
        ]
        weight = alignment.labeled_weight_at(self.progress, self.labeled_weight)
        return [*corrections, weight, *super().scalars()]

    def gradient(self, module, scalars, labeled_batch, unlabeled_batch):
        """Gradient for the optimizer and the terms of :meth:`step`; w is updated."""
        *corrections, weight = scalars[:3]
        parameters = trainable_parameters(module)
        (labeled_rows, given), (rows, positions) = labeled_batch, unlabeled_batch
        w = self.label_rows.read(positions)
        labels = self.objective.parameterize(w)
        passes = differentiate(module, parameters, labeled_rows, rows)
        check_outputs(module, passes.labeled_outputs, given)
        labeled_loss, labeled_delta = self._loss_and_delta(
            passes.labeled_outputs, given
        )
        loss, delta = self._loss_and_delta(passes.unlabeled_outputs, labels)
        g_l, g_u = passes.vjp(labeled_delta, delta)
        means = [(g_l, len(given)), (labeled_loss, len(given))]
        # The sum over the outputs of |prediction - label|, mean over the rows.
        distance = torch.linalg.vector_norm(delta, 1)
        means += [(value, len(rows)) for value in (g_u, loss, distance)]
        if self.regularizers:
            regularization = self._regularize(
                module, parameters, rows, passes, scalars[3:]
            )
            means += [(value, len(rows)) for value in regularization]
        values, totals = self.ranks.means(*zip(*means, strict=True))
        g_l, labeled_loss, g_u, loss, distance, *regularization = values
        terms = {
            "loss": loss + weight * labeled_loss,
            "labeled_loss": labeled_loss,
            "unlabeled_loss": loss,
            "label_distance": distance,
            "labeled_weight": weight,
        }
        direction, terms["alignment_distance"] = self._align(g_l, g_u, corrections)
        tangent = mean_of_members(passes.jvp(direction))
        g_w = alignment.label_gradient(self.objective, labels, tangent, totals[2])
        predicted = mean_of_members(passes.unlabeled_outputs.detach())
        target = self.objective.invert(predicted) if self.label_pull else None
        self.label_rows.update(positions, w, g_w, target, self.label_pull)
        g_theta = self._regularized(g_u + weight * g_l, terms, regularization)
        outputs = mean_of_members(passes.labeled_outputs.detach())
        return g_theta, terms | {"y_pred": outputs}

    def _regularize(self, module, parameters, rows, passes, weights):
        """Gradient and value of the regularizers' terms.

        The gradient goes in part through the outputs that we have.
        """
        logits = passes.unlabeled_outputs.detach().requires_grad_()
        term = self._regularization(module, rows, logits, weights)
        gradient = alignment.flat_gradient(term, [*parameters, logits])
        direct, delta = gradient.split([self.n_parameters, logits.numel()])
        return direct + passes.unlabeled_vjp(delta.view_as(logits)), term.detach()

    def _align(self, g_l, g_u, corrections):
        """The direction d and the normalized distance of Eq. 2."""
        of_average, of_moment = corrections
        mean_g_l = self._averaged(
            self.gradient_average, g_l, self.gradient_decay, of_average
        )
        difference = mean_g_l.sub_(g_u)
        fourth_moment = self._averaged(
            self.fourth_moment,
            difference.square().square_(),
            self.norm_decay,
            of_moment,
        )
        direction = alignment.alignment_direction(
            difference, fourth_moment, self.eps_norm
        )
        return direction, alignment.normalized_distance(difference, direction)

    @staticmethod
    def _averaged(average, value, decay, correction):
        """Take a value into a running average; the average, bias-corrected."""
        alignment.moving_average(average, value, decay, out=average)
        return average * correction
