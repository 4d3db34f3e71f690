"""Parameters that an estimator passes on to its skorch net, by ``net_params``."""

import difflib
import functools
from dataclasses import fields
from typing import TypeVar

from .elsewhere import alternative

Class = TypeVar("Class", bound=type)

ROUTED_PREFIXES = (
    "module",
    "optimizer",
    "iterator_train",
    "iterator_valid",
    "callbacks",
    "compile",
)
"""``prefix__name`` reaches the argument ``name`` of that part of the net."""

NET_ARGUMENTS = (
    "optimizer",
    "iterator_train",
    "iterator_valid",
    "use_caching",
    "torch_load_kwargs",
)
"""Arguments of the net that no estimator parameter stands for."""


def is_routed(name):
    """Whether a parameter name belongs into ``net_params``."""
    prefix, separator, argument = name.partition("__")
    if separator:
        return prefix in ROUTED_PREFIXES and argument != ""
    return name in NET_ARGUMENTS


def split_routed(estimator, params):
    """Parameters of the estimator itself, and those of its net.

    Raises
    ------
    ValueError
        If a name is unknown; the nearest known one is proposed.
    """
    own = estimator.get_params(deep=False)
    direct = {name: value for name, value in params.items() if not is_routed(name)}
    for name in direct:
        if name not in own:
            raise ValueError(unknown_parameter(name, type(estimator), own))
    return direct, {name: params[name] for name in params if name not in direct}


def check_net_params(estimator):
    """Refuse what skorch would not: names that it does not get, and what is set twice.

    Parameters
    ----------
    estimator : NetEstimator
    """
    own, net_params = estimator.get_params(deep=False), estimator.net_params or {}
    for name in net_params:
        if not isinstance(name, str):
            raise ValueError(f"net_params must have names as keys, got {name!r}.")
        if name in own:
            raise ValueError(
                f"net_params holds {name!r}, which is a parameter of "
                f"{type(estimator).__name__} itself: set it there."
            )
        if not is_routed(name):
            known = [*NET_ARGUMENTS, *routed_examples(name)]
            cls, of = type(estimator), "net_params of "
            raise ValueError(unknown_parameter(name, cls, own, known, of))
        if name.startswith("module__") and estimator.module is None:
            raise ValueError(
                f"{name} was set, but the built-in network (module=None) is set by "
                "hidden_layer_sizes, dropout and n_members. Pass a module of "
                "your own or use these."
            )
    for name in ("lr", "weight_decay"):
        given = own[name]
        if given and f"optimizer__{name}" in net_params:
            raise ValueError(
                f"{name}={given!r} and optimizer__{name}="
                f"{net_params[f'optimizer__{name}']!r} set the same. Leave one out."
            )
    if own["weight_decay"] and "optimizer" in net_params:
        raise ValueError(
            f"weight_decay={own['weight_decay']!r} sets the built-in optimizer, but "
            "net_params holds another optimizer. Pass optimizer__weight_decay, or "
            "leave weight_decay at 0."
        )


def routed_examples(name):
    """What a name might have been meant to be, routed."""
    argument = name.partition("__")[2]
    return [f"{prefix}__{argument}" for prefix in ROUTED_PREFIXES]


def unknown_parameter(name, cls, own, known=None, of=""):
    """The error's message of a name that an estimator, or its net, does not know."""
    known = known or [*own, *routed_examples(name)]
    return (
        f"Invalid parameter {name!r} for {of}{cls.__name__}."
        f"{alternative(name) or nearest(name, known)} Its own parameters are "
        f"{sorted(own)}; {list(ROUTED_PREFIXES)} take routed ones, as in module__x."
    )


def by_name(cls: Class) -> Class:
    """Have a constructor say what to pass in place of what it does not take."""
    make, names = cls.__init__, [field.name for field in fields(cls)]

    @functools.wraps(make)
    def __init__(self, *args, **parameters):
        owner = type(self).__name__
        if args:
            raise TypeError(
                f"{owner} takes parameters by their names, got an object of type "
                f"{type(args[0]).__name__} without one. Write "
                f"{owner}(hidden_layer_sizes=64) and the like; X and y are for fit."
            )
        for name in parameters:
            if is_routed(name):
                raise TypeError(
                    f"{owner}() got {name!r}, which is passed on: write "
                    f"net_params={{{name!r}: ...}}, or set_params({name}=...)."
                )
            if name not in names:
                raise TypeError(unknown_parameter(name, type(self), names))
        make(self, **parameters)

    cls.__init__ = __init__
    return cls


def nearest(name, known):
    """A clause that proposes the known name most like the given one."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean {matches[0]!r}?" if matches else ""
