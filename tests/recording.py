"""A stand-in for a CUDA graph that works on a CPU."""

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

WAITS_ON_THE_HOST = {"aten::_local_scalar_dense", "aten::equal", "aten::nonzero"}


class OperationRecorder:
    """Records operations on tensors and does them again on the same tensors.

    As with a CUDA graph, Python does not run again: its numbers stay as they were, a
    result goes to the memory where the recorded one is, and nothing may wait for a
    value. Recording itself leaves no trace.

    Parameters
    ----------
    generator : torch.Generator or None
        Which the function draws from.
    """

    def __init__(self, generator=None):
        self.generator = generator
        self.n_operations = []

    @staticmethod
    def warm_up(function):
        return function()

    @staticmethod
    def refuse_waits(function):
        with Operations():
            return function()

    def record(self, function):
        generators = [g for g in (self.generator, torch.default_generator) if g]
        states = [generator.get_state() for generator in generators]
        with Operations() as operations:
            results = function()
        operations.undo()
        for generator, state in zip(generators, states, strict=True):
            generator.set_state(state)
        self.n_operations.append(len(operations.calls))
        return operations.replay, results


class Operations(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.calls, self.overwritten = [], []

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if operation._schema.name in WAITS_ON_THE_HOST:
            raise RuntimeError("operation not permitted when stream is capturing")
        for tensor in written(operation, args, kwargs):
            self.overwritten.append((tensor, tensor.clone()))
        result = operation(*args, **kwargs)
        self.calls.append((operation, args, kwargs, result))
        return result

    @torch.no_grad()
    def undo(self):
        for tensor, values in reversed(self.overwritten):
            tensor.copy_(values)
        self.overwritten = []

    @torch.no_grad()
    def replay(self):
        for operation, args, kwargs, recorded in self.calls:
            result = operation(*args, **kwargs)
            if any(r.alias_info for r in operation._schema.returns):
                continue  # a view, or written in its place
            pairs = zip(tree_leaves(recorded), tree_leaves(result), strict=True)
            for old, new in pairs:
                if isinstance(old, torch.Tensor) and not old._is_zerotensor():
                    old.copy_(new)


def written(operation, args, kwargs):
    """The tensors that an operation writes to."""
    if operation._schema.name == "aten::native_batch_norm":  # which does not say so
        yield from (v for v in args[3:5] if v is not None)
    for i, argument in enumerate(operation._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            value = args[i] if i < len(args) else kwargs.get(argument.name)
            yield from (v for v in tree_leaves(value) if isinstance(v, torch.Tensor))
