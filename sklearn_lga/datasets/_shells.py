"""Concentric shells, the made-up data of Section 3.2."""

import numpy as np
from sklearn.utils import check_random_state

from .._types import Seed


def make_shells(
    n_samples: int, n_features: int, *, random_state: Seed = None
) -> tuple[np.ndarray, np.ndarray]:
    """Five classes in concentric shells, dense where the classes meet.

    The data of Section 3.2: a direction v is drawn from the unit hypersphere, a
    class c from 1 to 5, and a magnitude s from Eq. 14::

        s ~ c - 1 + Unif[0.75, 1]                   for c = 1
                    Unif[0, 0.25]                   for c = 5
                    Unif([0, 0.25] u [0.75, 1])     otherwise

    The point is v s. The optimal boundaries pass through regions of high
    density, against the assumption that many semi-supervised methods make.

    Parameters
    ----------
    n_samples : int
        Number of points.

    n_features : int
        Dimension d of the space.

    random_state : int, RandomState instance or None, default=None
        Draws the points.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        The points.

    y : ndarray of shape (n_samples,)
        The classes c - 1, from 0 to 4.

    Examples
    --------
    >>> from sklearn_lga.datasets import make_shells
    >>> X, y = make_shells(2500, 2, random_state=0)
    >>> X.shape, y.min().item(), y.max().item()
    ((2500, 2), 0, 4)
    """
    rng = check_random_state(random_state)
    direction = rng.standard_normal((n_samples, n_features))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    y = rng.randint(5, size=n_samples)
    outer = rng.randint(2, size=n_samples).astype(bool)
    outer = (outer | (y == 0)) & (y != 4)
    magnitude = y + 0.75 * outer + rng.uniform(0.0, 0.25, size=n_samples)
    return direction * magnitude[:, np.newaxis], y
