"""Results of many runs in one file, to which a stopped script comes back."""

import json
from pathlib import Path

import joblib
import numpy as np

RESULTS = Path(__file__).parents[2] / "doc" / "results"


def check_settings(path, settings):
    """Keep the settings beside the results, and refuse to mix two of them."""
    settings = json.loads(json.dumps(settings))
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings, indent=1) + "\n")
    elif json.loads(path.read_text()) != settings:
        raise SystemExit(
            f"{path} has other settings: move it and its results away first."
        )


def read_lines(path):
    """Finished runs; a line that a kill cut off is removed from the file."""
    if not path.exists():
        return []
    text = path.read_text()
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole)
    return [json.loads(line) for line in whole.splitlines()]


def complete(path, jobs, run, n_jobs):
    """Run the jobs that have no line in the file yet, and append theirs.

    Parameters
    ----------
    path : Path
        JSON lines, one a run.

    jobs : list of dict
        Arguments of ``run``; a line holds them beside its results.

    run : callable
        ``run(**job)`` gives a dict of results.

    n_jobs : int
        Processes.

    Returns
    -------
    lines : list of dict
        Those of the jobs, old and new.
    """
    lines = read_lines(path)
    done = [{name: line.get(name) for name in jobs[0]} for line in lines]
    missing = [job for job in jobs if job not in done]

    def line_of(job):
        return job | run(**job)

    new = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")(
        joblib.delayed(line_of)(job) for job in missing
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    for i, line in enumerate(new, start=1):
        with path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        lines.append(line)
        print(f"run {i} of {len(missing)}: {line}", flush=True)
    return [line for line in lines if {n: line.get(n) for n in jobs[0]} in jobs]


def mean_and_error(gaps):
    """Mean of differences, one a pair of runs, and its standard error."""
    gaps = np.asarray(gaps, dtype=float)
    error = gaps.std(ddof=1) / np.sqrt(len(gaps)) if len(gaps) > 1 else np.nan
    return gaps.mean(), error
