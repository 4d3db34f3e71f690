"""Arrows point only downwards: the rooms of the house, and who may import whom."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import sklearn_lga

PACKAGE = Path(sklearn_lga.__file__).parent

# From top to bottom; what stands in a room imports from its own and from lower ones.
ROOMS = (
    *("__main__", "_command", "inspection", "__init__", "baselines"),
    "_estimators",  # fit and predict
    "callbacks",
    "_training",  # Algorithm 1 and its loop
    "_views",  # what a network sees of a table
    "compose",
    *("datasets", "model_selection"),
    "_labels",  # what y says
    *("analysis", "regularizers", "modules", "linear", "alignment"),
    *("_types", "_version"),
)
# Libraries that are for some rooms or files alone.
ONLY_IN = {
    "skorch": {"_training.net", "callbacks", "analysis"},
    "matplotlib": {"inspection", "_command"},
    "pandas": {"_command"},
    "pyarrow": {"_command"},
    "skrub": {"_estimators.pipeline"},
    "tqdm": {"callbacks"},
}
FORMULAS = {"alignment", "linear"}
MAX_PRIVATE = 4
FILES = sorted(PACKAGE.rglob("*.py"))


def name_of(path):
    """A file's dotted name within the package."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


NAMES = {name_of(path) for path in FILES}


def imports(path):
    """Dotted names of this package's files and other packages' names in a file."""
    ours, others = set(), set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            others |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            folder = path.parents[node.level - 1].relative_to(PACKAGE).parts
            base = [*folder, *(node.module or "").split(".")] if node.module else folder
            ours |= {file_of([*base, alias.name]) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            others.add(node.module.split(".")[0])
    return ours, others


def file_of(parts):
    """The file that holds a name: a module, or what its parent defines."""
    for known in (parts, [*parts, "__init__"], parts[:-1], [*parts[:-1], "__init__"]):
        if ".".join(known) in NAMES:
            return ".".join(known)
    raise AssertionError(f"no file of this package holds {'.'.join(parts)}")


def room_of(name):
    return name.split(".")[0]


def test_every_file_has_a_room():
    assert {room_of(name) for name in NAMES} == set(ROOMS)
    private = {path.name for path in PACKAGE.glob("_*.py")} - {"__init__.py"}
    assert len(private - {"__main__.py"}) <= MAX_PRIVATE


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_arrows_point_down(path):
    ours, others = imports(path)
    room, lower = room_of(name_of(path)), ROOMS.index(room_of(name_of(path)))
    for other in ours:
        assert room_of(other) == room or ROOMS.index(room_of(other)) > lower, other
    for library in others & ONLY_IN.keys():
        assert {room, name_of(path)} & ONLY_IN[library], library
    if room in FORMULAS:
        assert others <= {"torch", "numpy", "scipy"} | set(sys.stdlib_module_names)
    assert "sklearn_lga" not in others  # relative imports, which the arrows are of


def test_files_import_each_other_in_one_direction():
    graph = {name_of(path): imports(path)[0] - {name_of(path)} for path in FILES}
    list(TopologicalSorter(graph).static_order())


def test_every_file_says_what_it_holds():
    for path in FILES:
        assert ast.get_docstring(ast.parse(path.read_text())), path


def test_what_a_fit_imports():
    """torch's compiler and sympy take longer than a small fit; nothing is drawn."""
    code = (
        "import sys, numpy as np, sklearn_lga.inspection; from sklearn_lga import *\n"
        "y = np.array([0, 1, 0, 1, 0, 1, -1, -1, -1])\n"
        "for estimator in (LGAClassifier, LGARegressor):\n"
        "    estimator(max_epochs=1).fit(np.eye(9), y)\n"
        "sys.exit(bool({'torch._dynamo', 'sympy', 'matplotlib'} & sys.modules.keys()))"
    )
    command = [sys.executable, "-W", "ignore", "-c", code]
    assert subprocess.run(command, check=False).returncode == 0
