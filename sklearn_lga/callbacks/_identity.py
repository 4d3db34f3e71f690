"""What tells one fit from another, in words that are the same in another process."""

import re
from dataclasses import fields, is_dataclass
from numbers import Integral

import joblib
import numpy as np
import torch

from ._order import is_last

NOT_COMPARED = (
    *("callbacks", "device", "memory", "random_state", "verbose", "warm_start"),
)
"""Parameters that do not change what is computed, or are compared by what they make."""


def identity_of(estimator, X, given, device, former):
    """What must be equal for a fit to go on from a checkpoint, in words.

    Parameters
    ----------
    estimator : NetEstimator

    X, given : array, GivenLabels
        What it trains on.

    device : str
        The device that is used.

    former : Fitted or None
        What a warm start begins with.

    Returns
    -------
    identity : dict of str to str
    """
    parameters = estimator.get_params(deep=False)
    seed = parameters["random_state"]
    network = former and [
        tensor.cpu().numpy()
        for tensor in former.model.net.module_.state_dict().values()
    ]
    return {
        "the estimator": type(estimator).__name__,
        **{
            name: describe(value)
            for name, value in parameters.items()
            if name not in NOT_COMPARED
        },
        "callbacks": describe([c for c in estimator.callbacks or [] if not is_last(c)]),
        "random_state": str(seed) if isinstance(seed, Integral) else "drawn anew",
        "the device": torch.device(device).type,
        "the content of X": joblib.hash(X),
        "the content of y": joblib.hash(tuple(given)),
        "the network of the former fit": joblib.hash(network),
    }


def describe(value):
    """A description that is the same in another process, and of another value is not.

    What has no parameters and no content that could be read, such as a function, is
    described by its name.
    """
    if isinstance(value, dict):
        return str({name: describe(each) for name, each in value.items()})
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(describe, value))}]"
    if isinstance(value, torch.Tensor):
        return describe(value.detach().cpu().numpy())
    if isinstance(value, np.ndarray) or hasattr(value, "__array__"):
        # repr leaves out the middle of what is long.
        array = np.asarray(value)
        return f"{array.dtype} array {array.shape} {joblib.hash(array)}"
    if is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: getattr(value, field.name) for field in fields(value)}
        return f"{type(value).__name__}({describe(parts)})"
    if hasattr(value, "get_params") and not isinstance(value, type):
        return f"{type(value).__name__}({describe(value.get_params())})"
    return re.sub(" at 0x[0-9a-f]+", "", repr(value))


def check_identity(theirs, ours, path):
    """Refuse the checkpoint of a fit with other data or other parameters."""
    differences = [
        f"{name} was {theirs.get(name)}, now it is {ours.get(name)}"
        for name in dict.fromkeys([*ours, *theirs])
        if theirs.get(name) != ours.get(name)
    ]
    if differences:
        raise ValueError(
            f"{path} is the checkpoint of another fit: {'; '.join(differences)}. Pass "
            "another folder, or delete the file to start anew."
        )
