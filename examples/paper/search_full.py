"""Choose LGA's settings for the full protocol, on validation images.

    python examples/paper/search_full.py DATA_HOME --data cifar10 [--jobs 1]

By the rule of Section 4: CIFAR-10 with 4,000 labels, SVHN with 1,000, then the same at
every other label count. The changes are those that were tried at 250 labels in
``search_images.py``, on training rows of another seed than the table's. It needs GPUs,
and has not been run; what it finds belongs into ``FULL.hyperparameters``. Each run is a
line of ``doc/results/full_search.jsonl``.
"""

import argparse
from pathlib import Path

from images import run
from protocols import FULL
from runs import RESULTS, complete
from search_images import LGA, SEED

N_LABELED = {"cifar10": 4000, "svhn": 1000}
SETTINGS = {"as it is": {}} | LGA


def search_run(data, setting, seed, data_home, protocol=FULL):
    """One run on validation images; no score on test images is kept."""
    results = run(
        *(data, N_LABELED[data], "LGA", seed, data),
        protocol=protocol,
        data_home=data_home,
        **SETTINGS[setting],
    )
    return {name: x for name, x in results.items() if "test" not in name}


def main():
    """Run what is missing, then print the table, the best first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data_home", type=Path)
    parser.add_argument("--data", choices=N_LABELED, required=True)
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()

    def one(**job):
        return search_run(**job, data_home=args.data_home)

    jobs = [{"data": args.data, "setting": s, "seed": SEED} for s in SETTINGS]
    lines = complete(RESULTS / "full_search.jsonl", jobs, one, args.jobs)
    for line in sorted(lines, key=lambda line: line["valid_error"]):
        print(
            f"{line['setting']:34s}{line['valid_error']:8.4f}{line['valid_loss']:8.3f}"
        )


if __name__ == "__main__":
    main()
