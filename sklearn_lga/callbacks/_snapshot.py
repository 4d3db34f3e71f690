"""All that a training in progress is made of: taken from a net, given back to one."""

import torch

from ._files import encode
from ._order import is_last


def take_snapshot(net, epoch_start, global_generator):
    """What the rest of the training depends on, behind a step.

    Parameters
    ----------
    net : SemiSupervisedNet
        In training.

    epoch_start : dict
        ``net.sampler_.state()`` from before the epoch.

    global_generator : bool
        Whether the module draws from torch's global generators.

    Returns
    -------
    snapshot : dict
        Plain data and tensors, which are the net's own and not copies.
    """
    return {
        "n_batches": len(net.history[-1, "batches"]),
        "epoch_start": epoch_start,
        "module": net.module_.state_dict(),
        "optimizer": net.optimizer_.state_dict(),
        "state": net.state_.state_dict(),
        "history": list(net.history),
        "sums": net.sums_,
        "callbacks": {
            name: callback_state(c) for name, c in net.callbacks_ if not is_last(c)
        },
        "global_generators": _global_states(net.device) if global_generator else [],
    }


def restore_snapshot(net, snapshot):
    """Let a net be what it was when the snapshot was taken.

    Parameters
    ----------
    net : SemiSupervisedNet
        As the one that the snapshot is of was when it was initialized, or when it
        began its epoch.

    snapshot : dict
        What :func:`take_snapshot` gave.
    """
    net.module_.load_state_dict(snapshot["module"])
    net.optimizer_.load_state_dict(snapshot["optimizer"])
    # Else a schedule that steps next would warn that the optimizer has not stepped.
    net.optimizer_._opt_called = True
    net.state_.load_state_dict(snapshot["state"])
    net.history[:] = snapshot["history"]
    named = dict(net.callbacks_)
    for name, state in snapshot["callbacks"].items():
        load_callback_state(named[name], state)
    _set_global_states(net.device, snapshot["global_generators"])


def restore_position(net, snapshot):
    """Let a net that has begun an epoch stand at the step of a snapshot.

    To be called behind :func:`restore_snapshot`, whose state has a batch generator that
    is further on than the epoch's start.
    """
    net.sampler_.resume(snapshot["epoch_start"], snapshot["n_batches"])
    net.sums_ = {k: total.to(net.device) for k, total in snapshot["sums"].items()}


def callback_state(callback):
    """What a callback remembers: attributes that end in ``_`` and are plain data.

    What has a ``state_dict`` of its own, such as a learning-rate schedule, is asked
    for it. The rest is made anew by the callback's ``initialize`` and
    ``on_train_begin``.
    """
    if hasattr(callback, "state_dict"):
        return callback.state_dict()
    attributes = {k: v for k, v in vars(callback).items() if k.endswith("_")}
    return _plain(
        {
            name: _plain(value.state_dict()) if _has_state(value) else value
            for name, value in attributes.items()
        }
    )


def load_callback_state(callback, state):
    """Give back what :func:`callback_state` took."""
    if hasattr(callback, "load_state_dict"):
        callback.load_state_dict(state)
        return
    for name, value in state.items():
        if _has_state(vars(callback).get(name)):
            getattr(callback, name).load_state_dict(value)
        elif hasattr(callback, name) or not isinstance(value, dict):
            # A dict may be the state of what is made when a training begins.
            setattr(callback, name, value)


def _has_state(value):
    return hasattr(value, "state_dict") and not isinstance(value, type)


def _plain(values):
    """The entries of a dict that are plain data."""
    plain = {}
    for name, value in values.items():
        try:
            plain[name] = encode(value, name)
        except TypeError:
            continue
    return plain


def _global_states(device):
    """States of torch's global generators, those of modules that own none."""
    states = [torch.get_rng_state()]
    if torch.device(device).type == "cuda":
        states.append(torch.cuda.get_rng_state(device))
    return states


def _set_global_states(device, states):
    for i, state in enumerate(states):
        torch.cuda.set_rng_state(state, device) if i else torch.set_rng_state(state)
