"""The network that a saliency map must tell from the trained one: the same, with its weights shuffled."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from bench.methods.kernels import kernel_layers


def shuffle_weights(model: Any) -> Any:
    """Put the weights of every kernel of ``model`` into a random order, always the same one, and return ``model``.

    Each kernel keeps its values, and with them its zeros. Biases and normalisation parameters are left alone.
    Source: Adebayo et al. 2018, arXiv:1810.03292, section 3.1. Departure: it draws new weights; a shuffled kernel of a
    pruned network is as sparse as before.
    """
    draw = np.random.default_rng([*hashlib.sha256(b"shuffled weights").digest()[:4]])
    for layer in kernel_layers(model):
        kernel = layer.kernel.numpy()
        layer.kernel.assign(draw.permutation(kernel.ravel()).reshape(kernel.shape))
    return model
