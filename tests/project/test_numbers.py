"""Numbers of the pages are those of the committed lines that they name."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOC, RESULTS = ROOT / "doc", ROOT / "doc" / "results"

pd = pytest.importorskip("pandas")


@pytest.fixture(autouse=True)
def _scripts(monkeypatch):
    for folder in ("benchmarks", "paper"):
        monkeypatch.syspath_prepend(str(ROOT / "examples" / folder))


def read(name):
    lines = (RESULTS / name).read_text().splitlines()
    return [json.loads(line) for line in lines]


def rows_of(page, start):
    """Cells of the table of a page that a line begins, by their first one."""
    text = (DOC / page).read_text()
    body = text[text.index(start) :]
    table = re.split(r"\n=[= ]+\n", body)[0] + "\n"
    rows = [re.split(r"  +", line.strip()) for line in table.splitlines()]
    return {row[0]: row[1:] for row in rows}


def as_written(value, sign="+"):
    """Without the zero before the point."""
    return format(value, f"{sign}.4f").replace("0.", ".", 1)


def test_how_the_defaults_were_chosen():
    import tables

    frame = pd.DataFrame(read("tables.jsonl"))
    small = frame["table"].isin(list(tables.TABLES))
    expected = {}
    for part in (frame[~small], frame[small]):
        for measure in ("accuracy", "loss", "R2"):
            for setting, _, mean, gap, error in tables.differences(part, measure):
                first = setting == "defaults"
                told = f"{as_written(gap)} ({as_written(error, '')})"
                cell = f"{mean:.4f}" if first else told
                expected.setdefault(setting, []).append(cell)
    found = rows_of("benchmarks.rst", "defaults         ")
    assert {**found, **expected} == found


def test_text():
    import text

    frame = pd.DataFrame(read("text.jsonl"))
    means = frame.pivot_table("accuracy", ["table", "n_labeled"], "model")
    page = (DOC / "benchmarks.rst").read_text()
    for (table, n_labeled), row in means.iterrows():
        cells = "  +".join(f"{row[model]:.3f}" for model in text.MODELS)
        assert re.search(f"{table}  +{n_labeled:,}  +{cells}\n", page), table


def test_departures():
    import departures

    page = (DOC / "fidelity.rst").read_text()
    lines = read("departures.jsonl")
    lines += [departures.figure_4(seed) for seed in range(5)]
    frame = pd.DataFrame(lines).set_index(["data", "variant", "seed"])
    for (data, variant), runs in frame.groupby(level=[0, 1]):
        usual = frame.loc[data, "as it is"]
        gaps = (runs.loc[data, variant] - usual).dropna(axis=1, how="all")
        cells = [
            f"{factor * gap:+.{digits}f} +- {factor * error:.{digits}f}"
            for factor, digits, (gap, error) in zip(
                (1, 100),
                (3, 2),
                (departures.mean_and_error(gaps[name]) for name in gaps),
                strict=False,
            )
        ]
        if variant != "as it is":
            assert re.search("  +".join(map(re.escape, cells)), page), (data, variant)
