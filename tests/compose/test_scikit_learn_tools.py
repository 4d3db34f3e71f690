"""``doc/meta_estimators.rst``: each row says what its tool of scikit-learn does."""

import inspect
import re
import textwrap
import warnings
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt
from sklearn.base import clone
from sklearn.utils import all_estimators
from sklearn.utils.discovery import all_displays

from . import meta_estimator_cases, model_selection_cases  # noqa: F401 - they add cases
from .cases import CASES, REMEDIES, X

mpl.use("Agg")
PAGE = (Path(__file__).parents[2] / "doc" / "meta_estimators.rst").read_text()
ROW = r"^``(.+?)`` +(right|refuses|wrong, \w+) +(right|refuses|wrong, \w+) +(.+)$"
ROWS = {row[1]: row.groups()[1:] for row in re.finditer(ROW, PAGE, re.MULTILINE)}
RIGHT = 0.85
"""All that is right is above it; of what is wrong nothing is above 0.75."""


@pytest.fixture(autouse=True)
def _close_pictures():
    yield
    plt.close("all")


def outcome(run, model, y):
    """What a tool does with a marked y, in the words of the page."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            value = run(clone(model), X, y)
        except (TypeError, ValueError):
            return "refuses"
    taken, unmarked = (
        any(told in str(warning.message) for warning in said)
        for told in ("takes it for a label", "marks no row as unlabelled")
    )
    if value > RIGHT:
        assert not taken
        return "right"
    assert value < 0.75
    return "wrong, warns" if taken or unmarked else "wrong, silent"


@pytest.mark.parametrize("name", CASES)
def test_what_it_does(name):
    run, task = CASES[name]
    by_minus_one = outcome(run, task.model, task.by_minus_one)
    by_missing = outcome(run, task.model, task.by_missing)
    assert (by_minus_one, by_missing) == ROWS[name][:2]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", REMEDIES)
def test_what_to_do_instead(name):
    assert REMEDIES[name]() > RIGHT


def test_the_page_has_the_cases_and_a_remedy_wherever_one_is_needed():
    assert set(ROWS) == set(CASES)
    for name, (by_minus_one, _, instead) in ROWS.items():
        has_remedy = instead != "\\-" and not instead.startswith("none")
        assert has_remedy == (name in REMEDIES), name
        assert instead != "\\-" or by_minus_one == "right", name


def test_nothing_is_swallowed_in_silence():
    assert not [row for row in ROWS.values() if "wrong, silent" in row]


def test_the_page_has_all_that_scikit_learn_has():
    """Whatever takes an estimator that ours could be."""
    wanted = {"estimator", "estimators", "regressor", "steps"}
    tools = {
        name
        for name, tool in all_estimators()
        if wanted & set(list(inspect.signature(tool).parameters)[:2])
    }
    tools |= {name for name, _ in all_displays()}
    mentioned = {name.partition("(")[0] for name in ROWS}
    assert tools - {"FrozenEstimator"} <= mentioned  # which fits nothing


def test_code_runs():
    """On a model that takes less time."""
    code = re.findall(r"code-block:: python\n\n((?:    .*\n|\n)+)", PAGE)
    assert len(code) == 3
    names = {}
    for block in code:
        fast = "LGAClassifier(closed_form=False, max_epochs=1, "
        block = block.replace("LGAClassifier(", fast)
        exec(textwrap.dedent(block), names)
