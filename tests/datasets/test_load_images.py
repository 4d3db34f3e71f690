import gzip
import io
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from sklearn_lga.datasets import load_images
from sklearn_lga.datasets._image_files import Arrays
from sklearn_lga.datasets._preprocessing import normalize_contrast, scale, scaled
from sklearn_lga.datasets._published import DATA_SETS

IDX_FILES = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
]
CIFAR_BATCHES = [f"data_batch_{i}" for i in range(1, 6)]


def make_arrays(shape=(1, 4, 4), n_train=120, n_test=40, seed=0):
    """Smooth images, whose neighbouring pixels go together, and their labels."""
    rng = np.random.RandomState(seed)
    n = n_train + n_test
    noise = rng.standard_normal((n, np.prod(shape)))
    pixels = 128 + 12 * np.cumsum(noise, axis=1) + rng.standard_normal(noise.shape)
    X = np.clip(pixels, 0, 255).astype(np.uint8).reshape(n, *shape)
    y = rng.permutation(np.arange(n) % 10).astype(np.uint8)
    return Arrays(X[:n_train], y[:n_train], X[n_train:], y[n_train:])


def write_npz(path, arrays, **changes):
    np.savez(path, **arrays._asdict() | changes)


def idx(array):
    header = [b"\0\0\x08", bytes([array.ndim])]
    sizes = [size.to_bytes(4, "big") for size in array.shape]
    return b"".join([*header, *sizes, array.tobytes()])


def write_idx(folder, arrays, ending=""):
    X_train, y_train, X_test, y_test = arrays
    contents = map(idx, [X_train[:, 0], y_train, X_test[:, 0], y_test])
    opened = gzip.open if ending else open
    for file, content in zip(IDX_FILES, contents, strict=True):
        with opened(folder / (file + ending), "wb") as stream:
            stream.write(content)


class Python2Pickler(pickle._Pickler):
    """Writes bytes and strings alike as Python 2 wrote its strings."""

    def save_string(self, text):
        data = text if isinstance(text, bytes) else text.encode("latin1")
        self.write(pickle.BINSTRING + len(data).to_bytes(4, "little") + data)
        self.memoize(text)

    dispatch = pickle._Pickler.dispatch | {bytes: save_string, str: save_string}


def original_pickle(content):
    """As in the published archive: protocol 2, numpy's modules by their old names."""
    stream = io.BytesIO()
    Python2Pickler(stream, protocol=2).dump(content)
    return stream.getvalue().replace(b"numpy._core", b"numpy.core")


def write_cifar_pickles(folder, arrays, dumps=original_pickle):
    folder = folder / "cifar-10-batches-py"
    folder.mkdir()
    for file, X, y in cifar_batches(arrays):
        rows = X.reshape(len(X), -1)
        content = {b"batch_label": file.encode(), b"labels": y.tolist(), b"data": rows}
        (folder / file).write_bytes(dumps(content))


def write_cifar_records(folder, arrays):
    folder = folder / "cifar-10-batches-bin"
    folder.mkdir()
    for file, X, y in cifar_batches(arrays):
        np.c_[y, X.reshape(len(X), -1)].tofile(folder / f"{file}.bin")


def cifar_batches(arrays):
    parts = zip(
        np.array_split(arrays.X_train, 5),
        np.array_split(arrays.y_train, 5),
        strict=True,
    )
    for file, (X, y) in zip(CIFAR_BATCHES, parts, strict=True):
        yield file, X, y
    yield "test_batch", arrays.X_test, arrays.y_test


def write_svhn(folder, arrays):
    for part in ("train", "test"):
        X, y = getattr(arrays, f"X_{part}"), getattr(arrays, f"y_{part}")
        labels = np.where(y == 0, 10, y)[:, np.newaxis]
        content = {"X": X.transpose(2, 3, 1, 0), "y": labels}
        savemat(folder / f"{part}_32x32.mat", content)


def check_same(data, arrays):
    """Everything is there, in order, scaled to [-1, 1]."""
    n = len(data.X)
    images = [data.X, data.X_valid, data.X_test]
    labels = [data.y_true, data.y_valid, data.y_test]
    stored = [arrays.X_train[:n], arrays.X_train[n:], arrays.X_test]
    for got, expected in zip(images, stored, strict=True):
        np.testing.assert_allclose(got, expected / 255.0 * 2 - 1, atol=1e-6)
        assert got.dtype == np.float32
        assert got.flags.c_contiguous
    stored = [arrays.y_train[:n], arrays.y_train[n:], arrays.y_test]
    for got, expected in zip(labels, stored, strict=True):
        np.testing.assert_array_equal(got, expected)
        assert got.dtype == np.int64


@pytest.fixture
def unwhitened(monkeypatch):
    """CIFAR-10 without ZCA, which takes seconds for images of 32 x 32."""
    plain = DATA_SETS["cifar10"]._replace(preprocess=scaled)
    monkeypatch.setitem(DATA_SETS, "cifar10", plain)


@pytest.mark.parametrize("layout", ["first", "last", "none"])
@pytest.mark.parametrize("within", [".", "mnist"])
def test_npz(tmp_path, layout, within):
    arrays = make_arrays(shape=(1, 3, 5) if layout == "none" else (3, 4, 5))
    axes = {"first": lambda X: X, "last": lambda X: np.moveaxis(X, 1, 3)}
    change = axes.get(layout, lambda X: X[:, 0])
    (tmp_path / within).mkdir(exist_ok=True)
    write_npz(
        tmp_path / within / "mnist.npz",
        arrays,
        X_train=change(arrays.X_train),
        X_test=change(arrays.X_test),
    )
    check_same(load_images("mnist", data_home=tmp_path, n_labeled=10), arrays)


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_idx(tmp_path, name, ending):
    arrays = make_arrays(shape=(1, 6, 5))
    write_idx(tmp_path, arrays, ending)
    check_same(load_images(name, data_home=str(tmp_path), n_labeled=10), arrays)


@pytest.mark.usefixtures("unwhitened")
@pytest.mark.parametrize(
    "write",
    [
        write_cifar_pickles,
        *(
            # Python 3 writes bytes in protocol 2, and arrays in 5, in its own ways
            lambda folder, arrays, protocol=protocol: write_cifar_pickles(
                folder, arrays, lambda content: pickle.dumps(content, protocol)
            )
            for protocol in (2, 4, 5)
        ),
        write_cifar_records,
    ],
    ids=["original", "protocol 2", "protocol 4", "protocol 5", "records"],
)
def test_cifar10(tmp_path, write):
    arrays = make_arrays(shape=(3, 32, 32))
    write(tmp_path, arrays)
    check_same(load_images("cifar10", data_home=tmp_path, n_labeled=10), arrays)


def test_svhn_calls_the_digit_0_ten(tmp_path):
    arrays = make_arrays(shape=(3, 32, 32))
    write_svhn(tmp_path, arrays)
    data = load_images("svhn", data_home=tmp_path, n_labeled=20, random_state=0)
    check_same(data, arrays)
    assert set(data.y) == {-1, *range(10)}
    assert data.X.min() >= -1
    assert data.X.max() <= 1


def test_formats_are_tried_in_order(tmp_path):
    first, second, third = (make_arrays(seed=seed) for seed in range(3))
    write_idx(tmp_path, third)
    check_same(load_images("mnist", data_home=tmp_path, n_labeled=10), third)
    (tmp_path / "mnist").mkdir()
    write_idx(tmp_path / "mnist", second)  # the folder of the name comes first
    check_same(load_images("mnist", data_home=tmp_path, n_labeled=10), second)
    write_npz(tmp_path / "mnist.npz", first)
    check_same(load_images("mnist", data_home=tmp_path, n_labeled=10), first)


def test_default_folder_is_that_of_scikit_learn(tmp_path, monkeypatch):
    arrays = make_arrays()
    write_npz(tmp_path / "mnist.npz", arrays)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    check_same(load_images("mnist", n_labeled=10), arrays)


def test_files_are_only_read(tmp_path):
    write_npz(tmp_path / "mnist.npz", make_arrays())
    before = (tmp_path / "mnist.npz").read_bytes()
    load_images("mnist", data_home=tmp_path, n_labeled=10)
    assert [path.name for path in tmp_path.iterdir()] == ["mnist.npz"]
    assert (tmp_path / "mnist.npz").read_bytes() == before


@pytest.mark.usefixtures("unwhitened")
@pytest.mark.parametrize(
    ("name", "n_train", "n_valid"),
    [
        ("cifar10", 45_000, 5_000),
        ("svhn", 65_931, 7_326),
        ("fashion_mnist", 55_000, 5_000),
        ("mnist", 55_000, 5_000),
    ],
)
def test_published_sizes(tmp_path, name, n_train, n_valid):
    arrays = make_arrays((1, 2, 2), n_train + n_valid)
    write_npz(tmp_path / f"{name}.npz", arrays)
    data = load_images(name, data_home=tmp_path, n_labeled=10)
    assert len(data.X) == len(data.y) == len(data.y_true) == n_train
    check_same(data, arrays)


@pytest.fixture
def folder(tmp_path):
    for name in DATA_SETS:
        write_npz(tmp_path / f"{name}.npz", make_arrays((3, 4, 4), 300))
    return tmp_path


@pytest.mark.parametrize("seed", range(5))
def test_labels_are_balanced_and_by_seed(folder, seed):
    def load(n_labeled=50, name="mnist", random_state=seed):
        return load_images(
            name, data_home=folder, n_labeled=n_labeled, random_state=random_state
        )

    data = load()
    kept = data.y != -1
    # as many of each class, and they are right
    assert np.bincount(data.y[kept]).tolist() == [5] * 10
    np.testing.assert_array_equal(data.y[kept], data.y_true[kept])
    assert data.y.dtype == np.int64
    # the seed and the labels decide
    np.testing.assert_array_equal(load().y, data.y)
    np.testing.assert_array_equal(load(name="cifar10").y_true, data.y_true[:270])
    assert not np.array_equal(load(random_state=seed + 5).y, data.y)
    # rows of fewer labels are among those of more
    fewer = load(n_labeled=20).y
    np.testing.assert_array_equal(fewer[fewer != -1], data.y[fewer != -1])


def test_rows_do_not_depend_on_the_pixels(folder):
    settings = {"data_home": folder, "n_labeled": 30, "random_state": 0}
    before = load_images("svhn", **settings).y
    arrays = make_arrays((3, 4, 4), 300)
    write_npz(folder / "svhn.npz", arrays, X_train=255 - arrays.X_train)
    np.testing.assert_array_equal(load_images("svhn", **settings).y, before)


def test_all_labels(folder):
    data = load_images("mnist", data_home=folder, n_labeled=None)
    np.testing.assert_array_equal(data.y, data.y_true)
    assert data.y is not data.y_true


@pytest.mark.parametrize("seed", range(3))
def test_contrast(seed):
    images = make_arrays((3, 5, 5), seed=seed).X_train
    rows = normalize_contrast(images).reshape(len(images), -1)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 55, rtol=1e-5)
    np.testing.assert_allclose(rows.mean(axis=1), 0, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_zca(tmp_path, seed):
    arrays = make_arrays((3, 4, 4), 500, seed=seed)
    arrays.X_train[7] = 200  # no contrast
    write_npz(tmp_path / "cifar10.npz", arrays)
    data = load_images("cifar10", data_home=tmp_path, n_labeled=10)
    n = len(data.X)
    assert n == 450
    before = normalize_contrast(arrays.X_train).reshape(500, -1).astype(np.float64)
    assert np.abs(before[7]).max() == 0
    # With C the covariance before, that after is W C W = C (C + 0.1 I)^-1.
    # Of the whole training part, as it was before the split.
    C = np.cov(before, rowvar=False, bias=True)
    expected = C @ np.linalg.inv(C + 0.1 * np.eye(len(C)))
    after = np.concatenate([data.X, data.X_valid]).reshape(500, -1)
    covariance = np.cov(after, rowvar=False, bias=True)
    np.testing.assert_allclose(covariance, expected, atol=1e-4)
    np.testing.assert_allclose(after.mean(axis=0), 0, atol=1e-4)
    # W is the positive definite root of (C + 0.1 I)^-1, for the test part as well.
    s, U = np.linalg.eigh(C + 0.1 * np.eye(len(C)))
    test = normalize_contrast(arrays.X_test).reshape(len(arrays.X_test), -1)
    test = (test - before.mean(axis=0)) @ (U / np.sqrt(s)) @ U.T
    np.testing.assert_allclose(data.X_test.reshape(len(test), -1), test, atol=1e-3)
    for images in (data.X, data.X_valid, data.X_test):
        assert np.isfinite(images).all()
        assert images.dtype == np.float32
        assert images.flags.c_contiguous


def test_zca_is_fitted_without_the_test_images(folder):
    before = load_images("cifar10", data_home=folder, n_labeled=10)
    arrays = make_arrays((3, 4, 4), 300)
    arrays.X_test[:] //= 3
    arrays.X_test[::2] = 0
    write_npz(folder / "cifar10.npz", arrays)
    after = load_images("cifar10", data_home=folder, n_labeled=10)
    np.testing.assert_array_equal(after.X, before.X)
    np.testing.assert_array_equal(after.X_valid, before.X_valid)
    assert not np.array_equal(after.X_test, before.X_test)


def test_scale():
    images = np.array([0, 51, 255], dtype=np.uint8)
    np.testing.assert_allclose(scale(images), [-1, -0.6, 1], rtol=1e-6)


# Errors


@pytest.mark.parametrize(
    ("name", "hint"),
    [("cifar-10", "Did you mean 'cifar10'"), ("MNIST", ""), (3, "")],
)
def test_unknown_name(name, hint):
    message = f"one of .'cifar10', 'fashion_mnist', 'mnist', 'svhn'., got {name!r}"
    with pytest.raises(ValueError, match=f"{message}.*{hint}"):
        load_images(name, n_labeled=10)


@pytest.mark.parametrize("n_labeled", [0, -10, 15, 10.0, "10"])
def test_n_labeled_is_a_multiple_of_the_classes(folder, n_labeled):
    message = f"n_labeled must be .* multiple .* 10, or None .* got {n_labeled!r}"
    with pytest.raises(ValueError, match=message):
        load_images("mnist", data_home=folder, n_labeled=n_labeled)


def test_n_labeled_is_at_most_what_there_is(folder):
    with pytest.raises(ValueError, match=r"n_labeled=300 .* class \d has 2\d") as info:
        load_images("mnist", data_home=folder, n_labeled=300)
    most = int(re.search(r"n_labeled <= (\d+)", str(info.value))[1])
    data = load_images("mnist", data_home=folder, n_labeled=most)
    assert (data.y != -1).sum() == most


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("mnist", ["mnist.npz", *(f"{file} or {file}.gz" for file in IDX_FILES)]),
        (
            "cifar10",
            [
                "cifar10.npz",
                *(f"cifar-10-batches-py/{b}" for b in [*CIFAR_BATCHES, "test_batch"]),
                *(
                    f"cifar-10-batches-bin/{b}.bin"
                    for b in [*CIFAR_BATCHES, "test_batch"]
                ),
            ],
        ),
        ("svhn", ["svhn.npz", "train_32x32.mat", "test_32x32.mat"]),
    ],
)
def test_missing(tmp_path, name, files):
    with pytest.raises(FileNotFoundError) as info:
        load_images(name, data_home=tmp_path, n_labeled=10)
    first, *lines = str(info.value).splitlines()
    assert repr(name) in first
    assert str(tmp_path) in first
    assert [line.strip() for line in lines if line != "or"] == files


def test_some_files_are_not_enough(tmp_path):
    write_idx(tmp_path, make_arrays())
    (tmp_path / IDX_FILES[3]).unlink()
    with pytest.raises(FileNotFoundError, match=IDX_FILES[3]):
        load_images("mnist", data_home=tmp_path, n_labeled=10)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"X_train": np.zeros((120, 4, 4))}, "X_train must hold images as uint8, got"),
        ({"X_test": np.zeros((0, 4, 4), np.uint8)}, "X_test must hold .* got 0"),
        (
            {"y_train": np.zeros(119, int)},
            "y_train must hold an integer for each .*120",
        ),
        ({"y_test": np.zeros(40)}, "y_test must hold an integer .* float64"),
        ({"y_test": np.full(40, 10)}, "y_test must hold labels from 0 to 9, .* 10 to"),
        ({"y_train": np.full(120, -1)}, "y_train must hold labels .* -1 to -1"),
        ({"X_test": np.zeros((40, 4, 5), np.uint8)}, "one shape, got .*4, 4.*4, 5"),
        ({"X_test": np.zeros((40, 4, 4, 4), np.uint8)}, "1 or 3 channels"),
        ({"X_test": np.zeros((40, 3, 4, 3), np.uint8)}, "1 or 3 channels"),
        ({"X_test": np.zeros((40, 16), np.uint8)}, "must be of shape"),
        ({"X_test": np.array([None])}, "allow_pickle=False"),
    ],
)
def test_arrays_that_do_not_fit(tmp_path, changes, message):
    write_npz(tmp_path / "mnist.npz", make_arrays(), **changes)
    with pytest.raises(ValueError, match=f"mnist.npz.*{message}"):
        load_images("mnist", data_home=tmp_path, n_labeled=10)


def broken(content):
    return content[: len(content) // 2]


def check_broken(path, content, name, message=""):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"{path.name} cannot be .*{message}"):
        load_images(name, data_home=path.parent, n_labeled=10)


def test_broken_npz(tmp_path):
    path = tmp_path / "mnist.npz"
    write_npz(path, make_arrays())
    check_broken(path, broken(path.read_bytes()), "mnist")
    check_broken(path, b"text", "mnist")
    np.savez(path, X_train=0)
    check_broken(path, path.read_bytes(), "mnist", "no .'y_train', 'X_test', 'y_test'")


@pytest.mark.parametrize("file", IDX_FILES)
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_broken_idx(tmp_path, file, ending):
    write_idx(tmp_path, make_arrays(), ending)
    path = tmp_path / (file + ending)
    content = path.read_bytes()
    check_broken(path, broken(content), "mnist")
    compress = gzip.compress if ending else bytes
    other = idx(np.zeros((2, 2), dtype=np.uint8))
    check_broken(path, compress(other), "mnist", "00000802, not the magic number 00000")
    whole = gzip.decompress(content) if ending else content
    check_broken(path, compress(whole + b"\0"), "mnist", "bytes follow the header")
    check_broken(path, compress(whole[:6]), "mnist")
    check_broken(path, compress(b""), "mnist", "starts with , not")


@pytest.mark.parametrize("write", [write_cifar_pickles, write_cifar_records])
def test_broken_cifar10(tmp_path, write):
    write(tmp_path, make_arrays(shape=(3, 32, 32)))
    path = next(tmp_path.rglob("data_batch_3*"))
    path.write_bytes(broken(path.read_bytes())[:-1])
    with pytest.raises(ValueError, match=f"{path} cannot be read as"):
        load_images("cifar10", data_home=tmp_path, n_labeled=10)


def test_broken_svhn(tmp_path):
    write_svhn(tmp_path, make_arrays(shape=(3, 32, 32)))
    path = tmp_path / "test_32x32.mat"
    check_broken(path, broken(path.read_bytes()), "svhn")
    savemat(path, {"X": np.zeros(3)})
    check_broken(path, path.read_bytes(), "svhn", "it has no .'y'")


class Harm:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.mkdir, (self.path,)


class Codec:
    def __reduce__(self):
        import codecs

        return codecs.encode, ("text", "rot13")


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_pickles_run_no_code(tmp_path, protocol):
    harm = tmp_path / "harm"
    content = pickle.dumps({b"data": Harm(harm), b"labels": []}, protocol)
    pickle.loads(content)
    harm.rmdir()  # it does harm where it may
    write_cifar_pickles(tmp_path, make_arrays((3, 32, 32)), lambda _: content)
    with pytest.raises(ValueError, match="data_batch_1 .* refused: pickles can run"):
        load_images("cifar10", data_home=tmp_path, n_labeled=10)
    assert not harm.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({b"data": Codec()}, "codec 'rot13'"),
        ({b"data": np.float64(3)}, "multiarray.scalar"),
        ({b"data": np.array([print])}, "builtins.print"),
        ({b"data": 3}, "no .b'labels'"),
        ([], "no .b'data', b'labels'"),
    ],
)
def test_pickles_of_other_things(tmp_path, content, message):
    write_cifar_pickles(
        tmp_path, make_arrays((3, 32, 32)), lambda _: pickle.dumps(content, 4)
    )
    with pytest.raises(ValueError, match=f"data_batch_1 .*{message}"):
        load_images("cifar10", data_home=tmp_path, n_labeled=10)
