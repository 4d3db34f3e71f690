"""Several processes train as one would on their batches together."""

import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
import torch
import torch.distributed as dist
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV
from torch import nn

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga._training.algorithm import TrainingState, descending
from sklearn_lga._training.batches import PairedSampler, SemiSupervisedDataset
from sklearn_lga._training.imputed_labels import ImputedLabels
from sklearn_lga._training.processes import Processes
from sklearn_lga.alignment import CLASSIFICATION
from sklearn_lga.baselines import RegularizedNetClassifier
from sklearn_lga.modules import MLP
from sklearn_lga.regularizers import EntropyMinimization

EXAMPLES = Path(__file__).parents[2] / "examples"
N_PROCESSES = 2


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("n_unlabeled", [1, 2, 17])
def test_every_row_of_a_batch_has_one_process(count, n_unlabeled):
    X = np.arange(40.0)[:, np.newaxis]
    labeled, stream = np.arange(20, 29), np.arange(n_unlabeled)
    batches, owned = [], []
    for index in range(count):
        dataset = SemiSupervisedDataset(
            *(X, labeled, torch.eye(9), stream, Processes(index, count)),
            weights=torch.arange(9.0),
        )
        owned.append(dataset.own_rows)
        sampler = PairedSampler(
            *(9, n_unlabeled, 4, torch.Generator().manual_seed(0)), dataset.processes
        )
        batches.append([dataset[positions] for positions in sampler])
    np.testing.assert_array_equal(np.sort(np.concatenate(owned)), stream)
    alone = PairedSampler(9, n_unlabeled, 4, torch.Generator().manual_seed(0))
    for step, (given, others) in enumerate(alone):
        shares = [mine[step] for mine in batches]
        rows = torch.cat([x[0][0] for x in shares]).ravel()
        np.testing.assert_array_equal(rows, 20 + given)
        rows = torch.cat([x[1][0] for x in shares]).ravel()
        np.testing.assert_array_equal(np.sort(rows), np.sort(others))
        weights = torch.cat([x[0][2] for x in shares])
        np.testing.assert_array_equal(weights, given)
        for index, (_, (rows, positions)) in enumerate(shares):
            np.testing.assert_array_equal(owned[index][positions], rows.ravel())


def train(lga, n_members, processes):
    """Steps on this process's share of each batch."""
    generator = torch.Generator().manual_seed(0)
    module = MLP(
        4, 3, hidden_layer_sizes=(7,), n_members=n_members, generator=generator
    ).double()
    X = torch.randn(30, 4, generator=generator, dtype=torch.float64).numpy()
    y = nn.functional.one_hot(torch.arange(9) % 3).double()
    members = [n_members] if n_members > 1 else []
    weights = torch.rand(9, *members, generator=generator, dtype=torch.float64)
    dataset = SemiSupervisedDataset(
        X, np.arange(9), y, np.arange(9, 30), processes, weights
    )
    shape = (len(dataset.own_rows), *members, 3)
    labels = ImputedLabels(shape, lr=0.1) if lga else None
    state = TrainingState(
        CLASSIFICATION,
        module,
        imputed_labels=labels,
        n_steps=60,
        regularizers=[EntropyMinimization(0.1)],
        processes=processes,
    ).double()
    update = descending(torch.optim.Adam(module.parameters()))
    sampler = PairedSampler(9, 21, 3, torch.Generator().manual_seed(1), processes)
    losses = []
    for _ in range(5):
        for positions in sampler:
            batches = dataset[positions]
            doubles = [(rows.double(), *others) for rows, *others in batches]
            losses.append(state.step(module, update, *doubles)["loss"])
    parameters = nn.utils.parameters_to_vector(module.parameters()).detach()
    values = [parameters, torch.stack(losses)]
    if lga:
        values += [state.gradient_average, state.fourth_moment]
        values.append(processes.gather(state.labels().flatten(start_dim=1), 21))
    return values


class Normed(nn.Sequential):
    """A network with batch norm, whose statistics each process has of its own rows."""

    def __init__(self, n_features, n_outputs):
        super().__init__(nn.BatchNorm1d(n_features), nn.Linear(n_features, n_outputs))


def table(seed=0):
    X, y = make_classification(
        120, 6, n_informative=4, n_classes=3, random_state=seed, shuffle=True
    )
    hidden = np.random.RandomState(seed).rand(len(y)) < 0.7
    return X, y, np.where(hidden, -1, y)


SETTINGS = {"dropout": 0.0, "max_epochs": 3, "random_state": 0, "batch_size": 16}
FITS = {
    "classifier": (LGAClassifier(**SETTINGS), "int"),
    "regressor": (LGARegressor(**SETTINGS), "float"),
    "baseline": (RegularizedNetClassifier(**SETTINGS), "int"),
}
RANDOM = {
    "random": LGAClassifier(max_epochs=2),
    "batch_norm": LGAClassifier(module=Normed, max_epochs=2, batch_size=32),
}


def fit(name):
    """Transduction, its distributions and predictions of one of FITS or RANDOM."""
    X, _, y_marked = table()
    if name in RANDOM:
        model = RANDOM[name].fit(X, y_marked)
    else:
        model, kind = FITS[name]
        y = y_marked if kind == "int" else np.where(y_marked < 0, np.nan, y_marked)
        model = model.fit(X, y)
    values = {"predict": model.predict(X), "loss": model.history_[:, "train_loss"]}
    if hasattr(model, "predict_proba"):
        values["proba"] = model.predict_proba(X)
    for attribute in ("transduction_", "label_distributions_"):
        if hasattr(model, attribute):
            values[attribute] = getattr(model, attribute)
    return values


STATES = [(True, 1), (True, 3), (False, 1)]


def process(index, folder):
    """What each of the processes does."""
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"file://{folder}/store", rank=index, world_size=N_PROCESSES
    )
    trained = [train(*state, Processes.current()) for state in STATES]
    fitted = {name: fit(name) for name in (*FITS, *RANDOM)}
    joblib.dump((trained, fitted), f"{folder}/{index}.joblib")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Of both processes."""
    folder = tmp_path_factory.mktemp("processes")
    torch.multiprocessing.spawn(process, (str(folder),), nprocs=N_PROCESSES)
    return [joblib.load(folder / f"{index}.joblib") for index in range(N_PROCESSES)]


@pytest.mark.parametrize("i", range(len(STATES)))
def test_steps(results, i):
    """Parameters, averages, losses and labels, in float64."""
    alone = train(*STATES[i], Processes())
    for trained, _ in results:
        for a, b in zip(trained[i], alone, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("name", FITS)
def test_fits(results, name):
    """To what float32 leaves of it after these steps."""
    alone = fit(name)
    for _, fitted in results:
        assert fitted[name].keys() == alone.keys()
        for key, value in alone.items():
            if key == "transduction_" and name != "regressor":
                assert np.mean(fitted[name][key] == value) > 0.97
            else:
                np.testing.assert_allclose(
                    fitted[name][key], value, rtol=0.02, atol=0.02, err_msg=key
                )


@pytest.mark.parametrize("name", RANDOM)
def test_all_processes_end_with_the_same(results, name):
    (_, first), (_, second) = results
    for key, value in first[name].items():
        np.testing.assert_array_equal(value, second[name][key])


def test_the_launch_line_of_the_guide(tmp_path):
    """accelerate's launcher starts the example in two processes."""
    script = EXAMPLES / "distributed.py"
    out = tmp_path / "labels.csv"
    run = subprocess.run(
        [
            *(sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"),
            *("--num_processes", "2", "--num_machines", "1", script, "--output", out),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    assert run.returncode == 0, run.stderr
    assert "2 processes" in run.stdout
    labels = np.loadtxt(out, dtype=int)
    assert len(labels) == 1797
    assert labels.min() >= 0


@pytest.mark.slow
def test_search_on_a_dask_cluster():
    distributed = pytest.importorskip("distributed")
    X, _, y_marked = table()
    search = GridSearchCV(
        LGAClassifier(max_epochs=2, random_state=0), {"lr": [1e-4, 1e-2]}, cv=2
    )
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
    ):
        search.fit(X, y_marked)
    alone = GridSearchCV(search.estimator, search.param_grid, cv=2).fit(X, y_marked)
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"]
    )
