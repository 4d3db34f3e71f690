"""Terms of the loss that need no labels: the other systems of the paper's Table 1.

Each is a small object that holds parameters only. A training asks three things of it:
``init(module)`` gives what it remembers between steps (a ``torch.nn.Module`` or
None), ``loss(state, module, X, logits)`` the term for a batch whose outputs are
``logits``, and ``update(state, module)`` is called after every update of the network.
It multiplies the term by ``weight_at(progress)``, and leaves terms of weight 0
out.
"""

from ._base import Regularizer
from ._confidence import EntropyMinimization, PseudoLabel
from ._consistency import MeanTeacher, PiModel
from ._vat import VAT

__all__ = [
    "VAT",
    "EntropyMinimization",
    "MeanTeacher",
    "PiModel",
    "PseudoLabel",
    "Regularizer",
]
