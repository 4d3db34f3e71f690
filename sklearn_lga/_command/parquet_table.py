"""A Parquet file; columns that are not touched keep values, types and metadata."""

import io

import pyarrow.parquet

from .files import CommandError


class ParquetTable:
    """A table in Parquet.

    Parameters
    ----------
    content : bytes
        The file.
    """

    def __init__(self, content):
        try:
            self.table = pyarrow.parquet.read_table(pyarrow.BufferReader(content))
        except (pyarrow.ArrowException, OSError) as error:
            raise CommandError(f"the table is no Parquet file: {error}") from error
        self.columns = self.table.column_names

    def column(self, position):
        """Values of a column as Python objects, None where one is missing."""
        return self.table.column(position).to_pylist()

    def labeled(self, target, labels, imputed, extra):
        """The file with labels filled in and columns added, see ``CSVTable``.

        Labels come in the column's own type; text of it, as for a CSV file, would not
        do.
        """
        field = self.table.schema.field(target)
        given = self.column(target)
        values = [
            label if fill else value
            for value, label, fill in zip(given, labels, imputed, strict=True)
        ]
        column = _array(values, field.type)
        table = self.table.set_column(target, field.with_type(column.type), column)
        for name, values in extra.items():
            table = table.append_column(name, pyarrow.array(values))
        buffer = io.BytesIO()
        pyarrow.parquet.write_table(table, buffer)
        return buffer.getvalue()


def _array(values, type_):
    """An Arrow array; targets that are no whole numbers turn integers into floats."""
    if pyarrow.types.is_dictionary(type_):
        return pyarrow.array(values, type_.value_type).dictionary_encode().cast(type_)
    if pyarrow.types.is_integer(type_) and any(v != int(v) for v in values):
        type_ = pyarrow.float64()
    return pyarrow.array(values, type_)
