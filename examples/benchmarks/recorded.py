"""Runs whose lines are kept in a file, what they score, and how sure a mean is."""

import json

import joblib
import numpy as np
from sklearn.metrics import log_loss


def recorded(path, run, keys, jobs, n_jobs):
    """Run what is missing in a file, a line each, and give all its lines.

    Parameters
    ----------
    path : Path
        One JSON object a line.

    run : callable
        ``run(*job)`` gives a line, a dict.

    keys : tuple of str
        What a line calls the arguments of ``run``, in their order.

    jobs : iterable of tuple
        Arguments; the first is a table's name or its file.

    n_jobs : int
        Processes.
    """
    lines = []
    if path.exists():
        lines = [json.loads(line) for line in path.read_text().splitlines()]
    done = {tuple(line[key] for key in keys) for line in lines}
    results = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")(
        joblib.delayed(run)(*job)
        for job in jobs
        if (getattr(job[0], "stem", job[0]), *job[1:]) not in done
    )
    for line in results:
        lines.append(line)
        with open(path, "a") as file:
            file.write(json.dumps(line) + "\n")
    return lines


def bounded_log_loss(codes, proba):
    """Log loss of classes 0 to n_classes - 1, no probability below 1e-7."""
    proba = np.clip(proba, 1e-7, 1.0)
    proba /= proba.sum(axis=1, keepdims=True)
    return float(log_loss(codes, proba, labels=np.arange(proba.shape[1])))


def mean_and_error(gaps):
    """Mean of differences and its standard error, all runs of a table as one draw.

    Parameters
    ----------
    gaps : Series
        One level of its index is "table"; the error of a single one is NaN.
    """
    sums = (gaps - gaps.mean()).groupby(level="table").sum()
    several = len(sums) / (len(sums) - 1) if len(sums) > 1 else np.nan
    return gaps.mean(), np.sqrt((sums**2).sum() * several) / len(gaps)
