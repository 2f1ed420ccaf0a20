"""The network that a saliency map must tell from the trained one: the same, with its weights shuffled."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np


def shuffle_weights(model: Any) -> Any:
    """Put the weights of every kernel of ``model`` into a random order, always the same one, and return ``model``.

    A kernel is a weight of two or more axes, of any kind of layer. Each keeps its values, and with them its zeros. Biases and
    normalisation parameters are left alone.
    Source: Adebayo et al. 2018, arXiv:1810.03292, section 3.1. Departure: it draws new weights; a shuffled kernel of a
    pruned network is as sparse as before.
    """
    draw = np.random.default_rng([*hashlib.sha256(b"shuffled weights").digest()[:4]])
    for weight in model.weights:
        if len(weight.shape) > 1:
            values = weight.numpy()
            weight.assign(draw.permutation(values.ravel()).reshape(values.shape))
    return model
