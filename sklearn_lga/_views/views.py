"""What a view is, which views there are, and how one answers."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import gen_batches

from .folding import N_PARTS
from .kernel import NetworkKernel, SmoothKernel, fit_ridge, fit_without
from .relevance import MAX_ROWS, N_ITER, column_factors

MAX_ENTRIES = 2**17
"""Kernels of rows to predict have so many entries at a time, as a cache holds them."""

ROWS = 64
"""A multiple of so many rows is predicted at a time."""

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
        first, *others = (seen[part] for part in self.parts)
        return np.hstack([first, *others]) if others else first


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
        "sparse_line": View(("sparse",), line),
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

    weights : ndarray of shape (n_labeled,)

    random_state : RandomState
    """

    def __init__(self, features, Y, weights, random_state):
        self.features, self.Y = features.astype(np.float64), Y
        self.weights = weights
        self.random_state = random_state
        self.fitted = {}

    def of(self, rows, kernel):
        """Factors by the labels of some rows, a mask."""
        key = rows.tobytes(), kernel
        if key not in self.fitted:
            n_iter = N_ITER if rows.all() else FOLD_ITER
            rows = np.flatnonzero(rows)
            if len(rows) > MAX_ROWS:
                rows = self.random_state.choice(rows, MAX_ROWS, replace=False)
            of_rows = self.features[rows], self.Y[rows], self.weights[rows]
            self.fitted[key] = column_factors(*of_rows, kernel, n_iter)
        return self.fitted[key]


class Fit(NamedTuple):
    """Kernel ridge regression on columns with factors.

    Parameters
    ----------
    kernel : NetworkKernel or SmoothKernel

    factors : ndarray of shape (n_columns,) or 1.0

    columns : ndarray of shape (n_labeled, n_columns)
        Those of the labelled rows, with their factors.

    scale : float
        The kernel's mean diagonal, by which it is divided; 1 is added then for the
        intercept.

    coef : ndarray of float32, shape (n_labeled, n_outputs)
        0 for labelled rows that were left out.
    """

    kernel: object
    factors: object
    columns: np.ndarray
    scale: float
    coef: np.ndarray

    def predict(self, columns):
        """Predict rows by their columns, (n_rows, n_outputs)."""
        coef, intercept = self.coef / self.scale, self.coef.sum(axis=0)
        factors = np.asarray(self.factors, dtype=self.columns.dtype)
        size = ROWS * max(1, MAX_ENTRIES // (ROWS * self.columns.shape[0]))
        outputs = [
            self.kernel(columns[rows] * factors, self.columns) @ coef + intercept
            for rows in gen_batches(columns.shape[0], size)
        ]
        return np.concatenate(outputs)


class KernelAnswer:
    """A view's predictions: held-out ones of labelled rows, and those of any row.

    Parameters
    ----------
    view : View

    seen : dict of str to ndarray
        Parts of the labelled rows.

    Y : ndarray of shape (n_labeled, n_outputs)

    weights : ndarray of shape (n_labeled,)
        The labels' noise is the ridge over these.

    folding : Folding
        Which labelled rows are left out together.

    factors : Factors

    Attributes
    ----------
    ridge : float
        The chosen noise of the labels over the kernel's mean diagonal.

    held_out : ndarray of shape (n_labeled, n_outputs)
        0 where no row counts.

    whole : Fit
        To all labelled rows.

    without : list of Fit
        To all but each part of them.
    """

    def __init__(self, view, seen, Y, weights, folding, factors):
        self.view = view
        self.widths = [seen[part].shape[1] for part in view.parts]
        precision = seen["features"].dtype
        columns = view.columns(seen).astype(np.float64)
        everyone = np.ones(len(Y), dtype=bool)
        self.ridge, self.held_out = RIDGES[USUAL], np.zeros(Y.shape)

        def scaled(rows):
            """Factors by some rows, and the kernel of all with them."""
            found = factors.of(rows, view.kernel) if view.relevant else 1.0
            return found, *normalized(view.kernel, columns * found)

        found, kernel, scale = scaled(everyone)
        folds, parts = folding.folds, folding.parts
        if view.relevant:
            kernels = {fold: scaled(folds != fold) for fold in np.unique(folds)}
            predict = by_kernel_of_each_fold(kernels, Y, weights, folds)
        else:
            predict = by_one_kernel(kernel, Y, weights, folds)
        if folding.counts.any():
            self.ridge = best_ridge(predict, Y, weights, folding.counts)
            self.held_out = predict(self.ridge, np.arange(len(Y)))

        def fit(found, scale, coef):
            shown = (columns * found).astype(precision)
            return Fit(view.kernel, found, shown, scale, coef.astype(np.float32))

        noise = self.ridge / weights
        coef, without, _ = fit_without(kernel, Y, parts, noise)
        self.whole = fit(found, scale, coef)
        self.without = []
        for part in range(N_PARTS):
            rest = parts != part
            if rest.all():
                self.without.append(self.whole)
            elif view.relevant:
                found, kernel, scale = scaled(rest)
                coef = np.zeros(Y.shape)
                coef[rest] = fit_ridge(kernel[np.ix_(rest, rest)], Y[rest], noise[rest])
                self.without.append(fit(found, scale, coef))
            else:
                coef = without[part].astype(np.float32)
                self.without.append(self.whole._replace(coef=coef))

    @property
    def parts(self):
        """What the view is made of."""
        return self.view.parts

    def column_squares(self):
        """Squares of the columns' scales in the kernel, (1 + N_PARTS, n_columns) each.

        By the part of the table; of the fit to all labels, then of the others.
        """
        width, fits = sum(self.widths), [self.whole, *self.without]
        squares = np.array(
            [np.full(width, np.square(fit.factors) / fit.scale) for fit in fits]
        )
        each = np.split(squares, np.cumsum(self.widths)[:-1], axis=1)
        return dict(zip(self.parts, each, strict=True))

    def shares(self, table, variances):
        """What each feature has of the inner products, (n_features,)."""
        squares = {p: s[0] * variances[p] for p, s in self.column_squares().items()}
        whole = max(sum(part.sum() for part in squares.values()), 1e-300)
        return sum(table.of_features(part, s / whole) for part, s in squares.items())

    def predict(self, seen):
        """Predict rows whose parts are seen, (n_rows, n_outputs)."""
        return self.whole.predict(self.view.columns(seen))

    def predict_each(self, seen):
        """Predict them by all fits, (1 + N_PARTS, n_rows, n_outputs)."""
        columns, fits = self.view.columns(seen), [self.whole, *self.without]
        if self.view.relevant:
            return np.array([fit.predict(columns) for fit in fits])
        coef = np.hstack([fit.coef for fit in fits])
        outputs = self.whole._replace(coef=coef).predict(columns)
        return outputs.reshape(len(outputs), len(fits), -1).swapaxes(0, 1)


def normalized(kernel, columns):
    """Scale a kernel to a mean diagonal of 1, and add 1 for the intercept."""
    inner = kernel(columns, columns)
    scale = np.float32(np.mean(np.diag(inner)))
    return inner / scale + 1.0, scale


def by_one_kernel(kernel, Y, weights, folds):
    """Predict some of the rows, held out, by a kernel of all."""

    def predict(ridge, rows):
        inner = kernel[np.ix_(rows, rows)]
        return fit_without(inner, Y[rows], folds[rows], ridge / weights[rows])[2]

    return predict


def by_kernel_of_each_fold(kernels, Y, weights, folds):
    """Predict likewise, each fold with a kernel that its rows had no part in."""

    def predict(ridge, rows):
        out = np.zeros((len(rows), Y.shape[1]))
        for fold, (_, inner, _) in kernels.items():
            test, rest = rows[folds[rows] == fold], rows[folds[rows] != fold]
            noise = ridge / weights[rest]
            coef = fit_ridge(inner[np.ix_(rest, rest)], Y[rest], noise)
            out[folds[rows] == fold] = inner[np.ix_(test, rest)] @ coef
        return out

    return predict


def best_ridge(predict, Y, weights, counts):
    """Find the ridge with the lowest held-out squared error, shrunk to the usual one.

    A walk downhill over ``RIDGES`` minimizes n/2 log error of the n rows that count,
    less the logarithm of a normal prior.
    """
    rows = np.arange(len(Y))
    if len(rows) > MAX_WALKED:
        rows = np.random.RandomState(0).choice(rows, MAX_WALKED, replace=False)
    used = counts[rows]
    weights = weights[rows][used]
    losses = {}

    def loss(i):
        if i not in losses:
            errors = np.mean((predict(RIDGES[i], rows) - Y[rows])[used] ** 2, axis=1)
            error = np.average(errors, weights=weights)
            fit = 0.5 * used.sum() * np.log(error + 1e-12)
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
