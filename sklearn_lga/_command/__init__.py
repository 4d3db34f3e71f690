"""The command ``sklearn-lga``: a table with few labels in, a labelled one out.

From the arguments to the files: ``parser`` reads the command line, ``label`` leads
through the steps, ``csv_table`` and ``parquet_table`` hold a table such that what is
not touched stays as it is, ``reading`` tells what its cells mean, ``data`` makes
features and labels of them by ``target``, ``model`` fits and cross-validates,
``verdict`` says how many labels are right, ``report`` makes the page, ``files`` writes
whole files.
"""

from .run import main

__all__ = ["main"]
