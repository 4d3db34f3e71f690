"""A CSV file as its own text, so that what is not touched stays byte for byte."""

import codecs
import re
from typing import NamedTuple

from .files import CommandError

BOM = "\ufeff"
UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
DELIMITERS = ",;\t|"
QUOTED = r'"((?:[^"]|"")*)"'


class Record(NamedTuple):
    """A line of the table: its fields as written, quotes and all, and its end."""

    fields: list
    end: str


class CSVTable:
    """A table with a header line.

    Parameters
    ----------
    content : bytes
        The file.

    encoding : str, default="utf-8"
        Of the text; UTF-16 is told by its byte order mark.

    delimiter : str or None, default=None
        One character; None: that of comma, semicolon, tab and bar which the header
        holds most of.
    """

    def __init__(self, content, encoding="utf-8", delimiter=None):
        self.encoding = encoding
        if content.startswith(tuple(UTF_16)) and encoding in ("utf-8", "utf-16"):
            self.encoding = UTF_16[content[:2]]  # such that the mark is kept
        text = _decode(content, self.encoding)
        self.bom = BOM if text.startswith(BOM) else ""
        text = text[len(self.bom) :]
        self.delimiter = delimiter or _guess_delimiter(text)
        records = split_records(text, self.delimiter)
        if not records:
            raise CommandError("the table is empty: it has no header line.")
        self.header, *self.records = records
        self.columns = [self._value(field) for field in self.header.fields]
        self.rows = [r for r in self.records if not self._is_blank(r)]
        for number, row in enumerate(self.rows, start=1):
            if len(row.fields) != len(self.columns):
                raise CommandError(
                    f"row {number} of the table has {len(row.fields)} fields, the "
                    f"header {len(self.columns)}, with {self.delimiter!r} between "
                    "them. Pass --delimiter if it is another one."
                )

    def _is_blank(self, record):
        fields = record.fields
        return len(self.columns) > 1 and len(fields) == 1 and not fields[0].strip()

    def _value(self, field):
        """What a field as written means."""
        quoted = re.match(QUOTED, field)
        if not quoted:
            return field
        return quoted[1].replace('""', '"') + field[quoted.end() :]

    def column(self, position):
        """Values of a column: text, None where it is empty."""
        values = [self._value(row.fields[position]).strip() for row in self.rows]
        return [value or None for value in values]

    def labeled(self, target, labels, imputed, extra):
        """The file with labels filled in and columns added.

        Parameters
        ----------
        target : int
            Position of the label column.

        labels : sequence of str or None, of length n_rows
            Used where ``imputed``; elsewhere the field stays as written.

        imputed : sequence of bool, of length n_rows

        extra : dict of str to sequence of str or None
            Columns to add at the end.

        Returns
        -------
        content : bytes
        """
        lines = [self._line(self.header, list(extra))]
        new = zip(labels, imputed, *extra.values(), strict=True)
        for record in self.records:
            if self._is_blank(record):
                lines.append(record.fields[0] + record.end)
                continue
            label, fill, *values = next(new)
            if fill:
                record.fields[target] = self._written(label)
            lines.append(self._line(record, values))
        return (self.bom + "".join(lines)).encode(self.encoding)

    def _line(self, record, values):
        fields = [*record.fields, *map(self._written, values)]
        return self.delimiter.join(fields) + record.end

    def _written(self, value):
        """A value as a field, in quotes where it needs them; None is empty."""
        if value is None:
            return ""
        if any(char in value for char in (self.delimiter, '"', "\r", "\n")):
            return '"' + value.replace('"', '""') + '"'
        return value


def split_records(text, delimiter):
    """The records of a CSV text; joined again, they are the text."""
    d = re.escape(delimiter)
    field = rf'((?:"(?:[^"]|"")*")?[^{d}\r\n]*)({d}|\r\n|\n|\r|\Z)'
    records, fields = [], []
    for match in re.finditer(field, text):
        if match.start() == len(text) and not fields:
            break  # what ends in a line end has no line behind it
        value, end = match.groups()
        if value.startswith('"') and not re.match(QUOTED, value):
            raise CommandError(
                f"a quote in row {len(records)} of the table is never closed."
            )
        fields.append(value)
        if end != delimiter:
            records.append(Record(fields, end))
            fields = []
        if match.end() == len(text) and not fields:
            break
    return records


def _decode(content, encoding):
    if encoding == "utf-8" and b"\0" in content:
        raise CommandError(
            "the table is no utf-8 text: it holds null characters. Pass --encoding "
            "utf-16-le, for example."
        )
    try:
        return content.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise CommandError(
            f"the table cannot be read as {encoding} text ({error}). Pass --encoding "
            "latin-1, for example; a compressed file has to be unpacked first."
        ) from error


def _guess_delimiter(text):
    header = re.sub('"[^"]*"', "", text.splitlines()[0]) if text else ""
    return max(DELIMITERS, key=header.count)
