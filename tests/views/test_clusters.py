"""Graphs of neighbours, their eigenvectors, and the means of neighbourhoods."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import eigh
from scipy.sparse.linalg import ArpackNoConvergence
from sklearn.datasets import make_blobs, make_moons
from sklearn.neighbors import NearestNeighbors

from sklearn_lga._views import clusters
from sklearn_lga._views.clusters import (
    ALPHA,
    FAINT,
    LEAST,
    N_COMPONENTS,
    NEIGHBORHOODS,
    SIZES,
    Clusters,
    leading_eigenvectors,
    self_tuned_graph,
)

X, _ = make_moons(300, noise=0.08, random_state=0)


def graph_of(rows, size=5):
    search = NearestNeighbors(n_neighbors=size + 1).fit(rows)
    distances, neighbors = search.kneighbors(rows)
    return self_tuned_graph(distances[:, 1:], neighbors[:, 1:])


def test_the_graph():
    """Its weights are exp(-d^2 / (s_i s_j)) where one is a neighbour of the other."""
    graph = graph_of(X)
    assert abs(graph - graph.T).max() == 0.0
    assert graph.diagonal().max() == 0.0
    assert graph.data.max() <= 1.0
    distances = np.linalg.norm(X[:, None] - X, axis=2)
    radius = np.sort(distances, axis=1)[:, 5]
    near = distances <= radius[:, None]
    expected = np.exp(-(distances**2) / np.outer(radius, radius)) * (near | near.T)
    np.fill_diagonal(expected, 0.0)
    assert_allclose(graph.toarray(), expected, rtol=1e-5, atol=2 * FAINT)


def test_neighbours_at_no_distance():
    """As rounding makes of rows that differ in the last digit."""
    neighbors = np.array([[1, 2], [0, 2], [0, 1]])
    graph = self_tuned_graph(np.zeros((3, 2)), neighbors)
    assert_array_equal(graph.toarray(), 1.0 - np.eye(3))


@pytest.mark.parametrize("dense", [clusters.DENSE, 0], ids=["dense", "sparse"])
def test_eigenvectors_by_their_definition(dense, monkeypatch):
    """Against generalized eigenvectors, A v = lambda D v, of both solvers."""
    monkeypatch.setattr(clusters, "DENSE", dense)
    adjacency = graph_of(X, 10).toarray()
    values, expected = eigh(adjacency, np.diag(adjacency.sum(axis=1)))
    got_values, got = leading_eigenvectors(graph_of(X, 10))
    assert_allclose(np.mean(got**2, axis=0), 1.0, rtol=1e-6)
    order = np.argsort(got_values)
    assert_allclose(values[-1], 1.0)  # the constant one, which is left out
    assert_allclose(got_values[order], values[-N_COMPONENTS - 1 : -1], atol=1e-3)
    for vector, other in zip(got.T[order][-5:], expected.T[-6:-1], strict=True):
        assert abs(np.corrcoef(vector, other)[0, 1]) > 0.999


@pytest.mark.parametrize("dense", [clusters.DENSE, 0], ids=["dense", "sparse"])
def test_clusters_apart_are_told_apart(dense, monkeypatch):
    """Components of the graph have the eigenvalue 1, each its own indicator."""
    monkeypatch.setattr(clusters, "DENSE", dense)
    rows, found = make_blobs(
        300, centers=[[0, 0], [50, 0], [0, 50]], cluster_std=1.0, random_state=0
    )
    maps = Clusters(rows)
    values, vectors, _ = maps.maps[10]
    whole = vectors[:, values > 1.0 - 1e-5]
    node = np.unique(rows.astype(np.float32), axis=0, return_inverse=True)[1].ravel()
    inside = [whole[node[found == c]] for c in range(3)]
    assert max(part.std(axis=0).max() for part in inside) < 0.01
    centers = [part.mean(axis=0) for part in inside]
    apart = [np.linalg.norm(centers[i] - centers[i - 1]) for i in range(3)]
    assert min(apart) > 1.0


def test_inner_products_are_label_spreadings_kernel(monkeypatch):
    """(I - alpha S)^-1, S = D^-1 A, but for the functions that are left out."""
    monkeypatch.setattr(clusters, "N_COMPONENTS", 28)  # all but one, and the constant
    rows = X[:30]
    maps = Clusters(rows)
    seen = maps.see(rows)["clusters_5"]
    graph = graph_of(maps.landmarks).toarray()
    degrees = graph.sum(axis=1)
    values, vectors = eigh(graph / np.sqrt(np.outer(degrees, degrees)))
    vectors /= np.sqrt(degrees)[:, None]
    vectors /= np.sqrt(np.mean(vectors**2, axis=0))
    used = (values > 1e-6) & (values < 1.0 - 1e-6)
    scaled = vectors[:, used] * np.sqrt((1.0 - ALPHA) / (1.0 - ALPHA * values[used]))
    node = np.unique(rows.astype(np.float32), axis=0, return_inverse=True)[1].ravel()
    assert_allclose(seen @ seen.T, (scaled @ scaled.T)[node][:, node], atol=1e-5)


def test_neighbourhoods_are_means():
    """A landmark is its own neighbour; a new row counts beside its own."""
    parts = Clusters(X).see(np.vstack([X[:5], X[:5] + 0.01]))
    rows = X.astype(np.float32)
    for size in NEIGHBORHOODS:
        found = parts[f"neighborhood_{size}"]
        for i, row in enumerate(X[:5]):
            order = np.argsort(np.linalg.norm(rows - row, axis=1))
            assert_allclose(found[i], rows[order[: size + 1]].mean(axis=0), rtol=1e-4)
            new = row + 0.01
            order = np.argsort(np.linalg.norm(rows - new, axis=1))
            near = np.vstack([rows[order[:size]], new])
            assert_allclose(found[5 + i], near.mean(axis=0), rtol=1e-4)


def test_what_is_seen_depends_on_the_row_alone():
    maps = Clusters(X)
    whole = maps.see(X)
    names = [f"clusters_{size}" for size in SIZES]
    names += [f"neighborhood_{size}" for size in NEIGHBORHOODS]
    assert set(whole) == set(names)
    for name, part in maps.see(X[::7]).items():
        assert_array_equal(part, whole[name][::7])
    for name, part in maps.see(X, made_of=True).items():
        assert_allclose(part, whole[name], atol=1e-6)
    for name, part in Clusters(X[::-1]).see(X).items():
        assert_array_equal(part, whole[name])


def test_new_rows_are_extended():
    """To the neighbours' mean, by the same weights as in the graph, over lambda."""
    maps, new = Clusters(X), np.array([0.5, 0.2])
    distances = np.linalg.norm(maps.landmarks - new, axis=1)
    for size, (values, vectors, radius) in maps.maps.items():
        near = np.argsort(distances)[:size]
        own = distances[near[-1]]
        weights = np.exp(-(distances[near] ** 2) / (own * radius[near]))
        mean = weights @ vectors[near] / weights.sum()
        mean *= values / (values**2 + 0.01)  # 1 / lambda, where that is not small
        expected = mean * np.sqrt((1.0 - ALPHA) / (1.0 - ALPHA * values))
        found = maps.see(new[None])[f"clusters_{size}"][0]
        assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_new_rows_are_seen_as_their_neighbours(monkeypatch):
    """Of three moons' rows in ten: the leading functions tell them apart as well."""
    rows, y = make_moons(1000, noise=0.05, random_state=0)
    seen = Clusters(rows[::10]).see(rows)["clusters_10"]
    best = max(np.mean((c > np.median(c)) == y) for c in np.hstack([seen, -seen]).T)
    assert best > 0.95


def test_rows_far_from_all_are_seen_as_the_nearest():
    """However far: weights that are all too small for float32 are still shares."""
    maps = Clusters(X)
    near, far, farthest = (maps.see(np.array([[x, 0.0]])) for x in (3.0, 1e3, 1e8))
    for size in SIZES:
        name = f"clusters_{size}"
        assert_allclose(far[name], farthest[name], rtol=1e-3, atol=1e-3)
        assert np.linalg.norm(near[name]) > 0.0
        assert np.linalg.norm(farthest[name]) > 0.0


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_scale_does_not_matter(scale):
    for name, part in Clusters(X).see(X).items():
        found = Clusters(scale * X).see(scale * X)[name]
        if "neighborhood" in name:
            assert_allclose(found, scale * part, rtol=1e-4, atol=1e-5 * scale)
        else:  # signs and multiple eigenvalues are of no matter
            assert_allclose(found @ found.T, part @ part.T, atol=0.01)


def test_equal_rows_are_one_node():
    rows = np.repeat(X[:100], 4, axis=0)
    once, four = Clusters(X[:100]), Clusters(rows)
    assert_array_equal(four.landmarks, once.landmarks)
    for name, part in four.see(rows, made_of=True).items():
        assert_array_equal(part[::4], once.see(X[:100])[name])
        assert_array_equal(part, np.repeat(part[::4], 4, axis=0))


@pytest.mark.parametrize("n_distinct", [1, LEAST - 1, LEAST, 12])
def test_few_distinct_rows(n_distinct):
    rows = np.tile(X[:n_distinct], (20, 1))
    seen = Clusters(rows).see(rows, made_of=True)
    assert bool(seen) == (n_distinct == 12)
    assert all(np.isfinite(part).all() for part in seen.values())
    if seen:
        assert set(seen) >= {"clusters_5", "neighborhood_11"}


@pytest.mark.parametrize("found", [0, 3])
def test_eigenvectors_that_do_not_converge(found, monkeypatch):
    """Those that did are taken; without any there is neither a cluster nor a mean."""

    def fail(matrix, *args, **settings):
        values = np.linspace(0.5, 0.9, found)
        vectors = np.random.RandomState(0).randn(matrix.shape[0], found)
        raise ArpackNoConvergence("no luck", values, vectors)

    monkeypatch.setattr(clusters, "DENSE", 0)
    monkeypatch.setattr(clusters, "eigsh", fail)
    seen = Clusters(X).see(X)
    assert bool(seen) == bool(found)
    assert all(seen[f"clusters_{size}"].shape == (300, 3) for size in SIZES if found)
