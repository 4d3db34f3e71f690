"""The full protocol of Section 4 (Oliver et al. 2018), and one for two CPU cores."""

from dataclasses import dataclass, field

METHODS = (
    *("LGA", "LGA + VAT", "VAT", "VAT + EntMin"),
    *("Pi-Model", "Mean Teacher", "Pseudo-Label", "supervised"),
)


@dataclass(frozen=True)
class Hyperparameters:
    """What is chosen on a data set: by method, and what only some of them have.

    ``lr`` is that of each method; ``lga`` the other parameters of ``LGAClassifier``,
    its ``label_lr`` times the number of epochs; ``weights`` those of the regularizers.
    """

    lr: dict
    lga: dict
    vat_eps: float
    weights: dict = field(
        default_factory=lambda: {
            "VAT": 0.3,
            "EntMin": 0.1,
            "Pi-Model": 20.0,
            "Mean Teacher": 8.0,
            "Pseudo-Label": 1.0,
        }
    )


@dataclass(frozen=True)
class Protocol:
    """What all methods share.

    ``batch_size`` are the images of each kind in a step; the supervised runs have as
    many in all. ``hyperparameters`` are by data set; of a data set in ``transferred``,
    those of the named others are tried. ``n_train`` are the training images that are
    used (None: all) and ``pool`` the square of pixels that are averaged into one.
    ``weight_per_root_share`` times the root of the share of labelled images is T(i)
    (None: that of the hyperparameters is).
    """

    data: dict  # name: label counts
    seeds: tuple
    n_steps: int
    batch_size: int
    validate_every: int
    network: dict
    augmentation: dict
    hyperparameters: dict
    transferred: dict = field(default_factory=dict)
    n_train: int | None = None
    n_valid: int | None = None
    pool: int = 1
    weight_per_root_share: float | None = None

    def tried(self, data):
        """Names of the hyperparameters that a data set is run with."""
        return self.transferred.get(data, (data,))


LGA = {
    "label_lr": 15.0,
    "labeled_weight": ("linear", 10.0),
    "decay": 0.9,
    "eps_norm": 1e-6,
}
# Those of the protocol; of LGA what search_full.py starts from.
PUBLISHED_LR = {
    **dict.fromkeys(("LGA", "LGA + VAT", "VAT", "VAT + EntMin", "supervised"), 3e-3),
    **dict.fromkeys(("Pi-Model", "Pseudo-Label"), 3e-4),
    "Mean Teacher": 4e-4,
}
CIFAR10_AUGMENTATION = {"flip": True, "translation": 2, "noise": 0.15}
SVHN_AUGMENTATION = {"flip": False, "translation": 2, "noise": 0.0}
LABEL_COUNTS = (250, 500, 1000, 2000, 4000, 8000)

FULL = Protocol(
    data=dict.fromkeys(("cifar10", "svhn", "fashion_mnist"), LABEL_COUNTS),
    seeds=(0, 1, 2, 3, 4),
    n_steps=500_000,
    batch_size=50,
    validate_every=2000,
    network={},
    augmentation={
        "cifar10": CIFAR10_AUGMENTATION,
        "svhn": SVHN_AUGMENTATION,
        "fashion_mnist": SVHN_AUGMENTATION,
    },
    hyperparameters={
        "cifar10": Hyperparameters(lr=PUBLISHED_LR, lga=LGA, vat_eps=6.0),
        "svhn": Hyperparameters(lr=PUBLISHED_LR, lga=LGA, vat_eps=1.0),
    },
    transferred={"fashion_mnist": ("cifar10", "svhn")},
)
# Its hyperparameters: see search_images.py. T(i) was chosen after seeds 0 and 1.
SCALED = Protocol(
    data={"fashion_mnist": (100, 250, 1000)},
    seeds=(2, 3, 4),
    n_steps=2000,
    batch_size=64,
    validate_every=100,
    network={"depth": 10, "width": 1, "base_channels": 8, "norm_momentum": 0.05},
    augmentation={"fashion_mnist": {"flip": False, "translation": 1, "noise": 0.0}},
    hyperparameters={
        "fashion_mnist": Hyperparameters(
            lr=dict.fromkeys(METHODS, 1e-2), lga=LGA, vat_eps=1.0
        )
    },
    weight_per_root_share=0.8,
    n_train=2500,
    n_valid=2000,
    pool=2,
)
