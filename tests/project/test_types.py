"""Public callables have annotations, and type checkers are told of them."""

import ast
import importlib
import inspect
from importlib.resources import files
from pathlib import Path

import pytest

import sklearn_lga

from .test_docstrings import PUBLIC_MODULES

WITHOUT = {"self", "cls", "args", "kwargs"}


def public_callables():
    for module_name in PUBLIC_MODULES:
        module = importlib.import_module(module_name)
        for name in module.__all__:
            value, full_name = getattr(module, name), f"{module_name}.{name}"
            if inspect.isclass(value):
                yield from ((f"{full_name}.{m}", f) for m, f in methods(value))
            elif callable(value):
                yield full_name, value


def methods(cls):
    """Public methods and properties that this package defines, inherited ones too."""
    ours = [base for base in cls.__mro__ if base.__module__.startswith("sklearn_lga")]
    for name in sorted({name for base in ours for name in vars(base)}):
        if name.startswith("_") and name not in ("__init__", "__call__"):
            continue
        value = inspect.getattr_static(cls, name)
        value = getattr(value, "__func__", getattr(value, "fget", value))
        if inspect.isfunction(value):
            yield name, value


CALLABLES = dict(public_callables())


@pytest.mark.parametrize("name", CALLABLES)
def test_parameters_and_return_have_annotations(name):
    signature = inspect.signature(CALLABLES[name])
    bare = [
        parameter.name
        for parameter in signature.parameters.values()
        if parameter.annotation is parameter.empty and parameter.name not in WITHOUT
    ]
    assert not bare
    assert signature.return_annotation is not signature.empty


def test_the_walk_finds_functions_methods_and_properties():
    assert {
        "sklearn_lga.LGAClassifier.__init__",
        "sklearn_lga.LGAClassifier.fit",
        "sklearn_lga.LGARegressor.predict",
        "sklearn_lga.alignment.CLASSIFICATION",
        "sklearn_lga.callbacks.Checkpoint.has_ended",
        "sklearn_lga.inspection.TrainingDisplay.from_estimator",
        "sklearn_lga.linear.lga_path",
    } <= CALLABLES.keys()


def test_the_marker_of_typed_packages_is_there():
    assert files("sklearn_lga").joinpath("py.typed").is_file()


def test_checkers_see_the_names_that_are_imported_late():
    body = ast.parse(Path(sklearn_lga.__file__).read_text()).body
    (block,) = (node for node in body if isinstance(node, ast.If))
    seen = {
        alias.name: f".{node.module}" for node in block.body for alias in node.names
    }
    assert seen == sklearn_lga._HOMES
