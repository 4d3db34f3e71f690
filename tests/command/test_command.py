"""``python -m sklearn_lga label``: what it writes, and what it refuses."""

import base64
import csv
import io
import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lga import LGAClassifier, table_pipeline
from sklearn_lga._command import label, main
from sklearn_lga._command.csv_table import CSVTable, split_records
from sklearn_lga._command.files import CommandError
from sklearn_lga._command.label import free_names
from sklearn_lga._command.report import _expected, _relevance
from sklearn_lga._command.target import read_target
from sklearn_lga._training.algorithm import TrainingState
from sklearn_lga.inspection._relevance import names_of_features

FAST = ["--max-epochs", "3", "--quiet"]


def flowers(seed=0, n_labeled=30):
    """Numbers as text that no writer of floats would give, gaps, quotes, dates."""
    iris = load_iris(as_frame=True)
    rng = np.random.RandomState(seed)
    frame = iris.data.map(lambda value: f"{value:.3f}")
    frame["place"] = np.where(np.arange(150) % 3 == 0, 'the "old", garden', "field")
    frame["day"] = [f"2025-03-{1 + i % 28:02d}" for i in range(150)]
    frame.iloc[::7, 1] = ""
    species = iris.target_names[iris.target].astype(object)
    species[rng.permutation(150)[n_labeled:]] = ""
    frame.insert(2, "species", species)
    return frame


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "flowers.csv"
    flowers().to_csv(path, index=False, lineterminator="\r\n")
    return path


def run(table, *arguments, output="labelled.csv", target="species"):
    output = table.parent / output
    command = ["label", str(table), "--target", target, "--output", str(output)]
    return main([*command, *arguments, *FAST]), output


def read(path):
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.reader(file))


def test_labels_are_filled_in_and_the_rest_is_as_it_was(table):
    status, output = run(table)
    assert status == 0
    before, after = read(table), read(output)
    assert after[0] == [*before[0], "species_confidence", "species_source"]
    for old, new in zip(before[1:], after[1:], strict=True):
        source, label = new[-1], new[2]
        assert source == ("given" if old[2] else "imputed")
        assert label == old[2] or (not old[2] and label)
        assert 0.0 < float(new[-2]) <= 1.0
        assert old[:2] + old[3:] == new[:2] + new[3:-2]
    # Byte for byte: what is left without the three columns is the input's text.
    assert stripped(output.read_bytes()) == stripped(table.read_bytes(), added=0)


def stripped(content, added=2):
    """The lines without the label (the third field) and the added columns."""
    lines = content.decode().split("\r\n")[:-1]
    fields = [next(iter(csv_fields(line))) for line in lines]
    return [f[:2] + f[3 : len(f) - added] for f in fields]


def csv_fields(line):
    return [record.fields for record in split_records(line, ",")]


def test_awkward_text_stays(table):
    lines = (
        "\ufeffid;x;label;label_source\n"
        '"1" ;"1,50";a;"say ""hi"""\r\n'
        "\n"
        '2;+2.50;;"two\nlines"\n'
        '3;3e0;"b;c";\n'
        "4;04;;-\n"
        "5;5;a;\n"
        '6;6.0;"b;c";'
    )
    table.write_bytes(lines.encode())
    status, output = run(table, target="label")
    assert status == 0
    text = output.read_bytes().decode()
    pattern = (
        "\ufeffid;x;label;label_source;label_confidence;label_source_2\n"
        '"1" ;"1,50";a;"say ""hi""";1;given\r\n'
        "\n"
        '2;+2.50;LABEL;"two\nlines";P;imputed\n'
        '3;3e0;"b;c";;1;given\n'
        "4;04;LABEL;-;P;imputed\n"
        "5;5;a;;1;given\n"
        '6;6.0;"b;c";;1;given'
    )
    pattern = re.escape(pattern).replace("LABEL", '(a|"b;c")')
    assert re.fullmatch(pattern.replace("P", r"[01]\.?\d*"), text)


cell = st.text(alphabet='ab ,;"\n\r1.-é', max_size=5)


@given(st.lists(st.lists(cell, min_size=3, max_size=3), min_size=1, max_size=5))
@settings(deadline=None, max_examples=200)
def test_text_is_read_as_the_csv_module_does(rows):
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows(rows)
    csv.writer(buffer).writerows([["x", "y", "z"], *rows])
    text = buffer.getvalue()
    records = split_records(text, ",")
    assert "".join(",".join(r.fields) + r.end for r in records) == text
    table = CSVTable(text.encode(), delimiter=",")
    assert table.columns == rows[0]
    values = [[table._value(f) for f in row.fields] for row in table.rows]
    assert values == list(csv.reader(io.StringIO(text, newline="")))[1:]


def test_numbers_and_negative_markers(tmp_path):
    X, y = load_iris(return_X_y=True)
    marked = np.where(np.arange(150) % 4 == 0, y, -1)
    frame = pd.DataFrame(X).assign(label=marked)
    path = tmp_path / "numbers.csv"
    frame.to_csv(path, index=False)
    status, output = run(path, target="label")
    assert status == 0
    labelled = pd.read_csv(output)
    assert set(labelled.label) <= {0, 1, 2}
    np.testing.assert_array_equal(labelled.label[::4], y[::4])
    pd.testing.assert_frame_equal(labelled.iloc[:, :4], pd.read_csv(path).iloc[:, :4])


def test_regression(tmp_path, capsys):
    rng = np.random.RandomState(0)
    X = rng.normal(size=(120, 3)).round(3)
    y = pd.Series((X @ [1.0, 2.0, -1.0]).round(4), dtype=object)
    y[6:] = ""
    path = tmp_path / "targets.csv"
    pd.DataFrame(X).assign(y=y).to_csv(path, index=False)
    status, output = run(path, "--report", str(tmp_path / "r.html"), target="y")
    assert status == 0
    labelled = pd.read_csv(output)
    np.testing.assert_array_equal(labelled.y[:6], y[:6].astype(float))
    assert labelled.y[6:].notna().all()
    assert list(labelled.columns[-1:]) == ["y_source"]
    assert "y_confidence" not in labelled
    page = Page((tmp_path / "r.html").read_text())
    assert page.facts["task"] == "regression"
    assert "cross-validated R²" in page.facts
    error = float(
        re.match(r"(\d\S*), .* by 6 labelled", page.facts["error by the fit itself"])[1]
    )
    assert 0.0 < error < 2.0 * y[:6].astype(float).std()


@pytest.mark.parametrize("kind", ["text", "int", "category", "bool"])
def test_parquet(tmp_path, kind):
    frame = load_iris(as_frame=True).data.astype("float32")
    frame["when"] = pd.date_range("2025-01-01", periods=150, tz="UTC")
    labels = load_iris().target
    hidden = np.arange(150) % 5 != 0
    values = {
        "text": pd.Series(np.array(["a", "b", "c"], object)[labels]),
        "int": pd.Series(labels).where(~hidden, -1),
        "category": pd.Series(np.array(["a", "b", "c"])[labels], dtype="category"),
        "bool": pd.Series(labels > 0, dtype="boolean"),
    }[kind]
    frame["label"] = values if kind == "int" else values.mask(hidden)
    path = tmp_path / "table.parquet"
    frame.to_parquet(path)
    status, output = run(path, target="label", output="labelled.parquet")
    assert status == 0
    before, after = pq.read_table(path), pq.read_table(output)
    assert after.column_names[-2:] == ["label_confidence", "label_source"]
    for name in set(before.column_names) - {"label"}:
        assert after.column(name).equals(before.column(name))
    assert after.schema.field("label").type == before.schema.field("label").type
    labelled = after.to_pandas()
    assert labelled.label.notna().all()
    given = labelled.label_source == "given"
    np.testing.assert_array_equal(given, ~hidden)
    assert (labelled.label[given] == frame.label[given]).all()
    assert set(labelled.label) <= set(frame.label[given])


class Page(HTMLParser):
    """What a reader of the report finds: pictures, texts, tables."""

    def __init__(self, text):
        super().__init__()
        self.pictures, self.rows, self.links, self.cell = [], [], [], None
        self.feed(text)
        self.facts = {row[0]: row[1] for row in self.rows if len(row) == 2}

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag in ("img", "source"):
            self.pictures.append(attrs.get("src") or attrs["srcset"])
        if tag in ("link", "script", "img", "iframe"):
            self.links.append(attrs.get("href") or attrs.get("src") or "")
        if tag == "tr":
            self.rows.append([])
        self.cell = tag if tag in ("td", "th") else self.cell

    def handle_endtag(self, tag):
        self.cell = None if tag == self.cell else self.cell

    def handle_data(self, data):
        if self.cell and self.rows:
            self.rows[-1].append(data)


def test_report(table):
    flowers(n_labeled=12).to_csv(table, index=False)
    report = table.parent / "report.html"
    status, output = run(table, "--report", str(report))
    assert status == 0
    page = Page(report.read_text(encoding="utf-8"))
    assert len(page.pictures) == 4  # two pictures, light and dark
    for picture in page.pictures:
        head, data = picture.split(",", 1)
        assert head == "data:image/png;base64"
        image = Image.open(io.BytesIO(base64.b64decode(data)))
        assert min(image.size) > 300
        assert len(image.convert("RGB").getcolors(1 << 20)) > 10
    assert not [link for link in page.links if link and not link.startswith("data:")]
    assert page.facts["rows"] == "150"
    assert page.facts["labels given"] == "12"
    assert page.facts["labels imputed"] == "138"
    score, folds = re.match(
        r"(\d\.\d+) ± \d\.\d+ \((\d) folds\)", page.facts["cross-validated accuracy"]
    ).groups()
    assert 0.0 <= float(score) <= 1.0
    expected = re.match(r"(\d\.\d+), by 12 ", page.facts["accuracy by the fit itself"])[
        1
    ]
    assert 0.5 < float(expected) <= 1.0
    labelled = pd.read_csv(output)
    fewest = labelled.species[labelled.species_source == "given"].value_counts().min()
    assert int(folds) == min(5, fewest)
    for name, rows in labelled.groupby("species"):
        given = (rows.species_source == "given").sum()
        (row,) = [r for r in page.rows if r[:2] == [name, str(given)]]
        assert int(row[2]) == len(rows) - given


def test_a_class_with_one_label_is_not_folded(table):
    frame = flowers(n_labeled=20)
    keep = frame.index[frame.species == "virginica"][:1]
    drop = frame.index[(frame.species == "virginica")].difference(keep)
    frame.loc[drop, "species"] = ""
    frame.to_csv(table, index=False)
    report = table.parent / "report.html"
    assert run(table, "--report", str(report))[0] == 0
    assert (
        "one label only" in Page(report.read_text()).facts["cross-validated accuracy"]
    )


def mixed_columns(n_columns=0):
    """Flowers whose columns are encoded in all ways; gaps tell the first class."""
    frame, labels = flowers(n_labeled=40), load_iris().target
    rng = np.random.RandomState(0)
    words = rng.choice(["a", "bb", "ccc", "dddd", "eeeee", "f&f"], (150, 6))
    frame["note"] = [" ".join(row) for row in words]
    frame["place_field"] = rng.normal(size=150)  # a name that "place" yields, too
    frame["petal length (cm)"] = frame["petal length (cm)"].mask(labels == 0)
    noise = rng.normal(size=(150, n_columns))
    return frame.assign(**{f"noise{i}": noise[:, i] for i in range(n_columns)})


def test_report_of_what_the_labels_depend_on(table):
    frame = mixed_columns()
    frame.to_csv(table, index=False)
    report = table.parent / "report.html"
    assert run(table, "--report", str(report))[0] == 0
    rows = Page(report.read_text(encoding="utf-8")).rows
    start = rows.index(["column", "share"]) + 1
    listed = dict(rows[start : start + frame.shape[1] - 1])
    assert set(listed) == set(frame.columns) - {"species"}
    shares = [float(share.removesuffix("%")) for share in listed.values()]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(100.0, abs=0.1 * len(shares))
    assert next(iter(listed)).startswith("petal")


def test_columns_beyond_fifteen_are_summed_up(table):
    mixed_columns(n_columns=11).to_csv(table, index=False)
    report = table.parent / "report.html"
    assert run(table, "--report", str(report))[0] == 0
    rows = Page(report.read_text(encoding="utf-8")).rows
    start = rows.index(["column", "share"]) + 1
    assert rows[start + 15][0] == "4 others"


def test_features_are_told_by_the_column_that_they_are_made_of():
    frame = mixed_columns().replace("", np.nan)
    y = frame.pop("species").to_numpy(dtype=object)
    frame["empty"] = None  # is left out
    steps = table_pipeline(LGAClassifier(unlabeled=np.nan, max_epochs=1))
    model = steps.fit(frame.astype({"sepal width (cm)": float}), y)
    derived, sources = list(model[:-1].get_feature_names_out()), names_of(model)
    assert len(sources) == model[-1].n_features_in_ > len(frame.columns)
    assert set(sources) == set(frame.columns) - {"empty"}
    for name, source in zip(derived, sources, strict=True):
        assert source in name
    counts = pd.Series(sources).value_counts()
    assert counts["petal length (cm)"] == 2  # its gaps are a feature
    assert counts["place_field"] == 1
    assert counts["place"] >= 1
    assert counts["day"] > 2
    model[0].output_to_input_ = {}
    assert names_of(model) == derived


def names_of(model):
    return names_of_features(model, model[-1])


def test_no_section_where_nothing_tells_what_labels_depend_on():
    X, y = load_iris(return_X_y=True)
    one_each = np.where(np.isin(np.arange(150), [0, 60, 120]), y, -1)
    given = y[one_each != -1]
    alone = LGAClassifier(max_epochs=1).fit(X, one_each)
    plain = LGAClassifier(max_epochs=1, closed_form=False)
    plain.fit(X, np.where(np.arange(150) % 3 == 0, y, -1))
    for estimator in (alone, plain):
        assert _expected(estimator.evidence_, given) == {}
        assert _relevance(make_pipeline(StandardScaler(), estimator)) == ""


def error_of(capsys, status):
    assert status == 2
    message = capsys.readouterr().err
    assert message.startswith("sklearn-lga: error: ")
    assert message.count("\n") == 1
    return message


def test_unusable_input(table, capsys, tmp_path):
    status, output = run(table, target="spezies")
    assert "Did you mean 'species'?" in error_of(capsys, status)
    status, _ = run(table, "--ignore", "nothing")
    assert "no column 'nothing'" in error_of(capsys, status)
    status, _ = run(tmp_path / "missing.csv")
    assert "No such file" in error_of(capsys, status)
    status, _ = run(table, output="labelled.parquet")
    assert "another format" in error_of(capsys, status)
    status, _ = run(table, output="nowhere/labelled.csv")
    assert "there is no folder" in error_of(capsys, status)
    status, _ = run(table, "--task", "regression")
    assert "is no number" in error_of(capsys, status)
    status, _ = run(table, "--device", "abacus")
    assert "device='abacus' cannot be used" in error_of(capsys, status)
    for content, message in {
        b"": "is empty",
        b"species,x\n,1\n-1,2\n": "holds no label",
        b"species,x\na,1\nb,2\n": "nothing to impute",
        b"species,x\na,1\n,2\n": "one class only",
        b"species,x\na,1\nb\n": "row 2 of the table has 1 fields",
        b"species,species\na,1\n": "2 columns are named 'species'",
        b'species,x\na,"1\n': "never closed",
        b"species\na\n\n": "no column besides",
        b"species,x\n\xff\xfe,1\n": "cannot be read as utf-8",
    }.items():
        table.write_bytes(content)
        status, _ = run(table)
        assert message in error_of(capsys, status)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 no")
    status, _ = run(broken, output="labelled.parquet")
    assert "no Parquet file" in error_of(capsys, status)
    assert not output.exists()
    assert not list(tmp_path.glob("*.tmp"))


def test_input_is_replaced_by_force_alone(table, capsys):
    before = table.read_bytes()
    link = table.parent / "link.csv"
    link.symlink_to(table)
    for name in (table.name, link.name):
        status, _ = run(table, output=name)
        assert "Pass --force" in error_of(capsys, status)
        status, _ = run(table, "--report", str(table.parent / name))
        assert "is the input" in error_of(capsys, status)
    output = str(table.parent / "labelled.csv")
    status, _ = run(table, "--force", "--report", output)
    assert "is the output" in error_of(capsys, status)
    assert table.read_bytes() == before
    status, _ = run(table, "--force", output=link.name)
    assert status == 0
    assert link.is_symlink()
    assert len(read(table)[0]) == len(read(link)[0]) == 9


def test_output_is_whole_or_not_at_all(table, capsys, monkeypatch):
    output = table.parent / "labelled.csv"
    output.write_text("what was there")

    def fail(*paths):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    status, _ = run(table)
    assert "No space left" in error_of(capsys, status)
    assert output.read_text() == "what was there"
    assert sorted(p.name for p in table.parent.iterdir()) == [table.name, output.name]


def test_progress_in_a_log(table, capsys, monkeypatch):
    """Plain lines, each of what it is at; none of them where --quiet says so."""
    run(table)
    assert "epoch" not in capsys.readouterr().err
    monkeypatch.setattr(sys.modules[__name__], "FAST", ["--max-epochs", "2"])
    run(table)
    told = capsys.readouterr().err
    assert "\r" not in told
    assert "\x1b" not in told
    told = told.splitlines()
    assert told[0] == "fit: closed form"
    assert told[1].startswith("fit: epoch 1 of 2, train_loss ")
    assert told[3] == "fit: labels"


@pytest.mark.parametrize("n_steps", [1, 3, 4])
def test_interrupted_in_training(table, capsys, monkeypatch, n_steps):
    """In the fit of 3 steps, or in the first fold: 130, and nothing is written."""
    files = sorted(table.parent.iterdir())
    step, n_seen = TrainingState.step, 0

    def interrupted(self, *args):
        nonlocal n_seen
        n_seen += 1
        if n_seen == n_steps:
            raise KeyboardInterrupt
        return step(self, *args)

    monkeypatch.setattr(TrainingState, "step", interrupted)
    status, _ = run(table, "--report", str(table.parent / "report.html"))
    assert status == 130
    assert sorted(table.parent.iterdir()) == files
    assert capsys.readouterr().err == "sklearn-lga: error: interrupted.\n"
    assert n_seen == n_steps


def test_missing_extra(table, capsys, monkeypatch):
    monkeypatch.setattr(label, "EXTRA_MODULES", ("skrub", "no_such_module"))
    status, _ = run(table)
    message = error_of(capsys, status)
    assert "no_such_module not found: pip install 'sklearn_lga[table]'" in message


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["a", "b", None], "classification"),
        (["1.5", "2", None], "regression"),
        (["1", "2", "1", "2", "-1"], "classification"),
        (["1", "2", "3", "-1"], "regression"),
        ([str(i) for i in range(21)] * 3 + [None], "regression"),
        ([True, False, None], "classification"),
        ([3, 4, 3, 4, -1.0, float("nan")], "classification"),
    ],
)
def test_classes_or_targets(values, task):
    target = read_target("y", values, "-1", "auto")
    assert target.task == task
    assert target.unlabeled.sum() == sum(
        v in (None, "-1", -1.0) or v != v for v in values
    )
    other = "regression" if task == "classification" else "classification"
    if all(not isinstance(v, bool) and v not in ("a", "b") for v in values):
        assert read_target("y", values, "-1", other).task == other


def test_truth_values_are_no_targets():
    with pytest.raises(CommandError, match="'y' holds True, which is no number"):
        read_target("y", [True, False, None], "-1", "regression")


def test_a_marker_of_ones_own():
    target = read_target("y", ["-1", "1", "?", None, "1", "-1"], "?", "auto")
    assert target.unlabeled.tolist() == [False, False, True, True, False, False]
    target = read_target("y", ["-1", "1", None], "", "classification")
    assert target.unlabeled.tolist() == [False, False, True]


def test_free_names():
    assert free_names(["a", "a", "b"], ["b", "b_2"]) == ["a", "a_2", "b_3"]


def test_as_a_process(table):
    """The module runs; its help has examples; unknown options have status 2."""
    command = [sys.executable, "-m", "sklearn_lga", "label"]
    done = subprocess.run([*command, "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert "examples:\n  sklearn-lga label flowers.csv" in done.stdout
    with pytest.raises(SystemExit) as stop:
        main(["label", "--nothing"])
    assert stop.value.code == 2


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_what_needs_no_network_imports_none(option):
    code = (
        "import sys\nfrom sklearn_lga._command import main\n"
        f"try:\n    main(['{option}'])\nexcept SystemExit:\n    pass\n"
        "sys.exit(bool({'torch', 'sklearn', 'pandas'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
