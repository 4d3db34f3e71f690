"""Tables as people have them: what the command reads, and what it says of it."""

import csv
import io
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes, load_wine

from sklearn_lga._command import main
from sklearn_lga._command.csv_table import CSVTable
from sklearn_lga._command.data import read_data
from sklearn_lga._command.parser import make_parser
from sklearn_lga._command.reading import PLAIN, NumberFormat, number_formats
from sklearn_lga._command.target import read_target

FAST = ["--max-epochs", "1", "--quiet"]


def wines(every=4):
    """Wines as text, few of which are named."""
    wine = load_wine(as_frame=True)
    frame = wine.data.iloc[:, :4].map("{:.2f}".format)
    names = wine.target_names[wine.target]
    frame["wine"] = np.where(np.arange(len(frame)) % every == 0, names, "")
    return frame


def patients(every=3):
    """The disease's progression, as a sum of money would be written, given to few."""
    frame = load_diabetes(as_frame=True, scaled=False).frame
    target = [f"{1000.0 * t / 3.0:,.2f}" for t in frame.pop("target")]
    frame["cost"] = np.where(np.arange(len(frame)) % every == 0, target, "")
    return frame


def german(text):
    """A number in the German way."""
    return text.translate(str.maketrans(".,", ",."))


def write(folder, frame, sep=",", encoding="utf-8"):
    path = folder / "table.csv"
    path.write_bytes(frame.to_csv(index=False, sep=sep).encode(encoding))
    return path


def run(capsys, path, target, *options):
    """Exit status, rows of the output (a header first), what was said."""
    output = path.parent / "labelled.csv"
    command = ["label", str(path), "--target", target, "--output", str(output)]
    status = main([*command, *options, *FAST])
    said = capsys.readouterr().err
    return status, output.read_bytes() if status == 0 else b"", said


def read(path, target="wine", *options):
    """The table as the fit takes it."""
    arguments = ["label", str(path), "--target", target, "--output", "-", *options]
    options = make_parser().parse_args(arguments)
    table = CSVTable(path.read_bytes(), options.encoding, options.delimiter)
    return read_data(table, options)


def test_decimal_commas_and_thousands(tmp_path, capsys):
    frame = patients()
    truth = frame["cost"].str.replace(",", "").replace("", "nan").astype(float)
    frame["cost"] = frame["cost"].map(german)
    frame["bmi"] = frame["bmi"].map(lambda value: german(f"{value:.1f}"))
    status, content, said = run(capsys, write(tmp_path, frame, ";"), "cost")
    assert status == 0
    assert "'bmi', 'cost' are read with a decimal comma" in said
    assert "Pass --decimal or --thousands" in said
    rows = list(csv.DictReader(io.StringIO(content.decode()), delimiter=";"))
    for row, before, value in zip(rows, frame["cost"], truth, strict=True):
        assert row["cost"] == before or not before
        imputed = float(row["cost"].replace(".", "").replace(",", "."))
        assert imputed == value or np.isnan(value)
        assert "." not in row["cost"].replace(before, "")  # written with a comma, too
    imputed = [r["cost"] for r in rows if r["cost_source"] == "imputed"]
    assert any("," in cost for cost in imputed)


def test_thousands_with_a_point(tmp_path):
    frame = patients()
    with pytest.warns(UserWarning, match="'cost' are read with a decimal point"):
        data = read(write(tmp_path, frame), "cost")
    assert data.target.task == "regression"
    given = [float(c.replace(",", "")) for c in frame["cost"] if c]
    np.testing.assert_array_equal(data.target.y[~data.target.unlabeled], given)


@pytest.mark.parametrize(
    ("cells", "options", "values", "said"),
    [
        (["64,21", "3,5"], (), [64.21, 3.5], "decimal comma"),
        (["64,205.60", "12"], (), [64205.6, 12], "decimal point"),
        (["1.234.567,5", "8"], (), [1234567.5, 8], "decimal comma"),
        (["1 234,5", "8"], (), [1234.5, 8], "decimal comma"),
        (["1'234.5", "8"], (), [1234.5, 8], "decimal point"),
        (["1,234", "950"], (), [1234, 950], "decimal point: '1,234' is 1234"),
        (["1,234", "950"], (",", None), [1.234, 950], "decimal comma: '1,234' is"),
        (["1.234", "950"], (), [1.234, 950], None),
        (["1.234", "950"], (",", None), [1234, 950], "decimal comma"),
        (["1.234", "950"], (None, "."), [1234, 950], "decimal comma"),
        (["\u22123,5", "+4e2"], (), [-3.5, 400], "decimal comma"),
        (["1,23,456", "7"], (), None, None),
        (["7", "8", "9", "ca. 14"], (), None, "1 of its 4 cells are no numbers"),
        (["7,5", "8.5"], (), None, "written in several ways"),
    ],
)
def test_numbers(cells, options, values, said, recwarn):
    formats, _ = number_formats({"x": cells}, *options)
    if values is None:
        assert "x" not in formats
    else:
        assert [formats["x"].number(cell) for cell in cells] == values
    assert bool(recwarn) == (said is not None)
    assert said is None or said in str(recwarn[0].message)


def test_one_column_tells_the_mark_of_another():
    """1.234 is a thousand where another column has decimal commas, but not 0.5."""
    columns = {"a": ["1,5", "2"], "b": ["1.234", "22"], "c": ["0.5", "1.234"]}
    with pytest.warns(UserWarning, match="'a', 'b' are read with a decimal comma"):
        formats, table_format = number_formats(columns)
    assert table_format.decimal == "," == formats["b"].decimal
    assert formats["b"].number("1.234") == 1234.0
    assert formats["c"].number("1.234") == 1.234


@given(st.floats(-1e9, 1e9), st.sampled_from([".", ","]), st.integers(0, 6))
@settings(deadline=None)
def test_written_numbers_are_read(value, decimal, digits):
    text = f"{value:,.{digits}f}"
    fmt = NumberFormat(decimal, "," if decimal == "." else ".")
    text = german(text) if decimal == "," else text
    assert fmt.number(text) == round(value, digits)
    assert fmt.number(fmt.text(value)) == float(f"{value:.6g}")
    assert PLAIN.number(repr(value)) == value


def test_nearly_as_many_classes_as_labels(tmp_path, capsys):
    frame = wines().assign(wine=lambda f: f["wine"].where(f["wine"] == "", f.index))
    frame["wine"] = frame["wine"].map(lambda value: value and f"no. {value}")
    path = write(tmp_path, frame)
    status, _, said = run(capsys, path, "wine")
    assert status == 2
    for remedy in ("45 classes among 45 labels", "--decimal", "--target", "--task"):
        assert remedy in said
    names = [f"no. {i}" for i in range(6)]
    assert read_target("y", [*names, None], "-1", "classification").task
    assert read_target("y", [*names[:3], None], "-1", "auto").task == "classification"


def test_words_for_empty_cells(tmp_path, capsys):
    frame = wines()
    frame.loc[1, "alcohol"], frame.loc[2, "ash"] = "n/a", "NA"
    frame.loc[3, "wine"], frame.loc[5, "wine"], frame.loc[6, "wine"] = "NA", "?", "n/a"
    status, content, said = run(capsys, write(tmp_path, frame), "wine")
    assert status == 0
    assert "in 'alcohol', 'ash', 'n/a' (1), 'NA' (1) are read as empty cells" in said
    assert "in 'wine', 'NA' (1), '?' (1), 'n/a' (1) are read as unlabelled" in said
    after = pd.read_csv(io.BytesIO(content), keep_default_na=False)
    assert set(after["wine"]) == {"class_0", "class_1", "class_2"}
    assert after["wine_source"][[3, 5, 6]].tolist() == ["imputed"] * 3
    assert after["alcohol"][1] == "n/a"  # what is not imputed stays as it was


def test_a_word_that_was_named_as_the_marker_is_no_surprise(tmp_path, recwarn):
    frame = wines().replace({"wine": {"": "?"}})
    data = read(write(tmp_path, frame), "wine", "--unlabeled", "?")
    assert data.target.unlabeled.sum() == (frame["wine"] == "?").sum()
    assert not recwarn.list


@pytest.mark.parametrize(
    ("dates", "said", "first", "options"),
    [
        (["31/12/2024", "01/02/2024"], "day first", "2024-12-31", ()),
        (["31.12.2024", "01.02.2024"], "day first", "2024-12-31", ()),
        (["03.04.2024", "01.02.2024"], "day first", "2024-04-03", ()),
        (["12/31/2024", "01/02/2024"], None, "2024-12-31", ()),
        (["03/04/2024", "01/02/2024"], "month first", "2024-03-04", ()),
        (["03/04/2024 17:30", ""], "day first", "2024-04-03", ("--day-first",)),
    ],
)
def test_dates(tmp_path, dates, said, first, options, recwarn):
    frame = wines().assign(day=np.resize(dates, 178))
    days = read(write(tmp_path, frame), "wine", *options).frame["day"]
    assert days.dtype.kind == "M"
    assert str(days[0])[:10] == first
    assert days.isna().tolist() == [d == "" for d in np.resize(dates, 178)]
    assert [said in str(w.message) for w in recwarn] == [True] * (said is not None)


def test_what_is_no_date_is_text(tmp_path):
    frame = wines().assign(day="12/31/2024")
    frame.loc[7, "day"] = "02/31/2024"
    with pytest.warns(UserWarning, match="'02/31/2024' is no date"):
        days = read(write(tmp_path, frame)).frame["day"]
    assert days[7] == "02/31/2024"


def test_columns_that_number_the_rows(tmp_path, capsys):
    frame = wines().assign(customer_id=lambda f: f.index[::-1] * 7, count=range(178))
    frame["Id"] = [f"A-{i}" for i in range(178)]
    frame["year"] = range(1900, 2078)
    path = write(tmp_path, frame)
    with pytest.warns(UserWarning, match="left out, as it numbers the rows") as said:
        data = read(path)
    assert "'customer_id', 'count', 'Id'" in str(said[0].message)
    assert list(data.frame) == [*frame.columns[:4], "year"]
    with pytest.warns(UserWarning, match="'count', 'Id'"):
        assert "customer_id" in read(path, "wine", "--keep", "customer_id").frame
    write(tmp_path, frame[["Id", "wine"]])
    status, _, said = run(capsys, path, "wine")
    assert status == 2
    assert "Pass --keep" in said


def test_empty_rows_stay_empty(tmp_path, capsys):
    text = wines().to_csv(index=False)
    lines = text.splitlines()
    lines[7], lines[90] = ",,,,", 'NA,"",,,-1'
    path = tmp_path / "table.csv"
    path.write_text("\n".join([*lines, ",,,,", "", " "]))
    status, content, said = run(capsys, path, "wine")
    assert status == 0
    assert "rows that are empty stay so: 3." in said
    after = content.decode().splitlines()
    assert after[7] == after[-3] == ",,,,,,"
    assert after[-2:] == ["", " "]
    assert after[90] == 'NA,"",,,-1,,'
    full = [line for i, line in enumerate(after[1:-3], 1) if i not in (7, 90)]
    assert all(line.endswith((",imputed", ",given")) for line in full)


def test_empty_rows_of_a_parquet_file_stay_empty(tmp_path, capsys):
    frame = wines().replace("", None)
    frame.loc[[3, 9], :] = None
    path = tmp_path / "table.parquet"
    frame.to_parquet(path)
    output = tmp_path / "labelled.parquet"
    command = ["label", str(path), "--target", "wine", "--output", str(output)]
    assert main([*command, *FAST]) == 0
    after = pd.read_parquet(output)
    assert after.index[after["wine"].isna()].tolist() == [3, 9]
    assert after["wine_source"].isna().sum() == 2


def test_standard_input_and_output(tmp_path):
    path = write(tmp_path, wines())
    command = [sys.executable, "-m", "sklearn_lga", "label", "-", "--target", "wine"]
    command += ["--output", "-", "--max-epochs", "1"]
    done = subprocess.run(command, input=path.read_bytes(), capture_output=True)
    assert done.returncode == 0, done.stderr
    after = pd.read_csv(io.BytesIO(done.stdout))
    assert after["wine"].notna().all()
    assert b"-: 133 labels imputed from 45 given ones" in done.stderr


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16(tmp_path, capsys, encoding):
    frame = wines().replace({"wine": {"class_0": "Grüner Veltliner"}})
    text = "\ufeff" + frame.to_csv(index=False, sep="\t")
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(encoding))
    status, content, _ = run(capsys, path, "wine")
    assert status == 0
    after = content.decode(encoding)
    assert after.startswith("\ufeffalcohol\t")
    assert "Grüner Veltliner\t1\tgiven" in after
    path.write_bytes(text[1:].encode(encoding))
    status, _, said = run(capsys, path, "wine")
    assert status == 2
    assert "null characters. Pass --encoding utf-16-le" in said
    assert run(capsys, path, "wine", "--encoding", encoding)[0] == 0


def test_the_marker_is_named_where_it_helps(tmp_path, capsys):
    frame = wines().replace({"wine": {"": "open"}})
    path = write(tmp_path, frame)
    status, _, said = run(capsys, path, "wine")
    assert status == 2
    assert "--unlabeled 'open' if that one, in 133 rows, does" in said
    frame = frame.replace({"wine": {"open": "Unknown"}})
    frame.loc[1, "wine"] = ""
    path = write(tmp_path, frame)
    with pytest.warns(UserWarning, match="'Unknown', in 132 cells .* --unlabeled"):
        assert read(path).target.unlabeled.sum() == 1
    assert read(path, "wine", "--unlabeled", "Unknown").target.unlabeled.sum() == 133
