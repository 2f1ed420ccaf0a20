"""The table of architectures: a name, where its function stands, and the peak learning rate that suits it.

Places are written as ``module:function`` and resolved when a network is built, so that reading the table (to refuse a
wrong name, to print the help) does not import TensorFlow.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Architecture:
    """One row of the table.

    ``place``: ``module:function`` of a function ``(input_shape, num_classes, *, conv, dense) -> tf_keras.Model``. It makes
    its convolutions by ``conv(channels, size, strides=, padding=, use_bias=, kernel_initializer=, name=)(x)``, one number
    for both sides; no bias means that batch norm follows.
    ``learning_rate``: the default peak learning rate of SGD with momentum 0.9 at batch size 128. ``clip_norm``: the
    default largest norm of the gradient, 0 where it is not clipped. ``lr1``: the internship report's ranks (its section
    4.2) of the convolutions larger than 1x1, in order; empty where there is no such convolution, None where the report
    names none.
    """

    place: str
    learning_rate: float
    clip_norm: float = 0.0
    lr1: tuple[int, ...] | None = None

    def function(self) -> Callable[..., Any]:
        """Import and return the function that builds the network."""
        found: Callable[..., Any] = pkgutil.resolve_name(self.place)
        return found


ALEXNET_LR1 = (8, 40, 60, 100, 200)
RESNET18_LR1 = (8, 5, 24, 24, 24, 48, 48, 48, 48, 64, 128, 160, 160, 192, 192, 256, 256)

# Clipped at 5, else some seeds do not leave the first plateau (AlexNet) or fall back in a short training (ResNet18);
# FC5's pair is chosen by its accuracy on held-out training images. The rates of alexnet-bn and resnet18 are customary.
ARCHITECTURES: dict[str, Architecture] = {
    "alexnet": Architecture("architectures.alexnet:alexnet", learning_rate=0.02, clip_norm=5.0, lr1=ALEXNET_LR1),
    "alexnet-bn": Architecture(
        "architectures.alexnet:alexnet_batch_norm", learning_rate=0.05, clip_norm=5.0, lr1=ALEXNET_LR1
    ),
    "fc5": Architecture("architectures.fc5:fc5", learning_rate=0.05, clip_norm=1.0, lr1=()),
    "resnet18": Architecture("architectures.resnet18:resnet18", learning_rate=0.1, clip_norm=5.0, lr1=RESNET18_LR1),
}
