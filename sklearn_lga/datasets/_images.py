"""Image data sets, split and preprocessed as semi-supervised learning has them."""

import numbers
import os
from difflib import get_close_matches
from pathlib import Path

import numpy as np
from sklearn.datasets import get_data_home
from sklearn.utils import Bunch, check_random_state

from .._types import Seed
from ._image_files import Format, read_npz
from ._published import DATA_SETS, N_CLASSES


def load_images(
    name: str,
    *,
    data_home: str | os.PathLike[str] | None = None,
    n_labeled: int | None,
    random_state: Seed = None,
) -> Bunch:
    """Load an image data set of ten classes with few labels.

    The splits and the preprocessing are those of [1]_ for CIFAR-10 and SVHN.

    ===============  ======  ==========  ======  ============  ====================
    name             train   validation  test    image         preprocessing
    ===============  ======  ==========  ======  ============  ====================
    "cifar10"        45,000  5,000       10,000  (3, 32, 32)   contrast, ZCA
    "svhn"           65,931  7,326       26,032  (3, 32, 32)   scaled to [-1, 1]
    "mnist"          55,000  5,000       10,000  (1, 28, 28)   scaled to [-1, 1]
    "fashion_mnist"  55,000  5,000       10,000  (1, 28, 28)   scaled to [-1, 1]
    ===============  ======  ==========  ======  ============  ====================

    The validation rows are the last of the published training part, a fixed share
    of it where your files are smaller. [1]_ has nothing on the last two data sets.

    Contrast: each image, less its mean, is given the norm 55. ZCA: with m and C the
    mean and the covariance of the published training part, validation images included,
    (C + 0.1 I)^(-1/2) (x - m).

    Parameters
    ----------
    name : {"cifar10", "fashion_mnist", "mnist", "svhn"}
        The data set.

    data_home : str or path-like, default=None
        The folder where the files lie, in it or in a folder ``name`` in it. None:
        :func:`sklearn.datasets.get_data_home`. These are tried in turn:

        - ``<name>.npz``, with ``X_train``, ``y_train``, ``X_test`` and ``y_test``,
          the images uint8 of shape (n, h, w), (n, h, w, c) or (n, c, h, w);
        - the files as they are published: the four idx files of the MNISTs, with or
          without ``.gz``, which are called the same, so keep them in a folder each;
          ``cifar-10-batches-py`` or ``cifar-10-batches-bin``, unpacked; SVHN's
          ``train_32x32.mat`` and ``test_32x32.mat``.

    n_labeled : int or None
        How many training rows keep their label, the same number of each class. None:
        all of them.

    random_state : int, RandomState instance or None, default=None
        Draws the rows that keep their label; nothing but it and the labels decides
        on them. For a seed, the rows of a smaller ``n_labeled`` are among those of a
        larger one.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes

        X : ndarray of shape (n_train, n_channels, height, width)
            Training images, float32.
        y : ndarray of shape (n_train,)
            Their labels 0 to 9, int64, and -1 where hidden.
        y_true : ndarray of shape (n_train,)
            Their true labels, for scoring.
        X_valid, y_valid, X_test, y_test : ndarray
            Images and labels for validation and for testing.

    Raises
    ------
    FileNotFoundError
        If the data are not there; the message says which files to put where.

    ValueError
        If ``name`` is unknown, if ``n_labeled`` is no multiple of the number of
        classes or more than there are labels, or if a file is broken or holds
        something else.

    References
    ----------
    .. [1] A. Oliver, A. Odena, C. Raffel, E. D. Cubuk and I. J. Goodfellow,
       "Realistic Evaluation of Deep Semi-Supervised Learning Algorithms", NeurIPS
       2018.

    Examples
    --------
    A file of 48 images of 4 x 4 pixels, in place of MNIST:

    >>> import tempfile
    >>> import numpy as np
    >>> from sklearn_lga.datasets import load_images
    >>> X, y = np.arange(48 * 16, dtype=np.uint8).reshape(48, 4, 4), np.arange(48) % 10
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/mnist.npz", X_train=X, y_train=y, X_test=X, y_test=y)
    ...     data = load_images("mnist", data_home=folder, n_labeled=10, random_state=0)
    >>> data.X.shape, data.X_valid.shape, data.X_test.shape
    ((44, 1, 4, 4), (4, 1, 4, 4), (48, 1, 4, 4))
    >>> np.unique(data.y, return_counts=True)[1].tolist()  # -1, then each class
    [34, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    """
    if name not in DATA_SETS:
        close = get_close_matches(str(name), DATA_SETS, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"name must be one of {sorted(DATA_SETS)}, got {name!r}.{hint}"
        )
    _check_n_labeled(n_labeled)
    home = Path(get_data_home() if data_home is None else data_home).expanduser()
    arrays, data_set = _find(name, home), DATA_SETS[name]
    n_train = len(arrays.X_train)
    n_train -= round(n_train * data_set.n_valid / data_set.n_train)
    y_true, y_valid = np.split(arrays.y_train.astype(np.int64), [n_train])
    y = _marked(y_true, n_labeled, check_random_state(random_state))
    X, X_valid, X_test = data_set.preprocess(
        arrays.X_train[:n_train], arrays.X_train[n_train:], arrays.X_test
    )
    return Bunch(
        X=X,
        y=y,
        X_valid=X_valid,
        y_valid=y_valid,
        X_test=X_test,
        y_test=arrays.y_test.astype(np.int64),
        y_true=y_true,
    )


def _find(name, home):
    """Checked arrays from the first format that is there."""
    formats = [Format((f"{name}.npz",), read_npz), *DATA_SETS[name].formats]
    for candidate in formats:
        for folder in (home / name, home):
            if paths := candidate.find(folder):
                arrays = candidate.read(*paths)
                _check(arrays, paths[0] if len(paths) == 1 else paths[0].parent)
                return arrays
    choices = "\nor\n".join(
        "\n".join(f"  {' or '.join(names)}" for names in candidate.names())
        for candidate in formats
    )
    raise FileNotFoundError(
        f"{name!r} is not complete in {home} or {home / name}. Put these there:\n"
        f"{choices}"
    )


def _check(arrays, source):
    """Raise a ValueError that names the source unless the arrays are what they say."""
    for part in ("train", "test"):
        X, y = getattr(arrays, f"X_{part}"), getattr(arrays, f"y_{part}")
        if X.dtype != np.uint8 or len(X) == 0:
            raise ValueError(
                f"{source}: X_{part} must hold images as uint8, got {len(X)} of "
                f"{X.dtype}."
            )
        if y.dtype.kind not in "iu" or y.shape != (len(X),):
            raise ValueError(
                f"{source}: y_{part} must hold an integer for each of the {len(X)} "
                f"images, got {y.dtype} of shape {y.shape}."
            )
        if y.min() < 0 or y.max() >= N_CLASSES:
            raise ValueError(
                f"{source}: y_{part} must hold labels from 0 to {N_CLASSES - 1}, they "
                f"go from {y.min()} to {y.max()}."
            )
    if arrays.X_train.shape[1:] != arrays.X_test.shape[1:]:
        raise ValueError(
            f"{source}: images for training and testing must be of one shape, got "
            f"{arrays.X_train.shape[1:]} and {arrays.X_test.shape[1:]}."
        )


def _check_n_labeled(n_labeled):
    if n_labeled is None:
        return
    integral = isinstance(n_labeled, numbers.Integral)
    if not integral or n_labeled <= 0 or n_labeled % N_CLASSES:
        raise ValueError(
            f"n_labeled must be a positive multiple of the number of classes, "
            f"{N_CLASSES}, or None for all labels, got {n_labeled!r}. Each class keeps "
            "the same number of labels."
        )


def _marked(y_true, n_labeled, rng):
    """A copy of the labels, -1 but in n_labeled / n_classes rows of each class."""
    if n_labeled is None:
        return y_true.copy()
    counts = np.bincount(y_true, minlength=N_CLASSES)
    n_each = n_labeled // N_CLASSES
    if n_each > counts.min():
        raise ValueError(
            f"n_labeled={n_labeled} takes {n_each} labels of each class, but class "
            f"{counts.argmin()} has {counts.min()} training rows. Pass "
            f"n_labeled <= {N_CLASSES * counts.min()}, or None for all labels."
        )
    y = np.full_like(y_true, -1)
    for label in range(N_CLASSES):
        kept = rng.permutation(np.flatnonzero(y_true == label))[:n_each]
        y[kept] = label
    return y
