"""Models travel: by pickle and joblib, to machines without CUDA, as safetensors."""

import copy
import pickle
import subprocess
import sys
from functools import partial

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone
from skorch.exceptions import DeviceWarning
from torch import nn

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga._estimators import pickling
from sklearn_lga._training.seeds import Generator
from sklearn_lga.baselines import RegularizedNetClassifier, RegularizedNetRegressor
from sklearn_lga.modules._mlp import GeneratorDropout
from sklearn_lga.regularizers import VAT, MeanTeacher, PiModel

RNG = np.random.RandomState(0)
X = RNG.standard_normal((60, 3))
Y = np.where(np.arange(60) % 3 == 2, -1, (X[:, 0] > 0).astype(int))
TARGETS = np.where(np.arange(60) % 3 == 2, np.nan, X[:, 0])


class Network(nn.Sequential):
    def __init__(self, n_features, n_outputs, width=6):
        super().__init__(
            nn.Linear(n_features, width),
            nn.BatchNorm1d(width),
            nn.Dropout(0.2),
            nn.Linear(width, n_outputs),
        )


MODELS = {
    "classifier": (LGAClassifier, Y, {}),
    "regressor": (LGARegressor, TARGETS, {}),
    "exact": (LGARegressor, TARGETS, {"solver": "exact"}),
    "baseline": (RegularizedNetClassifier, Y, {}),
    "baseline of targets": (RegularizedNetRegressor, TARGETS, {}),
    "module": (LGAClassifier, Y, {"module": Network}),
    "regularized": (LGAClassifier, Y, {"regularizers": [VAT(), MeanTeacher()]}),
    "stopped": (LGAClassifier, Y, {"early_stopping": True}),
}


def make(kind):
    estimator, y, parameters = MODELS[kind]
    return estimator(max_epochs=2, random_state=0, **parameters), y


def by_pickle(model, path):
    return pickle.loads(pickle.dumps(model))


def by_joblib(model, path):
    joblib.dump(model, path)
    return joblib.load(path)


def by_copy(model, path):
    return copy.deepcopy(model)


@pytest.mark.parametrize("travel", [by_pickle, by_joblib, by_copy])
@pytest.mark.parametrize("kind", MODELS)
def test_before_and_after_fit(kind, travel, tmp_path):
    model, y = make(kind)
    model = travel(model, tmp_path / "new").fit(X, y)
    loaded = travel(model, tmp_path / "fitted")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    np.testing.assert_array_equal(loaded.transduction_, model.transduction_)
    refitted = travel(loaded, tmp_path / "again").fit(X, y)
    np.testing.assert_array_equal(refitted.predict(X), model.predict(X))


def test_a_loaded_net_can_train_on():
    """Its noise comes from one generator still, that of the state and the layers."""
    model, y = make("regularized")
    model.set_params(dropout=0.2)
    net = pickle.loads(pickle.dumps(model.fit(X, y))).net_
    layers = [m for m in net.module_.modules() if isinstance(m, GeneratorDropout)]
    assert layers
    for owner in (*layers, net.state_.regularization.states[0]):
        assert owner.generator is net.state_.noise_generator


def test_another_process_predicts_the_same(tmp_path):
    model, y = make("classifier")
    joblib.dump(model.fit(X, y), tmp_path / "joblib")
    (tmp_path / "pickle").write_bytes(pickle.dumps(model))
    np.save(tmp_path / "X.npy", X)
    code = (
        f"import joblib, pickle, numpy as np; folder = {str(tmp_path)!r}\n"
        "X, file = np.load(folder + '/X.npy'), open(folder + '/pickle', 'rb')\n"
        "for model in joblib.load(folder + '/joblib'), pickle.load(file):\n"
        "    print(model.predict_proba(X).tobytes().hex())"
    )
    out = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert out.split() == [model.predict_proba(X).tobytes().hex()] * 2


class CUDAGenerator(Generator):
    """What a generator on CUDA puts into a file, from a machine without CUDA."""

    device = torch.device("cuda")

    def get_state(self):
        """16 bytes: a seed and an offset."""
        return torch.zeros(16, dtype=torch.uint8)


def as_if_on_cuda(model):
    """Put stand-ins in place of all that would be on CUDA but for tensors."""
    net, generator = model.net_, CUDAGenerator().manual_seed(1)
    net.device = "cuda"
    net.state.keywords["noise_generator"] = net.state_.noise_generator = generator
    if isinstance(net.module, partial) and "noise_generator" in net.module.keywords:
        net.module.keywords["noise_generator"] = generator
    for part in (*net.module_.modules(), *net.state_.modules()):
        if hasattr(part, "generator"):
            part.generator = generator
    return model


@pytest.mark.filterwarnings("ignore:Requested to load data to CUDA")
@pytest.mark.parametrize("kind", [k for k in MODELS if k != "exact"])
def test_a_file_of_a_machine_with_cuda(kind, monkeypatch):
    """Every tensor in the file says that it lies on CUDA."""
    model, y = make(kind)
    expected = model.fit(X, y).predict(X)
    as_if_on_cuda(model)
    with monkeypatch.context() as patch:
        patch.setattr(torch.serialization, "location_tag", lambda storage: "cuda:0")
        file = pickle.dumps(model)
    with pytest.warns(DeviceWarning, match="Setting self.device = cpu"):
        loaded = pickle.loads(file)
    np.testing.assert_array_equal(loaded.predict(X), expected)
    assert loaded.net_.state_.noise_generator.device.type == "cpu"
    np.testing.assert_array_equal(loaded.fit(X, y).predict(X), expected)


def test_the_simulated_file_is_of_cuda(monkeypatch):
    """What the test above would not load, if nothing were done."""
    with monkeypatch.context() as patch:
        patch.setattr(torch.serialization, "location_tag", lambda storage: "cuda:0")
        file = pickle.dumps(torch.ones(2))
    with pytest.raises(RuntimeError, match="on a CUDA device"):
        pickle.loads(file)


def test_generators_keep_their_state():
    generator = Generator().manual_seed(3)
    torch.rand(5, generator=generator)
    for again in (pickle.loads(pickle.dumps(generator)), copy.deepcopy(generator)):
        assert torch.equal(again.get_state(), generator.get_state())
    there = pickle.loads(pickle.dumps(CUDAGenerator().manual_seed(3)))
    assert there.device.type == "cpu"
    assert there.initial_seed() == 3


def test_safetensors(tmp_path):
    """The network's parameters alone, in a file that holds no code."""
    model, y = make("classifier")
    model.set_params(closed_form=False).fit(X, y)
    path = str(tmp_path / "network.safetensors")
    model.net_.save_params(f_params=path, use_safetensors=True)
    other = clone(model).set_params(random_state=1, max_epochs=1).fit(X, y)
    assert not np.array_equal(other.predict_proba(X), model.predict_proba(X))
    other.net_.load_params(f_params=path, use_safetensors=True)
    np.testing.assert_array_equal(other.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize(("version", "age"), [("0.0.1", "older"), ("99.2", "newer")])
def test_other_versions_warn(version, age, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(pickling, "__version__", version)
        file = pickle.dumps(LGAClassifier(lr=0.5))
    match = f"pickled by sklearn_lga {version}, which is {age}.*fit it again"
    with pytest.warns(UserWarning, match=match):
        assert pickle.loads(file).lr == 0.5


class Fails:
    def __reduce__(self):
        return (int, ("no number",))


def test_the_warning_comes_before_what_fails_to_load(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(pickling, "__version__", "99.0")
        file = pickle.dumps(LGAClassifier(callbacks=[Fails()]))
    with (
        pytest.warns(UserWarning, match=r"sklearn_lga 99\.0"),
        pytest.raises(ValueError, match="no number"),
    ):
        pickle.loads(file)


def test_regularizers_travel():
    for regularizer in (VAT(0.3, eps=1.0), PiModel(2.0), MeanTeacher(decay=0.5)):
        assert pickle.loads(pickle.dumps(regularizer)) == regularizer
