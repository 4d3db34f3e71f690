"""The resumable grid of Table 1, on small files."""

import dataclasses
import json
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
import torch

needs_unordered_results = pytest.mark.skipif(
    tuple(map(int, joblib.__version__.split(".")[:2])) < (1, 4),
    reason="the experiments, unlike the package, need joblib 1.4",
)
EXAMPLES = Path(__file__).parents[2] / "examples" / "paper"


@pytest.fixture(autouse=True)
def examples(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    n_threads = torch.get_num_threads()
    yield
    torch.set_num_threads(n_threads)  # the runs take one each
    for name in ("images", "run_table_1", "runs"):
        sys.modules.pop(name, None)


def jobs(n):
    return [{"method": f"m{i}", "seed": 0} for i in range(n)]


class Killed(BaseException):
    pass


@needs_unordered_results
def test_a_killed_grid_goes_on(tmp_path):
    from runs import complete, read_lines

    path, ran = tmp_path / "results" / "grid.jsonl", []

    def run(method, seed):
        if len(ran) == 3 and method == "m3":
            ran.append("killed")
            raise Killed
        ran.append(method)
        return {"score": int(method[1:])}

    with pytest.raises(Killed):
        complete(path, jobs(6), run, n_jobs=1)
    assert len(read_lines(path)) >= 2
    with path.open("a") as file:  # as a kill during the write leaves it
        file.write('{"method": "m5", "seed": 0, "sc')
    before = list(ran)
    lines = complete(path, jobs(6), run, n_jobs=1)
    assert sorted(line["score"] for line in lines) == list(range(6))
    assert [json.loads(line) for line in path.read_text().splitlines()] == lines
    kept = {line["method"] for line in lines[:2]}
    assert not kept & set(ran[len(before) :])  # nothing twice
    assert complete(path, jobs(6), run, n_jobs=1) == lines
    assert len(complete(path, jobs(2), run, n_jobs=1)) == 2


def test_settings_are_not_mixed(tmp_path):
    from runs import check_settings

    path = tmp_path / "grid.json"
    check_settings(path, {"lr": 1.0, "counts": (1, 2)})
    check_settings(path, {"lr": 1.0, "counts": (1, 2)})
    with pytest.raises(SystemExit, match="has other settings"):
        check_settings(path, {"lr": 2.0, "counts": (1, 2)})


@pytest.fixture
def small(tmp_path):
    rng = np.random.RandomState(0)
    y = np.arange(360) % 10
    X = rng.randint(0, 60, (360, 16, 16)) + 18 * y[:, None, None]
    X, y = X.astype(np.uint8), y.astype(np.uint8)
    np.savez(
        tmp_path / "fashion_mnist.npz",
        X_train=X[:240],
        y_train=y[:240],
        X_test=X[240:],
        y_test=y[240:],
    )
    return tmp_path


@needs_unordered_results
def test_every_row_of_table_1(small, capsys, monkeypatch):
    import images
    import run_table_1

    tiny = dataclasses.replace(
        images.SCALED,
        data={"fashion_mnist": (20,)},
        seeds=1,
        n_steps=6,
        batch_size=16,
        validate_every=2,
        network=images.SCALED.network | {"base_channels": 2},
        n_train=100,
        n_valid=20,
    )
    monkeypatch.setattr(run_table_1, "SCALED", tiny)
    monkeypatch.setattr(run_table_1, "RESULTS", small)
    arguments = ["run_table_1.py", str(small), "--scaled"]
    monkeypatch.setattr(sys, "argv", arguments)
    run_table_1.main()
    lines = run_table_1.read_lines(small / "table_1_scaled.jsonl")
    assert [line["method"] for line in lines] == list(images.METHODS)
    losses = [line["last_test_loss"] for line in lines]
    assert np.isfinite(losses).all()
    assert len(set(losses)) > 4  # methods that differ from the first step on
    assert all(2 <= line["best_step"] <= 8 for line in lines)
    capsys.readouterr()
    run_table_1.main()  # nothing is left to run
    out = capsys.readouterr().out
    assert "run 1 of" not in out
    assert all(method in out for method in images.METHODS)


@pytest.mark.parametrize("n_labeled", [10, 50, 200])
def test_training_rows(n_labeled):
    from images import training_rows

    y = np.random.RandomState(0).permutation(np.arange(500) % 10)
    rows, marked = training_rows(y, n_labeled, 300, seed=3)
    assert len(np.unique(rows)) == 300
    given = marked != -1
    np.testing.assert_array_equal(marked[given], y[rows][given])
    assert (np.bincount(marked[given], minlength=10) == n_labeled // 10).all()
    fewer = training_rows(y, 10, 300, seed=3)
    assert set(fewer[0][fewer[1] != -1]) <= set(rows[given])


def test_the_unlabelled_stream_is_the_whole_training_set():
    from images import streams, training_rows

    y = np.random.RandomState(0).permutation(np.arange(500) % 10)
    rows, marked = training_rows(y, 50, 300, seed=3)
    order, stacked = streams(rows, marked)
    np.testing.assert_array_equal(order[stacked == -1], rows)
    given = order[stacked != -1]
    np.testing.assert_array_equal(given, rows[marked != -1])
    np.testing.assert_array_equal(stacked[stacked != -1], y[given])


def test_the_full_protocol():
    """Table 1's rows as the protocol has them."""
    from images import FULL, METHODS, classifier, regularizers

    assert FULL.n_steps == 500_000
    model = classifier("VAT + EntMin", "cifar10", 4_000, 45_000, FULL)
    assert (model.lr, model.batch_size) == (3e-3, 50)
    vat, entropy = model.regularizers
    assert (vat.weight, vat.eps, vat.ramp_up) == (0.3, 6.0, 0.4)
    assert (entropy.weight, entropy.ramp_up) == (0.1, 0.0)
    assert model.max_epochs == 556  # 900 steps each
    counts = [len(regularizers(method, "svhn", FULL)) for method in METHODS]
    assert counts == [0, 1, 1, 2, 1, 1, 1, 0]
    assert regularizers("LGA + VAT", "svhn", FULL)[0].eps == 1.0
