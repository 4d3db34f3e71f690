"""From a table as it stands to rows to learn from, and labels."""

import re
from typing import NamedTuple

import numpy as np

from .._estimators.net_params import nearest
from .files import CommandError
from .reading import (
    PLAIN,
    NumberFormat,
    listed,
    note,
    number_formats,
    read_dates,
    without_gaps,
)
from .target import Target, read_target

ID_NAME = re.compile(
    r"(?i:(?:^|[\W_])(?:id|uuid|guid|index|idx|key|nr|no|row)$)|[a-z]I[dD]$"
    r"|^Unnamed: \d+$|^$"
)
"""Names of columns that number rows, if all of their cells differ."""

MIN_ROWS = 10
"""Rows from which on whole numbers that count from 0 or 1 are no coincidence."""


class LabelData(NamedTuple):
    """A table as the fit takes it.

    Parameters
    ----------
    position : int
        Of the label column.

    used : ndarray of bool, shape (n_rows,)
        Rows that hold a label, or anything to tell one by. Others stay as they are.

    frame : DataFrame
        Features of the rows that are used.

    target : Target
        Their labels.

    number_format : NumberFormat
        How targets and confidences are written.
    """

    position: int
    used: np.ndarray
    frame: object
    target: Target
    number_format: NumberFormat


def read_data(table, options):
    """What a table holds, with notes where it could be read otherwise.

    Parameters
    ----------
    table : CSVTable or ParquetTable

    options : Namespace
        The command's.

    Returns
    -------
    data : LabelData
    """
    name, marker = options.target, options.unlabeled
    position = position_of(name, table.columns)
    features = without_gaps(feature_columns(table, position, options), "as empty cells")
    labels = [None if v == marker else v for v in table.column(position)]
    labels = without_gaps({name: labels}, "as unlabelled: rename classes called so")
    columns = features | labels
    formats, fmt = number_formats(columns, options.decimal, options.thousands)
    fmt = formats.get(name, fmt)
    rows = zip(*columns.values(), strict=True)
    used = np.array([any(cell is not None for cell in row) for row in rows], bool)
    if not used.all():
        note(f"rows that are empty stay so: {np.sum(~used):,}.")
    target = read_target(
        name, kept(labels[name], used), marker, options.task, fmt.number
    )
    frame = feature_frame(features, used, formats, options)
    return LabelData(position, used, frame, target, fmt)


def position_of(name, columns):
    """Where a column stands; a missing or ambiguous name is refused."""
    if columns.count(name) == 1:
        return columns.index(name)
    if name in columns:
        raise CommandError(f"{columns.count(name)} columns are named {name!r}.")
    raise CommandError(
        f"there is no column {name!r}.{nearest(name, columns)} The columns are: "
        f"{', '.join(columns)}."
    )


def feature_columns(table, target, options):
    """The cells of the other columns, by names that are all different."""
    ignored = {position_of(name, table.columns) for name in options.ignore}
    for name in options.keep:
        position_of(name, table.columns)
    positions = [
        i for i in range(len(table.columns)) if i != target and i not in ignored
    ]
    if not positions:
        raise CommandError("the table has no column besides the target to learn from.")
    names = free_names([table.columns[i] for i in positions], [options.target])
    return {n: table.column(i) for n, i in zip(names, positions, strict=True)}


def free_names(wanted, taken):
    """The wanted names, with a number behind those that are taken."""
    taken, names = set(taken), []
    for name in wanted:
        free, number = name, 2
        while free in taken:
            free, number = f"{name}_{number}", number + 1
        taken.add(free)
        names.append(free)
    return names


def kept(values, used):
    """The values of the rows that are used."""
    return [value for value, keep in zip(values, used, strict=True) if keep]


def feature_frame(features, used, formats, options):
    """The features as numbers, dates or what they are, without those that number rows.

    Parameters
    ----------
    features : dict of str to list

    used : ndarray of bool, shape (n_rows,)

    formats : dict of str to NumberFormat
        Of the columns that are numbers.

    options : Namespace

    Returns
    -------
    frame : DataFrame
    """
    import pandas as pd

    series = {}
    for name, values in features.items():
        values, fmt = kept(values, used), formats.get(name)
        if fmt is not None:
            series[name] = as_numbers(values, fmt)
        elif (dates := read_dates(name, values, options.day_first)) is not None:
            series[name] = dates
        else:
            series[name] = pd.Series(values)
    ids = [name for name in series if numbers_rows(name, series[name])]
    ids = [name for name in ids if name not in options.keep]
    if ids:
        note(f"left out, as it numbers the rows: {listed(ids)}. --keep keeps a column.")
    if len(ids) == len(series):
        raise CommandError(
            f"the table has no column to learn from but {listed(ids)}, which numbers "
            "the rows. Pass --keep if it tells more."
        )
    return pd.DataFrame({n: s for n, s in series.items() if n not in ids})


def as_numbers(values, fmt):
    """A column of text as floats, NaN where a cell is empty."""
    import pandas as pd

    if fmt is not PLAIN:
        values = [None if value is None else fmt.number(value) for value in values]
    return pd.to_numeric(pd.Series(values, dtype=object)).astype(float)


def numbers_rows(name, column):
    """Whether a column tells the rows apart and no more, by its name or by counting."""
    import pandas as pd

    text = pd.api.types.infer_dtype(column) == "string"
    if not (text or column.dtype.kind in "iuf") or not column.is_unique:
        return False
    named = ID_NAME.search(name) is not None
    if text:
        return named and not column.isna().any()
    values = column.to_numpy()
    counts = len(values) >= MIN_ROWS and values[0] in (0, 1)
    whole = np.array_equal(values, np.round(values))
    return whole and (named or (counts and np.all(np.diff(values) == 1)))
