"""Which rows are labelled, and whether their labels are classes or targets."""

from collections import Counter
from typing import NamedTuple

import numpy as np

from ..model_selection import are_targets
from .files import CommandError
from .reading import PLAIN, note

MAX_WHOLE_CLASSES = 20
"""Whole numbers are classes up to that many distinct ones, if they look like some."""


FEW_CLASSES, LABELS_PER_CLASS = 5, 1.5
"""Of more classes each needs that many labels on average, or is none."""

PLACEHOLDERS = {"unknown", "unlabeled", "unlabelled", "missing", "none", "todo", "-"}
"""Classes, in lower case, that may well be none."""


class Target(NamedTuple):
    """The label column as the estimators take it, ``unlabeled=np.nan``.

    ``y`` is of objects with None, or of floats with NaN, for ``task``
    "classification" or "regression"; ``unlabeled`` is a mask.
    """

    y: np.ndarray
    unlabeled: np.ndarray
    task: str


def read_target(name, values, marker, task, number=PLAIN.number):
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

    number : callable, default=PLAIN.number
        Gives the float that a value stands for, or None.

    Returns
    -------
    target : Target
    """
    unlabeled = np.array([_is_unlabeled(v, marker, number) for v in values], bool)
    given = [v for v, missing in zip(values, unlabeled, strict=True) if not missing]
    if not given:
        raise CommandError(
            f"column {name!r} holds no label: all {len(values)} cells are empty or "
            f"{marker!r}. Fill in a few."
        )
    if not unlabeled.any():
        label, n_cells = Counter(given).most_common(1)[0]
        raise CommandError(
            f"column {name!r} has a label in each of its {len(values)} rows: there is "
            f"nothing to impute. Empty cells and {marker!r} mark unlabelled rows; pass "
            f"--unlabeled {str(label)!r} if that one, in {n_cells} rows, does."
        )
    numbers = [number(value) for value in given]
    if task == "auto":
        continuous = None not in numbers and (
            len(np.unique(numbers)) > MAX_WHOLE_CLASSES or are_targets(numbers)
        )
        task = "regression" if continuous else "classification"
        if task == "classification":
            check_classes(name, given)
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


def check_classes(name, given):
    """Refuse nearly as many classes as labels; name one that looks like a marker."""
    counts = Counter(given)
    if len(counts) > FEW_CLASSES and len(given) < LABELS_PER_CLASS * len(counts):
        raise CommandError(
            f"column {name!r} has {len(counts)} classes among {len(given)} labels, "
            f"such as {str(given[0])!r}: nothing can be learned from one label a "
            "class. Pass --decimal or --thousands if they are numbers, another "
            "--target, or --task classification if they are classes."
        )
    for label, n_cells in counts.items():
        if str(label).lower() in PLACEHOLDERS:
            note(
                f"{label!r}, in {n_cells} cells of {name!r}, is taken for a class. "
                f"Pass --unlabeled {str(label)!r} if it marks rows without a label."
            )


def _is_unlabeled(value, marker, number):
    if value is None or value != value or str(value).lower() == "nan":
        return True
    if isinstance(value, bool):
        return False
    if str(value) == marker:
        return True
    as_number = number(value)
    return as_number is not None and as_number == number(marker)
