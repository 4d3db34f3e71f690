"""The paper's experiments: resumable grids on small files, committed settings."""

import dataclasses
import json
import sys
from collections import Counter
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
    for path in EXAMPLES.glob("*.py"):
        sys.modules.pop(path.stem, None)


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


def tiny_protocol():
    from protocols import SCALED

    return dataclasses.replace(
        SCALED,
        data={"fashion_mnist": (20,)},
        seeds=(0,),
        n_steps=6,
        batch_size=16,
        validate_every=2,
        network=SCALED.network | {"base_channels": 2},
        n_train=100,
        n_valid=20,
    )


@needs_unordered_results
def test_every_row_of_table_1(small, capsys, monkeypatch):
    import run_table_1

    monkeypatch.setattr(run_table_1, "SCALED", tiny_protocol())
    monkeypatch.setattr(run_table_1, "RESULTS", small)
    arguments = ["run_table_1.py", str(small), "--scaled"]
    monkeypatch.setattr(sys, "argv", arguments)
    run_table_1.main()
    lines = run_table_1.read_lines(small / "table_1_scaled.jsonl")
    assert [line["method"] for line in lines] == list(run_table_1.METHODS)
    losses = [line["last_test_loss"] for line in lines]
    assert np.isfinite(losses).all()
    assert len(set(losses)) > 4  # methods that differ from the first step on
    assert all(2 <= line["best_step"] <= 8 for line in lines)
    capsys.readouterr()
    run_table_1.main()  # nothing is left to run
    out = capsys.readouterr().out
    assert "run 1 of" not in out
    assert all(method in out for method in run_table_1.METHODS)


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
    """Table 1's rows as the protocol has them, with its values by data set."""
    from images import classifier, regularizers
    from protocols import FULL, METHODS

    assert FULL.n_steps == 500_000
    chosen = FULL.hyperparameters["cifar10"]
    model = classifier("VAT + EntMin", "cifar10", chosen, 4_000, 45_000, FULL)
    assert (model.lr, model.batch_size) == (3e-3, 50)
    assert model.max_epochs == 556  # 900 steps each
    vat, entropy = model.regularizers
    assert (vat.weight, vat.eps, vat.ramp_up) == (0.3, 6.0, 0.4)
    assert (entropy.weight, entropy.ramp_up) == (0.1, 0.0)
    assert entropy.perturbation == vat  # the entropy is that of the perturbed outputs
    supervised = classifier("supervised", "cifar10", chosen, 4_000, 45_000, FULL)
    assert supervised.batch_size == 100  # labelled images
    assert supervised.max_epochs == 1112  # 450 steps each
    svhn = FULL.hyperparameters["svhn"]
    counts = [len(regularizers(method, svhn)) for method in METHODS]
    assert counts == [0, 1, 1, 2, 1, 1, 1, 0]
    assert regularizers("LGA + VAT", svhn)[0].eps == 1.0
    lga = classifier("LGA", "svhn", svhn, 1_000, 65_931, FULL)
    assert lga.label_lr * lga.max_epochs == pytest.approx(15.0)
    assert (lga.closed_form, lga.n_members) == (False, 1)  # ALGORITHM_1


def test_fashion_mnist_takes_the_better_of_both_sets():
    """By each method's validation error, over what was run with both."""
    from protocols import FULL
    from run_table_1 import grid, kept

    jobs = [job for job in grid(FULL) if job["data"] == "fashion_mnist"]
    assert {job["hyperparameters"] for job in jobs} == {"cifar10", "svhn"}
    of_svhn = [job for job in grid(FULL) if job["data"] == "svhn"]
    assert {job["hyperparameters"] for job in of_svhn} == {"svhn"}
    errors = {("LGA", "cifar10"): 0.205, ("LGA", "svhn"): 0.2, ("VAT", "cifar10"): 0.1}
    lines = [
        job | {"valid_error": errors.get((job["method"], job["hyperparameters"]), 0.5)}
        for job in jobs
    ]
    # A run without its twin does not count: it would make "cifar10" the better one.
    lines.append(lines[0] | {"seed": 9, "method": "LGA", "valid_error": 0.0})
    best = {line["method"]: line["hyperparameters"] for line in kept(lines)}
    assert (best["LGA"], best["VAT"]) == ("svhn", "cifar10")
    assert all(line["hyperparameters"] == best[line["method"]] for line in kept(lines))


def test_a_run_of_the_full_search(small):
    from protocols import SCALED
    from search_full import SETTINGS, search_run

    assert "as it is" in SETTINGS
    chosen = SCALED.hyperparameters["fashion_mnist"]
    tiny = dataclasses.replace(
        tiny_protocol(),
        augmentation={"svhn": {}},
        hyperparameters={"svhn": chosen},
        weight_per_root_share=None,
    )
    images = dict(np.load(small / "fashion_mnist.npz"))
    for part in ("X_train", "X_test"):
        images[part] = np.repeat(images[part][:, None], 3, axis=1)
    images["X_train"] = np.tile(images["X_train"], (20, 1, 1, 1))
    images["y_train"] = np.tile(images["y_train"], 20)
    np.savez(small / "svhn.npz", **images)
    tiny = dataclasses.replace(tiny, n_train=1100)
    line = search_run("svhn", "T=1", 1000, small, protocol=tiny)
    assert 0.0 <= line["valid_error"] <= 1.0
    assert not any("test" in name for name in line)


def test_the_dense_adam_is_that_of_the_framework():
    """On all of w at once, with the gathered rows' gradient."""
    from departures import dense_update

    from sklearn_lga._training.imputed_labels import ImputedLabels

    ours, theirs = ImputedLabels((6, 3), lr=0.1), torch.zeros(6, 3, requires_grad=True)
    adam = torch.optim.Adam([theirs], lr=0.1)
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        rows = torch.randperm(6, generator=generator)[:2]
        gradient = torch.randn(2, 3, generator=generator)
        dense_update(ours, rows, ours.w[rows], gradient)
        theirs.grad = torch.zeros(6, 3)
        theirs.grad[rows] = gradient
        adam.step()
    torch.testing.assert_close(ours.w, theirs.detach())


def test_targets_as_they_are():
    from departures import unscaled

    y = np.array([3.0, np.nan, 7.0])
    task, given = unscaled(y, np.nan, np.ones(3))
    np.testing.assert_array_equal(given.labels.ravel(), [3.0, 7.0])
    np.testing.assert_array_equal(task.decode(given.labels), [3.0, 7.0])


def as_written(settings):
    return json.loads(json.dumps(settings))


def test_committed_results_are_of_the_scripts_settings():
    """``--full`` and ``--scaled`` go on with what is committed."""
    import shells
    from protocols import SCALED
    from runs import RESULTS

    for name, setting in {"full": shells.FULL, "long": shells.LONG}.items():
        committed = json.loads((RESULTS / f"shells_{name}.json").read_text())
        assert committed == as_written(shells.settings_of(**setting))
    committed = json.loads((RESULTS / "table_1_scaled.json").read_text())
    assert committed == as_written(dataclasses.asdict(SCALED))


def test_committed_results_are_complete():
    import shells
    from protocols import SCALED
    from run_table_1 import grid, path_of
    from runs import RESULTS, read_lines

    for name, setting in {"full": shells.FULL, "long": shells.LONG}.items():
        with (RESULTS / f"shells_{name}.csv").open() as file:
            runs = [line.split(",")[:2] for line in file][1:]
        counts = Counter(map(tuple, runs))
        assert set(counts.values()) == {setting["epochs"]}
        assert len(counts) == len(shells.METHODS) * setting["trials"]
    lines = read_lines(path_of(scaled=True))
    for job in grid(SCALED):
        assert any(job.items() <= line.items() for line in lines), job


def test_table_1_of_the_docs_is_that_of_the_results():
    """Means and standard deviations over the seeds, as they are printed."""
    from protocols import METHODS
    from run_table_1 import kept, path_of, values
    from runs import RESULTS, read_lines

    lines = kept(read_lines(path_of(scaled=True)))
    rows = (RESULTS.parent / "paper.rst").read_text().splitlines()
    for method in METHODS:
        (row,) = (x for x in rows if x.startswith(f"{method}  ") and x.count("+-") == 6)
        for n_labeled in (100, 250, 1000):
            cell = "fashion_mnist", n_labeled, method
            errors = 100 * values(lines, *cell, "test_error")
            losses = values(lines, *cell, "test_loss")
            printed = f"{errors.mean():.2f} +- {errors.std():.2f}"
            printed += f"  {losses.mean():.2f} +- {losses.std():.2f}"
            assert printed in row, (cell, printed)
