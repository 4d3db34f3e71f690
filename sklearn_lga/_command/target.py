"""Which rows are labelled, and whether their labels are classes or targets."""

from typing import NamedTuple

import numpy as np

from ..model_selection import are_targets
from .files import CommandError

MAX_WHOLE_CLASSES = 20
"""Whole numbers are classes up to that many distinct ones, if they look like some."""


class Target(NamedTuple):
    """The label column as the estimators take it, ``unlabeled=np.nan``.

    ``y`` is of objects with None, or of floats with NaN, for ``task``
    "classification" or "regression"; ``unlabeled`` is a mask.
    """

    y: np.ndarray
    unlabeled: np.ndarray
    task: str


def read_target(name, values, marker, task):
    """Read a label column.

    Parameters
    ----------
    name : str
        Of the column, for errors.

    values : list
        Text, numbers, booleans; None where a cell is empty.

    marker : str
        What stands in unlabelled rows besides nothing; numbers are compared as such.

    task : {"auto", "classification", "regression"}

    Returns
    -------
    target : Target
    """
    unlabeled = np.array([_is_unlabeled(value, marker) for value in values], bool)
    given = [v for v, missing in zip(values, unlabeled, strict=True) if not missing]
    if not given:
        raise CommandError(
            f"column {name!r} holds no label: all {len(values)} cells are empty or "
            f"{marker!r}. Fill in a few."
        )
    if not unlabeled.any():
        raise CommandError(
            f"column {name!r} has a label in each of its {len(values)} rows: there is "
            f"nothing to impute. Empty cells and {marker!r} mark unlabelled rows."
        )
    numbers = [_number(value) for value in given]
    if task == "auto":
        continuous = None not in numbers and (
            len(np.unique(numbers)) > MAX_WHOLE_CLASSES or are_targets(numbers)
        )
        task = "regression" if continuous else "classification"
    if task == "classification":
        y = np.empty(len(values), dtype=object)
        y[~unlabeled] = given
    elif None in numbers:
        bad = given[numbers.index(None)]
        raise CommandError(f"column {name!r} holds {bad!r}, which is no number.")
    else:
        y = np.full(len(values), np.nan)
        y[~unlabeled] = numbers
    return Target(y, unlabeled, task)


def _is_unlabeled(value, marker):
    if value is None or value != value or str(value).lower() == "nan":
        return True
    if isinstance(value, bool):
        return False
    number = _number(value)
    return str(value) == marker or (number is not None and number == _number(marker))


def _number(value):
    """The value as a float; None where it is no number, or a truth value."""
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None
