"""Where a callback stands among the others."""


def is_last(item):
    """Whether a callback, or a pair of a name and one, asks to stand last."""
    return getattr(unnamed(item), "runs_last", False)


def unnamed(item):
    """The callback of an item, which may be a pair of a name and one."""
    return item[1] if isinstance(item, list | tuple) else item
