"""Columns centred and scaled, sparse tables projected, and rows seen in parts."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.spatial.distance import pdist

from sklearn_lga._views import table
from sklearn_lga._views.table import (
    FARTHEST,
    Table,
    TableRows,
    some_rows,
    spread_of_columns,
    wants_graph,
)

RANDOM = np.random.RandomState(0)
X = RANDOM.randn(300, 4) * [1.0, 5.0, 0.1, 1e6] + [0.0, 3.0, -1e3, 1e7]


SAME = sparse.csr_matrix(np.tile([0.1, 0.0, 0.7], (60, 1)))


def csr(n_rows, n_columns):
    return sparse.random(n_rows, n_columns, 0.3, format="csr", random_state=0)


@pytest.fixture
def in_parts(monkeypatch):
    """Tables of more rows than are taken at once."""
    monkeypatch.setattr(table, "MAX_LANDMARKS", 100)
    monkeypatch.setattr(table, "CHUNK", 70)


def test_columns_have_unit_variance():
    features = Table(X, False).see(X)["features"]
    assert_allclose(features.mean(axis=0), 0.0, atol=1e-9)
    assert_allclose(features.std(axis=0), 1.0)


def test_moments_of_many_rows(in_parts):
    mean, spread = spread_of_columns(X)
    assert_allclose(mean, X.mean(axis=0))
    assert_allclose(spread, X.std(axis=0))


def test_two_values_keep_a_distance_of_one(in_parts):
    rows = np.zeros((300, 2))
    rows[299, 0] = 8.0  # in the last part that is read
    rows[:150, 1] = -1.0
    rows[299, 1] = 1.0  # a third value
    features = Table(rows, False).see(rows)["features"]
    assert np.ptp(features[:, 0]) == 1.0
    assert features[:, 1].std() == pytest.approx(1.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [0.0, 3.3, -1e30, 1e-42])
def test_constant_columns_are_0(value, dtype):
    rows = np.column_stack([np.full(300, value), X[:, 0]]).astype(dtype)
    seen = Table(rows, False).see(rows)
    assert not seen["features"][:, 0].any()
    assert Table(rows, False).bins.columns.min() == 1
    rows[:, 0] *= 1.0 + 1e-9 * RANDOM.randn(300)  # as rounding moves a mean
    assert not Table(rows, False).see(rows)["features"][:, 0].any()


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_float32_is_no_limit(scale):
    rows = RANDOM.randn(50, 3)
    for make in (np.asarray, sparse.csr_matrix):
        plain, scaled = make(rows), make((scale * rows).astype(np.float32))
        first, second = (
            Table(data, False).see(data)["features"] for data in (plain, scaled)
        )
        assert_allclose(pdist(second), pdist(first), rtol=1e-5)


def test_far_rows_stay_within_float32():
    own = Table(X, True)
    for far in (np.full((2, 4), 3e38), np.full((2, 4), -np.finfo(np.float32).max)):
        seen = own.see(far)
        assert (abs(seen["features"]) == FARTHEST).all()
        assert all(np.isfinite(part.astype(np.float32)).all() for part in seen.values())
    features = own.see(X)["features"]
    assert abs(features).max() < 10.0


def test_a_sparse_table_keeps_its_distances():
    """But for a factor, where all directions are kept: all variances together are 1."""
    rows = csr(80, 12)
    rows = sparse.hstack([rows, rows[:, :1]]).tocsr()  # twelve directions
    own = Table(rows, False)
    features = own.see(rows)["features"]
    assert features.shape == (80, 12)
    assert features.var(axis=0).mean() == pytest.approx(1.0)
    factor = np.sqrt(12 / rows.toarray().var(axis=0).sum())
    assert_allclose(pdist(features), factor * pdist(rows.toarray()), atol=1e-9)
    assert_allclose(own.see(rows.toarray())["features"], features, atol=1e-9)
    assert_allclose(own.see(rows[5:9])["features"], features[5:9])


def test_a_sparse_table_is_seen_in_its_leading_directions(monkeypatch):
    monkeypatch.setattr(table, "N_COMPONENTS", 3)
    strong = RANDOM.randn(60, 3) @ RANDOM.randn(3, 8)
    rows = sparse.csr_matrix(strong + 1e-6 * RANDOM.randn(60, 8))
    features = Table(rows, False).see(rows)["features"]
    assert features.shape == (60, 3)
    ratios = pdist(features) / pdist(strong)
    assert_allclose(ratios, ratios[0], rtol=1e-4)


@pytest.mark.parametrize(
    "rows",
    [csr(60, 1), csr(1, 5), csr(2, 2), sparse.csr_matrix((60, 5)), SAME],
    ids=["a column", "a row", "two rows", "zeros", "equal rows"],
)
@pytest.mark.filterwarnings("error")
def test_small_sparse_tables(rows):
    own = Table(rows, True)
    assert all(np.isfinite(part).all() for part in own.see(rows).values())
    ones = np.ones(len(own.scale))
    assert own.of_features("features", ones).shape == (rows.shape[1],)
    assert own.see(rows)["features"].any() == np.ptp(rows.toarray(), axis=0).any()


def test_shares_of_the_features_of_a_sparse_table():
    """What lies in one feature is of that feature; no share is lost."""
    rows = np.zeros((90, 6))
    rows[:, 2] = RANDOM.randn(90)
    rows[:, 4] = 0.1 * RANDOM.randn(90)
    own = Table(sparse.csr_matrix(rows), False)
    n_columns = len(own.scale)
    shares = np.array([1.0, 0.5] + [0.0] * (n_columns - 2))
    found = own.of_features("features", shares)
    assert_allclose(found[[2, 4]], [1.0, 0.5], atol=0.01)
    shares = RANDOM.rand(n_columns)
    found = own.of_features("features", shares)
    assert found.sum() == pytest.approx(shares.sum())
    shares = RANDOM.rand(6)
    assert_array_equal(Table(rows, False).of_features("features", shares), shares)
    assert_array_equal(own.of_features("sparse", shares), shares)


def wide(n_rows, n_columns, scale=1.0):
    """More columns than directions."""
    return scale * sparse.random(
        n_rows, n_columns, 0.05, format="csr", random_state=np.random.RandomState(1)
    )


def test_a_wide_sparse_table_is_seen_as_it_is_too():
    """All of its columns, over the root mean square length of its rows."""
    rows = wide(90, 150)
    assert "sparse" not in Table(rows[:, :100], True).see(rows[:, :100])
    assert "sparse" not in Table(rows.toarray(), True).see(rows)
    own = Table(rows, True)
    seen = own.see(rows)["sparse"]
    assert seen.format == "csr"
    expected = rows.toarray()
    expected /= np.sqrt(np.square(expected).sum(axis=1).mean())
    assert_allclose(seen.toarray(), expected)
    some = own.see(rows[5:9], {"sparse"})["sparse"]
    assert_allclose(some.toarray(), expected[5:9])


@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e30, 1e100])
@pytest.mark.filterwarnings("error")
def test_the_unit_of_a_sparse_table_does_not_matter(scale):
    rows = wide(90, 150)
    found = Table(scale * rows, False).see(scale * rows)["sparse"].toarray()
    expected = Table(rows, False).see(rows)["sparse"].toarray() if scale else 0.0
    assert_allclose(found, expected + 0.0 * found, atol=1e-9)


def test_far_sparse_rows():
    """As those of dense tables, they go up to where float32 can add them."""
    rows = wide(90, 150)
    far = Table(rows, False).see(1e300 * rows)["sparse"]
    assert far.data.max() == table.FARTHEST


def test_variances_of_columns():
    rows = wide(90, 150)
    found = table.variances_of(sparse.csr_array(rows))
    assert_allclose(found, rows.toarray().var(axis=0))
    assert_allclose(table.variances_of(rows.toarray()), found)


def test_sparse_rows_of_a_dense_table():
    rows = csr(80, 4)
    own = Table(rows.toarray(), True)
    for name, part in own.see(rows).items():
        assert_array_equal(part, own.see(rows.toarray())[name])


def test_parts_by_name(monkeypatch):
    whole = Table(X, True).see(X)
    neighbors = ("neighborhood_10", "neighborhood_40")
    assert set(whole) == {"features", "bins", "clusters_5", "clusters_10", *neighbors}
    assert set(Table(X, False).see(X)) == {"features", "bins"}
    some = Table(X, True).see(X[:9], {"bins", "clusters_5"})
    assert set(some) == {"bins", "clusters_5"}
    assert_array_equal(some["bins"], whole["bins"][:9])
    assert wants_graph(some)
    assert not wants_graph({"features", "bins"})
    monkeypatch.setattr(table, "MAX_ENCODED", whole["bins"].shape[1] - 1)
    assert "bins" not in Table(X, True).see(X)


def test_no_search_where_no_part_wants_it(monkeypatch):
    own = Table(X, True)
    monkeypatch.setattr(own.clusters, "see", lambda *args: 1 / 0)
    assert set(own.see(X, {"features", "bins"})) == {"features", "bins"}
    with pytest.raises(ZeroDivisionError):
        own.see(X, {"clusters_5"})


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_matrix])
def test_landmarks_are_the_same_at_each_call(make, in_parts):
    before = np.random.get_state()[1].copy()
    rows = some_rows(300, 100)
    first, second = Table(make(X), True), Table(make(X), True)
    assert_array_equal(np.random.get_state()[1], before)
    assert len(set(rows)) == 100
    assert_array_equal(np.unique(rows), rows)
    assert len(first.clusters.landmarks) == 100
    for name, part in first.see(make(X)).items():
        assert_array_equal(part, second.see(make(X))[name])


@pytest.mark.parametrize(("n_landmarks", "n_kept"), [(300, 300), (100, 300), (100, 20)])
def test_rows_of_the_table(n_landmarks, n_kept, monkeypatch):
    """At hand where they are few, else made when taken."""
    monkeypatch.setattr(table, "MAX_LANDMARKS", n_landmarks)
    monkeypatch.setattr(table, "MAX_KEPT", n_kept)
    own = Table(X, True)
    rows = TableRows(own, X)
    assert (rows.kept is not None) == (n_kept == 300)
    taken, parts = np.array([7, 3, 299]), {"bins", "clusters_5"}
    expected = own.see(X[taken])

    def check(parts):
        found = rows.see(taken, parts)
        assert set(found) == set(expected if parts is None else parts)
        for name, part in found.items():
            assert_allclose(part, expected[name], atol=1e-5)

    check(None)
    check(parts)
    rows.drop_but(parts)
    if rows.kept is not None:
        monkeypatch.setattr(own, "see", lambda *args: 1 / 0)
    check(parts)
