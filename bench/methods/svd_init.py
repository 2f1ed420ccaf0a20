"""SVD initialisation: a low-rank network starts from a trained full-rank one, by the closed form of Tai et al."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from bench.datasets.base import Images
from bench.methods.separable import HORIZONTAL, VERTICAL, factor, pairs


def start_by_svd(model: Any, full: Any, images: Images) -> None:
    """Set each pair of ``model``, a low-rank network, to the nearest one of the kernel of ``full``; copy all other layers.

    The batch norms of the pairs start as the identity: their scale and shift are the standard deviation and the mean of
    their inputs for ``images``. So the network computes the factored kernels, exactly in inference and nearly so in
    training, where batch norm divides by the deviation of the batch. A bias of ``full`` becomes a shift of the batch norm in
    its place. Channels beyond the rank of a kernel have drawn vertical factors and zero horizontal ones.

    Args:
        full: the trained full-rank network of the same architecture.
        images: some training images, float32, (n, height, width, 3), pixel levels.

    Source: Tai et al. 2016, arXiv:1511.06067, theorem 1; the calibration is this suite's own.
    """
    names = pairs(model)
    trained = {layer.name: layer for layer in full.layers}
    for layer in model.layers:
        # Not the state of dropout, which has no trainable weights: the new training counts its own calls.
        if layer.name in trained and layer.trainable_weights:
            layer.set_weights(trained[layer.name].get_weights())
    for name in names:
        _factor(model, name, trained[name].kernel.numpy())
    added = [layer for layer in model.layers if layer.name.endswith("_bn") and layer.name not in trained]
    biases = {f"{name}{HORIZONTAL}_bn": trained[name].bias for name in names if trained[name].use_bias}
    _make_identities(model, added, images, biases)


def _factor(model: Any, name: str, kernel: Any) -> None:
    first, second = model.get_layer(name + VERTICAL), model.get_layer(name + HORIZONTAL)
    vertical, horizontal = factor(kernel, first.filters)
    unused = ~vertical.any(axis=(0, 1, 2))
    vertical[..., unused] = first.kernel.numpy()[..., unused]
    first.kernel.assign(vertical)
    second.kernel.assign(horizontal)


def _make_identities(model: Any, norms: list[Any], images: Images, biases: dict[str, Any]) -> None:
    """Set each batch norm so that in inference it only adds its bias, with the statistics of ``images``."""
    for norm in norms:
        width = norm.gamma.shape[0]
        scale = np.full(width, np.sqrt(1 + norm.epsilon), np.float32)
        shift = biases[norm.name].numpy() if norm.name in biases else np.zeros(width, np.float32)
        norm.set_weights([scale, shift, np.zeros(width, np.float32), np.ones(width, np.float32)])
    inner = keras.Model(model.input, [norm.input for norm in norms])
    moments = tf.function(lambda x: [tf.nn.moments(tf.cast(out, tf.float32), [0, 1, 2]) for out in inner(x)])
    for norm, (mean, variance) in zip(norms, moments(images), strict=True):
        shift = norm.beta.numpy() + mean.numpy()
        norm.set_weights([np.sqrt(variance.numpy() + norm.epsilon), shift, mean.numpy(), variance.numpy()])
