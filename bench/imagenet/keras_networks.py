"""MobileNetV2 and VGG16 as tf_keras builds them, from pixel levels to logits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tf_keras as keras

from bench.audit.weight_files import contents_of
from bench.errors import IntegrityError

VGG_MEAN = (103.939, 116.779, 123.68)  # of blue, green and red


def mobilenetv2(input_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Build MobileNetV2 of width 1; its first layer maps pixel levels by x / 127.5 - 1. Returns float32 logits.

    Source: Sandler et al. 2018, arXiv:1801.04381.
    """
    pixels = keras.Input(input_shape, name="pixels")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1, name="rescale")(pixels)
    return _of_pixels(pixels, keras.applications.MobileNetV2, x, num_classes)


def vgg16(input_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Build VGG16; its first layers put blue first and subtract the mean of each channel. Returns float32 logits.

    Source: Simonyan & Zisserman 2014, arXiv:1409.1556.
    """
    pixels = keras.Input(input_shape, name="pixels")
    offset = [-each for each in VGG_MEAN]
    x = keras.layers.Rescaling(1.0, offset=offset, name="centre")(pixels[..., ::-1])
    return _of_pixels(pixels, keras.applications.VGG16, x, num_classes)


def _of_pixels(pixels: Any, application: Any, x: Any, num_classes: int) -> keras.Model:
    """Return the network with its normalisation and without its softmax."""
    published = application(
        include_top=True, weights=None, input_tensor=x, classes=num_classes, classifier_activation=None
    )
    return keras.Model(pixels, published.output, name=published.name)


def set_published(model: keras.Model, path: Path) -> None:
    """Give the network the weights of a file of Keras, whose hash was checked, layer by layer in their order.

    The names in an old file are not those of today's layers, so that shapes are compared.

    Raises:
        IntegrityError: the number of arrays or a shape is another.
    """
    with contents_of(path, 0) as contents:
        shapes = [each.shape for each in contents.arrays]
        expected = [tuple(each.shape) for each in model.weights]
        if shapes != expected:
            raise IntegrityError(
                f"{path.name} has {len(shapes)} arrays: expected {len(expected)} of the shapes of {model.name}"
            )
        model.set_weights([each.read() for each in contents.arrays])
