import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneOut,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
)

from sklearn_lga.model_selection import SemiSupervisedSplit

N = 60
Y = np.where(np.arange(N) < 20, np.arange(N) % 2, -1)
X = np.zeros((N, 1))


@given(
    labels=st.lists(st.sampled_from([-1, 0, 1]), min_size=8, max_size=50),
    n_splits=st.integers(2, 3),
)
def test_every_split_keeps_the_unlabelled_rows_in_training(labels, n_splits):
    y = np.array([0, 0, 0, 1, 1, 1, *labels])
    splits = list(SemiSupervisedSplit(n_splits).split(np.zeros((len(y), 1)), y))
    tested = np.concatenate([test for _, test in splits])
    np.testing.assert_array_equal(np.sort(tested), np.flatnonzero(y != -1))
    for train, test in splits:
        np.testing.assert_array_equal(
            np.sort(np.concatenate([train, test])), np.arange(len(y))
        )
        assert set(np.flatnonzero(y == -1)) <= set(train)


def test_labels_are_stratified():
    for _, test in SemiSupervisedSplit(5).split(X, Y):
        assert np.bincount(Y[test]).tolist() == [2, 2]
    floats = np.where(Y == -1, np.nan, Y)
    for _, test in SemiSupervisedSplit(5).split(X, floats):
        assert np.bincount(floats[test].astype(int)).tolist() == [2, 2]


def test_float_labels_with_a_rare_class():
    """A class with a single labelled row does not make targets of the others."""
    labels = np.where(Y == -1, np.nan, np.where(np.arange(N) == 7, 2, Y))
    with pytest.warns(UserWarning, match="least populated class in y has only 1"):
        splits = list(SemiSupervisedSplit(5).split(X, labels))
    tested = np.concatenate([test for _, test in splits])
    assert np.sort(tested).tolist() == list(range(20))
    for train, test in splits:
        assert set(range(20, N)) <= set(train)
        # Stratified, as the other classes allow for.
        assert np.bincount(labels[test].astype(int))[:2].min() >= 1
    assert SemiSupervisedSplit(LeaveOneOut()).get_n_splits(X, labels) == 20


@pytest.mark.parametrize("last", [3, 0.5, 0], ids=["few", "part", "labels"])
def test_minus_one_is_a_value_beside_nan(last):
    """Among targets (less than two rows a class; a broken one) and among labels."""
    y = np.array([0, 0, 1, 1, 2, last, -1, -1, np.nan])
    tests = [test for _, test in SemiSupervisedSplit(KFold(2)).split(X[:9], y)]
    assert np.sort(np.concatenate(tests)).tolist() == list(range(8))


def test_targets_are_split_by_kfold():
    y = np.where(Y == -1, np.nan, np.arange(N) / 7)
    tests = [test.tolist() for _, test in SemiSupervisedSplit(4).split(X, y)]
    assert tests == [list(range(i, i + 5)) for i in range(0, 20, 5)]
    whole = np.where(Y == -1, np.nan, np.arange(N))
    assert [t.tolist() for _, t in SemiSupervisedSplit(4).split(X, whole)] == tests


def test_integer_targets_are_split_by_kfold():
    y = np.where(Y == -1, -1, 3 * np.arange(N))
    tests = [test.tolist() for _, test in SemiSupervisedSplit(4).split(X, y)]
    assert tests == [list(range(i, i + 5)) for i in range(0, 20, 5)]


def test_several_outputs():
    y = np.column_stack([np.arange(N) / 7, np.arange(N)])
    y[20:] = np.nan
    tests = [test for _, test in SemiSupervisedSplit(4).split(X, y)]
    assert np.concatenate(tests).tolist() == list(range(20))


@pytest.mark.parametrize(
    ("cv", "n_splits"),
    [
        (StratifiedKFold(3, shuffle=True, random_state=0), 3),
        (RepeatedStratifiedKFold(n_splits=2, n_repeats=3, random_state=0), 6),
        (ShuffleSplit(4, test_size=0.25, random_state=0), 4),
        (LeaveOneOut(), 20),
        (GroupKFold(5), 5),
    ],
)
def test_any_splitter(cv, n_splits):
    groups = np.arange(N) % 5 if isinstance(cv, GroupKFold) else None
    split = SemiSupervisedSplit(cv)
    splits = list(split.split(X, Y, groups))
    assert len(splits) == n_splits == split.get_n_splits(X, Y, groups)
    for train, test in splits:
        assert (Y[test] != -1).all()
        assert not set(train) & set(test)
        if isinstance(cv, GroupKFold):
            labeled = train[Y[train] != -1]
            assert not set(groups[labeled]) & set(groups[test])


def test_errors():
    with pytest.raises(ValueError, match="y is needed"):
        next(SemiSupervisedSplit().split(X))
    with pytest.raises(ValueError, match="no labelled row"):
        next(SemiSupervisedSplit().split(X, np.full(N, -1)))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        next(SemiSupervisedSplit().split(X, Y[:-1]))


def test_repr():
    assert repr(SemiSupervisedSplit(3)) == "SemiSupervisedSplit(cv=3, unlabeled=-1)"
    assert SemiSupervisedSplit(3).get_n_splits() == 3
