"""CPU time of README's quickstart with one thread and with two, on busy cores.

    python examples/benchmarks/threads.py [--repeats 5]

Every core is kept busy by a process that counts. Interleaved runs of the quickstart in
processes of their own; of each the median CPU time of a fit and of a prediction, after
a first fit that loads and plans what is needed once.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import time

import numpy as np

CODE = """
import json, sys, time
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn_lga import LGAClassifier
from sklearn_lga.datasets import hide_labels

X, y = load_digits(return_X_y=True)
y_marked = hide_labels(y, n_labeled=100, random_state=0)
model = make_pipeline(StandardScaler(), LGAClassifier(random_state=0))
model.fit(X, y_marked)
times = [time.process_time()]
for use in (lambda: model.fit(X, y_marked), lambda: model.predict_proba(X)):
    use()
    times.append(time.process_time())
print(json.dumps([times[1] - times[0], times[2] - times[1]]))
"""


def count():
    """Keep a core busy until the process ends."""
    while True:
        pass


def quickstart(n_threads):
    """CPU seconds of a fit and of a prediction."""
    names = "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"
    environment = os.environ | dict.fromkeys(names, str(n_threads))
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    others = [
        multiprocessing.Process(target=count, daemon=True)
        for _ in range(os.cpu_count())
    ]
    for process in others:
        process.start()
    time.sleep(1.0)
    runs = [[quickstart(n) for n in (1, 2)] for _ in range(args.repeats)]
    for process in others:
        process.terminate()
    one, two = np.median(runs, axis=0)
    print(f"{'CPU seconds':14s}{'fit':>8s}{'predict':>10s}")
    for name, times in (
        ("one thread", one),
        ("two threads", two),
        ("ratio", two / one),
    ):
        print(f"{name:14s}{times[0]:8.2f}{times[1]:10.2f}")


if __name__ == "__main__":
    main()
