"""A step of the exact linear mode beside a brute-force step.

    python examples/benchmarks/linear.py [--unlabeled 1000000]

The brute force carries the vector of all imputed labels and multiplies by all rows; the
exact mode makes one pass over the data and then steps on its moments.
"""

import argparse
import time

import numpy as np

from sklearn_lga.linear import data_moments, default_step_sizes, lga_path_from_moments

M, N_LABELED, N_STEPS = 50, 10_000, 10_000


def brute_force_step(X_l, y_l, X_u, theta, y_u, lr, label_lr, eps_norm):
    """One step of Eqs. 8 to 11 on the rows."""
    g_l = X_l.T @ (X_l @ theta - y_l) / len(X_l)
    g_u = X_u.T @ (X_u @ theta - y_u) / len(X_u)
    r = g_l - g_u
    label_gradient = X_u @ (r / (eps_norm + r**2)) / len(X_u)
    return theta - lr * g_u, y_u - label_lr * label_gradient


def main():
    """Print the seconds and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--unlabeled", type=int, default=1_000_000)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    X_l = rng.standard_normal((N_LABELED, M))
    y_l = X_l @ rng.standard_normal(M)
    X_u = rng.standard_normal((args.unlabeled, M))

    start = time.perf_counter()
    moments = data_moments(X_l, y_l, X_u)
    one_pass = time.perf_counter() - start
    sizes = default_step_sizes(moments)
    times = {"exact": [], "brute force": []}
    theta, y_u = np.zeros(M), np.zeros(args.unlabeled)
    for _ in range(3):  # interleaved
        start = time.perf_counter()
        lga_path_from_moments(
            moments.A_l, moments.A_u, moments.b, moments.n_u, **sizes, n_steps=N_STEPS
        )
        times["exact"].append((time.perf_counter() - start) / N_STEPS)
        for _ in range(5):
            start = time.perf_counter()
            theta, y_u = brute_force_step(X_l, y_l, X_u, theta, y_u, **sizes)
            times["brute force"].append(time.perf_counter() - start)
    exact, brute = (np.median(times[name]) for name in ("exact", "brute force"))
    print(f"one pass over the data    {one_pass:10.3f} s")
    print(f"{N_STEPS:,} exact steps        {N_STEPS * exact:10.3f} s")
    print(f"an exact step             {1e6 * exact:10.1f} us")
    print(f"a brute-force step        {1e6 * brute:10.1f} us")
    print(f"ratio                     {brute / exact:10.0f}")


if __name__ == "__main__":
    main()
