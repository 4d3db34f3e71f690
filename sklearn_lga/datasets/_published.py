"""What is published about the image data sets."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ._image_files import (
    Format,
    read_cifar_pickles,
    read_cifar_records,
    read_idx,
    read_npz,
    read_svhn,
    zero_from_ten,
)
from ._preprocessing import scaled, whitened

N_CLASSES = 10  # of every data set here


class DataSet(NamedTuple):
    """A data set, as far as it can be told without its files.

    Of smaller files, as tests write them, the same shares are taken.
    """

    n_train: int  # validation rows included
    n_valid: int
    n_test: int
    preprocess: Callable
    formats: tuple[Format, ...]
    data_id: int  # OpenML's
    n_channels: int
    # How OpenML's rows are to be read
    channels_last: bool = False
    decode_labels: Callable = np.asarray

    def n_valid_of(self, n_train):
        """How many of the training rows, the last ones, are for validation."""
        return round(n_train * self.n_valid / self.n_train)

    def n_train_of(self, n_rows):
        """How many rows of training and test part together are for training."""
        return round(n_rows * self.n_train / (self.n_train + self.n_test))


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


def _npz(name):
    return Format((f"{name}.npz",), read_npz)


# NOTE: OpenML's copies. That the training part comes first and the test part after
# it, in the published order, is scikit-learn's account of mnist_784 and was not
# checked for the others. SVHN's rows have the channels last and its labels are 1 to
# 10, as public notebooks read and plot them; CIFAR_10's have the channels first,
# like the original, as most public programs read them (a few do not). No copy was at
# hand to see for ourselves.
#
# NOTE: Oliver et al. have neither MNIST nor Fashion-MNIST. Their validation set, the
# last 5,000 rows, and their preprocessing, SVHN's, are our choice.
_MNIST = DataSet(
    n_train=60_000,
    n_valid=5_000,
    n_test=10_000,
    preprocess=scaled,
    formats=(_npz("mnist"), _IDX),
    data_id=554,
    n_channels=1,
)
DATA_SETS = {
    "cifar10": DataSet(
        n_train=50_000,
        n_valid=5_000,
        n_test=10_000,
        preprocess=whitened,
        formats=(_npz("cifar10"), _CIFAR_PICKLES, _CIFAR_RECORDS),
        data_id=40927,
        n_channels=3,
    ),
    "fashion_mnist": _MNIST._replace(
        formats=(_npz("fashion_mnist"), _IDX), data_id=40996
    ),
    "mnist": _MNIST,
    "svhn": DataSet(
        n_train=73_257,
        n_valid=7_326,
        n_test=26_032,
        preprocess=scaled,
        formats=(_npz("svhn"), _SVHN_MAT),
        data_id=41081,
        n_channels=3,
        channels_last=True,
        decode_labels=zero_from_ten,
    ),
}
