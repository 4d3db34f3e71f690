"""The command line."""

import argparse
from pathlib import Path

from .. import __version__

DESCRIPTION = """\
Fill in the missing labels of a table.

Reads a CSV or Parquet file in which few rows have a label and the others an empty cell
or -1, learns from both kinds of rows, and writes the table with all labels. Two columns
come to its end: TARGET_confidence, the probability of a label (for classes), and
TARGET_source, "given" or "imputed". All else stays byte for byte as it was in a CSV
file, and value for value in a Parquet file. Columns may hold numbers, categories, text
and dates, with gaps. Where the table could be read otherwise (decimal commas, days
before months, words for empty cells, columns that number the rows), a note says how it
was.
"""

EXAMPLES = """\
examples:
  sklearn-lga label flowers.csv --target species --output labelled.csv
  sklearn-lga label flowers.csv --target species --output labelled.csv \\
      --report report.html
  sklearn-lga label houses.parquet --target price --task regression \\
      --output labelled.parquet --ignore id --ignore url
  sklearn-lga label votes.csv --target vote --unlabeled open --output labelled.csv
  sklearn-lga label - --target vote --decimal , --output - < votes.csv > labelled.csv

Labels are classes if they are text, or whole numbers of at most 20 different values
with two rows each on average; other numbers are targets of a regression. --task says
it otherwise.
"""


def make_parser():
    """The parser; its errors have the exit status 2, as ours."""
    parser = argparse.ArgumentParser(
        prog="sklearn-lga",
        description="Label gradient alignment: labels for tables that have few.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_label(commands)
    return parser


def label_help():
    """What ``sklearn-lga label --help`` prints."""
    commands = argparse.ArgumentParser(prog="sklearn-lga").add_subparsers()
    return _add_label(commands).format_help()


def _add_label(commands):
    label = commands.add_parser(
        "label",
        help="fill in the missing labels of a table",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_files(label.add_argument)
    _add_reading(label.add_argument)
    _add_training(label.add_argument)
    return label


def _add_files(add):
    add(
        "table",
        type=Path,
        metavar="TABLE",
        help="CSV, or Parquet by its suffix; - is CSV from standard input",
    )
    add("--target", required=True, help="the column with the labels")
    add(
        "--output",
        type=Path,
        required=True,
        help="the labelled table, as TABLE is; - is standard output",
    )
    add(
        "--report",
        type=Path,
        help="one HTML page: how many labels are right, what to do, what they depend "
        "on; takes up to five more fits",
    )
    add("--force", action="store_true", help="allow --output to replace TABLE")


def _add_reading(add):
    add("--task", choices=["auto", "classification", "regression"], default="auto")
    add(
        "--unlabeled",
        default="-1",
        metavar="VALUE",
        help="what marks unlabelled rows besides an empty cell (default: -1; give '' "
        "where -1 is a label)",
    )
    add(
        "--ignore",
        action="append",
        default=[],
        metavar="COLUMN",
        help="a column not to learn from, as an identifier; can be given several times",
    )
    add(
        "--keep",
        action="append",
        default=[],
        metavar="COLUMN",
        help="a column to learn from although it seems to number the rows",
    )
    add(
        "--decimal",
        choices=[".", ","],
        help="of numbers in text (default: told by the cells)",
    )
    add(
        "--thousands",
        type=_character,
        metavar="CHARACTER",
        help="between groups of three digits (default: told by the cells)",
    )
    add(
        "--day-first",
        action="store_true",
        help="03/04/2025 is in April (default: told by the cells, else in March)",
    )
    add("--delimiter", type=_character, help="of a CSV file (default: by its header)")
    add(
        "--encoding",
        default="utf-8",
        help="of a CSV file (default: utf-8, or utf-16 by its byte order mark)",
    )


def _add_training(add):
    add("--seed", type=int, default=0, help="default: 0")
    add(
        "--max-epochs",
        type=_positive,
        metavar="N",
        help="passes over the unlabelled rows (default: as many as make 40 steps)",
    )
    add("--device", default="auto", help="a torch device")
    add("--quiet", action="store_true", help="no progress bar and no summary")


def _positive(value):
    if not value.isdecimal() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1 on, got {value!r}")
    return int(value)


def _character(value):
    value = {"\\t": "\t", "tab": "\t"}.get(value, value)
    if len(value) != 1 or value in '"\r\n':
        raise argparse.ArgumentTypeError(f"one character expected, got {value!r}")
    return value
