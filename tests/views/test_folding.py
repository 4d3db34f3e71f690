"""Which labelled rows are held out together."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_lga._views.folding import LEAVE_ONE_OUT, N_PARTS, Folding


def draw(codes, n_rows=None, seed=0):
    random_state = np.random.RandomState(seed)
    return Folding.draw(codes, len(codes) if n_rows is None else n_rows, random_state)


@pytest.mark.parametrize("n_rows", [LEAVE_ONE_OUT + 1, 103])
def test_classes_are_dealt_evenly(n_rows):
    codes = np.random.RandomState(1).randint(4, size=n_rows)
    folding = draw(codes)
    assert_array_equal(folding.folds, folding.parts)
    assert np.ptp(np.bincount(folding.folds)) <= 1
    for c in range(4):
        assert np.ptp(np.bincount(folding.folds[codes == c], minlength=N_PARTS)) <= 1
    assert not np.array_equal(draw(codes, seed=1).folds, folding.folds)


@pytest.mark.parametrize("n_rows", [2, 7, LEAVE_ONE_OUT])
def test_few_rows_are_left_out_one_by_one(n_rows):
    for codes in (None, np.arange(n_rows) % 2):
        folding = draw(codes, n_rows)
        assert sorted(folding.folds) == list(range(n_rows))
        assert set(folding.parts) <= {-1, *range(N_PARTS)}


@pytest.mark.parametrize("n_rows", [12, 60])
def test_rows_count_where_other_folds_know_their_class(n_rows):
    codes = np.minimum(np.arange(n_rows), 4)  # 0 to 3 have one row each
    folding = draw(codes)
    assert_array_equal(folding.counts, codes == 4)
    assert_array_equal(folding.parts[:4], -1)
    assert folding.parts[4:].min() == 0


@pytest.mark.parametrize("n_labels", [2, 3, 5, 8])
def test_no_part_takes_a_class_away(n_labels):
    """Which more than one row has."""
    for seed in range(20):
        codes = np.random.RandomState(seed).permutation(np.repeat([0, 1, 2], n_labels))
        folding = draw(codes, seed=seed)
        for part in range(N_PARTS):
            assert set(codes[folding.parts != part]) == {0, 1, 2}


@pytest.mark.parametrize("n_rows", [1, 2, 50])
def test_targets_count_unless_there_is_one(n_rows):
    folding = draw(None, n_rows)
    assert_array_equal(folding.counts, n_rows > 1)
    assert (folding.parts >= 0).all() == (n_rows > 1)


def test_some_of_the_rows():
    folding = draw(np.arange(50) % 3)
    some = folding.of(np.array([7, 3]))
    assert_array_equal(some.folds, folding.folds[[7, 3]])
    assert_array_equal(some.parts, folding.parts[[7, 3]])
    assert_array_equal(some.counts, folding.counts[[7, 3]])
