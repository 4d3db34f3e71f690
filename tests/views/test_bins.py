"""Piecewise-linear encoding: bins between quantiles, and what they span."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_lga._views import bins
from sklearn_lga._views.bins import N_BINS, SCALE, Bins

X = np.random.RandomState(0).randn(400, 3)


def test_bins_are_between_the_quantiles():
    found = Bins(X)
    assert_array_equal(found.columns, np.repeat([0, 1, 2], N_BINS))
    levels = np.linspace(0.0, 1.0, N_BINS + 1)
    edges = np.quantile(X, levels, axis=0, method="nearest")
    assert_array_equal(found.lower, edges[:-1].T.ravel())
    assert_allclose(found.width, np.diff(edges, axis=0).T.ravel())


def test_columns_of_few_values():
    """Two values are a line already; of three each gap is a bin."""
    rows = np.column_stack([np.zeros(90), np.arange(90) % 2, np.arange(90) % 3])
    found = Bins(rows)
    assert_array_equal(found.columns, [2, 2])
    assert_array_equal(found.lower, [0, 1])
    assert_array_equal(found.width, [1, 1])
    expected = np.array([[0, 0], [1, 0], [1, 1]])
    assert_array_equal(found.encode(rows[:3]), SCALE * (expected - 0.5))
    assert Bins(rows[:, :2]).encode(rows[:5, :2]).shape == (5, 0)


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_encoding_does_not_depend_on_the_scale(scale):
    rows = scale * X + 3 * scale
    assert_allclose(Bins(rows).encode(rows), Bins(X).encode(X), atol=1e-6)


def test_a_linear_map_of_it_is_piecewise_linear():
    found = Bins(X[:, :1])
    encoded = found.encode(np.sort(X[:, :1], axis=0))
    assert encoded.shape == (400, N_BINS)
    assert (np.diff(encoded, axis=0) >= 0).all()
    assert abs(encoded).max() == SCALE / 2
    rising = (np.diff(encoded, axis=0) > 0).sum(axis=1)
    assert (rising <= 2).all()  # one bin at a time, two at a knot
    outside = found.encode(np.array([[-100.0], [100.0]]))
    assert_array_equal(outside, SCALE / 2 * np.repeat([[-1], [1]], N_BINS, axis=1))
    # The identity between the first knot and the last.
    line = (encoded / SCALE + 0.5) @ found.width + found.lower[0]
    assert_allclose(line, np.sort(X[:, 0]), atol=1e-6)


def test_quantiles_of_a_part_of_many_rows(monkeypatch):
    """Near those of all, the same at each call, and nothing is drawn elsewhere."""
    monkeypatch.setattr(bins, "N_BINS", 4)
    rows = np.random.RandomState(0).randn(50_000, 2)
    before = np.random.get_state()[1].copy()
    found = Bins(rows)
    assert_array_equal(np.random.get_state()[1], before)
    assert_array_equal(found.lower, Bins(rows).lower)
    for j in range(2):
        inner = found.lower[found.columns == j][1:]
        quartiles = np.quantile(rows[:, j], [0.25, 0.5, 0.75])
        assert_allclose(inner, quartiles, atol=0.1)
