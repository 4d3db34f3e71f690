"""The gallery's promises, and the guide's code."""

import re
import textwrap
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch
from sklearn.datasets import load_iris, make_regression

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


def guide_blocks():
    text = (ROOT / "doc" / "user_guide.rst").read_text()
    blocks = re.findall(r"::\n\n((?:    .*\n|\n)+)", text)
    code = [textwrap.dedent(block) for block in blocks]
    return [block for block in code if re.search(r"import|model|estimator", block)]


@pytest.mark.slow
def test_the_code_of_the_guide_runs(monkeypatch, tmp_path):
    """In its order, each block with the names of those before it."""
    matplotlib.use("Agg")
    monkeypatch.setattr(plan, "DEFAULT_STEPS", 10)
    monkeypatch.setattr(plan, "MIN_EPOCHS", 2)
    monkeypatch.chdir(tmp_path)
    X, y = load_iris(return_X_y=True)
    classes = X, hide_labels(y, n_labeled=60, random_state=0)
    X, y = make_regression(200, 5, random_state=0)
    y_with_nan = hide_labels(y, n_labeled=50, random_state=0, unlabeled=np.nan)
    names = {"np": np, "torch": torch, "y_with_nan": y_with_nan}
    n_run = 0
    for block in guide_blocks():
        if "load_images" in block or "images." in block:
            continue  # files that are not here
        targets = "LGARegressor" in block
        names["X"], names["y_marked"] = (X, y_with_nan) if targets else classes
        names["X_new"] = names["X"]
        exec(block, names)
        n_run += 1
    assert n_run >= 8
