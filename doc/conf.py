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
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
# Docstrings have the types. In the signatures of the estimators, whose parameters are
# the fields of a dataclass, they would stand a second time.
autodoc_typehints = "none"
autosummary_generate = True
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

# Without a network the names that these pages use are found in doc/inventories: lists
# in the first format of inventories, which is plain text.
SITES = {
    "sklearn": "https://scikit-learn.org/stable/",
    "torch": "https://docs.pytorch.org/docs/stable/",
    "skorch": "https://skorch.readthedocs.io/en/stable/",
    "numpy": "https://numpy.org/doc/stable/",
}
intersphinx_mapping = {
    name: (site, (None, f"inventories/{name}.txt")) for name, site in SITES.items()
}
intersphinx_timeout = 10

sphinx_gallery_conf = {
    "examples_dirs": "../examples/gallery",
    "gallery_dirs": "auto_examples",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "capture_repr": ("_repr_html_",),  # other objects' text says where they lie
    "backreferences_dir": "generated/examples_of",
    "doc_module": ("sklearn_lga",),
    "show_memory": False,
    "download_all_examples": False,
}
copybutton_exclude = ".linenos, .gp, .go"

html_theme = "pydata_sphinx_theme"
html_title = f"sklearn_lga {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
ALONE = "index", "install", "paper", "benchmarks", "fidelity", "contributing", "changes"
html_sidebars = {page: [] for page in (*ALONE, "references")}  # no pages below them
html_theme_options = {
    "logo": {"text": html_title},
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
}

# The command's page shows its help as it is.
os.environ["COLUMNS"] = "80"
generated = Path(__file__).parent / "generated"
generated.mkdir(exist_ok=True)
(generated / "label_help.txt").write_text(label_help())


def expect_no_pictures(app, config):
    """Without its scripts run (``-D plot_gallery=0``) the gallery has no pictures."""
    if str(config.plot_gallery) in ("0", "False"):
        config.suppress_warnings.append("image.not_readable")


def setup(app):
    """Called by Sphinx."""
    app.connect("config-inited", expect_no_pictures)
