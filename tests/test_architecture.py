"""Arrows point only downwards: who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import sklearn_lga

PACKAGE = Path(sklearn_lga.__file__).parent

# What each module may import of the package and of third parties; the standard
# library is free. A module that is not listed fails the test.
ALLOWED = {
    "alignment": {"torch"},
    "modules": {"torch"},
    "_engine": {"alignment", "torch"},
    "_batches": {"numpy", "scipy", "torch"},
    "_labels": {"numpy"},
    "datasets": {"_labels", "numpy", "sklearn"},
    "model_selection": {"_labels", "numpy", "sklearn"},
    "_net": {"_batches", "_engine", "torch", "skorch"},
    "_random": {"numpy", "torch", "sklearn"},
    "_routing": {"torch"},
    "_checks": {"numpy", "scipy", "torch"},
    "_targets": {"_labels", "alignment", "numpy", "scipy", "sklearn"},
    "_base": {
        *("_batches", "_checks", "_net", "_random", "_routing", "modules"),
        *("joblib", "numpy", "sklearn", "skorch", "torch"),
    },
    "_lga": {"_base", "_engine", "_targets", "alignment", "numpy", "sklearn"},
    "baselines": {"_base", "_engine", "_targets", "numpy"},
    "__init__": {"_lga"},
}


def imports(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level and not node.module:  # from . import x
                names |= {alias.name for alias in node.names}
            else:
                names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names)


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda p: p.stem)
def test_layers(path):
    assert imports(path) <= ALLOWED[path.stem]


def test_layers_have_no_cycle():
    """Each module's imports of the package stand above it in the table."""
    order = list(ALLOWED)
    for name, allowed in ALLOWED.items():
        for other in allowed & set(order):
            assert order.index(other) < order.index(name)


def test_importing_takes_no_plotting_library():
    code = "import sys, sklearn_lga; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
