"""A plain, slow transcription of Algorithm 1, to hold the package against.

Full batches; every quantity is a list over parameters; the label gradient is
autograd's of Eq. 2 as it is written; Adam is spelled out. Shares no code with the
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


def cross_entropy(outputs, labels):
    log_p = outputs - torch.logsumexp(outputs, dim=1, keepdim=True)
    return -(labels * log_p).sum() / len(outputs)


def squared_error(outputs, targets):
    return ((outputs - targets) ** 2).sum() / (2 * len(outputs))


def algorithm_1(
    forward,
    theta,
    X_l,
    y_l,
    X_u,
    *,
    loss,
    f,
    alpha_theta,
    alpha_w,
    T,
    n_iterations,
    gradient_decay,
    norm_decay,
    eps_norm,
    w=None,
):
    """theta and w after n_iterations; ``forward(theta, X)`` gives the outputs.

    w starts at 0, if it is not given.
    """
    if w is None:
        w = torch.zeros(len(X_u), y_l.shape[1], dtype=X_u.dtype)
    adam_theta, adam_w = Adam(theta, alpha_theta), Adam([w], alpha_w)
    mean = [torch.zeros_like(p) for p in theta]
    fourth = [torch.zeros_like(p) for p in theta]
    for i in range(1, n_iterations + 1):
        theta = [p.detach().requires_grad_() for p in theta]
        w = w.detach().requires_grad_()
        g_l = torch.autograd.grad(loss(forward(theta, X_l), y_l), theta)
        g_u = torch.autograd.grad(
            loss(forward(theta, X_u), f(w)), theta, create_graph=True
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
        (w,) = adam_w.update([w.detach()], [g_w])
    return theta, w
