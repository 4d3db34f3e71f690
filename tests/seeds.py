"""Seeds of tests that take long."""

import pytest


def seeds(count, always=1):
    """0 to count - 1, of which the first run always, the others with ``-m slow``."""
    return [
        pytest.param(seed, marks=[pytest.mark.slow] if seed >= always else [])
        for seed in range(count)
    ]
