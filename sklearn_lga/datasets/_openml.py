"""Image data sets from OpenML."""

import http.client
import math

import numpy as np
from sklearn.datasets import fetch_openml

NETWORK_ERRORS = (OSError, EOFError, http.client.HTTPException)


def fetch_rows(data_id, data_home):
    """Pixels of shape (n, n_pixels) and labels (n,), in OpenML's order of rows.

    Raises one of ``NETWORK_ERRORS`` where they cannot be had.
    """
    bunch = fetch_openml(
        data_id=data_id,
        data_home=data_home,
        as_frame=False,
        # Not pandas: no dependency of this package, slower on so many columns, and
        # since pandas 3.1 scikit-learn 1.9 trips over classes that are numbers.
        parser="liac-arff",
    )
    return _as_bytes(bunch.data), bunch.target.astype(np.int64)


def _as_bytes(values):
    """Pixels as uint8, if that is what they are."""
    if not (values.min() >= 0 and values.max() <= 255):
        raise ValueError(
            "OpenML's pixels must lie in [0, 255], they lie in "
            f"[{values.min()}, {values.max()}]."
        )
    pixels = values.astype(np.uint8)
    if not np.array_equal(pixels, values):
        raise ValueError("OpenML's pixels must be whole numbers, some are not.")
    return pixels


def as_images(rows, n_channels, channels_last):
    """Square images (n, channels, height, width) from rows of pixels."""
    n_rows, n_pixels = rows.shape
    side = math.isqrt(n_pixels // n_channels)
    if n_channels * side * side != n_pixels:
        raise ValueError(
            f"OpenML's rows of {n_pixels} pixels are no square images of "
            f"{n_channels} channels."
        )
    if channels_last:
        return rows.reshape(n_rows, side, side, n_channels).transpose(0, 3, 1, 2)
    return rows.reshape(n_rows, n_channels, side, side)
