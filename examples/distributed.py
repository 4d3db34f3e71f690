r"""
Many processes, many machines
=============================

One training that is shared by several processes::

    accelerate launch --multi_gpu --num_processes 2 --num_machines 1 \
        examples/distributed.py

``--multi_gpu`` is the launcher's name for a process a device; where no GPU is, they
share the CPU. For more machines, ``accelerate config`` asks what it must know. The
script needs ``pip install accelerate``.

Every process reads the whole table (as a ``numpy.memmap``, it takes no memory) and
calls ``fit`` with the same arguments. The rest is done by the estimator: each process
keeps the imputed labels of its own part of the unlabelled rows, takes its part of each
batch, and the gradients are averaged over all of them before they are aligned. At the
end, each has the whole ``transduction_``.
"""

import argparse

import numpy as np
import torch
from accelerate import PartialState
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

from sklearn_lga import LGAClassifier
from sklearn_lga.datasets import hide_labels

parser = argparse.ArgumentParser(description="Label the digits in several processes.")
parser.add_argument("--output", help="where to write the labels")
args = parser.parse_args()

# %%
# The launcher says what there is; accelerate sets up torch.distributed by it.
processes = PartialState(cpu=not torch.cuda.is_available())

# %%
# From here on, it is the script of a single process. ``batch_size`` is that of all
# processes together.
X, y = load_digits(return_X_y=True)
X = StandardScaler().fit_transform(X)
y_marked = hide_labels(y, n_labeled=100, random_state=0)
model = LGAClassifier(max_epochs=20, random_state=0, device=str(processes.device))
model.fit(X, y_marked)

# %%
# One of them says so.
if processes.is_main_process:
    hidden = y_marked == -1
    accuracy = np.mean(model.transduction_[hidden] == y[hidden])
    print(f"{processes.num_processes} processes; hidden labels right: {accuracy:.3f}")
    if args.output:
        np.savetxt(args.output, model.transduction_, fmt="%d")
processes.wait_for_everyone()
processes.destroy_process_group()
