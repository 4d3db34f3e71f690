"""Adam with decoupled weight decay, ready at once."""

from inspect import unwrap

import torch


class AdamW(torch.optim.AdamW):
    """torch's own, without its guards for code that is compiled around it.

    They import the compiler when the first optimizer is made, which takes several times
    as long as a small fit. Steps of LGA call the optimizer outside of what is compiled.
    """

    add_param_group = unwrap(torch.optim.AdamW.add_param_group)
    step = torch.no_grad()(unwrap(torch.optim.AdamW.step))
