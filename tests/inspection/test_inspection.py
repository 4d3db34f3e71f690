"""The displays: what they show, where they draw, what they refuse."""

import matplotlib
import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from skorch.callbacks import Callback

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga._training.algorithm import TrainingState, descending
from sklearn_lga._training.imputed_labels import ImputedLabels
from sklearn_lga.alignment import CLASSIFICATION, REGRESSION, labeled_weight_at
from sklearn_lga.baselines import RegularizedNetClassifier
from sklearn_lga.datasets import hide_labels
from sklearn_lga.inspection import (
    ConvergenceDisplay,
    RelevanceDisplay,
    TrainingDisplay,
    TransductionDisplay,
)
from sklearn_lga.inspection._drawing import COLORS, LINES, MARKERS, value_colormap
from sklearn_lga.linear import convergence_coefficients, lga_path
from sklearn_lga.modules import MLP
from sklearn_lga.regularizers import VAT

matplotlib.use("Agg")
import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def flowers():
    X, y = load_iris(return_X_y=True, as_frame=True)
    return X, hide_labels(y.to_numpy(), n_labeled=15, random_state=0)


@pytest.fixture(scope="module")
def classifier(flowers):
    model = LGAClassifier(max_epochs=12, regularizers=[VAT()], random_state=0)
    return make_pipeline(StandardScaler(), model).fit(*flowers)


@pytest.fixture(scope="module")
def progression():
    X, y = load_diabetes(return_X_y=True)
    return X, hide_labels(y, n_labeled=60, random_state=0, unlabeled=np.nan)


@pytest.fixture(scope="module")
def exact(progression):
    return LGARegressor(solver="exact", max_epochs=300).fit(*progression)


@pytest.mark.parametrize("objective", [CLASSIFICATION, REGRESSION])
@pytest.mark.parametrize(
    ("n_members", "shape"), [(1, (9, 3)), (3, (9, 3)), (3, (9, 3, 3))]
)
def test_label_distance_by_its_definition(objective, n_members, shape):
    """Of labels that members share, and of labels of each one's own."""
    torch.manual_seed(0)
    module = MLP(4, 3, n_members=n_members)
    X, labels = torch.randn(7, 4), torch.eye(3)[[0, 1, 2, 0, 1, 2, 0]]
    imputed = ImputedLabels(shape, lr=0.1)
    imputed.w += torch.randn(shape)
    state = TrainingState(objective, module, imputed_labels=imputed)
    positions = torch.tensor([1, 8, 3])
    with torch.no_grad():
        outputs = module(X[:3]).reshape(3, n_members, 3)
    if objective is CLASSIFICATION:
        outputs = outputs.softmax(dim=-1)
    distances = (outputs - state.labels()[positions].reshape(3, -1, 3)).abs()
    expected = distances.sum(dim=-1).mean().item()
    update = descending(torch.optim.SGD(module.parameters(), lr=0.1))
    labeled = X, labels, torch.ones(7)
    terms = state.step(module, update, labeled, (X[:3], positions))
    assert terms["label_distance"].item() == pytest.approx(expected)


def test_curves_of_a_training(classifier):
    display = TrainingDisplay.from_estimator(classifier)
    history = classifier[-1].history_
    np.testing.assert_array_equal(
        display.curves["labeled_loss"], history[:, "labeled_loss"]
    )
    steps = np.arange(12) / 11  # one batch an epoch
    np.testing.assert_allclose(
        display.curves["labeled_weight"],
        [labeled_weight_at(progress, "linear") for progress in steps],
        rtol=1e-6,
    )
    agreement = display.curves["agreement"]
    np.testing.assert_allclose(
        agreement, 1 - np.array(history[:, "label_distance"]) / 2
    )
    assert (agreement >= 0.0).all()
    assert (agreement <= 1.0).all()
    titles = [panel.get_title() for panel in display.axes_]
    assert titles == [
        "loss",
        "alignment distance (Eq. 2)",
        "agreement of labels and network",
        "weight of the labelled rows, T(i)",
    ]
    legend = [text.get_text() for text in display.axes_[0].get_legend().get_texts()]
    assert legend == ["labelled rows", "unlabelled rows", "regularizers"]
    assert all(panel.figure is display.figure_ for panel in display.axes_)


def test_curves_of_the_other_estimators(progression, flowers):
    regressor = LGARegressor(max_epochs=3, early_stopping=True).fit(*progression)
    display = TrainingDisplay.from_estimator(regressor)
    assert "valid_loss" in display.curves
    assert "label_distance" in display.curves
    baseline = RegularizedNetClassifier(max_epochs=2).fit(*flowers)
    assert len(TrainingDisplay.from_estimator(baseline).axes_) == 1


class Interrupt(Callback):
    """What Ctrl-C does, at an event of an epoch."""

    def __init__(self, event, epoch=2):
        self.event = event
        self.epoch = epoch

    def seen(self, event, net):
        if (event, len(net.history)) == (self.event, self.epoch):
            raise KeyboardInterrupt

    def on_batch_begin(self, net, *args, **kwargs):
        self.seen("batch begins", net)

    def on_batch_end(self, net, *args, **kwargs):
        self.seen("batch ends", net)

    def on_epoch_end(self, net, **kwargs):
        self.seen("epoch ends", net)


@pytest.mark.parametrize(
    ("event", "n_epochs", "n_valid"),
    [
        ("batch begins", 1, 1),  # before the first step of the epoch
        ("batch ends", 2, 1),
        ("epoch ends", 2, 2),
    ],
)
def test_curves_of_an_interrupted_training(flowers, event, n_epochs, n_valid):
    model = LGAClassifier(
        callbacks=[Interrupt(event)],
        early_stopping=True,
        batch_size=16,
        max_epochs=4,
        random_state=0,
    ).fit(*flowers)
    assert model.n_iter_ == 2
    display = TrainingDisplay.from_estimator(model)
    assert {name: len(values) for name, values in display.curves.items()} == {
        "labeled_loss": n_epochs,
        "unlabeled_loss": n_epochs,
        "valid_loss": n_valid,
        "alignment_distance": n_epochs,
        "agreement": n_epochs,
        "labeled_weight": n_epochs,
    }
    assert all(np.isfinite(values).all() for values in display.curves.values())
    assert len(display.axes_) == 4


def test_nothing_to_show_of_a_training_without_a_step(flowers):
    model = LGAClassifier(callbacks=[Interrupt("batch begins", epoch=1)])
    model.fit(*flowers)
    with pytest.raises(ValueError, match=r"TrainingDisplay .* before the first one"):
        TrainingDisplay.from_estimator(model)


def test_an_axes_of_the_users_is_drawn_on(classifier, flowers, exact, progression):
    fig, axes = plt.subplots(1, 4)
    displays = [
        TrainingDisplay.from_estimator(classifier, ax=axes[0]),
        TransductionDisplay.from_estimator(classifier, *flowers, ax=axes[1]),
        ConvergenceDisplay.from_estimator(exact, *progression, ax=axes[2]),
        RelevanceDisplay.from_estimator(classifier, ax=axes[3]),
    ]
    for display, ax in zip(displays, axes, strict=True):
        assert display.ax_ is ax
        assert display.figure_ is fig
        assert display.plot() is display  # again, on a figure of its own
        assert display.figure_ is not fig


def test_training_display_needs_a_grid(classifier):
    ax = plt.figure().add_axes((0, 0, 1, 1))
    with pytest.raises(ValueError, match="axes of a grid"):
        TrainingDisplay.from_estimator(classifier, ax=ax)


def test_imputed_and_given_labels(classifier, flowers):
    X, y = flowers
    names = ["petal length (cm)", "petal width (cm)"]
    display = TransductionDisplay.from_estimator(classifier, X, y, features=names)
    np.testing.assert_array_equal(display.points, X[names])
    np.testing.assert_array_equal(display.labels[y != -1], y[y != -1])
    np.testing.assert_array_equal(display.unlabeled, y == -1)
    confidence = classifier[-1].label_distributions_.max(axis=1)
    np.testing.assert_array_equal(display.confidence, confidence)
    drawn = [points.get_offsets() for points in display.ax_.collections]
    assert sum(map(len, drawn)) == len(X)  # each row once
    assert sum(map(len, drawn[1::2])) == 15  # the rings
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == tuple(names)


def test_confident_labels_are_larger(classifier, flowers):
    display = TransductionDisplay.from_estimator(classifier, *flowers)
    rows = np.flatnonzero(display.unlabeled & (display.labels == 0))
    sizes = display.ax_.collections[0].get_sizes()
    np.testing.assert_array_equal(
        np.argsort(sizes, kind="stable"),
        np.argsort(display.confidence[rows], kind="stable"),
    )


def test_plane_of_principal_components(classifier, flowers):
    X, y = flowers
    display = TransductionDisplay.from_estimator(classifier, X, y)
    Z = StandardScaler().fit_transform(X)
    eigenvalues = np.linalg.eigvalsh(np.cov(Z.T, bias=True))[::-1]
    np.testing.assert_allclose(display.points.var(axis=0), eigenvalues[:2])
    sparse = csr_matrix(X.to_numpy())
    model = LGAClassifier(max_epochs=2, random_state=0).fit(sparse, y)
    points = TransductionDisplay.from_estimator(model, sparse, y).points
    expected = TransductionDisplay.from_estimator(model, X.to_numpy(), y).points
    np.testing.assert_allclose(np.abs(points), np.abs(expected), atol=1e-6)


def test_two_columns_are_shown_as_they_are(flowers):
    X, y = flowers
    X = X.iloc[:, [2, 3]].set_axis([1, 0], axis=1)  # names that are positions, too
    model = LGAClassifier(max_epochs=2, random_state=0).fit(X, y)
    display = TransductionDisplay.from_estimator(model, X, y)
    np.testing.assert_array_equal(display.points, X)
    assert display.axis_names == ("feature 1", "feature 0")


def test_imputed_targets(exact, progression):
    X, y = progression
    display = TransductionDisplay.from_estimator(exact, X, y, features=[2, 8])
    np.testing.assert_array_equal(display.points, X[:, [2, 8]])
    assert display.confidence is None
    both = np.column_stack([y, 2 * y])
    model = LGARegressor(solver="exact").fit(X, both)
    second = TransductionDisplay.from_estimator(model, X, both, target=1)
    np.testing.assert_array_equal(second.labels, model.transduction_[:, 1])


def test_a_class_or_a_table_without_imputed_rows(progression):
    points, labels = np.random.RandomState(0).normal(size=(6, 2)), np.arange(6) % 3
    display = TransductionDisplay(
        points, labels, labels < 2, confidence=np.full(6, 0.9)
    ).plot()
    assert sum(len(p.get_offsets()) for p in display.ax_.collections) == 6
    given = np.zeros(6, dtype=bool)
    targets = TransductionDisplay(points, labels.astype(float), given).plot()
    assert len(targets.ax_.collections) == 1


def test_convergence_to_least_squares(exact, progression):
    X, y = progression
    display = ConvergenceDisplay.from_estimator(exact, X, y)
    row = list(display.steps).index(exact.n_iter_)
    given = ~np.isnan(y)
    centred = X[given] - X[given].mean(axis=0)
    limit = np.linalg.lstsq(centred, y[given] - y[given].mean(), rcond=None)[0]
    np.testing.assert_allclose(
        display.coefficients[row], exact.coef_ / limit, rtol=1e-6
    )
    assert not display.coefficients[0].any()
    principal = ConvergenceDisplay.from_estimator(exact, X, y, principal=True)
    directions = np.linalg.eigh(np.cov(X[~given].T, bias=True))[1]
    np.testing.assert_allclose(
        principal.coefficients[row],
        (exact.coef_ @ directions) / (limit @ directions),
        rtol=1e-4,
    )


@pytest.mark.parametrize("sizes", [{}, {"lr": 0.3, "label_lr": 0.2, "eps_norm": 0.5}])
def test_the_path_is_that_of_the_fit(progression, sizes):
    """Whatever the parameters have been set to since."""
    model = LGARegressor(solver="exact", max_epochs=50, **sizes).fit(*progression)
    before = ConvergenceDisplay.from_estimator(model, *progression)
    model.set_params(lr=0.01, label_lr=0.7, eps_norm=3.0, max_epochs=9)
    model.set_params(unlabeled=None, early_stopping=True)
    after = ConvergenceDisplay.from_estimator(model, *progression)
    np.testing.assert_array_equal(after.steps, before.steps)
    np.testing.assert_array_equal(after.coefficients, before.coefficients)
    assert after.steps[-1] == after.n_iter == 50


def test_convergence_is_that_of_the_paper_for_uncorrelated_features():
    X, _ = np.linalg.qr(np.random.RandomState(0).normal(size=(20, 3)))
    X = X * [1.0, 2.0, 3.0]
    y = X @ [1.0, -1.0, 0.5]
    sizes = {"lr": 0.5, "label_lr": 0.5, "eps_norm": 1.0}
    path = lga_path(X, y, X, n_steps=100, record=range(0, 101, 10), **sizes)
    display = ConvergenceDisplay.from_path(path, X, y)
    np.testing.assert_allclose(
        display.coefficients, convergence_coefficients(path.coef, X, y), atol=1e-9
    )
    assert [line.get_label() for line in display.lines_] == [
        "feature 0",
        "feature 1",
        "feature 2",
    ]


def test_convergence_without_unlabelled_rows_is_gradient_descent(progression):
    X, _ = progression
    y = load_diabetes().target
    with pytest.warns(UserWarning, match="marks no row"):
        model = LGARegressor(solver="exact", max_epochs=50).fit(X, y)
    display = ConvergenceDisplay.from_estimator(model, X, y)
    assert (np.abs(display.coefficients[-1] - 1) < 1).any()


def drawn(display):
    """Names and lengths of the bars, from the top."""
    names = {
        round(place): label.get_text()
        for place, label in zip(
            display.ax_.get_yticks(), display.ax_.get_yticklabels(), strict=True
        )
    }
    low, high = display.ax_.get_ylim()
    middles = [round(bar.get_y() + bar.get_height() / 2) for bar in display.bars_]
    assert low < high
    assert middles == sorted(middles, reverse=True)
    return {
        names[middle]: bar.get_width()
        for middle, bar in zip(middles, display.bars_, strict=True)
    }


def test_relevance_of_the_features(classifier, flowers):
    display = RelevanceDisplay.from_estimator(classifier)
    relevance = classifier[-1].relevance_
    np.testing.assert_array_equal(display.relevance, relevance)
    np.testing.assert_array_equal(display.feature_names, flowers[0].columns)
    bars, order = drawn(display), np.argsort(-relevance)
    assert list(bars) == list(flowers[0].columns[order])
    np.testing.assert_allclose(list(bars.values()), relevance[order])
    assert sum(bars.values()) == pytest.approx(1.0)
    assert max(bars, key=bars.get).startswith("petal")
    percents = [text.get_text() for text in display.ax_.texts]
    assert percents == [f"{share:.1%}" for share in bars.values()]


def test_features_beyond_the_most_relevant_ones_are_summed_up(progression):
    model = LGARegressor(max_epochs=2, random_state=0).fit(*progression)
    relevance = np.sort(model.relevance_)[::-1]
    display = RelevanceDisplay.from_estimator(model, max_features=3)
    bars = drawn(display)
    assert list(bars)[3:] == ["7 others"]
    np.testing.assert_allclose(list(bars.values())[:3], relevance[:3])
    assert bars["7 others"] == pytest.approx(relevance[3:].sum())
    assert display.bars_[3].get_facecolor() != display.bars_[2].get_facecolor()
    assert list(drawn(display.plot(max_features=9)))[9:] == ["1 other"]
    assert len(drawn(display.plot())) == 10


def test_one_hot_columns_of_a_variable_share_a_name(flowers):
    X, y = flowers
    X = X.iloc[:, 2:].assign(
        place=np.array(["field", "wood", "shore"])[load_iris().target]
    )
    encoder = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["place"]), remainder=StandardScaler()
    )
    model = make_pipeline(encoder, LGAClassifier(max_epochs=2, random_state=0))
    model.fit(X, y)
    names = list(RelevanceDisplay.from_estimator(model).feature_names)
    assert names == list(encoder.get_feature_names_out())
    assert len(names) == 5
    names = ["place"] * 3 + names[3:]
    bars = drawn(RelevanceDisplay.from_estimator(model, feature_names=names))
    assert len(bars) == 3
    shares = model[-1].relevance_
    assert bars["place"] == pytest.approx(shares[:3].sum())
    assert next(iter(bars)) == "place"


def test_names_of_features_by_their_best_source(flowers):
    X, y = flowers
    names = list(X.columns)
    fast = LGAClassifier(max_epochs=1, random_state=0)

    def named(model, X):
        return list(RelevanceDisplay.from_estimator(model.fit(X, y)).feature_names)

    assert named(fast, X) == names
    assert named(fast, csr_matrix(X.to_numpy())) == ["x0", "x1", "x2", "x3"]
    # A step without names: those that its output has, if any.
    nameless = make_pipeline(FunctionTransformer(), fast)
    assert named(nameless, X) == names
    assert named(nameless, X.to_numpy()) == ["x0", "x1", "x2", "x3"]
    same = FunctionTransformer(feature_names_out="one-to-one")
    assert named(make_pipeline(same, fast), X.to_numpy()) == ["x0", "x1", "x2", "x3"]


def test_names_are_no_formulas():
    names = ["price ($) or cost ($)", "x_1"]
    display = RelevanceDisplay(relevance=np.array([0.8, 0.2]), feature_names=names)
    assert not display.plot().ax_.get_yticklabels()[0].get_parse_math()
    display.figure_.draw_without_rendering()
    assert list(drawn(display)) == names


def test_refusals_of_relevance(classifier, flowers, exact):
    with pytest.raises(NotFittedError):
        RelevanceDisplay.from_estimator(LGAClassifier())
    with pytest.raises(TypeError, match="got LogisticRegression"):
        RelevanceDisplay.from_estimator(LogisticRegression().fit(*flowers))
    plain = LGAClassifier(closed_form=False, max_epochs=1).fit(*flowers)
    with pytest.raises(ValueError, match="relevance_ of .* with closed_form=True"):
        RelevanceDisplay.from_estimator(plain)
    with pytest.raises(ValueError, match="see coef_"):
        RelevanceDisplay.from_estimator(exact)
    with pytest.raises(ValueError, match="must be 4 names, .* got 3"):
        RelevanceDisplay.from_estimator(classifier, feature_names=["a", "b", "c"])
    with pytest.raises(ValueError, match="must be 4 names, .* got 'abcd'"):
        RelevanceDisplay.from_estimator(classifier, feature_names="abcd")
    for number in (0, 2.5, None):
        with pytest.raises(ValueError, match="max_features must be a whole number"):
            RelevanceDisplay.from_estimator(classifier, max_features=number)


def test_refusals(classifier, flowers, exact, progression):
    X, y = flowers
    with pytest.raises(TypeError, match="got LogisticRegression"):
        TrainingDisplay.from_estimator(LogisticRegression().fit(X, y))
    with pytest.raises(NotFittedError):
        TransductionDisplay.from_estimator(LGAClassifier(), X, y)
    with pytest.raises(ValueError, match="use ConvergenceDisplay"):
        TrainingDisplay.from_estimator(exact)
    with pytest.raises(ValueError, match="TrainingDisplay"):
        ConvergenceDisplay.from_estimator(classifier, X, y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        TransductionDisplay.from_estimator(classifier, X[:10], y[:10])
    for features in (["petal length (cm)"], ["no", "yes"], [0, 99], 3):
        with pytest.raises(ValueError, match="must be two columns of X"):
            TransductionDisplay.from_estimator(classifier, X, y, features=features)
    one = progression[0][:, :1], progression[1]
    model = LGARegressor(solver="exact").fit(*one)
    with pytest.raises(ValueError, match="has one feature"):
        TransductionDisplay.from_estimator(model, *one)


def luminance(rgb):
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_colors_stand_out_from_white_and_from_black():
    """A contrast of 3 is what WCAG 2.1 asks of graphics."""
    values = value_colormap()(np.linspace(0, 1, 9))[:, :3]
    for rgb in [*map(matplotlib.colors.to_rgb, COLORS), *values]:
        L = luminance(np.array(rgb))
        assert (L + 0.05) / 0.05 >= 3.0
        assert 1.05 / (L + 0.05) >= 2.9


# Machado, Oliveira and Fernandes (2009), full severity.
DEFICIENCIES = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_colors_differ_for_the_colour_blind(deficiency):
    seen = np.array(
        [
            np.clip(
                DEFICIENCIES[deficiency] @ np.array(matplotlib.colors.to_rgb(c)), 0, 1
            )
            for c in COLORS
        ]
    )
    gaps = np.abs(seen[:, None] - seen[None]).max(axis=-1)
    assert gaps[np.triu_indices(len(COLORS), 1)].min() > 0.15
    assert len(set(LINES)) == len(COLORS)  # and lines differ without any colour
    assert np.gcd(len(COLORS), len(MARKERS)) == 1
