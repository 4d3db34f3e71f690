import warnings

import numpy as np
import pytest
from scipy.linalg import eigh
from sklearn.datasets import make_blobs, make_moons

from sklearn_lga._views import clusters
from sklearn_lga._views.clusters import (
    Eigenmaps,
    leading_eigenvectors,
    neighbor_graph,
)

X, _ = make_moons(300, noise=0.08, random_state=0)


def test_the_graph_is_symmetric():
    graph = neighbor_graph(X)
    assert abs(graph - graph.T).max() == 0.0
    assert graph.diagonal().max() == 0.0
    np.testing.assert_allclose(graph.sum(), 300 * clusters.N_NEIGHBORS)


def test_eigenvectors_by_their_definition():
    """Against dense generalized eigenvectors, A v = lambda D v."""
    adjacency = neighbor_graph(X)
    dense = adjacency.toarray()
    values, expected = eigh(dense, np.diag(dense.sum(axis=1)))
    values, expected = values[::-1], expected[:, ::-1]
    np.testing.assert_allclose(values[0], 1.0)  # the constant one
    got_values, got = leading_eigenvectors(adjacency, 6)
    np.testing.assert_allclose(got_values, values[1:7])
    np.testing.assert_allclose(got.std(axis=0), 1.0, rtol=1e-3)
    for vector, other in zip(got.T, expected[:, 1:].T, strict=False):
        assert abs(np.corrcoef(vector, other)[0, 1]) > 0.999


def test_clusters_apart_are_told_apart():
    """Components of the graph have the eigenvalue 1, each its own indicator."""
    rows, clusters = make_blobs(
        400, centers=[[0, 0], [50, 0], [0, 50]], cluster_std=1.0, random_state=0
    )
    coordinates = Eigenmaps(rows, 2).coordinates(rows)
    for c in range(3):
        assert coordinates[clusters == c].std(axis=0).max() < 1e-4
    centers = [coordinates[clusters == c].mean(axis=0) for c in range(3)]
    apart = [np.linalg.norm(centers[i] - centers[i - 1]) for i in range(3)]
    assert min(apart) > 1.0


def test_smooth_coordinates_are_the_larger():
    """By the factor that label spreading gives them, (I - alpha S)^-1."""
    values, vectors = leading_eigenvectors(neighbor_graph(X), 6)
    landmarks = Eigenmaps(X, 6).regressor._y
    scale = landmarks.std(axis=0) / vectors.std(axis=0)
    np.testing.assert_allclose(
        scale * (1 - 0.99 * values), scale[0] * (1 - 0.99 * values[0]), rtol=1e-4
    )
    np.testing.assert_allclose(np.mean(landmarks**2), 1.0, atol=0.02)


def test_coordinates_depend_on_the_row_alone():
    maps = Eigenmaps(X, 4)
    whole = maps.coordinates(X)
    assert whole.shape == (300, 4)
    assert whole.dtype == np.float32
    np.testing.assert_array_equal(maps.coordinates(X[::7]), whole[::7])
    near = maps.coordinates(X + 1e-6)
    np.testing.assert_allclose(near, whole, atol=1e-4)
    np.testing.assert_array_equal(Eigenmaps(X, 4).coordinates(X), whole)


def test_many_rows(monkeypatch):
    """The graph is of some of them; the others get the mean of their neighbours."""
    rows, y = make_moons(3000, noise=0.05, random_state=0)
    monkeypatch.setattr(clusters, "MAX_LANDMARKS", 300)
    monkeypatch.setattr(clusters, "CHUNK", 700)
    before = np.random.get_state()[1].copy()
    maps = Eigenmaps(rows, 3)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    assert len(maps.regressor._fit_X) == 300
    coordinates = maps.coordinates(rows)
    best = max(
        np.mean((c > np.median(c)) == y) for c in (*coordinates.T, *-coordinates.T)
    )
    assert best > 0.95


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_scale_does_not_matter(scale):
    np.testing.assert_allclose(
        abs(Eigenmaps(scale * X, 3).coordinates(scale * X)),
        abs(Eigenmaps(X, 3).coordinates(X)),
        atol=0.01,
    )


def test_values_near_the_limit():
    """Without a warning: their sums are beyond float32."""
    rows = 1e38 * np.sign(X) * np.linspace(0.5, 1.0, 300)[:, None]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(Eigenmaps(rows, 4).coordinates(rows)).all()


def test_equal_rows():
    rows = np.repeat(X[:100], 4, axis=0)
    assert np.isfinite(Eigenmaps(rows, 5).coordinates(rows)).all()
    assert np.isfinite(
        Eigenmaps(np.zeros((200, 3)), 5).coordinates(X[:, [0, 1, 1]])
    ).all()
