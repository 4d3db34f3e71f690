"""Data to try semi-supervised learning on."""

from ._images import load_images
from ._marking import hide_labels
from ._shells import make_shells

__all__ = ["hide_labels", "load_images", "make_shells"]
