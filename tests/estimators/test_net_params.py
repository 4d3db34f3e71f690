"""Parameters that reach the skorch net."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import EpochScoring, GradientNormClipping

from sklearn_lga import LGAClassifier

from .test_bad_input import Linear, X, Y


def test_routed_parameters_are_stored_and_listed():
    params = {"optimizer__weight_decay": 0.1}
    model = LGAClassifier(net_params=params)
    model.set_params(module__extra=1, lr=0.5)
    assert params == {"optimizer__weight_decay": 0.1}
    assert model.net_params == {"optimizer__weight_decay": 0.1, "module__extra": 1}
    assert model.lr == 0.5
    deep = model.get_params(deep=True)
    assert deep["module__extra"] == 1
    assert deep["optimizer__weight_decay"] == 0.1
    assert "module__extra" not in model.get_params(deep=False)


def test_clones_do_not_share():
    model = LGAClassifier().set_params(optimizer__eps=1e-6)
    copy = clone(model).set_params(optimizer__eps=1e-3)
    assert model.net_params == {"optimizer__eps": 1e-6}
    assert copy.net_params == {"optimizer__eps": 1e-3}


def test_they_reach_the_net():
    model = LGAClassifier(max_epochs=1, random_state=0)
    model.set_params(
        optimizer=torch.optim.RMSprop,
        optimizer__alpha=0.7,
        iterator_valid__batch_size=5,
        callbacks__print_log=None,
    ).fit(X, Y)
    assert isinstance(model.net_.optimizer_, torch.optim.RMSprop)
    assert model.net_.optimizer_.param_groups[0]["alpha"] == 0.7
    assert "print_log" not in dict(model.net_.callbacks_)
    np.testing.assert_allclose(
        model.predict_proba(X),
        model.set_params(iterator_valid__batch_size=1024).predict_proba(X),
    )


def test_callback_parameters():
    callbacks = [("mine", GradientNormClipping(1.0))]
    model = LGAClassifier(max_epochs=1, callbacks=callbacks)
    model.set_params(callbacks__mine__gradient_clip_value=0.5).fit(X, Y)
    assert dict(model.net_.callbacks_)["mine"].gradient_clip_value == 0.5
    assert callbacks[0][1].gradient_clip_value == 1.0


def test_scoring_callback_on_held_out_rows():
    scoring = EpochScoring(lambda net, X, y=None: 1.0, name="one")
    model = LGAClassifier(max_epochs=2, callbacks=[scoring], early_stopping=True)
    assert model.fit(X, Y).history_[:, "one"] == [1.0, 1.0]


def test_grid_search():
    search = GridSearchCV(
        LGAClassifier(module=Linear, max_epochs=1, random_state=0),
        {"optimizer__weight_decay": [0.0, 1.0], "module__extra": [0]},
        cv=2,
        error_score="raise",
    ).fit(X, Y)
    assert "optimizer__weight_decay" in search.best_params_


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("hiden_layer_sizes", "hidden_layer_sizes"),
        ("optimiser__lr", "optimizer__lr"),
        ("modul__depth", "module__depth"),
        ("label_learning_rate", "label_lr"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(name, nearest):
    with pytest.raises(ValueError, match=f"'{name}'.*Did you mean '{nearest}'"):
        LGAClassifier().set_params(**{name: 1})


@pytest.mark.parametrize(
    ("net_params", "message"),
    [
        ({"optimizer__weight_decy": 0.1}, "optimizer of net_params .*'weight_decy'"),
        ({"iterator_train__num_worker": 1}, "iterator_train of .*'num_worker'"),
        ({"module__depth": 2}, r"built-in network \(module=None\) is set by"),
        ({"callbacks__print_lgo": None}, "callbacks__print_lgo was set.*'print_log'"),
        ({"iterator_train__shuffle": True}, "iterator_train of .*shuffle"),
        ({"lr": 2}, "parameter of LGAClassifier itself"),
        ({"optimiser": 2}, "Did you mean 'optimizer'"),
        ({"train_split": None}, "Invalid parameter 'train_split' for net_params"),
    ],
)
def test_net_params_are_checked(net_params, message):
    with pytest.raises(ValueError, match=message):
        LGAClassifier(max_epochs=1, net_params=net_params).fit(X, Y)


def test_module_parameters_are_checked():
    model = LGAClassifier(module=Linear, max_epochs=1).set_params(module__extras=1)
    with pytest.raises(ValueError, match="module cannot be used: .*'extras'"):
        model.fit(X, Y)


def test_weight_decay_of_the_built_in_optimizer():
    model = LGAClassifier(max_epochs=1, random_state=0).fit(X, Y)
    assert model.net_.optimizer_.param_groups[0]["weight_decay"] == 0.0
    model = LGAClassifier(module=Linear, max_epochs=1, random_state=0)
    assert model.fit(X, Y).net_.optimizer_.param_groups[0]["weight_decay"] == 0.0
    model.set_params(weight_decay=0.5).fit(X, Y)
    assert model.net_.optimizer_.param_groups[0]["weight_decay"] == 0.5
    model.set_params(optimizer=torch.optim.SGD)
    with pytest.raises(ValueError, match=r"weight_decay=0\.5 sets the built-in"):
        model.fit(X, Y)
    model.set_params(weight_decay=0.0).fit(X, Y)
    assert isinstance(model.net_.optimizer_, torch.optim.SGD)
