"""What holds for every architecture: maps of the right shape that depend on the weights, and ascents that climb."""

from __future__ import annotations

import numpy as np
import pytest
import tf_keras as keras
from tiny import tiny_run

from bench.architectures import ARCHITECTURES
from bench.datasets.base import Dataset
from bench.evaluation.classifier import Classifier
from bench.looking.agreement import rank_correlation
from bench.looking.ascent import Ascent
from bench.looking.class_image import class_image
from bench.looking.maps import maps_of
from bench.looking.shuffled_weights import shuffle_weights
from bench.methods.kernels import kernel_layers
from bench.training.network import build


@pytest.mark.parametrize("arch", sorted(ARCHITECTURES))
def test_maps_and_ascents(arch: str, tiny: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.looking.smooth_grad.SAMPLES", 2)
    monkeypatch.setattr("bench.looking.integrated_gradients.STEPS", 4)
    images, places = tiny.val.spread(3), np.array([0, 20, 39])
    model = build(tiny_run(arch=arch), 4, "float32")
    network = Classifier(model)
    found = maps_of(network, images, places)
    image = class_image(network, 1, (32, 32, 3), Ascent(steps=3, jitter=0, blur=0, decay=0))
    assert image.logits[-1] > image.logits[0]
    kernels = [np.sort(layer.kernel.numpy().ravel()) for layer in kernel_layers(model)]
    assert shuffle_weights(model) is model
    other = maps_of(network, images, places)
    for before, layer in zip(kernels, kernel_layers(model), strict=True):
        np.testing.assert_array_equal(np.sort(layer.kernel.numpy().ravel()), before)
    for kind, maps in found.maps.items():
        assert maps.shape == (3, 32, 32)
        assert (maps >= 0).all()
        assert (rank_correlation(maps, other.maps[kind]) < 0.95).all(), kind
    assert found.predicted.shape == found.incompleteness.shape == (3,)


def test_the_weights_of_every_kind_of_kernel_are_shuffled_and_biases_are_not() -> None:
    pixels = keras.Input((8, 8, 3))
    x = keras.layers.DepthwiseConv2D(3, bias_initializer="normal", name="depthwise")(pixels)
    inner = keras.Sequential([keras.Input((6, 6, 3)), keras.layers.SeparableConv2D(4, 3)], name="inner")
    model = keras.Model(pixels, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(inner(x))))
    before = [each.numpy() for each in model.weights]
    after = [each.numpy() for each in shuffle_weights(model).weights]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(np.sort(new.ravel()), np.sort(old.ravel()))
        assert (new != old).any() == (old.ndim > 1)
