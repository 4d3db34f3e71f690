"""What public callables take, as type checkers see it."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import sparray, spmatrix

Rows: TypeAlias = ArrayLike | sparray | spmatrix
"""X: arrays, frames, and what else numpy or scipy take for a table."""

Labels: TypeAlias = ArrayLike | Sequence[Any]
"""y: lists of None among labels, too, which numpy's own type has not."""

Marker: TypeAlias = float | str | None
"""``unlabeled``."""

Seed: TypeAlias = int | np.random.RandomState | None
"""``random_state``."""
