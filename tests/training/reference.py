"""A plain, slow transcription of Algorithm 1, to hold the package against.

Every quantity is a list over parameters; the label gradient is autograd's of Eq. 2 as
it is written; Adam is spelled out, on w for each row by itself. Shares no code with the
package.
"""

import torch


class Adam:
    def __init__(self, like, lr, betas=(0.9, 0.999), eps=1e-8):
        self.m = [torch.zeros_like(x) for x in like]
        self.v = [torch.zeros_like(x) for x in like]
        self.lr, self.betas, self.eps, self.t = lr, betas, eps, 0

    def update(self, values, gradients):
        self.t += 1
        b1, b2 = self.betas
        updated = []
        for i, (value, g) in enumerate(zip(values, gradients, strict=True)):
            self.m[i] = b1 * self.m[i] + (1 - b1) * g
            self.v[i] = b2 * self.v[i] + (1 - b2) * g**2
            m_hat = self.m[i] / (1 - b1**self.t)
            v_hat = self.v[i] / (1 - b2**self.t)
            updated.append(value - self.lr * m_hat / (v_hat**0.5 + self.eps))
        return updated


class RowwiseAdam:
    """An Adam for each row of w, which moves when the row is in a batch."""

    def __init__(self, w, lr):
        self.rows = [Adam([row], lr) for row in w]

    def update(self, w, g, batch):
        w = w.clone()
        for i in batch.tolist():
            (w[i],) = self.rows[i].update([w[i]], [g[i]])
        return w


def cross_entropy(outputs, labels):
    log_p = outputs - torch.logsumexp(outputs, dim=1, keepdim=True)
    return -(labels * log_p).sum() / len(outputs)


def squared_error(outputs, targets):
    return ((outputs - targets) ** 2).sum() / (2 * len(outputs))


def algorithm_1(
    forward,
    theta,
    w,
    batches,
    *,
    loss,
    f,
    alpha_theta,
    alpha_w,
    T,
    gradient_decay,
    norm_decay,
    eps_norm,
):
    """theta and w after an iteration for each batch.

    ``forward(theta, X)`` gives the outputs; a batch is X_l, y_l, X_u and the rows of w
    that belong to X_u.
    """
    adam_theta, adam_w = Adam(theta, alpha_theta), RowwiseAdam(w, alpha_w)
    mean = [torch.zeros_like(p) for p in theta]
    fourth = [torch.zeros_like(p) for p in theta]
    for i, (X_l, y_l, X_u, rows) in enumerate(batches, start=1):
        theta = [p.detach().requires_grad_() for p in theta]
        w = w.detach().requires_grad_()
        g_l = torch.autograd.grad(loss(forward(theta, X_l), y_l), theta)
        g_u = torch.autograd.grad(
            loss(forward(theta, X_u), f(w[rows])), theta, create_graph=True
        )
        g_theta = [b.detach() + T(i) * a for a, b in zip(g_l, g_u, strict=True)]
        distance = 0.0
        for j in range(len(theta)):
            mean[j] = gradient_decay * mean[j] + (1 - gradient_decay) * g_l[j]
            v = mean[j] / (1 - gradient_decay**i) - g_u[j]
            fourth[j] = norm_decay * fourth[j] + (1 - norm_decay) * v.detach() ** 4
            ema = fourth[j] / (1 - norm_decay**i)
            distance = distance + (v**2 / (eps_norm + ema**0.5)).sum()
        (g_w,) = torch.autograd.grad(distance, w)
        theta = adam_theta.update([p.detach() for p in theta], g_theta)
        w = adam_w.update(w.detach(), g_w, rows)
    return theta, w
