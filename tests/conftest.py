"""One thread a process: matrices of this size gain nothing by more."""

import os

import torch

os.environ.setdefault("OMP_NUM_THREADS", "1")  # of processes that tests start
torch.set_num_threads(1)
