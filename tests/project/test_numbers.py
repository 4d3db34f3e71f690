"""Numbers of the pages are those of the committed lines that they name."""

import json
import re
from pathlib import Path

import numpy as np
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


def test_trees_by_the_number_of_labels():
    import tables

    frame = pd.DataFrame(read("label_counts.jsonl"))
    expected = {}
    for n_labeled, part in frame.groupby("n_labeled"):
        for measure, sign in {"accuracy": -1, "loss": 1, "R2": -1}.items():
            (_, _, mean, *_), (*_, gap, error) = tables.differences(part, measure)
            cells = f"{mean:.3f}", f"{as_written(sign * gap)} ({as_written(error, '')})"
            expected.setdefault(f"{n_labeled:,}", []).extend(cells)
    assert rows_of("benchmarks.rst", "30      0.7") == expected


def test_a_student():
    import student

    frame = pd.DataFrame(read("student.jsonl")).set_index(["table", "seed"])
    page = (DOC / "benchmarks.rst").read_text()
    measures = {"accuracy": 3, "loss": 3, "R2": 3, "seconds": 2}
    for measure, digits in measures.items():
        both = frame[[f"{who} {measure}" for who in ("LGA", "student")]].dropna()
        gap, error = student.mean_and_error(both.iloc[:, 1] - both.iloc[:, 0])
        cells = [f"{mean:.{digits}f}" for mean in both.mean()]
        cells.append(f"{gap:+.{digits}f} ({error:.{digits}f})")
        assert re.search(" +".join(map(re.escape, cells)) + "\n", page), cells
        if measure == "accuracy":
            told = f"{-gap:.3f} (standard error {error:.3f}) less often"
            assert told in (DOC / "scaling.rst").read_text()


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


LGA_OR_NOT = {
    "on the labels alone": "without LGA",
    "with LGA": "defaults",
    "labels stay at their start": "labels stay at their start",
}


def test_what_lga_adds():
    """To the network and to the mixture, on each kind of table and by table."""
    import tables

    frame = pd.DataFrame(read("tables.jsonl"))
    frame["small"] = frame["table"].isin(list(tables.TABLES))
    measures = ["accuracy", "loss", "R2"]
    found = rows_of("benchmarks.rst", "on the labels alone  ")
    alone = frame.groupby(["setting", "small"])[[f"network {m}" for m in measures]]
    for name, setting in LGA_OR_NOT.items():
        means = alone.mean().loc[setting].to_numpy().ravel()
        assert found[name] == [f"{mean:.3f}" for mean in means], name
    real = frame[~frame["small"]]
    real = real.assign(
        mixture=real["accuracy"].fillna(real["R2"]),
        alone=real["network accuracy"].fillna(real["network R2"]),
    )
    means = real.pivot_table(["mixture", "alone"], "table", "setting")
    order = "defaults", "without LGA", "labels stay at their start"
    expected = {
        table: [f"{row[who, s]:.3f}" for who in ("mixture", "alone") for s in order]
        for table, row in means.iterrows()
    }
    assert rows_of("benchmarks.rst", "abalone               0.5") == expected


def test_networks_of_ones_own():
    import own_networks

    frame = pd.DataFrame(read("own_networks.jsonl"))
    first = frame[frame["n_steps"] == 1000]
    expected = {}
    for measure, name in {"accuracy": 3, "loss": 2, "R2": 3}.items():
        means = first.pivot_table(measure, ["network", "noise"], "system")
        told = {"loss": "log loss"}.get(measure, measure)
        for (network, noise), row in means.iterrows():
            label = f"{told}, the same, noisy" if noise else f"{told}, {network}"
            cells = [f"{row[system]:.{name}f}" for system in own_networks.SYSTEMS]
            expected.setdefault(label, []).append(cells)
    text = (DOC / "benchmarks.rst").read_text()
    for label, rows in expected.items():
        for cells in rows:
            assert re.search(f"{label} +" + " +".join(cells) + "\n", text), label
    longer = frame[frame["n_steps"] == 4000]
    text = " ".join(text.split())
    for noise, part in longer.groupby("noise"):
        for measure, digits in {"accuracy": 3, "loss": 2}.items():
            means = part.groupby("system")[measure].mean()
            cells = [f"{means[system]:.{digits}f}" for system in own_networks.SYSTEMS]
            told = ", ".join(cells[:3])
            assert f"{told}, {cells[3]}" in text or f"{told} and {cells[3]}" in text, (
                noise,
                measure,
            )


def test_the_books_splits():
    import ssl_book

    frame = pd.DataFrame(read("ssl_book.jsonl"))
    page = (DOC / "benchmarks.rst").read_text()
    for _, part in frame.groupby("method"):
        cells = [ssl_book.in_percent(x["error"]) for _, x in part.groupby("table")]
        assert re.search("  +".join(map(re.escape, cells)), page), cells


def test_how_far_vat_steps():
    frame = pd.DataFrame(read("tables_clf.jsonl"))
    without = frame["data"] != "ssl_g241c"
    settings = {"supervised": "supervised", "LGA": "plain"}
    page = rows_of("benchmarks.rst", "supervised                 0.796")
    for name, cells in page.items():
        setting = name.replace("LGA + ", "").replace(", eps ", " eps=")
        setting = setting if "LGA" in name else f"supervised {setting}"
        mine = frame["setting"] == settings.get(name, setting)
        means = [
            frame[rows][measure].mean()
            for rows in (mine, mine & without)
            for measure in ("hidden", "log_loss")
        ]
        assert cells == [f"{mean:.3f}" for mean in means], name


def test_figure_1():
    frame = pd.read_csv(RESULTS / "figure_1_n_u.csv", index_col="n_u")
    found = rows_of("paper.rst", "n_u = 1      1,795")
    assert found == {
        f"n_u = {n:,}": [f"{steps:,}" for steps in row] for n, row in frame.iterrows()
    }


def test_figures_3_and_4():
    import shells

    page = " ".join((DOC / "paper.rst").read_text().split())
    full, long = (
        pd.read_csv(RESULTS / f"shells_{name}.csv", keep_default_na=False)
        for name in ("full", "long")
    )
    best = {"update_alignment": np.mean, "gradient_alignment": np.mean}
    best |= {"test_loss": np.min, "test_accuracy": np.max}
    lines = full.astype(str).to_dict("records")
    for measure, function in best.items():
        ours, theirs, gap, error = shells.compare(lines, measure, function)
        digits = 4 if measure == "test_accuracy" else 3
        for number in (ours, theirs):
            assert f"{number:.{digits}f}" in page, measure
        assert f"{abs(gap / error):.1f} standard errors" in page or (
            f"({abs(gap / error):.1f} of it)" in page
        ), measure
    rows = []
    for part in (full, long):
        lines = part.astype(str).to_dict("records")
        for method in shells.METHODS:
            (first, at), (peak, where), (end, n_epochs) = shells.stages(
                lines, method
            ).values()
            rows.append(
                f"{method} {n_epochs:.0f} {first:.3f} (epoch {at:.0f}) "
                f"{peak:.3f} (epoch {where:.0f}) {end:.3f}"
            )
    for row in rows:
        assert row in page


def test_how_the_settings_of_the_shells_were_chosen():
    import search_shells

    rows = rows_of("paper.rst", "T from 10                       0.4")
    lines = read("shells_search.jsonl")
    assert len(lines) == len(search_shells.SETTINGS) * len(search_shells.TRIALS)
    assert rows == {
        name.replace("lr=", "step size "): [
            f"{mean:.3f}" for mean in search_shells.means(lines, name)
        ]
        for name in search_shells.SETTINGS
    }


def test_how_the_papers_settings_were_chosen():
    """Each error and loss of the searches' tables is that of a run, or of two."""
    frame = pd.DataFrame(read("images_search.jsonl"))
    by = ["n_labeled", "method", "setting"]
    runs = pd.concat([frame, frame.groupby(by).mean(numeric_only=True)])
    runs = runs[["valid_error", "valid_loss"]].to_numpy()
    runs = {(f"{100 * error:.2f}", f"{loss:.3f}") for error, loss in runs}
    text = (DOC / "paper.rst").read_text()
    text = text[text.index("How the settings were chosen") :]
    found = re.findall(r"(\d\d\.\d\d)(?: / | {2,})(\d\.\d{3})", text)
    assert len(found) > 90
    assert set(found) <= runs


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


def test_tables_that_people_try_first():
    """Their leads, and the lines of the tables that the page shows."""
    import first_tries

    frame = pd.DataFrame(read("first_tries.jsonl"))
    page = (DOC / "benchmarks.rst").read_text()
    page = page[page.index("The tables that people try first") :]
    for measure, sign in first_tries.SIGNS.items():
        known = frame.dropna(subset=measure)
        means = known.pivot_table(measure, ["table", "n_labeled"], "method")
        peers = means.drop(columns=first_tries.OURS)
        best = (sign * peers).max(axis=1)
        for method in first_tries.OURS:
            gaps = sign * means[method] - best
            gap, error = first_tries.mean_and_error(gaps)
            told = measure.replace("loss", "log loss")
            table, n_labeled = gaps.idxmin()
            row = f"{told} +{method} +{gap:+.3f} \\({error:.3f}\\) +{gaps.min():+.3f}"
            row = row.replace(" +-", " +[-]").replace(" ++", " +[+]")
            assert re.search(f"{row}, {table}, {n_labeled}( labels)?\n", page), row
        if measure != "loss":
            shown = rows_of_counts(page, measure)
            for table, n_labeled, *cells in shown:
                row = means.loc[table, int(n_labeled)]
                told = [row[x] for x in ("closed form", "LGA")]
                told.append(sign * best[table, int(n_labeled)])
                assert cells[:3] == [f"{x:.3f}" for x in told], (table, n_labeled)
                peer = cells[3].replace("Spreading,", "Spreading")
                assert np.isclose(row[peer], told[2]), (table, n_labeled)


def rows_of_counts(page, start):
    """Cells of a table of the page whose first column is headed by a measure."""
    body = page[re.search(f"\n{start} +labels", page).end() :]
    lines = re.split(r"\n=[= ]+\n", body)[1].splitlines()
    return [re.split(r"  +", line.strip()) for line in lines]


@pytest.mark.parametrize("page", ["README.rst", "doc/comparison.rst"])
def test_what_the_first_pages_say(page):
    """The leads on the best of each table, and where LGA is behind most."""
    text = " ".join((ROOT / page).read_text().split())
    for name in ("real_tables.jsonl", "first_tries.jsonl"):
        told = [
            f"{gap:.3f} ({error:.3f}) in {measure.replace('loss', 'log loss')}"
            for measure, (_, gap, error, _) in beside_peers(name).items()
        ]
        worst = [
            f"{-least:.3f} in {measure.replace('loss', 'log loss')} ("
            for measure, (*_, least) in beside_peers(name).items()
            if least < 0.0
        ]
        for words in told + worst:
            words = words.replace("(0.005) in acc", "(standard error 0.005) in acc")
            assert words in text
