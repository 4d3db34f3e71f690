import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_lga.datasets import hide_labels, make_shells


@given(
    counts=st.lists(st.integers(1, 30), min_size=1, max_size=6),
    share=st.floats(0, 1),
    stratify=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_hide_labels_keeps_the_count_and_every_class(counts, share, stratify, seed):
    y = np.repeat(np.arange(len(counts)), counts)
    n_labeled = len(counts) + int(share * (len(y) - len(counts)))
    y_marked = hide_labels(y, n_labeled=n_labeled, stratify=stratify, random_state=seed)
    kept = y_marked != -1
    assert kept.sum() == n_labeled
    np.testing.assert_array_equal(y_marked[kept], y[kept])
    assert set(y_marked[kept]) == set(y)
    again = hide_labels(y, n_labeled=n_labeled, stratify=stratify, random_state=seed)
    np.testing.assert_array_equal(again, y_marked)


@pytest.mark.parametrize("n_labeled", [100, 0.1])
def test_stratified_labels_are_in_proportion(n_labeled):
    y = np.repeat([0, 1, 2], [700, 200, 100])
    kept = hide_labels(y, n_labeled=n_labeled, random_state=0)
    assert np.bincount(kept[kept != -1]).tolist() == [70, 20, 10]


def test_unstratified_labels_are_not():
    y = np.repeat([0, 1], [500, 500])
    counts = {
        tuple(np.bincount(m[m != -1]))
        for m in (
            hide_labels(y, n_labeled=20, stratify=False, random_state=seed)
            for seed in range(10)
        )
    }
    assert len(counts) > 1


@pytest.mark.parametrize(
    ("y", "unlabeled", "dtype"),
    [
        (np.array([0, 1, 0, 1], dtype=np.uint8), -1, np.int16),
        (np.array([0, 1, 0, 1], dtype=np.int8), -1, np.int8),
        (np.array([0, 1, 0, 1], dtype=np.uint64), -1, object),
        (np.array([0, 1, 0, 1]), "?", object),
        (np.array(["a", "b", "a", "b"]), -1, object),
        (np.array([True, False, True, False]), -1, object),
        (np.array([0.5, 1.0, 2.0, 3.0]), np.nan, np.float64),
        (
            np.array([[0.5, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.0]]),
            np.nan,
            np.float64,
        ),
    ],
    ids=["uint8", "int8", "uint64", "int and str", "str", "bool", "float", "outputs"],
)
def test_hide_labels_dtypes(y, unlabeled, dtype):
    before = y.copy()
    y_marked = hide_labels(y, n_labeled=2, random_state=0, unlabeled=unlabeled)
    np.testing.assert_array_equal(y, before)
    assert y_marked.dtype == dtype
    assert y_marked.shape == y.shape
    kept = [i for i in range(4) if np.all(y_marked[i] == y[i])]
    assert len(kept) == 2


def test_hide_labels_errors():
    y = np.arange(10) % 5
    with pytest.raises(ValueError, match="number of classes, 5.*n_labeled >= 5"):
        hide_labels(y, n_labeled=4)
    for n_labeled in (0, 11, 1.0, 0.0, -3):
        with pytest.raises(ValueError, match=r"n_labeled must be .* got"):
            hide_labels(y, n_labeled=n_labeled)
    with pytest.raises(ValueError, match="holds unlabeled=-1 as a label"):
        hide_labels([-1, 1, -1, 1], n_labeled=2)
    with pytest.raises(ValueError, match="missing values"):
        hide_labels([0.0, np.nan], n_labeled=1)


@pytest.mark.parametrize("n_features", [2, 50])
def test_make_shells_follows_equation_14(n_features):
    X, y = make_shells(20_000, n_features, random_state=0)
    assert X.shape == (20_000, n_features)
    np.testing.assert_allclose(np.bincount(y) / len(y), 0.2, atol=0.02)
    # s - (c - 1), uniform on what Eq. 14 says
    rest = np.linalg.norm(X, axis=1) - y
    for c, (low, high) in enumerate([(0, 1), *[(0.5, 0.5)] * 3, (1, 0)]):
        mine = rest[y == c]
        inner, outer = mine[mine <= 0.25 + 1e-12], mine[mine >= 0.75 - 1e-12]
        assert len(inner) + len(outer) == len(mine)
        np.testing.assert_allclose(len(inner) / len(mine), low, atol=0.03)
        np.testing.assert_allclose(len(outer) / len(mine), high, atol=0.03)
        for part, start in ((inner, 0.0), (outer, 0.75)):
            if len(part):
                assert part.mean() == pytest.approx(start + 0.125, abs=0.005)
    # directions have no preference
    np.testing.assert_allclose(X.mean(axis=0), 0.0, atol=0.08)


def test_make_shells_is_reproducible():
    first, second = (make_shells(50, 3, random_state=1)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)
