import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from sklearn_lga._training.batches import (
    BatchStream,
    PairedSampler,
    SemiSupervisedDataset,
    n_steps_per_epoch,
)
from sklearn_lga._views.rows import digest, take_rows


@given(n=st.integers(1, 200), batch_size=st.integers(1, 70), seed=st.integers(0, 9))
def test_a_pass_holds_every_row_once(n, batch_size, seed):
    stream = BatchStream(n, batch_size, torch.Generator().manual_seed(seed))
    for _ in range(2):
        batches = [stream.next() for _ in range(stream.n_batches)]
        sizes = [len(batch) for batch in batches]
        assert max(sizes) <= batch_size
        assert max(sizes) - min(sizes) <= 1
        assert torch.cat(batches).sort().values.tolist() == list(range(n))


def test_passes_are_shuffled_anew():
    stream = BatchStream(100, 50, torch.Generator().manual_seed(0))
    passes = [torch.cat([stream.next(), stream.next()]) for _ in range(2)]
    assert not torch.equal(*passes)
    assert not torch.equal(passes[0], torch.arange(100))


@pytest.mark.parametrize("n_unlabeled", [0, 95])
def test_an_epoch_is_one_pass(n_unlabeled):
    generator = torch.Generator().manual_seed(0)
    sampler = PairedSampler(25, n_unlabeled, 10, generator)
    assert len(sampler) == n_steps_per_epoch(25, n_unlabeled, 10)
    pairs = list(sampler)
    assert len(pairs) == len(sampler) == (10 if n_unlabeled else 3)
    if n_unlabeled:
        seen = torch.cat([unlabeled for _, unlabeled in pairs])
        assert sorted(seen.tolist()) == list(range(n_unlabeled))
    else:
        assert all(unlabeled is None for _, unlabeled in pairs)
    # the labelled pass goes on where the epoch before left off
    first = torch.cat([labeled for labeled, _ in pairs])
    later = torch.cat([labeled for labeled, _ in sampler])
    both = torch.cat([first, later])[:50]
    assert sorted(both.tolist()) == sorted([*range(25), *range(25)])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, int, bool])
@pytest.mark.parametrize("rows", [slice(1, 3), np.array([2, 0])])
def test_rows_are_copied_as_float32(dtype, rows):
    X = np.array([[0, 1], [1, 0], [1, 1]], dtype=dtype)
    X.flags.writeable = False
    for data in (X, sparse.csr_matrix(X.astype(float))):
        batch = take_rows(data, rows)
        assert batch.dtype == torch.float32
        np.testing.assert_array_equal(batch, X[rows].astype(np.float32))
        batch.fill_(7.0)
    assert X.max() == 1


TABLES = {
    "integers": lambda X: (10 * X).astype(np.int64),
    "CSR": sparse.csr_matrix,
    "images": lambda X: X.reshape(-1, 1, 2, 2),
}


@pytest.mark.parametrize("unlabeled", [torch.tensor([9, 3]), None])
@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_batches_taken_from_a_device_are_the_same(table, unlabeled):
    random = np.random.RandomState(0)
    X = table(random.randn(9000, 4))
    labeled_rows = np.arange(10, 9000, 3)
    labels = torch.arange(2.0 * len(labeled_rows)).reshape(-1, 2)
    weights = random.rand(len(labeled_rows), 5).astype(np.float32)
    datasets = [
        SemiSupervisedDataset(
            X, labeled_rows, labels, np.arange(1, 9000, 3), weights=weights
        )
        for _ in range(2)
    ]
    datasets[1].keep_on("cpu")
    labeled = torch.tensor([2990, 2, 7])
    ours, theirs = (dataset[labeled, unlabeled] for dataset in datasets)
    assert len(ours) == len(theirs) == (1 if unlabeled is None else 2)
    for batch, same in zip(ours, theirs, strict=True):
        for tensor, other in zip(batch, same, strict=True):
            assert tensor.dtype == other.dtype
            assert torch.equal(tensor, other)
    rows = [dataset.labeled_batch(labeled.numpy()) for dataset in datasets]
    assert torch.equal(rows[0], ours[0][0])
    assert torch.equal(rows[1], ours[0][0])


def test_a_device_has_all_that_batches_are_taken_from():
    X, rows = np.ones((6, 2)), np.arange(4)
    dataset = SemiSupervisedDataset(X, rows, torch.eye(4), rows, weights=np.ones(4))
    dataset.keep_on("meta")  # which holds no values, and takes none from elsewhere
    for batch in dataset[torch.tensor([3, 1]), torch.tensor([2])]:
        assert {tensor.device.type for tensor in batch} == {"meta"}


@pytest.mark.parametrize("shape", [(4,), (4, 3)])
def test_weights_go_with_their_rows(shape):
    X, rows = np.arange(9.0)[:, np.newaxis], np.array([8, 5, 2, 0])
    weights = np.random.RandomState(0).rand(*shape)
    dataset = SemiSupervisedDataset(X, rows, torch.eye(4), rows, weights=weights)
    ((taken, labels, of_taken),) = dataset[torch.tensor([3, 1]), None]
    assert taken.ravel().tolist() == [0.0, 5.0]
    assert torch.equal(labels, torch.eye(4)[[3, 1]])
    np.testing.assert_array_equal(of_taken, weights[[3, 1]])
    dataset = SemiSupervisedDataset(X, rows, torch.eye(4), rows)
    ((_, _, of_taken),) = dataset[torch.tensor([3, 1]), None]
    assert of_taken.tolist() == [1.0, 1.0]  # where none are given


@pytest.mark.parametrize("table", [np.asarray, sparse.csr_matrix])
def test_a_digest_tells_rows_apart(table):
    X = np.random.RandomState(0).randn(20_000, 2)
    rows = np.arange(0, 20_000, 2)
    ours = digest(table(X), rows)
    changed = X.copy()
    changed[1] += 1.0  # no row of those
    assert digest(table(changed), rows) == ours
    changed[19_998, 1] = np.nextafter(changed[19_998, 1], 9.0)
    assert digest(table(changed), rows) != ours
    assert digest(table(X), rows[::-1]) != ours
    assert digest(table(X), rows[:-1]) != ours
