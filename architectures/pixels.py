"""The first layer of every architecture: from pixel levels to roughly standardised values.

It is part of the network, so that attacks work in pixel levels.
"""

from __future__ import annotations

from typing import Any

import tf_keras as keras

MEAN = 120.0
DEVIATION = 70.0


def standardise(pixels: Any) -> Any:
    """Map pixel levels [0, 255] to about [-1.7, 1.9]: (x - 120) / 70, the rounded mean and deviation of natural photographs.

    ``pixels``: a symbolic tensor, NHWC, any float dtype.
    """
    return keras.layers.Rescaling(1 / DEVIATION, offset=-MEAN / DEVIATION, name="standardise")(pixels)
