"""Interval bound propagation: the range of every value of a network over a ball around the image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tf_keras as keras

from bench.attacks.ball import Radii
from bench.audit.bounds.layers import IDENTITIES, read
from bench.audit.bounds.rounding import slack
from bench.datasets.base import Images, Labels
from bench.evaluation.classifier import Classifier
from bench.records.outcomes import Floats

# 64 images of 64 x 64 px: ResNet18 then needs less than 1 GB.
PIXELS = 64 * 64 * 64


class Interval(NamedTuple):
    """The ends of an interval for each value: two float64 tensors of one shape, images first."""

    lower: Any
    upper: Any


Transform = Callable[..., Interval]


class IntervalBounds:
    """Lower bounds of the margins of a network, by interval bound propagation.

    With c the centre and r the half width of the interval of x, each layer gives

        W x + b                 W c + b  +-  |W| r
        ReLU, max pooling       of both ends
        x + x'                  lower + lower', upper + upper'

    The last dense layer is folded into the margins: row y - row j of W, so that what two logits share cancels.
    Every value is float64. Each sum is widened by ``slack`` times the sum of its absolute terms, so that the bounds hold
    for the network in exact arithmetic with its float32 weights.
    Departure: the paper trains by these bounds; here they judge a trained network.
    Source: Gowal et al. 2018, arXiv:1810.12715, sections 3.1 to 3.3.

    Args:
        model: a functional float32 tf_keras network of logits. Its weights are copied.

    Raises:
        BadInput: a layer is not known.
    """

    def __init__(self, model: Any) -> None:
        self.classifier = Classifier(model)
        network = read(model)
        self._pixels, self._source = network.pixels, network.last.inputs[0]
        self._steps = [(step.layer.name, step.inputs, transform(step.layer)) for step in network.steps]
        self._kernel, self._bias = _weights(network.last.layer)
        size = tf.TensorSpec(model.inputs[0].shape, tf.float32)
        radius, label = tf.TensorSpec([None], tf.float32), tf.TensorSpec([None], tf.int64)
        self._compiled = tf.function(lambda *given: self._bounded(*given), input_signature=[size, label, radius])

    def margins(self, images: Images, labels: Labels, eps: Radii) -> Floats:
        """Return lower bounds of logit y minus logit j over each ball, (n, classes); infinity at j = y.

        Args:
            images: float32, (n, height, width, 3), pixel levels.
            labels: int64, (n,), the classes y.
            eps: float32, (n,), the radii in L-infinity, pixel levels. The ball is cut to the box [0, 255].
        """
        size = max(1, PIXELS // (images.shape[1] * images.shape[2]))
        parts = [slice(start, start + size) for start in range(0, len(images), size)]
        return np.concatenate([self._compiled(images[part], labels[part], eps[part]).numpy() for part in parts])

    def _bounded(self, images: Any, labels: Any, eps: Any) -> Any:
        known = {self._pixels: ball(images, eps)}
        for name, inputs, step in self._steps:
            known[name] = step(*[known[each] for each in inputs])
        rows, bias = tf.transpose(self._kernel), self._bias
        differences = tf.gather(rows, labels)[:, None] - rows
        constant = tf.gather(bias, labels)[:, None] - bias
        size = tf.gather(abs(bias), labels)[:, None] + abs(bias)
        lower = _affine(known[self._source], _rowwise, differences, constant, size, rows.shape[1]).lower
        own = tf.one_hot(labels, len(rows), on_value=True, off_value=False)
        return tf.where(own, tf.constant(np.inf, tf.float64), lower)


def ball(images: Any, eps: Any) -> Interval:
    """Return the interval of each pixel: within ``eps`` (n,) of ``images`` (n, height, width, 3), and in [0, 255]."""
    centre, radius = tf.cast(images, tf.float64), tf.cast(eps, tf.float64)[:, None, None, None]
    return Interval(tf.maximum(centre - radius, 0.0), tf.minimum(centre + radius, 255.0))


def transform(layer: Any) -> Transform:
    """Return the function from the intervals of what ``layer`` takes to those of what it returns."""
    return TRANSFORMS[type(layer)](layer)


def _affine(
    box: Interval, product: Callable[[Any, Any], Any], kernel: Any, bias: Any, size: Any, terms: int
) -> Interval:
    """Return the interval of ``product``(x, ``kernel``) + ``bias``, each a sum of ``terms`` products.

    ``size`` is at least the absolute value of each term of ``bias``.
    """
    more = slack(terms)
    centre, radius = (box.lower + box.upper) / 2, (box.upper - box.lower) / 2
    middle = product(centre, kernel) + bias
    reach = product(radius + more * (abs(centre) + radius), abs(kernel)) + more * size
    return Interval(middle - reach, middle + reach)


def _summed(total: Callable[[Any], Any], lower: Any, upper: Any, terms: int) -> Interval:
    """Return the interval of the sum or mean ``total``, which rises with each of its ``terms`` terms."""
    more = slack(terms)
    return Interval(total(lower) - more * total(abs(lower)), total(upper) + more * total(abs(upper)))


def _weights(layer: Any) -> tuple[Any, Any]:
    kernel = tf.cast(layer.kernel, tf.float64)
    bias = tf.zeros(kernel.shape[-1], tf.float64) if layer.bias is None else tf.cast(layer.bias, tf.float64)
    return kernel, bias


def _single(setting: Any) -> Any:
    # As the network has it: rounded to float32.
    return tf.constant(np.float32(setting), tf.float64)


def _rowwise(values: Any, kernels: Any) -> Any:
    return tf.linalg.matvec(kernels, values)


def _dense(layer: Any) -> Transform:
    kernel, bias = _weights(layer)
    return lambda box: _affine(box, tf.matmul, kernel, bias, abs(bias), kernel.shape[0])


def _convolution(layer: Any) -> Transform:
    kernel, bias = _weights(layer)
    options = {"strides": layer.strides, "padding": layer.padding.upper(), "dilations": layer.dilation_rate}

    def product(values: Any, kernel: Any) -> Any:
        return tf.nn.conv2d(values, kernel, **options)

    return lambda box: _affine(box, product, kernel, bias, abs(bias), int(np.prod(kernel.shape[:3])))


def _batch_norm(layer: Any) -> Transform:
    mean, variance = tf.cast(layer.moving_mean, tf.float64), tf.cast(layer.moving_variance, tf.float64)
    scale = (tf.cast(layer.gamma, tf.float64) if layer.scale else 1.0) / tf.sqrt(variance + _single(layer.epsilon))
    beta = tf.cast(layer.beta, tf.float64) if layer.center else tf.zeros_like(mean)
    offset, size = beta - mean * scale, abs(beta) + abs(mean * scale)
    return lambda box: _affine(box, tf.multiply, scale, offset, size, 1)


def _rescaling(layer: Any) -> Transform:
    scale, offset = _single(layer.scale), _single(layer.offset)
    return lambda box: _affine(box, tf.multiply, scale, offset, abs(offset), 1)


def _add(_layer: Any) -> Transform:
    def added(*boxes: Interval) -> Interval:
        lower, upper = (tf.stack(ends) for ends in zip(*boxes, strict=True))
        return _summed(lambda ends: tf.reduce_sum(ends, 0), lower, upper, len(boxes))

    return added


def _average(layer: Any) -> Transform:
    del layer

    def averaged(box: Interval) -> Interval:
        terms = int(np.prod(box.lower.shape[1:3]))
        return _summed(lambda ends: tf.reduce_mean(ends, [1, 2]), box.lower, box.upper, terms)

    return averaged


def _both_ends(of: Callable[[Any], Any]) -> Transform:
    return lambda box: Interval(of(box.lower), of(box.upper))


def _pooling(layer: Any) -> Transform:
    def largest(ends: Any, unknown: float) -> Any:
        # TensorFlow's pooling passes over NaN, which stands for no bound at all.
        known = tf.where(tf.math.is_nan(ends), tf.constant(unknown, tf.float64), ends)
        return tf.nn.max_pool2d(known, layer.pool_size, layer.strides, layer.padding.upper())

    return lambda box: Interval(largest(box.lower, -np.inf), largest(box.upper, np.inf))


def _padding(layer: Any) -> Transform:
    return _both_ends(lambda ends: tf.pad(ends, [(0, 0), *layer.padding, (0, 0)]))


def _flatten(_layer: Any) -> Transform:
    return _both_ends(lambda ends: tf.reshape(ends, [tf.shape(ends)[0], int(np.prod(ends.shape[1:]))]))


TRANSFORMS: dict[type, Callable[[Any], Transform]] = {
    keras.layers.Add: _add,
    keras.layers.BatchNormalization: _batch_norm,
    keras.layers.Conv2D: _convolution,
    keras.layers.Dense: _dense,
    keras.layers.Flatten: _flatten,
    keras.layers.GlobalAveragePooling2D: _average,
    keras.layers.MaxPooling2D: _pooling,
    keras.layers.ReLU: lambda _layer: _both_ends(tf.nn.relu),
    keras.layers.Rescaling: _rescaling,
    keras.layers.ZeroPadding2D: _padding,
    **{kind: lambda _layer: lambda box: box for kind in IDENTITIES},
}
