"""The command ``label``, step by step."""

import sys
import warnings
from importlib.util import find_spec

import numpy as np

from .csv_table import CSVTable
from .data import free_names, read_data
from .files import STANDARD, CommandError, check_destination, read_whole, write_whole
from .model import fit

PARQUET_SUFFIXES = (".parquet", ".pq")
EXTRA_MODULES = ("matplotlib", "pandas", "pyarrow", "skrub")


def label(options):
    """Read the table, fit, write the labelled table and the report."""
    _check_extra()
    _check_paths(options)
    table = _read(options)
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        data = read_data(table, options)
    for message in notes:
        warnings.warn(message.message, stacklevel=1)
    frame, target = data.frame, data.target
    model = fit(frame, target.y, target.task, options)
    # All that is written is made before anything is written.
    files = {options.output: _labeled_table(table, data, model)}
    if options.report:
        from .report import make_report

        notes = [str(message.message) for message in notes]
        page = make_report(model, data, notes, options)
        files[options.report] = page.encode()
    for path, content in files.items():
        write_whole(path, content)
    if not options.quiet:
        n_imputed = int(target.unlabeled.sum())
        print(
            f"{options.output}: {n_imputed} labels imputed from "
            f"{len(target.y) - n_imputed} given ones ({target.task})",
            file=sys.stderr if options.output == STANDARD else None,
        )


def _check_extra():
    missing = [name for name in EXTRA_MODULES if find_spec(name) is None]
    if missing:
        raise CommandError(
            f"{', '.join(missing)} not found: pip install 'sklearn_lga[table]'."
        )


def _check_paths(options):
    if _is_parquet(options.table) != _is_parquet(options.output):
        raise CommandError(
            f"{options.output} would have another format than {options.table}: give "
            "both the suffix .parquet, or none of them. - is CSV."
        )
    taken = {"the input": options.table}
    check_destination(options.output, taken, options.force)
    if options.report:
        taken = {"the input": options.table, "the output": options.output}
        check_destination(options.report, taken, force=False)


def _is_parquet(path):
    return path.suffix.lower() in PARQUET_SUFFIXES


def _read(options):
    content = read_whole(options.table)
    if _is_parquet(options.table):
        from .parquet_table import ParquetTable

        return ParquetTable(content)
    return CSVTable(content, options.encoding, options.delimiter)


def _labeled_table(table, data, model):
    """The bytes of the output; rows that are not used get nothing."""
    target, estimator = data.target, model[-1]
    extra = {"source": np.where(target.unlabeled, "imputed", "given").tolist()}
    if target.task == "classification":
        confidence = estimator.label_distributions_.max(axis=1)
        extra = {"confidence": confidence.round(4).tolist()} | extra
    name = table.columns[data.position]
    names = free_names([f"{name}_{kind}" for kind in extra], table.columns)
    columns = [estimator.transduction_.tolist(), *extra.values()]
    if isinstance(table, CSVTable):
        text = data.number_format.text
        columns = [[text(v) for v in values] for values in columns]
    columns = [spread(values, data.used, None) for values in columns]
    imputed = spread(target.unlabeled.tolist(), data.used, False)
    extra = dict(zip(names, columns[1:], strict=True))
    return table.labeled(data.position, columns[0], imputed, extra)


def spread(values, used, rest):
    """The values in the rows that are used, something else in the others."""
    values = iter(values)
    return [next(values) if keep else rest for keep in used]
