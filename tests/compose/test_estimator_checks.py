"""scikit-learn's own checks of a Pipeline and of a search around the estimators."""

import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_lga import LGAClassifier, LGARegressor

from .cases import CHEAP

# Every row has a label in these checks; those of the marker are in test_estimators.py.
CLASSIFIER = LGAClassifier(
    max_epochs=5, lr=0.2, unlabeled=None, random_state=0, **CHEAP
)
REGRESSOR = LGARegressor(solver="exact", unlabeled=None)


def around(estimator, search):
    if search:
        return GridSearchCV(estimator, {"early_stopping": [False]}, cv=2)
    return make_pipeline(StandardScaler(with_mean=False), estimator)


def expected_failed_checks(tool):
    """What is scikit-learn's own, whatever the estimator inside."""
    failed = {}
    if isinstance(tool, Pipeline):
        in_place = "a Pipeline fits its steps in place"
        failed |= dict.fromkeys(
            ("check_estimators_overwrite_params", "check_dont_overwrite_parameters"),
            in_place,
        )
    elif isinstance(tool.estimator, LGARegressor):
        failed["check_supervised_y_2d"] = (
            "a search does not tell that its estimator takes several outputs, and so "
            "a warning is expected of it that a column is read as one output"
        )
    if isinstance(tool, Pipeline) or isinstance(tool.estimator, LGARegressor):
        failed["check_supervised_y_no_nan"] = (
            "y is refused, in other words than those that are asked of scikit-learn's "
            "classes and of no others"
        )
    return failed


@pytest.mark.filterwarnings("ignore:y marks no row as unlabelled")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:Scoring failed")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
@parametrize_with_checks(
    [
        around(estimator, search)
        for estimator in (CLASSIFIER, REGRESSOR)
        for search in (False, True)
    ],
    expected_failed_checks=expected_failed_checks,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
