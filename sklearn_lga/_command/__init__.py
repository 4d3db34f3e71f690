"""The command ``sklearn-lga``: a table with few labels in, a labelled one out.

From the arguments to the files: ``_parser`` reads the command line, ``_label`` leads
through the steps, ``_csv`` and ``_parquet`` hold a table such that what is not touched
stays as it is, ``_target`` reads the label column, ``_model`` fits and cross-validates,
``_report`` makes the page, ``_files`` writes whole files.
"""

from ._main import main

__all__ = ["main"]
