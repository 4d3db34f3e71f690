"""The gallery's promises, and the guide's code."""

import re
import textwrap
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch
from sklearn.datasets import load_iris

from sklearn_lga._estimators import plan
from sklearn_lga.datasets import hide_labels

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples" / "gallery").glob("plot_*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_are_short_and_download_nothing(path):
    text = path.read_text()
    assert len(text.splitlines()) < 120
    assert "# %%" in text
    assert not re.search(r"\bfetch_|https?://|urllib|requests", text)


def code_of(page):
    """The blocks of code of a page of the guide, in their order."""
    blocks = re.findall(r"::\n\n((?:    .*\n|\n)+)", page.read_text())
    code = [textwrap.dedent(block) for block in blocks]
    return [block for block in code if re.search(r"import|model|estimator", block)]


GUIDE = ROOT / "doc" / "guide"
NAMES = re.findall(r"^   ([\w./]+)$", (GUIDE / "index.rst").read_text(), re.M)
PAGES = [(GUIDE / f"{name}.rst").resolve() for name in ["../install", *NAMES]]
PAGES = [page for page in PAGES if code_of(page)]


def test_the_pages_are_found():
    """Each page of the guide is in its index, and most of them have code."""
    assert {path.stem for path in GUIDE.glob("*.rst")} <= {"index", *NAMES}
    assert len(PAGES) >= 8


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_code_of_a_page_runs(page, monkeypatch, tmp_path):
    """By itself, but for the data: each block with the names of those before it."""
    matplotlib.use("Agg")
    monkeypatch.setattr(plan, "STEPS_FROM_CLOSED_FORM", 10)
    monkeypatch.setattr(plan, "STEPS_FROM_NOTHING", 10)
    monkeypatch.chdir(tmp_path)
    n_threads = torch.get_num_threads()
    X, y = load_iris(return_X_y=True)
    names = {"np": np, "X": X, "X_new": X}
    names["y_marked"] = hide_labels(y, n_labeled=60, random_state=0)
    names["y_with_nan"] = np.where(names["y_marked"] == -1, np.nan, X[:, 3])
    for block in code_of(page):
        if "load_images" not in block and "images." not in block:  # no files here
            exec(block, names)
    torch.set_num_threads(n_threads)
