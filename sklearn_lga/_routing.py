"""Parameters that an estimator passes on to its skorch net."""

import difflib
import inspect

from torch.utils.data import DataLoader

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
    "compile",
    "use_caching",
    "torch_load_kwargs",
    "cuda_graph",
)
"""Arguments of the net that no estimator parameter stands for."""

SET_BY_THE_NET = {
    *("dataset", "sampler", "batch_sampler", "shuffle", "drop_last"),
    *("collate_fn", "generator"),
}
"""Arguments of a DataLoader that ``iterator_train__x`` does not reach."""


def nearest(name, known):
    """A clause that proposes the known name most like the given one."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean {matches[0]!r}?" if matches else ""


def is_routed(name):
    """Whether a parameter name belongs into ``net_params``."""
    prefix, separator, argument = name.partition("__")
    if separator:
        return prefix in ROUTED_PREFIXES and argument != ""
    return name in NET_ARGUMENTS


class NetParamsMixin:
    """``set_params(module__x=...)`` and the like, kept in ``net_params``.

    The dict is replaced and never changed, so that ``clone`` works and a dict of
    the user's stays as it is.
    """

    def get_params(self, deep=True):
        """Get the parameters of this estimator.

        Parameters
        ----------
        deep : bool, default=True
            If True, list what ``net_params`` holds, too, each by its own name.

        Returns
        -------
        params : dict
            Parameter names mapped to their values.
        """
        params = super().get_params(deep=deep)
        if deep and isinstance(self.net_params, dict):
            params.update(self.net_params)
        return params

    def set_params(self, **params):
        """Set the parameters of this estimator.

        Parameters
        ----------
        **params : dict
            Parameters by name. ``module__x``, ``optimizer__x``,
            ``iterator_train__x``, ``iterator_valid__x``, ``callbacks__x`` and
            ``compile__x`` are passed on to the skorch net by way of
            ``net_params``.

        Returns
        -------
        self : object
            This estimator.

        Raises
        ------
        ValueError
            If a name is unknown; the nearest known one is proposed.
        """
        own = self.get_params(deep=False)
        routed = {name: params[name] for name in params if is_routed(name)}
        direct = {name: params[name] for name in params if name not in routed}
        for name in direct:
            if name not in own:
                self._refuse(name, [*own, *self._routed_examples(name)])
        super().set_params(**direct)
        if routed:
            self.net_params = {**(self.net_params or {}), **routed}
        return self

    def _check_net_params(self):
        """Refuse entries of ``net_params`` that no part of the net takes."""
        own = self.get_params(deep=False)
        for name in self.net_params or {}:
            if name in own and name not in NET_ARGUMENTS:
                raise ValueError(
                    f"net_params holds {name!r}, which is a parameter of "
                    f"{type(self).__name__} itself: set it there."
                )
            if not isinstance(name, str):
                raise ValueError(f"net_params must have names as keys, got {name!r}.")
            if not is_routed(name):
                known = [*NET_ARGUMENTS, *self._routed_examples(name)]
                self._refuse(name, known, of="net_params of ")
            if name == "use_caching":
                check_use_caching(self.net_params[name])
            if name == "cuda_graph":
                check_is_bool(name, self.net_params[name])

    def _routed_examples(self, name):
        argument = name.partition("__")[2]
        return [f"{prefix}__{argument}" for prefix in ROUTED_PREFIXES]

    def _refuse(self, name, known, of=""):
        raise ValueError(
            f"Invalid parameter {name!r} for {of}{type(self).__name__}."
            f"{nearest(name, known)} Its own parameters are "
            f"{sorted(self.get_params(deep=False))}; {list(ROUTED_PREFIXES)} take "
            "routed ones, as in module__x."
        )


def check_use_caching(value):
    """Refuse what skorch does not know."""
    if not isinstance(value, bool | str) or value not in (True, False, "auto"):
        raise ValueError(
            f"use_caching must be True, False or 'auto', got {value!r} in net_params."
        )


def check_is_bool(name, value):
    """Refuse what is neither true nor false."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be True or False, got {value!r} in net_params.")


def check_routed_arguments(module, net_params):
    """Refuse routed arguments that the parts of the net do not take.

    Parameters
    ----------
    module : callable or None
        What ``module__x`` reach; None where the network is the built-in one.

    net_params : dict
        With at least the optimizer.

    Raises
    ------
    ValueError
        If a part has no such argument; the nearest known one is proposed.
    """
    targets = {
        "module": module,
        "optimizer": net_params["optimizer"],
        "iterator_train": net_params.get("iterator_train", DataLoader),
        "iterator_valid": net_params.get("iterator_valid", DataLoader),
    }
    for name in net_params:
        prefix, _, argument = name.partition("__")
        if argument and prefix in targets:
            _check_argument(prefix, targets[prefix], argument)


def check_callback_names(net, net_params):
    """Refuse ``callbacks__name`` of a callback that an initialized net has not."""
    known = {name for name, _ in [*net.callbacks_, *net.get_default_callbacks()]}
    for name in net_params or {}:
        prefix, _, rest = name.partition("__")
        callback = rest.partition("__")[0]
        if prefix == "callbacks" and callback not in known:
            raise ValueError(
                f"{name} was set, but there is no callback {callback!r}."
                f"{nearest(callback, known)} The callbacks are {sorted(known)}."
            )


def _check_argument(prefix, target, argument):
    name = f"{prefix}__{argument}"
    if target is None:
        raise ValueError(
            f"{name} was set, but the built-in network (module=None) is set by "
            "hidden_layer_sizes, activation and dropout. Pass a module of your own "
            "or use these."
        )
    own = prefix.startswith("iterator") and argument in SET_BY_THE_NET
    if own or name == "iterator_train__batch_size":
        raise ValueError(
            f"{name} cannot be set: batches are drawn by the net's own sampler. Set "
            "batch_size, unlabeled_batch_size or random_state instead."
        )
    try:
        parameters = inspect.signature(target).parameters
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{prefix} must be a class or callable that takes {argument!r}, got "
            f"{target!r}."
        ) from error
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    if takes_any or argument in parameters or argument.startswith("param_groups"):
        return
    raise ValueError(
        f"{name} was set, but {getattr(target, '__name__', target)} takes no argument "
        f"{argument!r}.{nearest(argument, parameters)}"
    )
