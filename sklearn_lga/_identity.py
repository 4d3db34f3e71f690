"""What tells one fit from another, in words that are the same in another process."""

import re


def describe(value):
    """A description that is the same in another process."""
    if isinstance(value, dict):
        return {name: describe(each) for name, each in value.items()}.__repr__()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(describe, value))}]"
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
