"""Sphinx configuration."""

import os
from pathlib import Path

import sklearn_lga
from sklearn_lga._command.parser import label_help

project = "sklearn_lga"
author = "the sklearn_lga developers"
copyright = "2026, the sklearn_lga developers"
version = release = sklearn_lga.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False
sphinx_gallery_conf = {
    "examples_dirs": "../examples/gallery",
    "gallery_dirs": "auto_examples",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "show_memory": False,
    "download_all_examples": False,
}
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {"description": "Label gradient alignment", "page_width": "1050px"}

# The command's page shows its help as it is.
os.environ["COLUMNS"] = "80"
generated = Path(__file__).parent / "generated"
generated.mkdir(exist_ok=True)
(generated / "label_help.txt").write_text(label_help())
