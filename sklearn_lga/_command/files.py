"""Files that are written whole or not at all."""

import os
import sys
from pathlib import Path

STANDARD = Path("-")
"""Standard input and output, as a path."""


class CommandError(Exception):
    """What the user has to hear, in one line."""


def check_destination(path, taken, force):
    """Refuse a path that cannot be written, before any work is done.

    Parameters
    ----------
    path : Path
        The file to be.

    taken : dict of str to Path
        Files that it must not be, by the option that named them; the input by
        "the input", which ``force`` allows.

    force : bool
        Whether the input may be replaced.
    """
    if path == STANDARD:
        return
    for name, other in taken.items():
        if _same(path, other) and not (force and name == "the input"):
            remedy = "Pass --force to replace it." if name == "the input" else ""
            raise CommandError(f"{path} is {name}, too. {remedy}")
    folder = path.resolve().parent
    if not folder.is_dir():
        raise CommandError(f"cannot write {path}: there is no folder {folder}.")
    if path.is_dir() or not os.access(folder, os.W_OK):
        raise CommandError(f"cannot write {path}: it is a folder or not writable.")


def _same(path, other):
    if path.exists() and other.exists():
        return path.samefile(other)
    return path.resolve() == other.resolve()


def read_whole(path):
    """The bytes of a file, or of standard input."""
    try:
        return sys.stdin.buffer.read() if path == STANDARD else path.read_bytes()
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}.") from error


def write_whole(path, content):
    """Write bytes; a file that was there is replaced in one step, or stays."""
    if path == STANDARD:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    from ..callbacks._files import write_bytes  # takes torch, which is there by now

    try:
        write_bytes(path.resolve(), content)  # a link is followed, not replaced
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror}.") from error
