"""Readers of the files that image data sets are published in.

Every reader takes the paths of a :class:`Format` in its order and returns
:class:`Arrays`.
"""

import gzip
import math
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.io import loadmat

from ._array_unpickler import ArrayUnpickler


class Arrays(NamedTuple):
    """Images (n, channels, height, width) and labels (n,), as they are stored."""

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


class Format(NamedTuple):
    """Files, named relative to a folder, that hold a data set between them."""

    files: tuple[str, ...]
    read: Callable[..., Arrays]
    endings: tuple[str, ...] = ("",)

    def names(self):
        """The names that each of the files may have."""
        return [[file + ending for ending in self.endings] for file in self.files]

    def find(self, folder):
        """The path of every file, or None where one is missing."""
        candidates = [map(folder.joinpath, names) for names in self.names()]
        paths = [next(filter(Path.is_file, each), None) for each in candidates]
        return None if None in paths else paths


def _naming_the_file(kind):
    """Decorate a reader of one path: what goes wrong comes as a ValueError.

    Decoders of foreign formats raise nearly anything on broken input, and their
    messages rarely say in which file.
    """

    def decorate(read):
        @wraps(read)
        def read_named(path):
            try:
                return read(path)
            except (MemoryError, PermissionError):
                raise
            except Exception as error:
                reason = str(error).rstrip(".")
                raise ValueError(
                    f"{path} cannot be read as {kind}: {reason}. Replace it by a "
                    "whole copy, or remove it to have the other formats tried."
                ) from error

        return read_named

    return decorate


def _entries(content, *keys):
    missing = [key for key in keys if key not in content]
    if missing:
        raise ValueError(f"it has no {missing}, it has {sorted(content)}.")
    return [content[key] for key in keys]


@_naming_the_file("an npz file of X_train, y_train, X_test and y_test")
def read_npz(path):
    """One file with the arrays, channels first, last or none at all."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
        X_train, y_train, X_test, y_test = _entries(content, *Arrays._fields)
    return Arrays(_channels_first(X_train), y_train, _channels_first(X_test), y_test)


def _channels_first(images):
    """(n, h, w), (n, h, w, c) or (n, c, h, w) as the last, with c = 1 or 3."""
    if images.ndim == 3:
        return images[:, np.newaxis]
    first, last = (images.ndim == 4 and images.shape[axis] in (1, 3) for axis in (1, 3))
    if first == last:
        raise ValueError(
            "images must be of shape (n, height, width), or have 1 or 3 channels in "
            f"either the second or the last axis; the shape is {images.shape}."
        )
    return images if first else np.moveaxis(images, 3, 1)


def _read_idx(path, n_axes):
    """A header of the magic number and the sizes, big-endian, then the bytes."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
        content = file.read()
    magic = bytes([0, 0, 8, n_axes])  # 8: unsigned bytes
    if content[:4] != magic:
        raise ValueError(
            f"it starts with {content[:4].hex()}, not the magic number {magic.hex()}."
        )
    start = 4 + 4 * n_axes
    shape = np.frombuffer(content[4:start].ljust(4 * n_axes, b"\0"), ">u4").tolist()
    n_bytes = len(content) - start
    if n_bytes != math.prod(shape):
        raise ValueError(f"{n_bytes} bytes follow the header, which says {shape}.")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


_read_idx_images = _naming_the_file("idx images")(partial(_read_idx, n_axes=3))
_read_idx_labels = _naming_the_file("idx labels")(partial(_read_idx, n_axes=1))


def read_idx(train_images, train_labels, test_images, test_labels):
    """Images and labels for training, then for testing."""
    return Arrays(
        _channels_first(_read_idx_images(train_images)),
        _read_idx_labels(train_labels),
        _channels_first(_read_idx_images(test_images)),
        _read_idx_labels(test_labels),
    )


@_naming_the_file("a pickled batch of CIFAR-10")
def _read_cifar_pickle(path):
    with path.open("rb") as file:
        content = ArrayUnpickler(file, encoding="bytes").load()
    images, labels = _entries(content, b"data", b"labels")
    return np.asarray(images).reshape(-1, 3, 32, 32), np.asarray(labels)


@_naming_the_file("a binary batch of CIFAR-10")
def _read_cifar_records(path):
    """Records of a label and the pixels."""
    content = np.fromfile(path, dtype=np.uint8)
    size = 1 + 3 * 32 * 32
    if len(content) % size:
        raise ValueError(f"{len(content)} bytes are no multiple of {size}.")
    records = content.reshape(-1, size)
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0]


def _read_cifar(read_batch, *paths):
    *train, (X_test, y_test) = [read_batch(path) for path in paths]
    X_train, y_train = (np.concatenate(batches) for batches in zip(*train, strict=True))
    return Arrays(X_train, y_train, X_test, y_test)


read_cifar_pickles = partial(_read_cifar, _read_cifar_pickle)
read_cifar_records = partial(_read_cifar, _read_cifar_records)


@_naming_the_file("a MATLAB file of SVHN")
def _read_svhn_part(path):
    X, y = _entries(loadmat(path, variable_names=["X", "y"]), "X", "y")
    # The labels are 1 to 10, where 10 stands for the digit 0.
    return X.transpose(3, 2, 0, 1), np.where(y == 10, 0, y).ravel()


def read_svhn(train, test):
    """The training part, then the test part."""
    return Arrays(*_read_svhn_part(train), *_read_svhn_part(test))
