"""Where the path ends, what it warns of, and moments without cancellation."""

import numpy as np
import pytest
from scipy import sparse

from sklearn_lga.linear import (
    data_moments,
    default_step_sizes,
    fixed_point,
    least_squares,
    lga_path,
    lga_path_from_moments,
)
from sklearn_lga.linear._end import end_of_path

from ..in_turn import pairs, seeds
from .test_linear import brute_force, problem, stable_sizes


@pytest.mark.parametrize(("share", "n_outputs"), pairs([0.3, 1.0], [None, 2], every=2))
@pytest.mark.parametrize("seed", seeds(4, always=2))
def test_end_of_the_path_with_fewer_labelled_rows_than_features(seed, share, n_outputs):
    X_l, y, X_u = problem(seed, 3, 40, 5, n_outputs)
    moments = data_moments(X_l, y, X_u)
    sizes = stable_sizes(X_l, y, X_u, share)
    coef, label_coef = end_of_path(moments, **sizes)
    path = lga_path(X_l, y, X_u, **sizes, n_steps=60_000)
    np.testing.assert_allclose(coef, path.coef[0], rtol=1e-5, atol=1e-6)
    labels = X_u @ label_coef / moments.n_u
    np.testing.assert_allclose(labels, path.labels(X_u)[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(X_l @ coef, y, rtol=1e-9, atol=1e-9)
    assert np.abs(coef - fixed_point(moments)[0]).max() > 0.01  # not the minimum norm


def test_end_of_the_path_that_the_step_sizes_do_not_choose():
    """Regular or diagonal moments: the fixed point. No step of the labels: zero."""
    X_l, y, X_u = problem(0, 30, 40, 4)
    moments = data_moments(X_l, y, X_u)
    sizes = default_step_sizes(moments)
    end = end_of_path(moments, **sizes)
    np.testing.assert_allclose(end[0], least_squares(X_l, y), rtol=1e-9)
    diagonal = data_moments(np.diag([1.0, 2.0, 0.0]), [1.0, 2.0, 3.0], np.eye(3))
    sizes = default_step_sizes(diagonal)
    np.testing.assert_allclose(
        end_of_path(diagonal, **sizes)[0], fixed_point(diagonal)[0], atol=1e-12
    )
    assert not np.any(end_of_path(moments, **sizes | {"label_lr": 0.0}))


def test_a_path_that_does_not_get_near_its_end_warns():
    X_l, y, X_u = problem(0, 3, 40, 5)
    moments = data_moments(X_l, y, X_u)
    sizes = default_step_sizes(moments)
    with pytest.warns(UserWarning, match="not come near its end within 100,000 steps"):
        end_of_path(moments, **sizes | {"label_lr": 1e-9})


def test_paths_warn_of_directions_without_unlabelled_rows():
    X_l, y, X_u = problem(0, 30, 2, 4)
    moments = data_moments(X_l, y, X_u)
    sizes = stable_sizes(X_l, y, X_u) | {"n_steps": 3}
    with pytest.warns(UserWarning, match="second moment of the labelled rows lies in"):
        lga_path(X_l, y, X_u, **sizes)
    with pytest.warns(UserWarning, match="second moment of the labelled rows lies in"):
        lga_path_from_moments(**vars(moments), **sizes)
    with pytest.warns(UserWarning, match="25 % of the second moment"):
        lga_path_from_moments([3.0, 1.0], [1.0, 0.0], [1.0, 1.0], 5, **sizes)


@pytest.mark.parametrize("correlated", [True, False])
def test_eps_norm_zero_is_section_3_1(correlated):
    """d = 1 / r: exact to the step, and a warning that the path never rests."""
    X_l, y, X_u = problem(0, 20, 30, 3, correlated=correlated)
    sizes = default_step_sizes(data_moments(X_l, y, X_u), eps_norm=0.0)
    assert sizes["label_lr"] > 0.0
    with pytest.warns(UserWarning, match="With eps_norm=0 .* never rests"):
        path = lga_path(X_l, y, X_u, **sizes, n_steps=20)
    expected = brute_force(X_l, y, X_u, **sizes, n_steps=20)[-1]
    np.testing.assert_allclose(path.coef[0], expected[0], rtol=1e-9)
    np.testing.assert_allclose(path.labels(X_u)[0], expected[1], rtol=1e-9)


def test_eps_norm_zero_where_there_is_nothing_to_normalize():
    sizes = {"lr": 0.1, "label_lr": 0.1, "eps_norm": 0.0}
    with pytest.warns(UserWarning, match="never rests"):
        path = lga_path_from_moments(
            [1.0, 1], [1.0, 1], [0.0, 1], 5, **sizes, n_steps=9
        )
    assert path.coef[0, 0] == 0.0
    assert np.isfinite(path.coef).all()


@pytest.mark.parametrize("offset", [1e5, 1e8])
def test_csr_columns_of_large_means_keep_their_digits(offset):
    """Whole columns far from zero, beside columns with zeros of their own."""
    rng = np.random.RandomState(0)
    X_l, X_u = rng.standard_normal((2, 60, 4))
    y = X_l @ [1.0, -1.0, 0.5, 2.0]
    X_l[::3, 2], X_u[::2, 2] = 0.0, 0.0
    expected = data_moments(X_l, y, X_u, center=True)
    far = [X + np.array([offset, 0.0, 0.0, -offset]) for X in (X_l, X_u)]
    csr = [sparse.csr_array(X) for X in far]
    before = [X.copy() for X in csr]
    moments = data_moments(csr[0], y, csr[1], center=True)
    for name in ("A_l", "A_u", "b"):
        ours, theirs = getattr(moments, name), getattr(expected, name)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-15 * offset)
    for X, untouched in zip(csr, before, strict=True):
        np.testing.assert_array_equal(X.data, untouched.data)


def test_csr_with_one_zero_among_large_values():
    X = np.full((1000, 2), 1e4) + np.random.RandomState(0).standard_normal((1000, 2))
    X[7, 1] = 0.0
    moments = data_moments(sparse.csr_array(X), X[:, 0], X, center=True)
    expected = data_moments(X, X[:, 0], X, center=True)
    np.testing.assert_allclose(moments.A_l, expected.A_l, rtol=1e-9)


def test_csr_with_repeated_entries():
    """Two entries at one place are their sum."""
    repeated = sparse.csr_array(
        ([1.0, 2.0, 4.0, 5.0], [0, 0, 0, 1], [0, 2, 3, 4]), shape=(3, 2)
    )
    y = np.array([1.0, 2.0, 4.0])
    moments = data_moments(repeated, y, repeated, center=True)
    expected = data_moments(repeated.toarray(), y, repeated.toarray(), center=True)
    np.testing.assert_allclose(moments.A_l, expected.A_l)
    np.testing.assert_allclose(moments.b, expected.b)
    assert repeated.nnz == 4
