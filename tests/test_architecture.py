"""Arrows point only downwards: who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import sklearn_lga

PACKAGE = Path(sklearn_lga.__file__).parent

# What each module may import of the package and of third parties; the standard
# library is free. Each stands below what it imports, layer by layer. A module that is
# not listed fails the test.
ALLOWED = {
    # L0
    "_objectives": {"torch"},
    "alignment": {"_objectives", "torch"},
    "_wide_resnet": {"torch"},
    "_encoding": {"numpy", "torch"},
    "_layers": {"torch"},
    "modules": {"_encoding", "_layers", "_wide_resnet", "torch"},
    "regularizers": {"sklearn", "torch"},
    "_jacobian": {"alignment", "torch"},
    "_ranks": {"torch"},
    "_label_rows": {"alignment", "torch"},
    "_supervised": {"_jacobian", "_ranks", "alignment", "torch"},
    "_engine": {"_jacobian", "_label_rows", "_supervised", "alignment", "torch"},
    "_recording": {"torch"},
    "_batches": {"_ranks", "numpy", "scipy", "torch"},
    "_version": set(),
    "_files": {"numpy", "torch"},
    "_identity": set(),
    "_labels": {"numpy"},
    "linear": {"numpy", "scipy"},
    "datasets": {"_labels", "numpy", "scipy", "sklearn"},
    "model_selection": {"_labels", "numpy", "sklearn"},
    # L1
    "_net": {"_batches", "_engine", "_recording", "torch", "skorch"},
    "analysis": {"numpy", "scipy", "torch", "skorch"},
    "_random": {"numpy", "torch", "sklearn"},
    "_snapshot": {"_files", "torch"},
    "callbacks": {
        *("_files", "_identity", "_random", "_ranks", "_snapshot", "_version"),
        *("joblib", "skorch", "torch"),
    },
    # L2
    "_routing": {"torch"},
    "_pickling": {"_version"},
    "_checks": {"numpy", "scipy", "torch"},
    "_exact": {"linear", "numpy"},
    "_eigenmaps": {"numpy", "scipy", "sklearn"},
    "_evidence": {"numpy", "scipy", "sklearn"},
    "_inputs": {"_batches", "_eigenmaps", "_encoding", "numpy", "scipy", "torch"},
    "_targets": {"_evidence", "_labels", "alignment", "numpy", "scipy", "sklearn"},
    "_network": {
        *("_checks", "_inputs", "_random", "modules", "numpy", "torch"),
    },
    "_base": {
        *("_batches", "_checks", "_net", "_network", "_pickling", "_random"),
        *("_ranks", "_routing", "callbacks", "modules"),
        *("joblib", "numpy", "sklearn", "skorch", "torch"),
    },
    # L3
    "_lga": {"_base", "_engine", "_supervised", "alignment", "numpy", "sklearn"},
    "_classifier": {"_lga", "_targets"},
    "_regressor": {
        *("_base", "_checks", "_exact", "_lga", "_targets", "numpy", "sklearn"),
    },
    "baselines": {"_base", "_supervised", "_targets", "numpy"},
    "__init__": {"_classifier", "_regressor", "_version"},
    # L4
    "inspection": {
        *("_base", "_exact", "_labels", "linear"),
        *("matplotlib", "numpy", "scipy", "sklearn"),
    },
    # L5
    "_command": {
        *("_classifier", "_files", "_regressor", "_routing"),
        *("inspection", "model_selection"),
        *("__version__", "matplotlib", "numpy", "pandas", "pyarrow", "sklearn"),
        *("skorch", "skrub", "threadpoolctl", "tqdm"),
    },
    "__main__": {"_command"},
}
FILES = sorted(PACKAGE.rglob("*.py"))


def module_of(path):
    """The module a file belongs to; a subpackage counts as one."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            within = path.parent != PACKAGE and node.level == 1
            if within:  # a neighbour in a subpackage
                continue
            if node.level and not node.module:  # from . import x
                names |= {alias.name for alias in node.names}
            else:
                names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_layers(path):
    assert imports(path) <= ALLOWED[module_of(path)]


def test_layers_have_no_cycle():
    """Each module's imports of the package stand above it in the table."""
    order = list(ALLOWED)
    for name, allowed in ALLOWED.items():
        for other in allowed & set(order):
            assert order.index(other) < order.index(name)


def test_importing_takes_no_plotting_library():
    code = "import sys, sklearn_lga.inspection; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
