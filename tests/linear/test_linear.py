"""The exact linear mode against brute force, and the paper's propositions."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from sklearn_lga.linear import (
    convergence_coefficients,
    data_moments,
    default_step_sizes,
    fixed_point,
    gradient_descent_path,
    least_squares,
    lga_closed_form,
    lga_path,
    lga_path_from_moments,
    spectral_radius,
)

from ..in_turn import seeds

ONE = {"lr": 1.0, "label_rate": 1.0}
SIZES = {"lr": 0.1, "label_lr": 0.1, "eps_norm": 0.1}


def problem(seed, n_l, n_u, m, n_outputs=None, correlated=True):
    rng = np.random.RandomState(seed)
    mixing = np.eye(m) + 0.3 * correlated * rng.standard_normal((m, m))
    X_l = rng.standard_normal((n_l, m)) @ mixing
    X_u = rng.standard_normal((n_u, m)) @ mixing * rng.uniform(0.5, 2.0)
    shape = (m,) if n_outputs is None else (m, n_outputs)
    y = X_l @ rng.standard_normal(shape) + 0.1 * rng.standard_normal((n_l, *shape[1:]))
    return X_l, y, X_u


def stable_sizes(X_l, y, X_u, share=0.5):
    """Well inside the stability bound, where rounding does not grow."""
    sizes = default_step_sizes(data_moments(X_l, y, X_u))
    return sizes | {"label_lr": share * sizes["label_lr"], "lr": share * sizes["lr"]}


def brute_force(X_l, y_l, X_u, *, lr, label_lr, eps_norm, n_steps, normalize=True):
    """Carry y_u itself and differentiate Eqs. 8, 9 and 11 by autograd."""
    X_l, y_l, X_u = (torch.as_tensor(x) for x in (X_l, y_l, X_u))
    theta = torch.zeros(X_l.shape[1], *y_l.shape[1:], dtype=torch.float64)
    y_u = torch.zeros(len(X_u), *y_l.shape[1:], dtype=torch.float64)
    path = [(theta.numpy(), y_u.numpy())]
    for _ in range(n_steps):
        theta = theta.detach().requires_grad_()
        y_u = y_u.detach().requires_grad_()
        loss_l = ((y_l - X_l @ theta) ** 2).sum() / (2 * len(X_l))
        loss_u = ((y_u - X_u @ theta) ** 2).sum() / (2 * len(X_u))
        (g_l,) = torch.autograd.grad(loss_l, theta)
        (g_u,) = torch.autograd.grad(loss_u, theta, create_graph=True)
        v = g_l - g_u
        scale = eps_norm + (v.detach() ** 4).sqrt() if normalize else 1.0
        (g_y,) = torch.autograd.grad(0.5 * (v**2 / scale).sum(), y_u)
        theta, y_u = (theta - lr * g_u).detach(), (y_u - label_lr * g_y).detach()
        path.append((theta.numpy(), y_u.numpy()))
    return path


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n_l=st.integers(1, 30),
    n_u=st.integers(1, 40),
    m=st.integers(1, 8),
    n_outputs=st.sampled_from([None, 1, 3]),
    correlated=st.booleans(),
)
def test_lga_path_equals_brute_force(seed, n_l, n_u, m, n_outputs, correlated):
    X_l, y, X_u = problem(seed, n_l, n_u, m, n_outputs, correlated)
    sizes = stable_sizes(X_l, y, X_u)
    record = [0, 1, 7, 60]
    path = lga_path(X_l, y, X_u, **sizes, n_steps=60, record=record)
    expected = brute_force(X_l, y, X_u, **sizes, n_steps=60)
    labels = path.labels(X_u)
    for i, k in enumerate(record):
        theta, y_u = expected[k]
        np.testing.assert_allclose(path.coef[i], theta, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(labels[i], y_u, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_csr_and_other_dtypes_equal_float64(seed):
    X_l, y, X_u = problem(seed, 20, 30, 4)
    X_l, X_u = np.round(X_l), np.round(X_u)
    kwargs = {**stable_sizes(X_l, y, X_u), "n_steps": 30}
    dense = lga_path(X_l, y, X_u, **kwargs)
    csr = lga_path(sparse.csr_array(X_l), y, sparse.csr_matrix(X_u), **kwargs)
    ints = lga_path(X_l.astype(int), y, X_u.astype(np.int32).tolist(), **kwargs)
    np.testing.assert_allclose(csr.coef, dense.coef, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        csr.labels(sparse.csr_matrix(X_u)), dense.labels(X_u), rtol=1e-10, atol=1e-12
    )
    np.testing.assert_array_equal(ints.coef, dense.coef)
    np.testing.assert_allclose(
        least_squares(sparse.csr_array(X_l), y), least_squares(X_l, y), rtol=1e-9
    )


@pytest.mark.parametrize("center", [False, True])
def test_moments_are_those_of_the_rows(center):
    X_l, y, X_u = problem(0, 50, 200_000, 3)
    X_l += 5.0
    moments = data_moments(X_l, y, X_u, center=center)
    if center:
        X_l, y, X_u = X_l - X_l.mean(0), y - y.mean(), X_u - X_u.mean(0)
    np.testing.assert_allclose(moments.A_l, X_l.T @ X_l / 50)
    np.testing.assert_allclose(moments.A_u, X_u.T @ X_u / 200_000, rtol=1e-10)
    np.testing.assert_allclose(moments.b, X_l.T @ y / 50)
    csr = data_moments(sparse.csr_array(X_l), y, sparse.csr_array(X_u), center=center)
    np.testing.assert_allclose(csr.A_u, moments.A_u, rtol=1e-8, atol=1e-10)


def test_diagonal_moments_take_the_vector_route():
    X_l, X_u = np.diag([1.0, 2.0, 3.0]), np.diag([3.0, 2.0, 1.0])
    y = np.array([1.0, -1.0, 2.0])
    moments = data_moments(X_l, y, X_u)
    assert moments.A_l.ndim == moments.A_u.ndim == 1
    by_vectors = lga_path(X_l, y, X_u, **SIZES, n_steps=50)
    A_l, A_u = moments.matrices()
    by_matrices = lga_path_from_moments(A_l, A_u, moments.b, 3, **SIZES, n_steps=50)
    np.testing.assert_allclose(by_vectors.coef, by_matrices.coef, rtol=1e-12)
    for label_rate in (0.05, 0.3, 1.0):
        assert spectral_radius(
            moments.A_l, moments.A_u, lr=0.1, label_rate=label_rate
        ) == pytest.approx(spectral_radius(A_l, A_u, lr=0.1, label_rate=label_rate))


@pytest.mark.parametrize("seed", range(10))
def test_proposition_1(seed):
    """c_i does not depend on lambda_j, to the last bit."""
    rng = np.random.RandomState(seed)
    A_l, A_u, b = rng.uniform(0.1, 2.0, (3, 6))
    kwargs = {"lr": 0.1, "label_lr": 0.1, "eps_norm": 0.3, "n_steps": 100}
    path = lga_path_from_moments(A_l, A_u, b, 10, **kwargs, record=[1, 10, 100])
    other_l, other_u = A_l.copy(), A_u.copy()
    other_l[2], other_u[2] = 0.7, 1.9
    other = lga_path_from_moments(
        other_l, other_u, b, 10, **kwargs, record=[1, 10, 100]
    )
    rest = np.arange(6) != 2
    np.testing.assert_array_equal(path.coef[:, rest], other.coef[:, rest])
    assert (path.coef[1:, 2] != other.coef[1:, 2]).all()


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("seed", seeds(5, always=2))
def test_proposition_3(seed, normalize):
    """Run long, it is least squares where range(A_l) lies in range(A_u)."""
    X_l, y, X_u = problem(seed, 30, 40, 4)
    expected = least_squares(X_l, y)
    sizes = stable_sizes(X_l, y, X_u, share=1.0)
    if normalize:
        path = lga_path(X_l, y, X_u, **sizes, n_steps=200_000)
    else:
        rate = sizes["label_lr"] / sizes["eps_norm"]
        path = lga_closed_form(
            X_l, y, X_u, lr=sizes["lr"], label_lr=rate, steps=[10**9, np.inf]
        )
    for coef in path.coef:
        np.testing.assert_allclose(coef, expected, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(
        path.labels(X_u)[-1], X_u @ expected, rtol=1e-7, atol=1e-7
    )


@pytest.mark.parametrize("seed", seeds(5))
def test_limit_where_the_unlabelled_rows_lack_directions(seed):
    """n_u < m: least squares among the models that the unlabelled rows span."""
    X_l, y, X_u = problem(seed, 30, 2, 4)
    Q = np.linalg.qr(X_u.T)[0]
    expected = Q @ least_squares(X_l @ Q, y)
    coef, _ = fixed_point(data_moments(X_l, y, X_u))
    np.testing.assert_allclose(coef, expected, rtol=1e-9, atol=1e-9)
    assert not np.allclose(coef, least_squares(X_l, y), rtol=1e-3)
    sizes = stable_sizes(X_l, y, X_u, share=1.0)
    rate = sizes["label_lr"] / sizes["eps_norm"]
    closed = lga_closed_form(X_l, y, X_u, lr=sizes["lr"], label_lr=rate, steps=[10**9])
    np.testing.assert_allclose(closed.coef[0], expected, rtol=1e-7, atol=1e-8)
    # With the normalization the labels rest where X_u d = 0.
    theta = lga_path(X_l, y, X_u, **sizes, n_steps=200_000).coef[0]
    r = X_l.T @ (X_l @ theta - y) / len(X_l)
    np.testing.assert_allclose(X_u @ (r / (sizes["eps_norm"] + r**2)), 0, atol=1e-6)
    np.testing.assert_allclose(Q @ (Q.T @ theta), theta, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_limit_with_fewer_labelled_rows_than_features(seed):
    """Without the normalization it is the minimum-norm solution."""
    X_l, y, X_u = problem(seed, 3, 40, 5)
    sizes = stable_sizes(X_l, y, X_u, share=1.0)
    rate = sizes["label_lr"] / sizes["eps_norm"]
    path = lga_closed_form(
        X_l, y, X_u, lr=sizes["lr"], label_lr=rate, steps=[10**9, np.inf]
    )
    for coef in path.coef:
        np.testing.assert_allclose(coef, least_squares(X_l, y), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("n_outputs", [None, 2])
@pytest.mark.parametrize(("n", "m"), [(20, 5), (4, 7)])
@pytest.mark.parametrize("seed", range(3))
def test_equation_7_is_the_iterated_recurrence(seed, n, m, n_outputs):
    X, y, _ = problem(seed, n, 1, m, n_outputs)
    A, b = X.T @ X / n, X.T @ y / n
    for share in (0.01, 0.9, 1.9):  # of 1 / lambda_max
        lr = share / np.linalg.eigvalsh(A)[-1]
        theta, expected = np.zeros_like(b), []
        for _ in range(200):
            expected.append(theta)
            theta = theta - lr * (A @ theta - b)
        path = gradient_descent_path(X, y, lr, range(200))
        np.testing.assert_allclose(path, expected, rtol=1e-10, atol=1e-10)
    limit = gradient_descent_path(X, y, lr, [np.inf])[0]
    np.testing.assert_allclose(limit, least_squares(X, y), rtol=1e-7, atol=1e-9)


def test_steps_come_in_their_order():
    X, y, X_u = problem(0, 20, 30, 3)
    steps = [5, np.inf, 0, 5, 2]
    path = gradient_descent_path(X, y, 0.01, steps)
    np.testing.assert_array_equal(path[0], path[3])
    np.testing.assert_array_equal(path[2], 0.0)
    closed = lga_closed_form(X, y, X_u, lr=0.01, label_lr=0.1, steps=steps)
    np.testing.assert_array_equal(closed.coef[0], closed.coef[3])
    np.testing.assert_array_equal(closed.coef[2], 0.0)
    recorded = lga_path(X, y, X_u, **SIZES, n_steps=9, record=[5, 0, 5])
    np.testing.assert_array_equal(recorded.coef[0], recorded.coef[2])
    assert recorded.steps.tolist() == [5, 0, 5]


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n_l=st.integers(1, 20),
    n_u=st.integers(1, 20),
    m=st.integers(1, 5),
    n_outputs=st.sampled_from([None, 2]),
)
def test_closed_form_equals_its_recurrence(seed, n_l, n_u, m, n_outputs):
    X_l, y, X_u = problem(seed, n_l, n_u, m, n_outputs)
    sizes = stable_sizes(X_l, y, X_u)
    rate = sizes["label_lr"] / sizes["eps_norm"]
    steps = [0, 1, 2, 37, 120]
    path = lga_closed_form(X_l, y, X_u, lr=sizes["lr"], label_lr=rate, steps=steps)
    expected = brute_force(
        X_l,
        y,
        X_u,
        lr=sizes["lr"],
        label_lr=rate,
        eps_norm=0,
        n_steps=120,
        normalize=False,
    )
    for i, k in enumerate(steps):
        np.testing.assert_allclose(path.coef[i], expected[k][0], rtol=1e-8, atol=1e-9)
        np.testing.assert_allclose(
            path.labels(X_u)[i], expected[k][1], rtol=1e-8, atol=1e-9
        )


def test_closed_form_where_its_matrix_is_defective():
    """X_l = X_u with equal rates: eigenvectors would lose all digits."""
    X, y, _ = problem(0, 30, 1, 4)
    lr = 0.5 / np.linalg.eigvalsh(X.T @ X / 30)[-1]
    path = lga_closed_form(X, y, X, lr=lr, label_lr=30 * lr, steps=[100])
    expected = brute_force(
        X, y, X, lr=lr, label_lr=30 * lr, eps_norm=0, n_steps=100, normalize=False
    )
    np.testing.assert_allclose(path.coef[0], expected[100][0], rtol=1e-11)


@pytest.mark.parametrize("seed", seeds(5, always=2))
def test_spectral_radius_tells_stability(seed):
    """Default sizes are inside the bound; far outside, a path does not settle."""
    X_l, y, X_u = problem(seed, 30, 40, 3)
    moments = data_moments(X_l, y, X_u)
    sizes = default_step_sizes(moments)
    label_rate = sizes["label_lr"] / (moments.n_u * sizes["eps_norm"])
    assert (
        spectral_radius(*moments.matrices(), lr=sizes["lr"], label_rate=label_rate) < 1
    )
    far = sizes | {"label_lr": 40 * sizes["label_lr"]}
    with pytest.warns(UserWarning, match="spectral radius is"):
        path = lga_path(X_l, y, X_u, **far, n_steps=100_000)
    assert not np.allclose(path.coef[0], least_squares(X_l, y), rtol=1e-6)


def test_convergence_coefficients():
    """Eq. 28 inverts Eq. 12: c = 1 at least squares for uncorrelated features."""
    X = np.linalg.qr(np.random.RandomState(0).standard_normal((20, 4)))[0] * [
        1,
        2,
        3,
        4,
    ]
    y = X @ [1.0, -2.0, 3.0, 0.5]
    coef = least_squares(X, y)
    c = convergence_coefficients(np.stack([0 * coef, 0.3 * coef, coef]), X, y)
    np.testing.assert_allclose(c, [[0.0] * 4, [0.3] * 4, [1.0] * 4], atol=1e-12)
    csr = convergence_coefficients(coef, sparse.csr_array(X), y)
    np.testing.assert_allclose(csr, 1.0)
    assert np.isnan(convergence_coefficients([0.0], [[1.0], [1.0]], [1.0, -1.0])).all()
    Y = np.column_stack([y, -y])
    both = convergence_coefficients(least_squares(X, Y), X, Y)
    np.testing.assert_allclose(both, 1.0)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.float32])
def test_small_dtypes_do_not_overflow(dtype):
    rng = np.random.RandomState(0)
    X = rng.randint(0, 100, size=(30, 3)).astype(dtype)
    y = rng.standard_normal(30)
    reference = X.astype(np.float64)
    coef = least_squares(reference, y)
    for data in (X, sparse.csr_array(X)):
        np.testing.assert_allclose(least_squares(data, y), coef, rtol=1e-8)
        np.testing.assert_allclose(
            convergence_coefficients(coef, data, y),
            convergence_coefficients(coef, reference, y),
        )
        moments = data_moments(data, y, data, center=True)
        expected = data_moments(reference, y, reference, center=True)
        np.testing.assert_allclose(moments.A_u, expected.A_u, rtol=1e-6)


def test_least_squares_from_moments_bears_different_scales():
    X, y, _ = problem(0, 50, 1, 4)
    scales = [1e6, 1.0, 1e-3, 1.0]
    coef = least_squares(sparse.csr_array(X * scales), y) * scales
    np.testing.assert_allclose(coef, least_squares(X, y), rtol=1e-8)


def test_labels_of_some_of_the_rows():
    X_l, y, X_u = problem(0, 10, 12, 3)
    path = lga_path(X_l, y, X_u, **stable_sizes(X_l, y, X_u), n_steps=9)
    np.testing.assert_allclose(path.labels(X_u[:5]), path.labels(X_u)[:, :5])
    with pytest.raises(ValueError, match="has 2 features"):
        path.labels(X_u[:, :2])


def test_constant_features_are_never_learned_nor_harmful():
    X_l, y, X_u = problem(0, 30, 40, 3)
    wide = [np.column_stack([X, np.zeros(len(X))]) for X in (X_l, X_u)]
    path = lga_path(wide[0], y, wide[1], **SIZES, n_steps=50)
    assert path.coef[0, 3] == 0.0
    plain = lga_path(X_l, y, X_u, **SIZES, n_steps=50)
    np.testing.assert_allclose(path.coef[0, :3], plain.coef[0], rtol=1e-12)


def test_a_step_does_not_depend_on_the_number_of_rows():
    """No array of n_u rows in the loop: 100 times the rows, the same path."""
    X_l, y, X_u = problem(0, 20, 500, 4)
    moments = data_moments(X_l, y, X_u)
    many = data_moments(X_l, y, np.tile(X_u, (100, 1)))
    sizes = {"lr": 0.01, "eps_norm": 0.1}
    few = lga_path_from_moments(
        *moments.matrices(), moments.b, 500, **sizes, label_lr=0.1, n_steps=100
    )
    same = lga_path_from_moments(
        *many.matrices(), many.b, 50_000, **sizes, label_lr=10.0, n_steps=100
    )
    np.testing.assert_allclose(few.coef, same.coef, rtol=1e-10)


X_L, Y_L, X_U = problem(0, 10, 12, 3)
GOOD = {**SIZES, "n_steps": 5}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: lga_path(X_L, Y_L[:-1], X_U, **GOOD),
            r"y_labeled must be of shape \(10",
        ),
        (lambda: lga_path(X_L, Y_L, X_U[:, :2], **GOOD), "same features, got 3 and 2"),
        (
            lambda: lga_path(X_L, Y_L, X_U[:0], **GOOD),
            "X_unlabeled must .* at least one",
        ),
        (lambda: lga_path(X_L[0], Y_L, X_U, **GOOD), "X_labeled must be of shape"),
        (lambda: lga_path(X_L * 1j, Y_L, X_U, **GOOD), "X_labeled must hold real"),
        (lambda: lga_path(X_L, Y_L * np.nan, X_U, **GOOD), "y_labeled must be finite"),
        (
            lambda: lga_path(X_L, Y_L, X_U, **GOOD, record=[2, 6]),
            r"record must be a whole number in \[0, 5\], got \[2, 6\]",
        ),
        (lambda: lga_path(X_L, Y_L, X_U, **GOOD, record=[-1]), "record must be"),
        (lambda: lga_path(X_L, Y_L, X_U, **GOOD, record=[1.5]), "record must be"),
        (lambda: lga_path(X_L, Y_L, X_U, **SIZES, n_steps=-1), "n_steps must be"),
        (lambda: lga_path(X_L, Y_L, X_U, **SIZES, n_steps=np.inf), "n_steps must be"),
        (lambda: lga_path(X_L, Y_L, X_U, **GOOD | {"lr": 0.0}), "lr must be .* > 0"),
        (
            lambda: lga_path(X_L, Y_L, X_U, **GOOD | {"eps_norm": -1}),
            "eps_norm must be",
        ),
        (
            lambda: lga_path(X_L, Y_L, X_U, **GOOD | {"label_lr": -1}),
            "label_lr must be .* >= 0",
        ),
        (lambda: lga_path(X_L[:, :0], Y_L, X_U, **GOOD), "X_labeled must .* one feat"),
        (lambda: lga_path(X_L, Y_L, X_U, **SIZES, n_steps="9"), "n_steps must be"),
        (
            lambda: gradient_descent_path(X_L[:, :0], Y_L, 0.1, [1]),
            "X must be of shape",
        ),
        (
            lambda: spectral_radius([1.0], [[1.0]], **ONE),
            "A_l and A_u must",
        ),
        (
            lambda: spectral_radius([1.0], [-1.0], **ONE),
            "A_u must be a sec",
        ),
        (
            lambda: spectral_radius(np.eye(2), [[1, 2], [0, 1]], **ONE),
            "A_u must be a second moment .* symmetric",
        ),
        (lambda: spectral_radius([1.0], [1.0], **ONE | {"lr": -1}), "lr must be"),
        (
            lambda: spectral_radius([1j], [1.0], **ONE),
            "A_l must hold real",
        ),
        (lambda: lga_path_from_moments([1], [1], [1, 2], 3, **GOOD), "b must be of"),
        (lambda: lga_path_from_moments([1], [1], [1], 2.5, **GOOD), "n_u must be a wh"),
        (
            lambda: lga_path_from_moments([1.0], [[1.0]], [1.0], 3, **GOOD),
            r"A_l and A_u must be both",
        ),
        (lambda: lga_path_from_moments([1.0], [1.0], [1.0], 0, **GOOD), "n_u must be"),
        (
            lambda: gradient_descent_path(X_L, Y_L, 100.0, [1]),
            r"lr=100 makes gradient descent diverge.*2 / lambda_max = \d",
        ),
        (lambda: gradient_descent_path(X_L, Y_L, 0.1, [-1]), "steps must be a whole"),
        (lambda: gradient_descent_path(X_L, Y_L, 0.1, []), "steps must be a whole"),
        (
            lambda: lga_closed_form(X_L, Y_L, X_U, lr=0.01, label_lr=1e3, steps=[1]),
            r"diverge: its spectral radius is \d+\.\d+ and must be below 1",
        ),
        (lambda: least_squares(X_L, Y_L[:3]), r"y must be of shape \(10,\)"),
        (
            lambda: convergence_coefficients([1.0], X_L, Y_L),
            r"coef must end in .*\(3,\)",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("weights", [np.zeros(5), -np.ones(5), np.ones((5, 1)), [1.0]])
def test_weights_that_are_none(weights):
    X, y = np.eye(5), np.ones(5)
    with pytest.raises(ValueError, match="sample_weight must be"):
        data_moments(X, y, X, sample_weight=weights)
