"""Cases of tests that take long: some run always, the others with ``-m slow``."""

import pytest


def case(*values, always):
    """Arguments of a test that is slow, or runs always."""
    return pytest.param(*values, marks=[] if always else [pytest.mark.slow])


def seeds(count, always=1):
    """0 to count - 1, of which the first run always."""
    return [case(seed, always=seed < always) for seed in range(count)]


def pairs(first, second, every):
    """All pairs, of which one in ``every`` runs always: each value takes its turn."""
    return [
        case(a, b, always=(i + j) % every == 0)
        for i, a in enumerate(first)
        for j, b in enumerate(second)
    ]
