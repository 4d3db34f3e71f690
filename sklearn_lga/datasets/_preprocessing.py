"""Preprocessing of images, as the data sets' literature has it."""

from functools import partial

import numpy as np
from scipy.linalg import eigh
from sklearn.utils import gen_batches

# Of so many images at a time there are copies, and of the rest there are none.
CHUNK = 1000
# Below this a contrast counts as none, and the image is not divided by it.
MIN_SCALE = 1e-10
ZCA_RIDGE = 0.1


def scale(images):
    """From [0, 255] to [-1, 1]: x / 255 * 2 - 1."""
    return images.astype(np.float32) / 255 * 2 - 1


def normalize_contrast(images, norm=55):
    """Each image by itself: (x - mean(x)) / (||x - mean(x)|| / norm)."""
    centred = images.reshape(len(images), -1).astype(np.float32)
    centred -= centred.mean(axis=1, keepdims=True, dtype=np.float64)
    scales = np.linalg.norm(centred, axis=1, keepdims=True) / norm
    centred /= np.where(scales < MIN_SCALE, 1, scales)
    return centred.reshape(images.shape)


def zca(*parts):
    """Mean and W = U diag(s)^(-1/2) U', where C + 0.1 I = U diag(s) U'.

    C is the covariance of the images of all parts, in float64.
    """
    parts = [images.reshape(len(images), -1) for images in parts]
    n_rows, n_pixels = sum(map(len, parts)), parts[0].shape[1]
    mean = sum(rows.sum(axis=0, dtype=np.float64) for rows in parts) / n_rows
    covariance = np.zeros((n_pixels, n_pixels))
    for rows in parts:
        for chunk in gen_batches(len(rows), CHUNK):
            centred = rows[chunk] - mean
            covariance += centred.T @ centred
    covariance /= n_rows
    s, U = eigh(covariance + ZCA_RIDGE * np.eye(n_pixels), overwrite_a=True)
    return mean, (U / np.sqrt(s)) @ U.T


def whiten(images, mean, W):
    """W (x - mean), where W is symmetric."""
    centred = images.reshape(len(images), -1) - mean.astype(np.float32)
    return (centred @ W.astype(np.float32)).reshape(images.shape)


def _in_chunks(function, images, out=None):
    """``function`` of all images, into ``out``, which may be ``images``."""
    if out is None:
        out = np.empty(images.shape, dtype=np.float32)
    for chunk in gen_batches(len(images), CHUNK):
        out[chunk] = function(images[chunk])
    return out


def scaled(*parts):
    """Every part by :func:`scale`."""
    return [_in_chunks(scale, part) for part in parts]


def whitened(train, valid, test):
    """Contrast normalization, then ZCA that is fitted before the validation split."""
    parts = [_in_chunks(normalize_contrast, part) for part in (train, valid, test)]
    mean, W = zca(*parts[:2])
    whiten_chunk = partial(whiten, mean=mean, W=W)
    return [_in_chunks(whiten_chunk, part, out=part) for part in parts]
