"""The network of Section 4, with the augmentation of its protocol inside."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.1
"""Slope of the leaky ReLUs below zero."""


class Augmentation(nn.Module):
    """Random flips, translations and noise in training mode, redrawn at every pass.

    Parameters
    ----------
    flip : bool
        Mirror each image left to right with probability 1/2.

    translation : int
        Shift each image by up to so many pixels in both directions; what comes in
        at the border is its reflection.

    noise : float
        Standard deviation of the normal noise added to every value.

    generator : torch.Generator or None, default=None
        On the device of the images; None means torch's global one.
    """

    def __init__(self, flip, translation, noise, generator=None):
        super().__init__()
        self.flip = flip
        self.translation = translation
        self.noise = noise
        self.generator = generator

    def forward(self, x):
        """Images of shape (n_images, channels, height, width), augmented."""
        if not self.training:
            return x
        if self.translation:
            x = self._select(x, 2, self._positions(x, x.shape[2]))
        if self.translation or self.flip:
            columns = self._positions(x, x.shape[3])
            if self.flip:
                mirrored = self._integers(x, 0, 1).bool()
                columns = torch.where(mirrored, x.shape[3] - 1 - columns, columns)
            x = self._select(x, 3, columns)
        if self.noise:
            x = x + self.noise * torch.empty_like(x).normal_(generator=self.generator)
        return x

    def _integers(self, x, low, high):
        """One random integer from low to high for each image, shape (n_images, 1)."""
        values = torch.empty(len(x), 1, dtype=torch.int64, device=x.device)
        return values.random_(low, high + 1, generator=self.generator)

    def _positions(self, x, size):
        """Where the pixels along an axis come from, shape (n_images, size)."""
        positions = torch.arange(size, device=x.device).expand(len(x), -1)
        if not self.translation:
            return positions
        shift = self._integers(x, -self.translation, self.translation)
        positions = (positions + shift).abs()
        last = size - 1
        return last - (last - positions).abs()

    @staticmethod
    def _select(x, dim, positions):
        """Pixels at positions of its own for each image, along one axis."""
        shape = [len(x), 1, 1, 1]
        shape[dim] = positions.shape[1]
        return x.gather(dim, positions.reshape(shape).expand_as(x))

    def extra_repr(self):
        """What repr shows."""
        return f"flip={self.flip}, translation={self.translation}, noise={self.noise}"


def convolution(n_inputs, n_outputs, size, stride, generator):
    """Without a bias, its weights from N(0, 2 / (size^2 n_outputs))."""
    settings = {"stride": stride, "padding": size // 2, "bias": False}
    layer = nn.utils.skip_init(nn.Conv2d, n_inputs, n_outputs, size, **settings)
    nn.init.kaiming_normal_(
        layer.weight, mode="fan_out", nonlinearity="relu", generator=generator
    )
    return layer


class ResidualUnit(nn.Module):
    """Two 3 x 3 convolutions, each behind batch norm and leaky ReLU, and a shortcut.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Channels.

    stride : int
        Of the first convolution and of the shortcut's.

    activate_first : bool
        Whether the shortcut, too, starts behind the first batch norm and ReLU.

    norm : callable
        Batch norm for a number of channels.

    generator : torch.Generator or None
        Source of the weights.
    """

    def __init__(self, n_inputs, n_outputs, stride, activate_first, norm, generator):
        super().__init__()
        self.activate_first = activate_first
        self.norm1 = norm(n_inputs)
        self.conv1 = convolution(n_inputs, n_outputs, 3, stride, generator)
        self.norm2 = norm(n_outputs)
        self.conv2 = convolution(n_outputs, n_outputs, 3, 1, generator)
        self.shortcut = nn.Identity()
        if n_inputs != n_outputs:
            self.shortcut = convolution(n_inputs, n_outputs, 1, stride, generator)

    def forward(self, x):
        """Add the unit's residual to its input."""
        activated = F.leaky_relu(self.norm1(x), SLOPE)
        residual = self.conv1(activated)
        residual = self.conv2(F.leaky_relu(self.norm2(residual), SLOPE))
        return residual + self.shortcut(activated if self.activate_first else x)


class WideResNet(nn.Module):
    """Wide residual network for images, WRN-28-2 as in Section 4 by default.

    Three groups of ``(depth - 4) / 6`` residual units with 16, 32 and 64 times
    ``width`` channels, batch norm, leaky ReLU of slope 0.1, global average pooling
    and a linear head [1]_ [2]_. Augmentation is part of the forward pass in training
    mode, and is drawn anew at every pass.

    Parameters
    ----------
    n_features : tuple of int (channels, height, width)
        Shape of an image.

    n_outputs : int
        Number of classes.

    depth : int, default=28
        4 + 6 times the units of a group.

    width : int, default=2
        Factor of the groups' channels.

    base_channels : int, default=16
        Channels of the first convolution.

    flip : bool, default=True
        Augmentation: mirror each image with probability 1/2. Turn it off for
        images with a left and a right, as digits.

    translation : int, default=2
        Augmentation: shift each image by up to so many pixels, reflected at the
        border.

    noise : float, default=0.15
        Augmentation: standard deviation of the noise added to the images. The
        defaults of the three are the protocol's for CIFAR-10; for SVHN it has
        ``flip=False, noise=0.0``.

    norm_momentum : float, default=0.001
        Share of a batch in the running statistics of batch norm. Raise it where
        there are fewer than some thousand steps.

    generator : torch.Generator or None, default=None
        Source of the initial parameters, on the CPU; None means torch's global
        one.

    noise_generator : torch.Generator or None, default=None
        Source of the augmentation, on the network's device; None means torch's
        global one.

    References
    ----------
    .. [1] S. Zagoruyko and N. Komodakis, "Wide Residual Networks", 2016.
    .. [2] A. Oliver et al., "Realistic Evaluation of Deep Semi-Supervised Learning
       Algorithms", 2018.

    Examples
    --------
    >>> import torch
    >>> from sklearn_lga.modules import WideResNet
    >>> network = WideResNet((1, 8, 8), 10, depth=10, width=1)
    >>> network(torch.zeros(2, 1, 8, 8)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        n_features: tuple[int, int, int],
        n_outputs: int,
        *,
        depth: int = 28,
        width: int = 2,
        base_channels: int = 16,
        flip: bool = True,
        translation: int = 2,
        noise: float = 0.15,
        norm_momentum: float = 0.001,
        generator: torch.Generator | None = None,
        noise_generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        check_shape(n_features, translation)
        check_depth(depth)

        def norm(n_channels):
            return nn.BatchNorm2d(n_channels, eps=1e-3, momentum=norm_momentum)

        self.augmentation = Augmentation(flip, translation, noise, noise_generator)
        self.stem = convolution(n_features[0], base_channels, 3, 1, generator)
        units: list[nn.Module] = []
        n_inputs = base_channels
        for group in range(3):
            n_channels = base_channels * width * 2**group
            for unit in range((depth - 4) // 6):
                stride = 2 if group and not unit else 1
                first = not units
                units.append(
                    ResidualUnit(n_inputs, n_channels, stride, first, norm, generator)
                )
                n_inputs = n_channels
        self.units = nn.Sequential(*units)
        self.norm = norm(n_inputs)
        self.head = nn.utils.skip_init(nn.Linear, n_inputs, n_outputs)
        nn.init.xavier_normal_(self.head.weight, generator=generator)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n_images, n_outputs) of images (n_images, channels, h, w)."""
        return self.deterministic(self.augmentation(x))

    def deterministic(self, x: Tensor) -> Tensor:
        """What follows the augmentation: nothing in it is drawn at random.

        Parameters
        ----------
        x : Tensor of shape (n_images, channels, height, width)
            Augmented images.

        Returns
        -------
        logits : Tensor of shape (n_images, n_outputs)
            The network's outputs.
        """
        x = self.units(self.stem(x))
        x = F.leaky_relu(self.norm(x), SLOPE).mean(dim=(2, 3))
        return self.head(x)

    @property
    def can_push_forward(self) -> bool:
        """Whether a call is :meth:`deterministic` behind ``augmentation``.

        Not where a subclass has a forward pass of its own or layers were exchanged.
        """
        kinds = {type(m) for m in self.modules() if m is not self}
        return type(self).forward is WideResNet.forward and kinds <= KINDS


KINDS = {
    *(Augmentation, ResidualUnit, nn.Sequential, nn.Identity),
    *(nn.Conv2d, nn.BatchNorm2d, nn.Linear),
}
"""What a network is made of."""


def check_shape(n_features, translation):
    """Refuse rows that are no images, or images too small to be shifted."""
    shape = tuple(n_features) if hasattr(n_features, "__len__") else (n_features,)
    if len(shape) != 3:
        raise ValueError(
            f"WideResNet takes images of shape (channels, height, width), got rows of "
            f"shape {shape}. Reshape X to (n_images, channels, height, width)."
        )
    if min(shape[1:]) <= translation:
        raise ValueError(
            f"translation={translation} must be smaller than the images, got "
            f"{shape[1]} x {shape[2]} pixels."
        )


def check_depth(depth):
    """Refuse a depth that does not make three equal groups."""
    if depth < 10 or (depth - 4) % 6:
        raise ValueError(
            f"depth must be 6 n + 4 with n >= 1 units in each of three groups, as 10, "
            f"16, 22 or 28, got {depth!r}."
        )
