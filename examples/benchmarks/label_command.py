"""The command ``sklearn-lga label`` on a table of mixed columns.

    python examples/benchmarks/label_command.py [--rows 20000] [--report]

Makes a table of numbers, categories, text and dates with gaps, of which 1,000 rows
have a label, and labels it in a process of its own. Prints the seconds, those of CPU
time, and the share of the hidden labels that are right, and fails where a row has
moved or an untouched column is not byte for byte what it was.
"""

import argparse
import csv
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

TRADES = ["baker", "smith", "tailor", "mason", "cooper", "joiner"]
CLASSES = np.array(["low", "middle", "high"])


def make_rows(n_rows, seed=0):
    """Rows of text as a person might have written them, and the labels' text."""
    rng = np.random.RandomState(seed)
    numbers = rng.normal(size=(n_rows, 6))
    trade = rng.randint(len(TRADES), size=n_rows)
    town = rng.zipf(1.5, size=n_rows) % 500  # a column with many values
    day = rng.randint(0, 3650, size=n_rows)
    signal = numbers[:, 0] + numbers[:, 1] * numbers[:, 2] + 0.8 * (trade - 2.5)
    signal += 1.5 * (town % 7 == 0) + day / 1825 + 0.5 * rng.normal(size=n_rows)
    labels = CLASSES[np.digitize(signal, np.quantile(signal, [0.4, 0.75]))]
    dates = np.datetime64("2015-01-01") + day.astype("timedelta64[D]")
    rows = []
    for i in range(n_rows):
        cells = [f"{value:.{1 + i % 5}f}" for value in numbers[i]]
        gaps = rng.uniform(size=6) < 0.05
        cells = ["" if gap else cell for cell, gap in zip(cells, gaps, strict=True)]
        name = f'"{TRADES[trade[i]]}, ""{i}"""' if i % 50 == 0 else TRADES[trade[i]]
        rows.append([str(i), *cells, name, f"town {town[i]}", str(dates[i])])
    return rows, labels


def write_table(path, rows, labels):
    """The table as text, the label in its middle."""
    header = "id,a,b,c,d,e,f,label,trade,town,day\n"
    lines = [
        ",".join([*row[:7], label, *row[7:]])
        for row, label in zip(rows, labels, strict=True)
    ]
    path.write_text(header + "\n".join(lines) + "\n")


def check(path, rows, truth, marked):
    """The share of hidden labels that are right."""
    lines = path.read_text().splitlines()[1:]
    n_right = 0
    for line, row, true, given in zip(lines, rows, truth, marked, strict=True):
        start, end = ",".join(row[:7]) + ",", "," + ",".join(row[7:]) + ","
        label, confidence, source = line[len(start) :].replace(end, ",", 1).split(",")
        assert line == f"{start}{label}{end}{confidence},{source}", line
        assert source == ("given" if given else "imputed")
        assert not given or label == given
        n_right += not given and label == true
    return n_right / sum(not given for given in marked)


def main():
    """Print the seconds and the accuracy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--labels", type=int, default=1_000)
    parser.add_argument("--report", action="store_true")
    args = parser.parse_args()
    rows, truth = make_rows(args.rows)
    given = np.random.RandomState(0).permutation(args.rows) < args.labels
    marked = np.where(given, truth, "")
    with tempfile.TemporaryDirectory() as folder:
        table, output = Path(folder, "table.csv"), Path(folder, "labelled.csv")
        write_table(table, rows, marked)
        n_columns = len(next(csv.reader([table.read_text().splitlines()[0]])))
        command = [sys.executable, "-m", "sklearn_lga", "label", table]
        command += ["--target", "label", "--output", output, "--ignore", "id"]
        if args.report:
            command += ["--report", Path(folder, "report.html")]
        start = time.perf_counter()
        subprocess.run(command, check=True)
        seconds = time.perf_counter() - start
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        share = check(output, rows, truth, marked)
    most_frequent = np.unique(truth, return_counts=True)[1].max() / len(truth)
    print(f"{args.rows:,} rows x {n_columns} columns, {args.labels:,} labels")
    print(f"seconds {seconds:.1f}, of CPU {used.ru_utime + used.ru_stime:.1f}")
    print(f"hidden labels right {share:.3f} (most frequent class {most_frequent:.3f})")


if __name__ == "__main__":
    main()
