import numpy as np
import pytest
import torch

from sklearn_lga._views.bins import quantile_bins
from sklearn_lga.modules import MLP
from sklearn_lga.modules._mlp import (
    ENCODING_SCALE,
    MemberInputs,
    PiecewiseLinearEncoding,
)

X = np.random.RandomState(0).randn(400, 3)


def test_bins_are_between_the_quantiles():
    columns, lower, width = quantile_bins(X, 4)
    np.testing.assert_array_equal(columns, np.repeat([0, 1, 2], 4))
    edges = np.quantile(X, [0, 0.25, 0.5, 0.75, 1], axis=0, method="nearest")
    edges = edges.astype(np.float32)
    np.testing.assert_allclose(lower, edges[:-1].T.ravel(), rtol=1e-6)
    np.testing.assert_allclose(width, np.diff(edges, axis=0).T.ravel(), rtol=1e-5)


def test_columns_of_few_values():
    rows = np.column_stack([np.zeros(90), np.arange(90) % 2, np.arange(90) % 3])
    columns, lower, width = quantile_bins(rows, 8)
    np.testing.assert_array_equal(columns, [2, 2])
    np.testing.assert_array_equal(lower, [0, 1])
    np.testing.assert_array_equal(width, [1, 1])


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_encoding_does_not_depend_on_the_scale(scale):
    encoded = []
    for rows in (X, scale * X + 3 * scale):
        encoding = PiecewiseLinearEncoding(*quantile_bins(rows, 5))
        encoded.append(encoding(torch.from_numpy(rows.astype(np.float32))))
    torch.testing.assert_close(*encoded, rtol=0, atol=1e-3)


def test_a_linear_map_of_it_is_piecewise_linear():
    encoding = PiecewiseLinearEncoding(*quantile_bins(X[:, :1], 4))
    encoded = encoding(torch.from_numpy(np.sort(X[:, :1], axis=0)).float())
    assert encoded.shape == (400, 4)
    assert (encoded.diff(dim=0) >= 0).all()
    assert encoded.abs().max() == ENCODING_SCALE / 2
    rising = (encoded.diff(dim=0) > 0).sum(dim=1)
    assert (rising <= 2).all()  # one bin at a time, two at a knot
    outside = encoding(torch.tensor([[-100.0], [100.0]]))
    assert outside.tolist() == [[-ENCODING_SCALE / 2] * 4, [ENCODING_SCALE / 2] * 4]


def test_members_see_what_they_are_to():
    bins = quantile_bins(X, 4)
    encoding = PiecewiseLinearEncoding(*bins)
    rows = torch.from_numpy(np.column_stack([X, X[:, :1]]).astype(np.float32))
    seen = np.zeros((3, 4 + 12), dtype=bool)
    seen[0, :3] = seen[1, 3] = seen[2] = True  # features, coordinates, all
    inputs = MemberInputs(bins, 3, seen)(rows)
    assert inputs.shape == (3, 400, 16)
    everything = torch.cat([rows, encoding(rows[:, :3])], dim=1)
    torch.testing.assert_close(inputs[2], everything)
    torch.testing.assert_close(inputs[0, :, :3], rows[:, :3])
    torch.testing.assert_close(inputs[1, :, 3], rows[:, 3])
    assert not inputs[0, :, 3:].any()
    assert not inputs[1][:, np.arange(16) != 3].any()


def test_one_copy_where_all_members_see_all():
    bins = quantile_bins(X, 4)
    encoding = PiecewiseLinearEncoding(*bins)
    rows = torch.from_numpy(X.astype(np.float32))
    inputs = MemberInputs(bins, 3, np.ones((2, 15), dtype=bool))(rows)
    torch.testing.assert_close(inputs, torch.cat([rows, encoding(rows)], dim=1))
    one = np.ones((1, 15), dtype=bool)
    one[:, :3] = False
    assert MemberInputs(bins, 3, one)(rows).shape == (400, 15)


def test_ensembles_predict_their_mean():
    network = MLP(3, 2, n_members=3)
    rows = torch.from_numpy(X.astype(np.float32))
    members = network(rows)
    assert members.shape == (400, 3, 2)
    torch.testing.assert_close(network.eval()(rows), members.mean(dim=1))
    assert not torch.equal(members[:, 0], members[:, 1])


def test_quantiles_of_a_part_of_many_rows():
    """Near those of all, the same at each call, and nothing is drawn elsewhere."""
    X = np.random.RandomState(0).randn(50_000, 2)
    before = np.random.get_state()[1].copy()
    columns, lower, _ = quantile_bins(X, 4)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    np.testing.assert_array_equal(lower, quantile_bins(X, 4)[1])
    for j in range(2):
        inner = lower[columns == j][1:]
        np.testing.assert_allclose(
            inner, np.quantile(X[:, j], [0.25, 0.5, 0.75]), atol=0.05
        )
