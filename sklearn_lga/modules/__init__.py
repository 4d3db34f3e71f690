"""Networks to train.

Any class or callable that is called as ``module(n_features, n_outputs,
**module_params)`` and gives a ``torch.nn.Module`` will do; these are the built-in
ones.
"""

from ._mlp import ACTIVATIONS, MLP
from ._wide_resnet import WideResNet

__all__ = ["ACTIVATIONS", "MLP", "WideResNet"]
