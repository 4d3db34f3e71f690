"""What a view is, which views there are, and how one answers."""

from typing import NamedTuple

import numpy as np

from .kernel import NetworkKernel, SmoothKernel, fit_ridge, held_out
from .relevance import MAX_ROWS, N_ITER, column_factors

MAX_FACTORS = 1_000
"""So many features, at most, have factors of their own."""

FOLD_ITER = 10
"""Factors without a fold take so many iterations.

They start anew, as factors of all labelled rows know the fold's labels.
"""

RIDGES = np.logspace(-5.0, 1.5, 14)
"""These ratios of the labels' noise to the kernel's mean diagonal are tried."""

USUAL = 7
"""The walk over the ridges starts at this one, the median of their prior."""

DEVIATION = 2.0
"""The prior's standard deviation is so many steps, a factor of 10."""

MAX_WALKED = 500
"""So many labelled rows, at most, choose the ridge, as it varies little with more."""


class View(NamedTuple):
    """Kernel ridge regression on a table's parts.

    Parameters
    ----------
    parts : tuple of str

    kernel : NetworkKernel or SmoothKernel

    relevant : bool
        Whether columns are scaled by what the labels say of the features.
    """

    parts: tuple
    kernel: NetworkKernel | SmoothKernel
    relevant: bool = False

    def columns(self, seen):
        """Join its parts of rows that are seen."""
        return np.hstack([seen[part] for part in self.parts])


def views_of(seen, classes):
    """List the views that can be made of a table with these parts, by name.

    Targets are smooth functions more often than classes, which a second layer fits.
    Of the neighbourhoods, the widest smooths most, the smallest keeps columns apart.
    """
    line, network, smooth = (
        NetworkKernel(0),
        NetworkKernel(1 if classes else 2),
        SmoothKernel(),
    )
    views = {
        "line": View(("features",), line),
        "features": View(("features",), network),
        "features+bins": View(("features", "bins"), network),
        "relevant": View(("features",), network, True),
        "relevant_smooth": View(("features",), smooth, True),
    }
    near = sorted(part for part in seen if "neighborhood" in part)
    views |= {part: View((part,), network) for part in near[-1:]}
    views |= {"relevant_" + part: View((part,), network, True) for part in near[:1]}
    views |= {part: View((part,), line) for part in seen if "clusters" in part}
    few = seen["features"].shape[1] <= MAX_FACTORS
    return {
        name: view
        for name, view in views.items()
        if set(view.parts) <= set(seen) and (few or not view.relevant)
    }


class Factors:
    """Factors of the features by the labels, each fitted when asked for.

    Parameters
    ----------
    features, Y : ndarray of shape (n_labeled, n_columns), (n_labeled, n_outputs)

    folds : ndarray of int, shape (n_labeled,)

    random_state : RandomState
    """

    def __init__(self, features, Y, folds, random_state):
        self.features, self.Y, self.folds = features, Y, folds
        self.random_state = random_state
        self.fitted = {}

    def without(self, fold, kernel):
        """Factors by all labelled rows but those of a fold, by all if that is None."""
        if (fold, kernel) not in self.fitted:
            rows = np.flatnonzero(self.folds != fold)
            if len(rows) > MAX_ROWS:
                rows = self.random_state.choice(rows, MAX_ROWS, replace=False)
            n_iter = N_ITER if fold is None else FOLD_ITER
            found = column_factors(self.features[rows], self.Y[rows], kernel, n_iter)
            self.fitted[fold, kernel] = found
        return self.fitted[fold, kernel]


class KernelAnswer:
    """A view's predictions: held-out ones of labelled rows, and those of any row.

    Parameters
    ----------
    view : View

    seen : dict of str to ndarray
        Parts of the labelled rows.

    Y : ndarray of shape (n_labeled, n_outputs)

    folds : ndarray of int, shape (n_labeled,)

    counts : ndarray of bool, shape (n_labeled,)
        Rows whose held-out predictions tell something.

    factors : Factors

    Attributes
    ----------
    ridge : float
        The chosen noise of the labels over the kernel's mean diagonal.

    held_out : ndarray of shape (n_labeled, n_outputs)
        0 where no row counts.

    of_columns : bool
        Whether the view shows each column as it is, or as its neighbourhood's mean.
    """

    def __init__(self, view, seen, Y, folds, counts, factors):
        self.view = view
        self.of_columns = len(view.parts) == 1 and "clusters" not in view.parts[0]
        columns = view.columns(seen)
        self.factors = factors.without(None, view.kernel) if view.relevant else 1.0
        self.columns = (columns * self.factors).astype(np.float32)
        kernel, self.scale = normalized(view.kernel, columns * self.factors)
        self.ridge, self.held_out = RIDGES[USUAL], np.zeros(Y.shape)
        if counts.any():
            predict = one_kernel(kernel, Y, folds)
            if view.relevant:
                predict = kernel_of_each_fold(view.kernel, columns, Y, folds, factors)
            self.ridge = best_ridge(predict, Y, counts)
            self.held_out = predict(self.ridge, np.arange(len(Y)))
        self.coef = fit_ridge(kernel, Y, self.ridge).astype(np.float32)

    def predict(self, seen):
        """Predict rows whose parts are seen, (n_rows, n_outputs)."""
        columns = (self.view.columns(seen) * self.factors).astype(np.float32)
        kernel = self.view.kernel(columns, self.columns)
        return kernel @ (self.coef / self.scale) + self.coef.sum(axis=0)


def normalized(kernel, columns):
    """Scale a kernel to a mean diagonal of 1, and add 1 for the intercept."""
    inner = kernel(columns, columns)
    scale = np.float32(np.mean(np.diag(inner)))
    return inner / scale + 1.0, scale


def one_kernel(kernel, Y, folds):
    """Predict some of the rows, held out, by a kernel of all."""

    def predict(ridge, rows):
        return held_out(kernel[np.ix_(rows, rows)], Y[rows], folds[rows], ridge)

    return predict


def kernel_of_each_fold(kernel, columns, Y, folds, factors):
    """Predict likewise, each fold with a kernel that its rows had no part in."""
    kernels = {
        fold: normalized(kernel, columns * factors.without(fold, kernel))[0]
        for fold in np.unique(folds)
    }

    def predict(ridge, rows):
        out = np.zeros((len(rows), Y.shape[1]))
        for fold, inner in kernels.items():
            test, rest = rows[folds[rows] == fold], rows[folds[rows] != fold]
            coef = fit_ridge(inner[np.ix_(rest, rest)], Y[rest], ridge)
            out[folds[rows] == fold] = inner[np.ix_(test, rest)] @ coef
        return out

    return predict


def best_ridge(predict, Y, counts):
    """Find the ridge with the lowest held-out squared error, shrunk to the usual one.

    A walk downhill over ``RIDGES`` minimizes n/2 log error of the n rows that count,
    less the logarithm of a normal prior.
    """
    rows = np.arange(len(Y))
    if len(rows) > MAX_WALKED:
        rows = np.random.RandomState(0).choice(rows, MAX_WALKED, replace=False)
    used = counts[rows]
    losses = {}

    def loss(i):
        if i not in losses:
            errors = (predict(RIDGES[i], rows) - Y[rows])[used] ** 2
            fit = 0.5 * used.sum() * np.log(errors.mean() + 1e-12)
            losses[i] = fit + 0.5 * ((i - USUAL) / DEVIATION) ** 2
        return losses[i]

    best = USUAL
    for step in (2, 1):
        while True:
            near = [best, best - step, best + step]
            lowest = min((i for i in near if 0 <= i < len(RIDGES)), key=loss)
            if lowest == best:
                break
            best = lowest
    return RIDGES[best]
