"""README's code runs, and its promises about size hold."""

import re
import textwrap
from pathlib import Path

README = Path(__file__).parents[2] / "README.rst"


def code_blocks():
    pattern = r"\.\. code-block:: python\n\n((?:    .*\n|\n)+)"
    return [textwrap.dedent(block) for block in re.findall(pattern, README.read_text())]


def test_code_runs(capsys):
    (quickstart,) = code_blocks()
    names = {}
    exec(quickstart, names)
    share = re.match(r"(0\.\d\d) right", capsys.readouterr().out)[1]
    assert float(share) > 0.85
    assert len(names["labels"]) == len(names["y"])


def test_size():
    assert len(README.read_text().splitlines()) <= 120
    (quickstart,) = code_blocks()
    assert len([line for line in quickstart.splitlines() if line]) <= 15
