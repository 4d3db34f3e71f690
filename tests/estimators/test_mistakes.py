"""Plausible mistakes of a first hour: each has its remedy in the message."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from torch import nn

from sklearn_lga import LGAClassifier, LGARegressor
from sklearn_lga.baselines import RegularizedNetClassifier, RegularizedNetRegressor
from sklearn_lga.regularizers import VAT

N = 12
X = np.random.RandomState(0).standard_normal((N, 3))
Y = np.where(np.arange(N) % 3 == 2, -1, np.arange(N) % 3)
TARGETS = np.where(np.arange(N) % 3 == 2, np.nan, np.arange(N) / 2)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])
WORDS = np.array(["a", "b", ""] * 4)


class Narrow(nn.Linear):
    def __init__(self, n_features, n_outputs):
        super().__init__(n_features + 2, n_outputs)


class Wide(nn.Linear):
    def __init__(self, n_features, n_outputs):
        super().__init__(n_features, n_outputs + 1)


class Soft(nn.Sequential):
    def __init__(self, n_features, n_outputs):
        super().__init__(nn.Linear(n_features, n_outputs), nn.Softmax(dim=1))


def classifier(**params):
    return LGAClassifier(max_epochs=1, random_state=0, **params)


def regressor(**params):
    return LGARegressor(max_epochs=1, random_state=0, **params)


MISTAKES = {
    # X
    "text": lambda: classifier().fit(FRAME.assign(d="x"), Y),
    "dates": lambda: classifier().fit(
        FRAME.assign(d=pd.date_range("2025", periods=N)), Y
    ),
    "categories": lambda: regressor().fit(
        FRAME.assign(d=pd.Categorical([1, 2] * 6)), TARGETS
    ),
    "three dimensions": lambda: classifier().fit(X[:, :, None], Y),
    "one dimension": lambda: classifier().fit(X[:, 0], Y),
    "gaps": lambda: classifier().fit(np.where(X > 1.0, np.nan, X), Y),
    "huge values": lambda: classifier().fit(X * 1e39, Y),
    "another width": lambda: classifier().fit(X, Y).predict(X[:, :2]),
    # y
    "several labels a row": lambda: classifier().fit(X, np.c_[Y, Y]),
    "one-hot labels": lambda: classifier().fit(X, np.eye(3)[Y]),
    "targets to a classifier": lambda: classifier().fit(X, TARGETS),
    "classes to a regressor": lambda: regressor().fit(
        X, np.array(["a", "b", -1] * 4, dtype=object)
    ),
    "only the labels": lambda: classifier().fit(X, Y[Y != -1]),
    "no y": lambda: classifier().fit(X, None),
    "nothing labelled": lambda: classifier().fit(X, np.full(N, -1)),
    "one class": lambda: classifier().fit(X, np.where(Y == 1, 0, Y)),
    "the marker as text": lambda: classifier().fit(X, np.array(["a", "b", "-1"] * 4)),
    "scored on unlabelled rows": lambda: classifier().fit(X, Y).score(X[2:3], Y[2:3]),
    # parameters
    "max_iter": lambda: classifier().set_params(max_iter=5),
    "learning_rate_init": lambda: classifier().set_params(learning_rate_init=0.1),
    "n_estimators": lambda: classifier().set_params(n_estimators=10),
    "kernel": lambda: classifier().set_params(kernel="rbf"),
    "n_neighbors": lambda: classifier().set_params(n_neighbors=5),
    "alpha": lambda: classifier().set_params(alpha=0.2),
    "activation": lambda: regressor().set_params(activation="tanh"),
    "n_jobs": lambda: regressor().set_params(n_jobs=2),
    "max_iter at once": lambda: LGAClassifier(max_iter=5),
    "kernel at once": lambda: LGARegressor(kernel="rbf"),
    "a misspelt name at once": lambda: LGARegressor(hiden_layer_sizes=5),
    "no name": lambda: LGAClassifier(nn.Linear),
    "the rows at once": lambda: LGAClassifier(X, Y),
    "a routed name at once": lambda: LGAClassifier(module=Wide, module__width=3),
    "a misspelt name": lambda: classifier().set_params(hiden_layer_sizes=5),
    "a search of max_iter": lambda: GridSearchCV(
        classifier(), {"max_iter": [5]}, cv=2, error_score="raise"
    ).fit(X, Y),
    "layers of zero units": lambda: classifier(hidden_layer_sizes=0).fit(X, Y),
    "weights of unknown classes": lambda: classifier(class_weight={"0": 1, "1": 2}).fit(
        X, Y
    ),
    "a regularizer's class": lambda: classifier(regularizers=[VAT]).fit(X, Y),
    "one regularizer": lambda: classifier(regularizers=VAT()).fit(X, Y),
    "gpu": lambda: classifier(device="gpu").fit(X, Y),
    # a network of one's own
    "an instance": lambda: classifier(module=nn.Linear(3, 2)).fit(X, Y),
    "layers beside a module": lambda: classifier(
        module=nn.Linear, hidden_layer_sizes=5
    ).fit(X, Y),
    "inputs of another width": lambda: classifier(module=Narrow).fit(X, Y),
    "outputs of another width": lambda: classifier(module=Wide).fit(X, Y),
    # attributes
    "transduction_ before fit": lambda: classifier().transduction_,
    "predict before fit": lambda: classifier().predict(X),
    "partial_fit": lambda: classifier().partial_fit(X, Y),
    "fit_predict": lambda: classifier().fit_predict(X, Y),
    "decision_function": lambda: classifier().fit(X, Y).decision_function(X),
    "predict_proba of targets": lambda: regressor().predict_proba(X),
    "relevance_ without a closed form": lambda: (
        classifier(closed_form=False).fit(X, Y).relevance_
    ),
    "net_ of the exact mode": lambda: regressor(solver="exact").fit(X, TARGETS).net_,
}
REMEDIES = {
    "text": r"X holds .*sklearn_lga\.table_pipeline\(LGAClassifier\(\)\)",
    "dates": r"'d' \(datetime.*sklearn_lga\.table_pipeline",
    "categories": r"'d' \(category\).*table_pipeline\(LGARegressor\(\)\)",
    "three dimensions": r"\(12, 3, 1\).*X\.reshape\(len\(X\), -1\), or a module",
    "one dimension": r"Reshape your data",
    "gaps": r"X contains NaN[\s\S]*imputer",
    "huge values": "StandardScaler",
    "another width": "X has 2 features, but LGAClassifier is expecting 3",
    "several labels a row": r"MultiOutputClassifier\(LGAClassifier\(\)\)",
    "one-hot labels": "one-hot columns pass the number of the column",
    "targets to a classifier": "use a regressor, LGARegressor",
    "classes to a regressor": "'a'. For classes use LGAClassifier",
    "only the labels": "Unlabelled rows are kept in y, marked by unlabeled=-1",
    "no y": "LGAClassifier estimator requires y to be passed",
    "nothing labelled": "At least one label is needed",
    "one class": "Label a row of another class",
    "the marker as text": "or pass unlabeled='-1'",
    "scored on unlabelled rows": "score needs labelled rows",
    "max_iter": "Here it is 'max_epochs'",
    "max_iter at once": "^Invalid parameter 'max_iter' for LGAClassifier. Here it is",
    "kernel at once": "closed form chooses by held-out labels",
    "a misspelt name at once": "Did you mean 'hidden_layer_sizes'",
    "no name": r"by their names.*LGAClassifier\(hidden_layer_sizes=64\)",
    "the rows at once": "X and y are for fit",
    "a routed name at once": r"net_params={'module__width': \.\.\.}, or set_params\(",
    "learning_rate_init": "Here it is 'lr'",
    "n_estimators": "Here it is 'n_members'",
    "kernel": "closed form chooses by held-out labels",
    "n_neighbors": "closed form chooses by held-out labels",
    "alpha": "MLPClassifier's is weight_decay",
    "activation": "Pass module=sklearn_lga.modules.MLP",
    "n_jobs": "searches and cross-validation have n_jobs",
    "a misspelt name": "Did you mean 'hidden_layer_sizes'",
    "a search of max_iter": "Here it is 'max_epochs'",
    "layers of zero units": "an integer >= 1 or a sequence",
    "weights of unknown classes": r"\['0', '1'\].*Give the classes as y does: \[0, 1\]",
    "a regularizer's class": r"regularizers=\[VAT\(\)\]",
    "one regularizer": "must be an instance of 'list'",
    "gpu": "device='gpu' cannot be used.*Pass 'auto', 'cpu'.*'cuda'",
    "an instance": "Pass the class",
    "layers beside a module": "leave hidden_layer_sizes at its default",
    "inputs of another width": r"rows of shape \(3,\).*needs n_features inputs",
    "outputs of another width": "Its last layer needs 2 outputs",
    "transduction_ before fit": r"LGAClassifier is not fitted.*call fit\(X, y\) first",
    "predict before fit": "LGAClassifier instance is not fitted yet. Call 'fit'",
    "partial_fit": "fit with warm_start=True goes on",
    "fit_predict": r"fit\(X, y\)\.transduction_",
    "decision_function": "predict_proba and predict_log_proba",
    "predict_proba of targets": "a regressor has no probabilities",
    "relevance_ without a closed form": "with closed_form=True",
    "net_ of the exact mode": 'solver="network"',
}


def test_every_mistake_has_a_remedy():
    assert MISTAKES.keys() == REMEDIES.keys()
    assert len(MISTAKES) >= 40


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("mistake", MISTAKES)
def test_remedy(mistake):
    with pytest.raises((ValueError, TypeError, AttributeError)) as error:
        MISTAKES[mistake]()
    error.match(REMEDIES[mistake])
    for private in ("NetEstimator", "NetClassifier", "NetRegressor", "fit_network"):
        assert private not in str(error.value)


@pytest.mark.parametrize(
    ("estimator", "name"),
    [
        (LGAClassifier, "fit"),
        (LGARegressor, "fit"),
        (RegularizedNetClassifier, "fit"),
        (RegularizedNetRegressor, "fit"),
        (LGAClassifier, "predict"),
        (LGAClassifier, "predict_proba"),
        (LGAClassifier, "score"),
        (LGARegressor, "score"),
    ],
)
def test_missing_arguments_name_no_base_class(estimator, name):
    with pytest.raises(TypeError, match=rf"^(LGARegressor\.)?{name}\(\) missing"):
        getattr(estimator(), name)()


def test_several_labels_a_row_by_the_remedy():
    columns = np.c_[Y, np.where(Y == -1, -1, 1 - Y)]
    model = MultiOutputClassifier(classifier()).fit(X, columns)
    assert model.predict(X).shape == (N, 2)
    for column, labels in enumerate(columns.T):
        given = labels != -1
        imputed = model.estimators_[column].transduction_
        np.testing.assert_array_equal(imputed[given], labels[given])
        assert set(imputed) == {0, 1}


def test_an_int_is_one_hidden_layer():
    one, same = (classifier(hidden_layer_sizes=s).fit(X, Y) for s in (7, (7,)))
    np.testing.assert_array_equal(one.predict_proba(X), same.predict_proba(X))
    assert one.hidden_layer_sizes == 7


def test_a_module_that_ends_in_a_softmax():
    with pytest.warns(UserWarning, match="Leave out the module's last Softmax"):
        classifier(module=Soft).fit(X, Y)


def test_logits_are_no_probabilities(recwarn):
    classifier(module=nn.Linear).fit(X, Y)
    regressor(module=Soft).fit(X, np.c_[TARGETS, TARGETS])
    assert not [w for w in recwarn if "Softmax" in str(w.message)]


@pytest.mark.parametrize("word", ["", "nan", "None"])
def test_words_for_nothing_among_strings(word):
    y = np.where(WORDS == "", word, WORDS)
    with pytest.warns(UserWarning, match=f"y holds '{word}', .*unlabeled='{word}'"):
        classifier().fit(X, y)
    model = classifier(unlabeled=word).fit(X, y)
    assert model.classes_.tolist() == ["a", "b"]


def test_hasattr_is_false_for_what_is_not_there():
    for name in ("partial_fit", "transduction_", "decision_function", "coef_"):
        assert not hasattr(classifier(), name)
