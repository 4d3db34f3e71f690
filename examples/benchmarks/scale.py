"""Time and memory of a fit as the table grows, beside scikit-learn's methods.

    python examples/benchmarks/scale.py [--sizes 1000,10000] [--methods "LGA;..."]
        [--features 20] [--threads 2] [--limit 600]

Tables of normal features in float32, 5 classes, 100 labels. Each fit runs in a process
of its own, of which is printed: seconds; the peak of memory above what the imported
libraries and a first small fit take; and how much of it is not the table itself, in
MB. A fit that ends in an error, or not within ``--limit`` seconds, is the last of its
method.

- LGA: default parameters. LGA, an epoch: the same, one pass over the rows.
- LabelSpreading rbf, knn: default parameters.
- SelfTraining: ``SelfTrainingClassifier`` of a logistic regression.
- memmap, CSR: an epoch of LGA on a ``numpy.memmap``, and on as many rows of 2,000
  features of which 50 are not zero.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier

from sklearn_lga import LGAClassifier

N_LABELED, N_CLASSES, SPARSE_FEATURES, SPARSE_ENTRIES = 100, 5, 2_000, 50
METHODS = {
    "LGA": lambda: LGAClassifier(random_state=0),
    "LGA, an epoch": lambda: LGAClassifier(max_epochs=1, random_state=0),
    "LGA, memmap": lambda: LGAClassifier(max_epochs=1, random_state=0),
    "LGA, CSR": lambda: LGAClassifier(max_epochs=1, random_state=0),
    "LabelSpreading rbf": lambda: LabelSpreading(kernel="rbf"),
    "LabelSpreading knn": lambda: LabelSpreading(kernel="knn"),
    "SelfTraining": lambda: SelfTrainingClassifier(LogisticRegression()),
}


def peak():
    """Of this process's memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def dense(n_rows, n_features):
    """Normal features, float32."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((n_rows, n_features), dtype=np.float32)


def mapped(n_rows, n_features):
    """The same in a file, written in parts and mapped into memory."""
    file = tempfile.NamedTemporaryFile(suffix=".npy")  # noqa: SIM115 (lives on in X)
    shape = n_rows, n_features
    X = np.lib.format.open_memmap(file.name, "w+", dtype=np.float32, shape=shape)
    rng = np.random.default_rng(0)
    for start in range(0, n_rows, 10_000):
        part = X[start : start + 10_000]
        part[:] = rng.standard_normal(part.shape, dtype=np.float32)
    X.flush()
    X.file = file
    return X


def compressed(n_rows, n_features):
    """Rows with few entries, in CSR format."""
    rng = np.random.default_rng(0)
    n = n_rows * SPARSE_ENTRIES
    columns = rng.integers(SPARSE_FEATURES, size=n, dtype=np.int32)
    starts = np.arange(0, n + 1, SPARSE_ENTRIES, dtype=np.int32)
    entries = columns, starts
    return sparse.csr_matrix(
        (rng.standard_normal(n, dtype=np.float32), *entries),
        shape=(n_rows, SPARSE_FEATURES),
    )


def size_of(X):
    """Bytes of a table."""
    if sparse.issparse(X):
        return X.data.nbytes + X.indices.nbytes + X.indptr.nbytes
    return X.nbytes


def measure(method, n_rows, n_features):
    """Fit once: seconds, peak of memory, and that without the table, in MB."""
    tables = {"LGA, memmap": mapped, "LGA, CSR": compressed}
    make, model = tables.get(method, dense), METHODS[method]()
    y = np.random.default_rng(1).integers(N_CLASSES, size=n_rows)
    y[np.random.default_rng(2).permutation(n_rows)[N_LABELED:]] = -1
    few = np.append(np.flatnonzero(y >= 0), 0)
    METHODS[method]().fit(make(n_rows=len(few), n_features=n_features), y[few])
    before = peak()
    X = make(n_rows, n_features)
    start = time.perf_counter()
    model.fit(X, y)
    seconds, memory = time.perf_counter() - start, peak() - before
    return {"seconds": seconds, "memory": memory, "rest": memory - size_of(X) / 2**20}


def measure_apart(method, n_rows, args):
    """:func:`measure` in a process of its own; its error where it fails."""
    job = [method, n_rows, args.features]
    code = f"import scale, json; print(json.dumps(scale.measure(*{job!r})))"
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), args.threads)
    command = ["env", *(f"{k}={v}" for k, v in threads.items()), sys.executable]
    try:
        done = subprocess.run(
            [*command, "-c", code],
            cwd=sys.path[0],
            capture_output=True,
            text=True,
            check=True,
            timeout=args.limit,
        )
    except subprocess.TimeoutExpired:
        return {"error": f"more than {args.limit} s"}
    except subprocess.CalledProcessError as error:
        last = error.stderr.strip().splitlines()[-1:] or ["killed"]
        return {"error": last[0] if error.returncode > 0 else "killed"}
    return json.loads(done.stdout)


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="1000,10000,20000,100000,1000000")
    parser.add_argument("--methods", default=";".join(METHODS))
    parser.add_argument("--features", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=int, default=600)
    args = parser.parse_args()
    print(f"{'method':20s}{'rows':>9s}{'seconds':>9s}{'MB':>8s}{'beside X':>10s}")
    for method in args.methods.split(";"):
        for n_rows in map(int, args.sizes.split(",")):
            result = measure_apart(method, n_rows, args)
            start = f"{method:20s}{n_rows:9d}"
            if "error" in result:
                print(f"{start}  {result['error']}", flush=True)
                break
            print(
                f"{start}{result['seconds']:9.1f}{result['memory']:8.0f}"
                f"{result['rest']:10.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
