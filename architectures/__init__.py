"""The table of architectures: for each name the function that builds the network, and its default learning rate.

The package is installed as ``bench.architectures``. A function is imported when its network is built, so that reading the
table does not import TensorFlow.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Architecture:
    """One row of the table.

    Args:
        place: ``module:function`` of a function ``(input_shape, num_classes, *, conv, dense) -> tf_keras.Model``. It makes
            its convolutions by ``conv(channels, size, strides=, padding=, use_bias=, kernel_initializer=, name=)(x)``,
            one number for both sides, and its dense layers by ``dense(units, name=)(x)``. A convolution without bias is
            one that batch norm follows. Every layer with a kernel needs a name.
        learning_rate: the default peak learning rate of SGD with momentum 0.9 at batch size 128.
        clip_norm: the default largest norm of the gradient; 0: not clipped.
        lr1: the internship report's ranks (its section 4.2) of the convolutions larger than 1x1, in order. It is empty
            where there is no such convolution, and None where the report names no ranks.
        audit_eps: the radii of an audit, L-infinity, pixel levels, ascending: those at which the dense network keeps about
            a half and a fifth of its clean accuracy under the worst attack.
    """

    place: str
    learning_rate: float = 0.05
    clip_norm: float = 5.0
    lr1: tuple[int, ...] | None = None
    audit_eps: tuple[float, ...] = (2.0, 4.0)

    def function(self) -> Callable[..., Any]:
        """Import and return the function that builds the network."""
        found: Callable[..., Any] = pkgutil.resolve_name(self.place)
        return found


ALEXNET_LR1 = (8, 40, 60, 100, 200)
RESNET18_LR1 = (8, 5, 24, 24, 24, 48, 48, 48, 48, 64, 128, 160, 160, 192, 192, 256, 256)

# Without a clip norm of 5, some seeds stay on the first plateau (AlexNet) or lose accuracy in a short training (ResNet18).
# FC5's pair was chosen by accuracy on held-out training images. The rates of alexnet-bn and resnet18 are the usual ones.
# The radii of AlexNet come of benchmarks/audit_radii.py: 0.52 of the clean accuracy is left at 1.25, 0.19 at 2.5.
ARCHITECTURES: dict[str, Architecture] = {
    "alexnet": Architecture(
        "bench.architectures.alexnet:alexnet",
        learning_rate=0.02,
        clip_norm=5.0,
        lr1=ALEXNET_LR1,
        audit_eps=(1.25, 2.5),
    ),
    "alexnet-bn": Architecture(
        "bench.architectures.alexnet:alexnet_batch_norm", learning_rate=0.05, clip_norm=5.0, lr1=ALEXNET_LR1
    ),
    "fc5": Architecture("bench.architectures.fc5:fc5", learning_rate=0.05, clip_norm=1.0, lr1=(), audit_eps=(1.0, 2.5)),
    "resnet18": Architecture(
        "bench.architectures.resnet18:resnet18", learning_rate=0.1, clip_norm=5.0, lr1=RESNET18_LR1
    ),
}
