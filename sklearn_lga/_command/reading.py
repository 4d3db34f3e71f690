"""What the cells of a column mean: gaps, numbers, dates, and notes that say so."""

import re
import warnings
from collections import Counter
from functools import cached_property

GAPS = frozenset({"na", "n/a", "#n/a", "<na>", "nan", "null", "?"})
"""Words for an empty cell, in lower case. Not "none" nor "-", which may be classes."""

SEPARATORS = {".": ", '\u2019\u00a0\u202f", ",": ". '\u2019\u00a0\u202f"}
"""What may stand between thousands, by the decimal mark."""

DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?!\d).*", re.DOTALL)
MOSTLY = 0.5
"""Share of numbers from which on a column with other words is worth a note."""


class Note(UserWarning):
    """How the table was read where it could be read otherwise."""


def note(text):
    """Say how the table is read."""
    warnings.warn(text, Note, stacklevel=2)


class NumberFormat:
    """How numbers are written.

    Parameters
    ----------
    decimal : str, default="."

    thousands : str, default=""
        Characters, one of which may stand between groups of three digits.
    """

    def __init__(self, decimal=".", thousands=""):
        self.decimal = decimal
        self.thousands = thousands

    @cached_property
    def matches(self):
        """The match of a whole text, or None."""
        groups = ""
        if self.thousands:
            between = f"[{re.escape(self.thousands)}]"
            groups = rf"[1-9]\d{{0,2}}(?P<t>{between})\d{{3}}(?:(?P=t)\d{{3}})*|"
        point = re.escape(self.decimal)
        digits = rf"(?:(?:{groups}\d+)(?:{point}\d*)?|{point}\d+)"
        return re.compile(rf"[+\-\u2212]?{digits}(?:[eE][+-]?\d+)?").fullmatch

    def fits(self, values):
        """Whether all of some texts are numbers."""
        return all(map(self.matches, values))

    def number(self, value):
        """The value as a float; None where it is no number, or a truth value."""
        if isinstance(value, str) and (match := self.matches(value)):
            digits = value.replace("\u2212", "-")
            if self.thousands and match["t"]:
                digits = digits.replace(match["t"], "")
            return float(digits.replace(self.decimal, "."))
        try:
            return None if isinstance(value, bool | str) else float(value)
        except (TypeError, ValueError):
            return None

    def text(self, value):
        """Six significant digits of a number, as many as float32 has; else its text."""
        if not isinstance(value, float):
            return str(value)
        return f"{value:.6g}".replace(".", self.decimal)


PLAIN = NumberFormat()


def without_gaps(columns, meaning):
    """Columns with None for words that stand for an empty cell, which are counted.

    Parameters
    ----------
    columns : dict of str to list
        Text, numbers, dates; None where a cell is empty.

    meaning : str
        How the words are read, for the note.
    """
    found, places, cleaned = Counter(), [], {}
    for name, values in columns.items():
        texts = {value for value in values if isinstance(value, str)}
        if gaps := {text for text in texts if text.lower() in GAPS}:
            is_gap = [isinstance(v, str) and v in gaps for v in values]
            found.update(v for v, gap in zip(values, is_gap, strict=True) if gap)
            places.append(name)
            values = [None if gap else v for v, gap in zip(values, is_gap, strict=True)]
        cleaned[name] = values
    if found:
        words = ", ".join(f"{word!r} ({n:,})" for word, n in found.most_common())
        note(f"in {listed(places)}, {words} are read {meaning}.")
    return cleaned


def number_formats(columns, decimal=None, thousands=None):
    """How the numbers of each column are written; columns of other text are left out.

    The decimal mark is that of the table: a comma where any column is numbers with it
    alone. A column that has another one by all of its cells has that.

    Parameters
    ----------
    columns : dict of str to list
        Text, or None where a cell is empty.

    decimal, thousands : str or None
        As the user says; None: by the cells.

    Returns
    -------
    formats : dict of str to NumberFormat

    table_format : NumberFormat
        Of the table.
    """
    marks = [decimal] if decimal else [mark for mark in ".," if mark != thousands]
    known = [NumberFormat(m, thousands or SEPARATORS[m]) for m in marks]
    texts = {name: texts_of(values) for name, values in columns.items()}
    texts = {name: distinct for name, distinct in texts.items() if distinct}
    plain = {
        n for n, distinct in texts.items() if "." in marks and PLAIN.fits(distinct)
    }
    fitting = {
        name: [f for f in known if f.fits(distinct)]
        for name, distinct in texts.items()
        if name not in plain
    }
    with_comma = [f for f in known if f.decimal == "," and [f] in fitting.values()]
    table_format = (with_comma or known)[0]
    formats = {}
    for name, distinct in texts.items():
        if name in plain:
            as_table = table_format.decimal == "," and table_format.fits(distinct)
            formats[name] = table_format if as_table else PLAIN
        elif fits := fitting[name]:
            formats[name] = table_format if table_format in fits else fits[0]
        else:
            note_mixture(name, columns[name], known)
    note_formats(columns, formats)
    return formats, table_format


def texts_of(values):
    """The different cells of a column of text; none where it holds other things."""
    given = [value for value in values if value is not None]
    return set(given) if all(isinstance(value, str) for value in given) else set()


def note_mixture(name, values, known):
    """Say that a column is text for a few cells' sake."""
    given = [value for value in values if value is not None]
    others = [v for v in given if not any(f.matches(v) for f in known)]
    if not others:
        note(f"{name!r} is read as text: its numbers are written in several ways.")
    elif len(others) < (1.0 - MOSTLY) * len(given):
        words = ", ".join(map(repr, list(dict.fromkeys(others))[:3]))
        note(
            f"{name!r} is read as text: {len(others):,} of its {len(given):,} cells "
            f"are no numbers, such as {words}. Empty them if they say nothing."
        )


def note_formats(columns, formats):
    """Say which columns hold numbers that are not written plainly, and how."""
    groups = {}
    for name, fmt in formats.items():
        if fmt is not PLAIN and (odd := odd_number(columns[name], fmt)):
            groups.setdefault(fmt, []).append((name, odd))
    for fmt, found in groups.items():
        value = found[0][1]
        mark = {",": "comma", ".": "point"}[fmt.decimal]
        note(
            f"numbers in {listed([name for name, _ in found])} are read with a decimal "
            f"{mark}: {value!r} is {fmt.number(value):.10g}. Pass --decimal or "
            "--thousands if they are written otherwise."
        )


def odd_number(values, fmt):
    """A cell that is another number, or none, as it stands; None without one."""
    texts = (value for value in values if value is not None)
    return next((v for v in texts if PLAIN.number(v) != fmt.number(v)), None)


def read_dates(name, values, day_first=False):
    """Dates of numbers with points, bars or dashes between; None where it has others.

    Whether the day or the month stands first is told by the cells, else by a point,
    else by the user.

    Parameters
    ----------
    name : str
        For notes.

    values : list
        Text, or None where a cell is empty.

    day_first : bool, default=False
        The user's word.

    Returns
    -------
    dates : Series or None
    """
    import pandas as pd

    given = sorted(texts_of(values))
    matches = [DATE.fullmatch(text) for text in given]
    if not given or None in matches:
        return None
    distinct, day_first = pd.Series(given), has_day_first(name, matches, day_first)
    dates = pd.to_datetime(
        distinct, dayfirst=day_first, format="mixed", errors="coerce"
    )
    if dates.isna().any():
        bad = distinct[dates.isna()].iloc[0]
        note(f"{name!r} is read as text: {bad!r} is no date.")
        return None
    return pd.Series(values, dtype=object).map(dict(zip(given, dates, strict=True)))


def has_day_first(name, matches, day_first):
    """Whether dates have the day first; a note says so where that needs saying."""
    first, second = (max(int(match[i]) for match in matches) for i in (1, 3))
    example = matches[-1][0]
    if second > 12:  # which is no month
        return False
    if first > 12 or day_first or any(match[2] == "." for match in matches):
        note(f"dates in {name!r} are read with the day first ({example!r}).")
        return True
    note(
        f"dates in {name!r} are read with the month first ({example!r}): no cell "
        "tells. Pass --day-first if the day is."
    )
    return False


def listed(names, n_shown=5):
    """Names in a row; of many the first few."""
    shown = [repr(name) for name in names[:n_shown]]
    rest = len(names) - n_shown
    return ", ".join(shown) + (f" and {rest} more columns" if rest > 0 else "")
