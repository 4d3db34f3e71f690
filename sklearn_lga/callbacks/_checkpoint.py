"""Saving a fit as it goes, and going on from what was saved."""

from __future__ import annotations

import os
import time
import warnings
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from skorch.callbacks import Callback, EarlyStopping

from .._training.processes import Processes
from .._training.seeds import Seeds
from .._version import __version__
from ._files import read, remove_leftovers, write
from ._identity import check_identity
from ._order import unnamed
from ._snapshot import restore_position, restore_snapshot, take_snapshot

if TYPE_CHECKING:
    from skorch import NeuralNet

FORMAT = 2
"""Of a checkpoint's content; raised where older versions could not go on with it."""

FILE_NAME = "checkpoint.pt"


class Checkpoint(Callback):
    """Saves a fit as it goes; the same fit again goes on from there.

    A process that was killed at any moment loses the steps since the last save and
    nothing else: the same ``fit`` with the same folder, in a new process, takes up the
    network, the optimizer, the imputed labels with their moments, all running averages,
    the random generators and the place in the epoch, and ends as it would have ended,
    bit for bit on the CPU. A fit that had ended is not run again, its result is read.
    With ``random_state=None`` the seeds are those of the interrupted fit.

    Parameters
    ----------
    folder : str or path-like
        Where to keep ``checkpoint.pt``; it is made where there is none. One folder
        for each fit: a folder that holds a checkpoint of other data or other
        parameters is refused. Delete the file to start anew.

    every : float, default=60.0
        Seconds between two saves; 0 saves after every step. What a fit ended with is
        always saved.

    Raises
    ------
    ValueError
        By ``fit``, if the folder holds another fit's checkpoint, one that cannot be
        read, or one of a version whose checkpoints this one does not know; and where
        several processes train one network.

    OSError
        By ``fit``, if the file could not be written. The former one then is whole.

    Notes
    -----
    The file is written beside the former one, flushed to the disk and renamed, so
    that there is a whole one at any moment. It holds plain data and tensors, and
    reading it runs no code.

    It stands behind the other callbacks, wherever it is in the list, and saves what
    they remember as skorch does: attributes that end in ``_`` and are plain data, or
    that have a ``state_dict`` of their own, as learning-rate schedules have. Of a
    module it saves ``state_dict()`` and the state of torch's global generators.
    Callables among the parameters are compared by their names.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_lga import LGAClassifier
    >>> from sklearn_lga.callbacks import Checkpoint
    >>> from sklearn_lga.datasets import hide_labels
    >>> X, y = load_iris(return_X_y=True)
    >>> y_marked = hide_labels(y, n_labeled=15, random_state=0)
    >>> folder = tempfile.mkdtemp()
    >>> model = LGAClassifier(max_epochs=20, callbacks=[Checkpoint(folder)])
    >>> first = model.fit(X, y_marked).predict_proba(X)
    >>> again = model.fit(X, y_marked).predict_proba(X)  # reads what is there
    >>> bool((first == again).all())
    True
    """

    runs_last = True

    def __init__(self, folder: str | os.PathLike[str], every: float = 60.0) -> None:
        self.folder = folder
        self.every = every

    def open(
        self, identity: dict[str, str], seeds: Seeds, *, global_generator: bool
    ) -> Seeds:
        """Make the folder ready, and read the checkpoint that may be there.

        Parameters
        ----------
        identity : dict of str to str
            Names and descriptions of what must be equal for a fit to go on.

        seeds : Seeds
            Those of a new fit.

        global_generator : bool
            Whether the module draws from torch's global generators.

        Returns
        -------
        seeds : Seeds
            Those of the fit that was interrupted, where there is one.
        """
        self._check_parameters()
        self.path_ = Path(self.folder) / FILE_NAME
        self.path_.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(self.path_)
        content = read(self.path_)
        self.snapshot_ = None
        if content is not None:
            check_version(content, self.path_)
            check_identity(content["identity"], identity, self.path_)
            seeds, self.snapshot_ = Seeds(*content["seeds"]), content["snapshot"]
        self.global_generator_ = global_generator
        self.fit_ = {"identity": identity, "seeds": list(seeds)}
        return seeds

    @property
    def has_ended(self) -> bool:
        """Whether the checkpoint is of a fit that had ended."""
        return self.snapshot_ is not None and self.snapshot_["has_ended"]

    def epochs_left(self, n_epochs: int) -> int:
        """How many epochs are to begin, the interrupted one among them.

        Parameters
        ----------
        n_epochs : int
            Of the whole fit.

        Returns
        -------
        n_left : int
            All of them where there is no checkpoint.
        """
        done = len(self.snapshot_["history"]) - 1 if self.snapshot_ else 0
        return n_epochs - done

    def restore(self, net: NeuralNet) -> None:
        """Give a net what a fit had ended with.

        Parameters
        ----------
        net : skorch.NeuralNet
            Initialized.
        """
        restore_snapshot(net, self.snapshot_)
        self.snapshot_ = None

    def close(self, net: NeuralNet) -> None:
        """Save what a fit ended with, unless it was interrupted.

        Parameters
        ----------
        net : skorch.NeuralNet
            Trained.
        """
        if has_ended(net):
            self.save(net, has_ended=True)

    def _check_parameters(self):
        if not isinstance(self.folder, str | os.PathLike):
            raise ValueError(
                f"Checkpoint's folder must be a path, got {self.folder!r}."
            )
        if not (isinstance(self.every, Real) and self.every >= 0.0):
            raise ValueError(
                "Checkpoint's every must be a number of seconds >= 0, got "
                f"{self.every!r}."
            )
        if Processes.current().count > 1:
            raise ValueError(
                "Checkpoint keeps fits of one process; this one is shared by "
                f"{Processes.current().count}. Leave it out of callbacks."
            )

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Refuse to watch what was not opened."""
        if getattr(self, "path_", None) != Path(self.folder) / FILE_NAME:
            raise ValueError(
                "Checkpoint works among the callbacks of this package's estimators, "
                "with the folder that it was made with: pass "
                "callbacks=[Checkpoint(folder)], and set no callbacks__... of it."
            )
        self.last_save_ = time.monotonic()

    def on_epoch_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Go on where the snapshot was taken, or note where the epoch begins."""
        if self.snapshot_ is None:
            self.epoch_start_ = net.sampler_.state()
            return
        restore_snapshot(net, self.snapshot_)
        restore_position(net, self.snapshot_)
        self.epoch_start_ = self.snapshot_["epoch_start"]
        self.snapshot_ = None

    def on_batch_end(
        self, net: NeuralNet, training: bool = False, **kwargs: Any
    ) -> None:
        """Save, when it is time to."""
        if training and time.monotonic() - self.last_save_ >= self.every:
            self.save(net)

    def save(self, net: NeuralNet, has_ended: bool = False) -> None:
        """Write the file.

        Parameters
        ----------
        net : skorch.NeuralNet
            In training, or trained.

        has_ended : bool, default=False
            Whether nothing is left to do.
        """
        snapshot = take_snapshot(net, self.epoch_start_, self.global_generator_)
        snapshot["has_ended"] = has_ended
        versions = {"sklearn_lga": __version__, "torch": torch.__version__}
        content = {"format": FORMAT, "versions": versions, "snapshot": snapshot}
        write(self.path_, {**content, **self.fit_})
        self.last_save_ = time.monotonic()


def has_ended(net):
    """Whether a training came to its end, by its epochs or by early stopping."""
    all_epochs = len(net.history) == net.max_epochs
    return (all_epochs and "train_batch_count" in net.history[-1]) or any(
        isinstance(callback, EarlyStopping) and callback.misses_ == callback.patience
        for _, callback in net.callbacks_
    )


def check_version(content, path):
    """Refuse checkpoints of a format that is not ours; warn of other versions."""
    if not isinstance(content, dict) or "format" not in content:
        raise ValueError(
            f"{path} is no checkpoint of sklearn_lga. Delete it to start anew, or pass "
            "another folder."
        )
    ours = {"sklearn_lga": __version__, "torch": torch.__version__}
    theirs = content.get("versions", {})
    if content.get("format") != FORMAT:
        raise ValueError(
            f"{path} was written by sklearn_lga {theirs.get('sklearn_lga')}, in a "
            f"format that this version, {__version__}, does not go on from. End the "
            "fit with that version, or delete the file to start anew."
        )
    for name, version in ours.items():
        if theirs[name] != version:
            warnings.warn(
                f"{path} was written with {name} {theirs[name]}, and this is "
                f"{version}: the fit goes on, but may not end with exactly the same "
                "numbers.",
                UserWarning,
                stacklevel=2,
            )


def find_checkpoint(callbacks):
    """The one among callbacks, or pairs of a name and one, that can be opened."""
    found = [c for c in map(unnamed, callbacks) if hasattr(c, "epochs_left")]
    if len(found) > 1:
        raise ValueError("callbacks holds more than one Checkpoint; pass one.")
    return found[0] if found else None
