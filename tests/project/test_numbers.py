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
        gaps = runs.loc[data, variant] - usual
        gaps = gaps.dropna(how="all").dropna(axis=1)
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


def beside_peers(name):
    """Means over tables by method, and LGA's lead on the best of the others."""
    import first_tries

    frame, found = pd.DataFrame(read(name)), {}
    for measure, sign in first_tries.SIGNS.items():
        known = frame.dropna(subset=measure)
        means = known.pivot_table(measure, ["table", "n_labeled"], "method")
        best = (sign * means.drop(columns=first_tries.OURS)).max(axis=1)
        gaps = sign * means["LGA"] - best
        found[measure] = means.mean(), *first_tries.mean_and_error(gaps), gaps.min()
    return found


def test_real_tables_beside_other_methods():
    found = beside_peers("real_tables.jsonl")
    rows = rows_of("benchmarks.rst", "LGA                       0.837")
    for name, cells in rows.items():
        method = name.replace("Spreading,", "Spreading")
        both, targets = ["accuracy", "loss"], ["R2"]
        measures = {1: targets, 2: both, 3: both + targets}[len(cells)]
        means = [f"{found[measure][0][method]:.3f}" for measure in measures]
        assert means == cells, name
    leads = rows_of("benchmarks.rst", "accuracy  +0.011")
    told = {"accuracy": "accuracy", "log loss": "loss", "R2": "R2"}
    for name, cells in leads.items():
        _, gap, error, worst = found[told[name]]
        assert cells[0] == f"{gap:+.3f} ({error:.3f})"
        assert cells[1].startswith(f"{worst:+.3f}, ")


@pytest.mark.parametrize("page", ["README.rst", "doc/comparison.rst"])
def test_what_the_first_pages_say(page):
    """The leads on the best of each table, and where LGA is behind most."""
    text = " ".join((ROOT / page).read_text().split())
    for name in ("real_tables.jsonl", "first_tries.jsonl"):
        told = [
            f"{gap:.3f} ({error:.3f}) in {measure.replace('loss', 'log loss')}"
            for measure, (_, gap, error, _) in beside_peers(name).items()
        ]
        for words in told:
            words = words.replace("(0.005) in acc", "(standard error 0.005) in acc")
            assert words in text
    assert "behind by 0.053 at worst" in text
    assert "behind by 0.013 at worst" in text
