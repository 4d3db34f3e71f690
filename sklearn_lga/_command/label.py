"""The command ``label``, step by step."""

from importlib.util import find_spec

import numpy as np

from .._estimators.net_params import nearest
from .csv_table import CSVTable
from .files import CommandError, check_destination, write_whole
from .model import fit
from .target import read_target

PARQUET_SUFFIXES = (".parquet", ".pq")
EXTRA_MODULES = ("matplotlib", "pandas", "pyarrow", "skrub")


def label(options):
    """Read the table, fit, write the labelled table and the report."""
    _check_extra()
    _check_paths(options)
    table = _read(options)
    position = _position(options.target, table.columns)
    target = read_target(
        options.target, table.column(position), options.unlabeled, options.task
    )
    frame = _features(table, position, options.ignore)
    model = fit(frame, target.y, target.task, options)
    # All that is written is made before anything is written.
    files = {options.output: _labeled_table(table, position, target, model)}
    if options.report:
        from .report import make_report

        files[options.report] = make_report(model, frame, target, options).encode()
    for path, content in files.items():
        write_whole(path, content)
    if not options.quiet:
        n_imputed = int(target.unlabeled.sum())
        print(
            f"{options.output}: {n_imputed} labels imputed from "
            f"{len(target.y) - n_imputed} given ones ({target.task})"
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
            "both the suffix .parquet, or none of them."
        )
    taken = {"the input": options.table}
    check_destination(options.output, taken, options.force)
    if options.report:
        taken = {"the input": options.table, "the output": options.output}
        check_destination(options.report, taken, force=False)


def _is_parquet(path):
    return path.suffix.lower() in PARQUET_SUFFIXES


def _read(options):
    try:
        content = options.table.read_bytes()
    except OSError as error:
        raise CommandError(f"cannot read {options.table}: {error.strerror}.") from error
    if _is_parquet(options.table):
        from .parquet_table import ParquetTable

        return ParquetTable(content)
    return CSVTable(content, options.encoding, options.delimiter)


def _position(name, columns):
    """Where a column stands; a missing or ambiguous name is refused."""
    if columns.count(name) == 1:
        return columns.index(name)
    if name in columns:
        raise CommandError(f"{columns.count(name)} columns are named {name!r}.")
    raise CommandError(
        f"there is no column {name!r}.{nearest(name, columns)} The columns are: "
        f"{', '.join(columns)}."
    )


def _features(table, target, ignored):
    """The other columns as a DataFrame, with names that are all different."""
    import pandas as pd

    left_out = {target, *(_position(name, table.columns) for name in ignored)}
    kept = [i for i in range(len(table.columns)) if i not in left_out]
    if not kept:
        raise CommandError("the table has no column besides the target to learn from.")
    names = free_names([table.columns[i] for i in kept], [])
    columns = (pd.Series(table.column(i)) for i in kept)
    return pd.DataFrame(dict(zip(names, columns, strict=True)))


def free_names(wanted, taken):
    """The wanted names, with a number behind those that are taken."""
    taken, names = set(taken), []
    for name in wanted:
        free, number = name, 2
        while free in taken:
            free, number = f"{name}_{number}", number + 1
        taken.add(free)
        names.append(free)
    return names


def _labeled_table(table, position, target, model):
    """The bytes of the output."""
    name, estimator = table.columns[position], model[-1]
    extra = {"source": np.where(target.unlabeled, "imputed", "given").tolist()}
    if target.task == "classification":
        confidence = estimator.label_distributions_.max(axis=1)
        extra = {"confidence": confidence.round(4).tolist()} | extra
    names = free_names([f"{name}_{kind}" for kind in extra], table.columns)
    extra = dict(zip(names, extra.values(), strict=True))
    labels = estimator.transduction_.tolist()
    if isinstance(table, CSVTable):
        labels = [_text(value) for value in labels]
        extra = {name: [_text(v) for v in values] for name, values in extra.items()}
    return table.labeled(position, labels, target.unlabeled.tolist(), extra)


def _text(value):
    """Six significant digits of a number, as many as float32 has."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
