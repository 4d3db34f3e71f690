"""Every public name has a docstring that numpydoc's validation passes."""

import importlib
import inspect
import pkgutil

import pytest
from numpydoc.validate import validate

import sklearn_lga

# What is not asked for, and why.
IGNORED = {
    "ES01": "a summary that says it all needs no second paragraph",
    "SA01": "not everything has a relative",
    "RT02": "return values are named, as scikit-learn names them",
    "PR08": "a description may start with a formula or a name in code",
    "RT04": "likewise",
    "SA03": "likewise",
}
IGNORED_OF_METHODS = {"EX01": "the example of the class shows its methods"}
PUBLIC_MODULES = [
    "sklearn_lga",
    *(
        f"sklearn_lga.{module.name}"
        for module in pkgutil.iter_modules(sklearn_lga.__path__)
        if not module.name.startswith("_")
    ),
]


def public_names():
    for module_name in PUBLIC_MODULES:
        module = importlib.import_module(module_name)
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isclass(value) or inspect.isfunction(value):
                yield f"{module_name}.{name}"
            if inspect.isclass(value):
                yield from (f"{module_name}.{name}.{m}" for m in own_methods(value))


def own_methods(cls):
    """Methods of this package, without those that override a documented one."""
    for name, method in inspect.getmembers(cls, callable):
        if name.startswith("_") or not inspect.getmodule(method):
            continue
        overrides = name in vars(cls) and any(
            getattr(base, name, None) for base in cls.__mro__[1:]
        )
        ours = inspect.getmodule(method).__name__.startswith("sklearn_lga")
        if ours and inspect.isroutine(method) and not overrides:
            yield name


@pytest.mark.parametrize("name", list(public_names()))
def test_numpydoc(name):
    ignored = set(IGNORED)
    if is_method(name):
        ignored |= set(IGNORED_OF_METHODS)
    errors = [error for error in validate(name)["errors"] if error[0] not in ignored]
    assert not errors


def is_method(name):
    """Whether what is before the last dot is a class."""
    return name.rpartition(".")[0] not in PUBLIC_MODULES


def test_the_walk_finds_what_the_documentation_lists():
    names = set(public_names())
    assert {
        "sklearn_lga.LGAClassifier",
        "sklearn_lga.LGAClassifier.fit",
        "sklearn_lga.inspection.TrainingDisplay.from_estimator",
        "sklearn_lga.linear.lga_path",
    } <= names
