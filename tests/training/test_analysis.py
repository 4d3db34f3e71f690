import numpy as np
import pytest
import torch
import torch.nn.functional as F
from skorch import NeuralNetClassifier
from torch import nn

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga.analysis import AlignmentRecorder, alignment, principal_eigenvector
from sklearn_lga.baselines import RegularizedNetClassifier
from sklearn_lga.datasets import hide_labels, make_shells
from sklearn_lga.modules import MLP


def dense_hessian(module, X, y, loss):
    """By autograd, entry by entry."""
    parameters = list(module.parameters())
    gradients = torch.autograd.grad(loss(module(X), y), parameters, create_graph=True)
    flat = torch.cat([g.reshape(-1) for g in gradients])
    rows = [
        torch.cat(
            [
                g.reshape(-1)
                for g in torch.autograd.grad(x, parameters, retain_graph=True)
            ]
        )
        for x in flat
    ]
    return torch.stack(rows)


@pytest.mark.parametrize("kind", ["mlp", "batch_norm", "dropout"])
@pytest.mark.parametrize("seed", range(3))
def test_principal_eigenvector(kind, seed):
    torch.manual_seed(seed)
    module = {
        "mlp": lambda: MLP(4, 3, hidden_layer_sizes=(6,), activation="tanh"),
        "batch_norm": lambda: nn.Sequential(
            nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 3)
        ),
        "dropout": lambda: MLP(4, 3, hidden_layer_sizes=(6,), dropout=0.5),
    }[kind]().double()
    X, y = torch.randn(30, 4).double(), torch.randint(3, (30,))
    before = {k: v.clone() for k, v in module.state_dict().items()}
    eigenvalue, vector = principal_eigenvector(
        module, X, y, loss=F.cross_entropy, tol=1e-10
    )
    assert module.training
    assert all(torch.equal(v, before[k]) for k, v in module.state_dict().items())
    module.eval()
    eigenvalues, vectors = torch.linalg.eigh(
        dense_hessian(module, X, y, F.cross_entropy)
    )
    assert eigenvalue == pytest.approx(eigenvalues[-1].item(), rel=1e-8)
    assert alignment(vector, vectors[:, -1]) == pytest.approx(1.0, abs=1e-7)
    assert vector.norm() == pytest.approx(1.0)


def test_largest_means_algebraically():
    """A large negative eigenvalue is not taken for the largest."""
    module = nn.Linear(3, 1, bias=False).double()
    curvature = torch.tensor([-5.0, 2.0, 1.0], dtype=torch.float64)
    X = torch.eye(3, dtype=torch.float64)
    eigenvalue, vector = principal_eigenvector(
        module, X, curvature, loss=lambda out, c: 0.5 * (c * out.ravel() ** 2).sum()
    )
    assert eigenvalue == pytest.approx(2.0)
    assert vector.abs().tolist() == pytest.approx([0.0, 1.0, 0.0], abs=1e-6)


def test_parts_keep_their_own_modes():
    module = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))
    module[1].eval()
    principal_eigenvector(
        module,
        np.eye(3, dtype=np.float32),
        np.zeros((3, 3), np.float32),
        loss=F.mse_loss,
    )
    assert [part.training for part in module] == [True, False]


def test_attention_has_a_hessian():
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), nn.Linear(4, 1)
    )
    X, y = torch.randn(6, 3, 4), torch.randn(6, 3, 1)
    eigenvalue, _ = principal_eigenvector(module, X, y, loss=F.mse_loss)
    assert eigenvalue > 0


def test_degenerate_hessians():
    module = nn.Linear(3, 1)
    X, y = torch.zeros(2, 3), torch.zeros(2, 1)
    eigenvalue, vector = principal_eigenvector(
        module, X, y, loss=lambda out, y: out.sum()
    )
    assert eigenvalue == 0.0
    assert vector.norm() == pytest.approx(1.0)
    with pytest.raises(ValueError, match="no trainable parameters"):
        principal_eigenvector(module.requires_grad_(False), X, y, loss=F.mse_loss)


def test_alignment_shows_divergence():
    assert np.isnan(alignment(torch.tensor([np.nan, 1.0]), torch.ones(2)))


def test_linear_regression_has_the_principal_component():
    """Section 3.2: the Hessian of Eq. 3 is X' X / n."""
    X = torch.randn(50, 5, generator=torch.Generator().manual_seed(0)).double()
    X = X * torch.tensor([1.0, 3.0, 1.0, 1.0, 1.0])
    module = nn.Linear(5, 1, bias=False).double()
    eigenvalue, vector = principal_eigenvector(
        module, X, torch.zeros(50, 1), loss=lambda out, y: ((out - y) ** 2).mean() / 2
    )
    eigenvalues, vectors = torch.linalg.eigh(X.T @ X / 50)
    assert eigenvalue == pytest.approx(eigenvalues[-1].item(), rel=1e-3)
    assert alignment(vector, vectors[:, -1]) > 0.999


@pytest.mark.parametrize(
    ("update", "vector", "expected"),
    [
        ([1.0, 0.0], [2.0, 0.0], 1.0),
        ([-1.0, 0.0], [2.0, 0.0], 1.0),
        ([1.0, 0.0], [0.0, 1.0], 0.0),
        ([1.0, 1.0], [1.0, 0.0], 0.5**0.5),
        ([0.0, 0.0], [1.0, 0.0], 0.0),
    ],
)
def test_alignment(update, vector, expected):
    assert alignment(torch.tensor(update), torch.tensor(vector)) == pytest.approx(
        expected
    )


@pytest.mark.parametrize("estimator", [LGAClassifier, RegularizedNetClassifier])
def test_recorder(estimator):
    X, y = make_shells(400, 3, random_state=0)
    y_marked = hide_labels(y, n_labeled=80, random_state=0)
    recorder = AlignmentRecorder(X[:100], y[:100], every=2, n_updates=3)
    model = estimator(batch_size=64, max_epochs=5, callbacks=[recorder], random_state=0)
    model.fit(X, y_marked)
    recorded = [i for i, row in enumerate(model.history_) if "update_alignment" in row]
    assert recorded == [0, 2, 4]
    for i in recorded:
        row = model.history_[i]
        assert 0 <= row["update_alignment"] <= 1
        assert 0 <= row["gradient_alignment"] <= 1
        assert row["hessian_eigenvalue"] > 0
    plain = estimator(batch_size=64, max_epochs=5, random_state=0)
    np.testing.assert_array_equal(
        model.predict_proba(X), plain.fit(X, y_marked).predict_proba(X)
    )


def test_recorder_sees_the_first_updates():
    """Adam's first step has entries of one size: its alignment is that of the sign."""
    X, y = make_shells(60, 2, random_state=0)
    recorder = AlignmentRecorder(X, y, n_updates=1)
    model = RegularizedNetClassifier(
        max_epochs=1,
        dropout=0.0,
        weight_decay=0.0,
        callbacks=[recorder],
        random_state=0,
        batch_size=60,
    )
    model.fit(X, y)
    fitted = dict(model.net_.callbacks_)["AlignmentRecorder"]
    sign = fitted.gradient_ / (fitted.gradient_.abs() + 1e-8)
    assert model.history_[0]["update_alignment"] == pytest.approx(
        alignment(sign, fitted.vector_), rel=1e-3
    )


def test_recorder_for_targets():
    X, y = make_shells(60, 2, random_state=0)
    recorder = AlignmentRecorder(
        X, y[:, None].astype(float), loss=F.mse_loss, n_updates=1
    )
    model = LGARegressor(max_epochs=1, callbacks=[recorder], random_state=0)
    marked = np.where(np.arange(60) < 30, y, np.nan)
    assert model.fit(X, marked).history_[0]["hessian_eigenvalue"] > 0


def test_recorder_of_a_net_of_skorch_with_parameters_of_no_use():
    """Those have no gradient; the update does not move them."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 3))
    module.register_parameter("spare", nn.Parameter(torch.ones(2)))
    X = np.random.RandomState(0).randn(30, 4).astype(np.float32)
    y = np.arange(30) % 3
    recorder = AlignmentRecorder(X, y)
    net = NeuralNetClassifier(
        module, criterion=nn.CrossEntropyLoss, max_epochs=2, verbose=0, train_split=None
    )
    net.set_params(callbacks=[recorder]).fit(X, y)
    assert len(recorder.alignments_) > 0
    assert np.isfinite(recorder.alignments_).all()
