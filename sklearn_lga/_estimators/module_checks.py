"""What is refused of a network of the user's, or warned of, before it is trained."""

import inspect
import warnings

import numpy as np
import torch
from torch import nn


def check_module(estimator):
    """Refuse an instance as ``module``, and settings of the built-in network."""
    module = estimator.module
    if isinstance(module, nn.Module):
        raise ValueError(
            f"module must be a class or callable that builds a network, called as "
            f"module(n_features, n_outputs, **module_params), got an instance of "
            f"{type(module).__name__}. Pass the class."
        )
    defaults = inspect.signature(type(estimator)).parameters
    for name in ("hidden_layer_sizes", "dropout", "n_members"):
        value = getattr(estimator, name)
        one = name == "n_members" and value == 1  # which it is
        if not (one or np.array_equal(value, defaults[name].default)):
            raise ValueError(
                f"{name}={value!r} sets the built-in network, but module="
                f"{getattr(module, '__name__', module)} was given, too. Use "
                f"module__{name} if your module takes it, or leave {name} at its "
                "default."
            )


def check_module_outputs(module, shape, of_classes):
    """Refuse a module of another width; warn of probabilities in place of logits.

    Parameters
    ----------
    module : torch.nn.Module
        Just built.

    shape : tuple of int
        Of a row.

    of_classes : bool
        Whether its outputs are logits.
    """
    training = module.training
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            outputs = module.eval()(torch.zeros(2, *shape))
    except Exception as error:
        # Rows of another kind may be what it takes: training tells what is wrong else.
        if "shapes cannot be multiplied" in str(error):
            raise ValueError(
                f"its first layer does not take rows of shape {shape} ({error}). It is "
                "called as module(n_features, n_outputs, **module_params) and needs "
                "n_features inputs."
            ) from error
        return
    finally:
        module.train(training)
    if of_classes and torch.is_tensor(outputs) and are_probabilities(outputs):
        warnings.warn(
            f"The outputs of {type(module).__name__} are probabilities, as of a "
            "Softmax at its end, but they are taken for logits, whose softmax is taken "
            "once more. Leave out the module's last Softmax.",
            UserWarning,
            stacklevel=2,
        )


def are_probabilities(outputs):
    """Whether the outputs of rows are distributions, which logits are not by chance."""
    sums = outputs.sum(dim=-1)
    return bool((outputs >= 0).all() and torch.allclose(sums, torch.ones_like(sums)))
