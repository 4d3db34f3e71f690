"""Callbacks of skorch's kind, for the estimators' ``callbacks``."""

from ._checkpoint import Checkpoint

__all__ = ["Checkpoint"]
