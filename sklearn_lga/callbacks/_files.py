"""One file of plain data and tensors: written whole or not at all, read without code.

Plain data are numbers, strings, None, lists, tuples, dicts, arrays and tensors.
"""

import io
import os
import shutil
from numbers import Integral, Real
from pathlib import Path

import numpy as np
import torch

ARRAY = "__ndarray__"


def encode(value, name):
    """``value`` in the types that ``torch.load(weights_only=True)`` gives back.

    Parameters
    ----------
    value : object
        Plain data; it is not copied.

    name : str
        What to call it in the error.

    Raises
    ------
    TypeError
        If anything else is among it.
    """
    if value is None or isinstance(value, bool | torch.Tensor):
        return value
    for kind, plain in ((str, str), (np.bool_, bool), (Integral, int), (Real, float)):
        if isinstance(value, kind):
            return plain(value)
    if isinstance(value, dict):
        return {k: encode(v, f"{name}[{k!r}]") for k, v in value.items()}
    if isinstance(value, list | tuple):
        kind = tuple if isinstance(value, tuple) else list
        return kind(encode(v, f"{name}[{i}]") for i, v in enumerate(value))
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return {ARRAY: torch.from_numpy(value)}
    raise TypeError(
        f"{name} is of type {type(value).__name__}, which is no plain data."
    )


def decode(value):
    """What :func:`encode` was given."""
    if isinstance(value, dict):
        if value.keys() == {ARRAY}:
            return value[ARRAY].numpy()
        return {k: decode(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(decode, value))
    return value


def write(path, content):
    """Write plain data to a file, in one step: whoever reads sees all of it or none.

    Parameters
    ----------
    path : pathlib.Path
        The file. What it held stays whole until the new content is on the disk.

    content : dict

    Raises
    ------
    OSError
        If the file could not be written.
    """
    buffer = io.BytesIO()
    torch.save(encode(content, "content"), buffer)
    try:
        write_bytes(path, buffer.getbuffer())
    except OSError as error:
        raise OSError(
            error.errno,
            f"The checkpoint could not be written ({error.strerror}). Free the disk or "
            "pass another folder; the former checkpoint, if any, is whole",
            str(path),
        ) from error


def write_bytes(path, content):
    """Write a file in one step; one that is replaced leaves it its permissions."""
    # In the same folder, so that the renaming is one step of the file system.
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _sync_folder(folder):
    """Have the renaming itself reach the disk, where folders can be opened."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(path):
    """Delete what processes that were killed while they wrote have left."""
    for temporary in Path(path).parent.glob(f"{path.name}.*.tmp"):
        temporary.unlink(missing_ok=True)


def read(path):
    """What :func:`write` wrote, with tensors on the CPU; None without a file.

    No code of the file's is run.

    Raises
    ------
    ValueError
        If the file is damaged, or none of ours.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        content = torch.load(io.BytesIO(raw), map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises what its parsers happen to raise
        raise ValueError(
            f"{path} is damaged or no checkpoint of sklearn_lga "
            f"({type(error).__name__}). Delete it to start anew, or pass another "
            "folder."
        ) from error
    return decode(content)
