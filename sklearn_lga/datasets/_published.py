"""What is published about the image data sets."""

from collections.abc import Callable
from typing import NamedTuple

from ._image_files import (
    Format,
    read_cifar_pickles,
    read_cifar_records,
    read_idx,
    read_svhn,
)
from ._preprocessing import scaled, whitened

N_CLASSES = 10  # of every data set here


class DataSet(NamedTuple):
    """A data set, as far as it can be told without its files.

    Parameters
    ----------
    n_train : int
        Rows of the published training part, validation rows included.

    n_valid : int
        How many of them, the last ones, are for validation.

    preprocess : callable
        ``preprocess(X, X_valid, X_test)`` gives what a network sees of them.

    formats : tuple of Format
        The files that it is published in, besides our own npz.
    """

    n_train: int
    n_valid: int
    preprocess: Callable
    formats: tuple[Format, ...]


_IDX = Format(
    (
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ),
    read_idx,
    endings=("", ".gz"),
)
_CIFAR_BATCHES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")
_CIFAR_PICKLES = Format(
    tuple(f"cifar-10-batches-py/{batch}" for batch in _CIFAR_BATCHES),
    read_cifar_pickles,
)
_CIFAR_RECORDS = Format(
    tuple(f"cifar-10-batches-bin/{batch}.bin" for batch in _CIFAR_BATCHES),
    read_cifar_records,
)
_SVHN_MAT = Format(("train_32x32.mat", "test_32x32.mat"), read_svhn)

# NOTE: Oliver et al. have neither MNIST nor Fashion-MNIST. Their validation set, the
# last 5,000 rows, and their preprocessing, SVHN's, are our choice.
_MNIST = DataSet(n_train=60_000, n_valid=5_000, preprocess=scaled, formats=(_IDX,))
DATA_SETS = {
    "cifar10": DataSet(
        n_train=50_000,
        n_valid=5_000,
        preprocess=whitened,
        formats=(_CIFAR_PICKLES, _CIFAR_RECORDS),
    ),
    "fashion_mnist": _MNIST,
    "mnist": _MNIST,
    "svhn": DataSet(
        n_train=73_257, n_valid=7_326, preprocess=scaled, formats=(_SVHN_MAT,)
    ),
}
