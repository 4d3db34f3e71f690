"""Cross-validation, searches, feature selection, inspection and pictures."""

import numpy as np
from sklearn import feature_selection, inspection, metrics
from sklearn import model_selection as ms
from sklearn.base import clone
from sklearn.calibration import CalibrationDisplay
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from sklearn_lga import LGAClassifier
from sklearn_lga.compose import WithUnlabeled
from sklearn_lga.model_selection import SemiSupervisedSplit, labeled_scorer

from .cases import HIDDEN, X_L, C, R, X, case, on_given, on_labeled, on_marked

CV = {"cv": 3, "error_score": "raise"}
FOLDS = SemiSupervisedSplit(3)


def scores(model, X, y, **kwargs):
    return ms.cross_val_score(model, X, y, **{**CV, **kwargs}).mean()


def scored_by(name, scorer=None):
    """Scores near 1; of losses, which are near 0, 1 minus these."""

    def run(model, X, y):
        scoring = scorer or name
        return scores(model, X, y, scoring=scoring) + name.startswith("neg_")

    return run


def out_of_fold(model, X, y):
    return np.mean(ms.cross_val_predict(model, X, y, cv=3) == (X[:, 0] > 0))


def out_of_fold_probabilities(model, X, y):
    proba = ms.cross_val_predict(model, X, y, cv=3, method="predict_proba")
    return np.mean((proba[:, 1] > 0.5) == (X[:, 0] > 0)) - (proba.shape[1] != 2)


def name_of_lr(model):
    return "estimator__lr" if isinstance(model, WithUnlabeled) else "lr"


def searched(search, **kwargs):
    """A search of one setting, by its best score."""

    def run(model, X, y):
        space = {name_of_lr(model): [0.1]}
        return search(model, space, **{**CV, **kwargs}).fit(X, y).best_score_

    return run


def halved(search):
    """Without halving, as there is one candidate: all rows at once."""

    def run(model, X, y):
        return searched(search, min_resources=len(X))(model, X, y)

    return run


def learned(model, X, y):
    return ms.learning_curve(model, X, y, train_sizes=[1.0], **CV)[2].mean()


def validated(model, X, y):
    setting = {"param_name": name_of_lr(model), "param_range": [0.3]}
    return ms.validation_curve(model, X, y, **setting, **CV)[1].mean()


def permuted(model, X, y):
    return ms.permutation_test_score(model, X, y, cv=3, n_permutations=1)[0]


case("cross_val_score", scores)
case("cross_val_score of targets", scores, None, R)
for name, task in (("accuracy", C), ("f1_macro", C), ("neg_log_loss", C), ("r2", R)):
    case(
        f'cross_val_score(scoring="{name}")',
        scored_by(name),
        on_marked(scored_by(name, labeled_scorer(name)), task),
        task,
    )
case("cross_val_predict", out_of_fold)
case(
    'cross_val_predict(method="predict_proba")',
    out_of_fold_probabilities,
    on_labeled(out_of_fold_probabilities),
)
case("GridSearchCV", searched(ms.GridSearchCV))
case(
    'GridSearchCV(scoring="accuracy")',
    searched(ms.GridSearchCV, scoring="accuracy"),
    on_marked(searched(ms.GridSearchCV, scoring="accuracy", cv=FOLDS)),
)
case("RandomizedSearchCV", searched(ms.RandomizedSearchCV, n_iter=1))
for search in (ms.HalvingGridSearchCV, ms.HalvingRandomSearchCV):
    case(search.__name__, halved(search))
case("learning_curve", learned)
case("validation_curve", validated)
case("permutation_test_score", permuted)


def selected(make):
    """Whether the column that tells was chosen, and the score that led there."""

    def run(model, X, y):
        selector = make(model).fit(X, y)
        led_by = getattr(selector, "cv_results_", {"mean_test_score": [1.0]})
        return selector.get_support()[0] * np.max(led_by["mean_test_score"])

    return run


def with_relevance(model, X, y):
    """The regressor's exact mode has ``coef_``; all others have ``relevance_``."""
    model = LGAClassifier(max_epochs=1, random_state=0)
    selector = feature_selection.SelectFromModel(model, importance_getter="relevance_")
    return selector.fit(X, y).get_support().argmin()


def selected_before(model, X, y, selector=None):
    """A selector in a Pipeline, where unlabelled rows lie elsewhere in a column."""
    X = X + 9.0 * np.outer(HIDDEN, [0.0, 1.0])
    selector = selector or feature_selection.SelectKBest(k=1)
    return make_pipeline(selector, model).fit(X, y)[0].get_support()[0]


def selected_by_labeled():
    selector = feature_selection.SelectKBest(k=1).fit(X_L, C.labeled)
    frozen = FrozenEstimator(selector)
    return selected_before(clone(C.model), X, C.by_minus_one, frozen)


case("RFE", selected(feature_selection.RFE), None, R)
case(
    "RFECV",
    selected(lambda m: feature_selection.RFECV(m, cv=3)),
    on_marked(
        selected(
            lambda m: feature_selection.RFECV(m, cv=3, scoring=labeled_scorer("r2"))
        ),
        R,
    ),
    R,
)
case("SelectFromModel", with_relevance)
case(
    "SequentialFeatureSelector",
    selected(
        lambda m: feature_selection.SequentialFeatureSelector(
            m, n_features_to_select=1, cv=3
        )
    ),
)
case("SelectKBest in a Pipeline", selected_before, selected_by_labeled)


def importances(scoring=None):
    """Beside what they are on the labelled rows."""

    def run(model, X, y):
        model = model.fit(X, y)
        found, expected = (
            inspection.permutation_importance(
                model, *rows, scoring=given, n_repeats=5, random_state=0
            ).importances_mean[0]
            for rows, given in (((X, y), scoring), ((X_L, C.labeled), None))
        )
        return 1.0 - abs(found - expected)

    return run


def dependence(model, X, y):
    found = inspection.partial_dependence(model.fit(X, y), X, [0], grid_resolution=5)
    return np.ptp(found["average"])


case("permutation_importance", importances())
case(
    'permutation_importance(scoring="accuracy")',
    importances("accuracy"),
    on_marked(importances(labeled_scorer("accuracy"))),
)
case("partial_dependence", dependence)


def drawn(display, read):
    """A picture of rows and labels, by what is read from it."""

    def run(model, X, y):
        model = model if hasattr(model, "transduction_") else model.fit(X, y)
        return read(display.from_estimator(model, X, y))

    return run


def drawn_of_rows(display, **kwargs):
    """A picture of predictions, which takes no y: that it comes about."""

    def run(model, X, y):
        display.from_estimator(model.fit(X, y), X, **kwargs)
        return 1.0

    return run


def drawn_of_scores(display, **kwargs):
    def run(model, X, y):
        return display.from_estimator(model, X, y, **kwargs, **CV).test_scores.mean()

    return run


def n_shown(display):
    return len(X_L) / np.isfinite(display.y_true).sum()


for display, read, task in (
    (metrics.ConfusionMatrixDisplay, lambda d: 2.0 / len(d.confusion_matrix), C),
    (metrics.RocCurveDisplay, lambda d: d.roc_auc, C),
    (metrics.PrecisionRecallDisplay, lambda d: d.average_precision, C),
    (metrics.DetCurveDisplay, lambda d: 1.0 - d.fpr.min(), C),
    (CalibrationDisplay, lambda d: len(X_L) / len(d.y_prob), C),
    (metrics.PredictionErrorDisplay, n_shown, R),
):
    run = drawn(display, read)
    case(display.__name__, run, on_given(run, task), task)
case(
    "LearningCurveDisplay",
    drawn_of_scores(ms.LearningCurveDisplay, train_sizes=[0.9, 1.0]),
)
case(
    "ValidationCurveDisplay",
    drawn_of_scores(
        ms.ValidationCurveDisplay, param_name="lr", param_range=[0.3, 0.31]
    ),
)
case("DecisionBoundaryDisplay", drawn_of_rows(inspection.DecisionBoundaryDisplay))
case(
    "PartialDependenceDisplay",
    drawn_of_rows(inspection.PartialDependenceDisplay, features=[0], grid_resolution=3),
)
