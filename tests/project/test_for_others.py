"""What a newcomer reads names what is there."""

import importlib
import pkgutil
import pydoc
import re
from pathlib import Path

import sklearn_lga

ROOT = Path(__file__).parents[2]
# Constants that the docstrings of what takes them describe.
NOT_LISTED = {
    *("__version__", "ACTIVATIONS", "LABELED_WEIGHT_DECAYS"),
    *("CLASSIFICATION", "REGRESSION"),
}


def test_citation_and_changes_have_the_version():
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.M)
    changes = (ROOT / "doc" / "changes.rst").read_text()
    newest = re.search(r"^(\d\S*) \(.+\)\n-+$", changes, re.M)
    assert cited[1] == newest[1] == sklearn_lga.__version__


def test_the_reference_lists_every_public_name():
    text = (ROOT / "doc" / "api.rst").read_text()
    modules = {"sklearn_lga"} | {
        f"sklearn_lga.{module.name}"
        for module in pkgutil.iter_modules(sklearn_lga.__path__)
        if not module.name.startswith("_")
    }
    for section in text.split(".. module:: ")[1:]:
        name = section.split()[0]
        modules.remove(name)
        for public in importlib.import_module(name).__all__:
            if public not in NOT_LISTED:
                assert re.search(rf"\b{public}$", section, re.M), f"{name}.{public}"
    assert not modules


def test_names_that_are_found_without_a_network_exist():
    for path in (ROOT / "doc" / "inventories").glob("*.txt"):
        for line in path.read_text().splitlines()[3:]:
            assert pydoc.locate(line.split()[0]), line


def test_the_workflow_runs_targets_of_the_makefile():
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    (listed,) = re.findall(r"target: \[(.+)\]", workflow)
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(listed.split(", ")) <= targets


def test_the_house_is_drawn_with_all_its_files():
    text = (ROOT / "doc" / "contributing.rst").read_text()
    drawing = text[text.index("The house\n") : text.index("The way of a row\n")]
    package = ROOT / "sklearn_lga"
    for folder in ("_command", "_estimators", "_training", "_views", "_labels"):
        assert f"{folder}/" in drawing
        for path in package.joinpath(folder).glob("[a-z]*.py"):
            assert re.search(rf"\b{path.stem}\b", drawing), path
    for path in package.glob("[a-z]*.py"):
        assert path.name in drawing
    for folder in package.glob("[a-z]*/__init__.py"):
        assert f"{folder.parent.name}/" in drawing


def test_the_files_that_are_named_exist():
    text = (ROOT / "doc" / "contributing.rst").read_text()
    roots = ROOT, ROOT / "sklearn_lga", ROOT / "sklearn_lga" / "datasets"
    roots += ROOT / "examples" / "benchmarks", ROOT / "sklearn_lga" / "_estimators"
    roots += (ROOT / "sklearn_lga" / "_views",)
    for name in re.findall(r"[\w/.-]+\.(?:py|txt)\b", text):
        assert any((root / name).exists() for root in roots), name
