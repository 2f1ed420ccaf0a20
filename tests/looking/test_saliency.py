"""Maps of networks whose gradients are known in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tf_keras as keras
from targets import Linear, fixed

from bench.evaluation.classifier import Classifier
from bench.looking.gradient import gradient
from bench.looking.integrated_gradients import incompleteness, integrated_gradients
from bench.looking.limits import COMPLETENESS
from bench.looking.saliency import SALIENCIES, saliency
from bench.looking.smooth_grad import smooth_grad

SIZE, CLASSES = (4, 5, 3), 3
PLACES = np.array([3, 8, 20])


def linear() -> tuple[Linear, Any, Any]:
    draw = np.random.default_rng(1)
    values = int(np.prod(SIZE))
    images = draw.integers(0, 256, (3, *SIZE)).astype(np.float32)
    return Linear(draw.standard_normal((values, CLASSES)), draw.standard_normal(CLASSES)), images, np.array([2, 0, 1])


def relu_network() -> Classifier:
    pixels = keras.Input(SIZE)
    hidden = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(pixels))
    for seed, width in enumerate((12, 8, CLASSES)):
        weights, biases = (keras.initializers.RandomNormal(seed=seed + 9 * n, stddev=0.7) for n in range(2))
        activation = "relu" if width != CLASSES else None
        hidden = keras.layers.Dense(width, activation, kernel_initializer=weights, bias_initializer=biases)(hidden)
    return Classifier(keras.Model(pixels, hidden))


@pytest.mark.parametrize("attribute", [gradient, smooth_grad])
def test_the_map_of_a_linear_network_is_the_largest_absolute_weight_of_each_pixel(attribute: Any) -> None:
    network, images, labels = linear()
    weights = network.weights.T.reshape(CLASSES, *SIZE)
    expected = np.abs(weights[labels]).max(axis=-1)
    np.testing.assert_allclose(saliency(attribute(network, images, labels, PLACES)), expected, rtol=1e-5)


def test_integrated_gradients_of_a_linear_network_are_weight_times_pixel_and_sum_to_the_difference() -> None:
    network, images, labels = linear()
    found = integrated_gradients(network, images, labels, PLACES)
    weights = network.weights.T.reshape(CLASSES, *SIZE)
    np.testing.assert_allclose(found, images * weights[labels], rtol=1e-4, atol=1e-4)
    assert incompleteness(network, images, labels, found).max() < 1e-4


def test_integrated_gradients_of_a_relu_network_nearly_sum_to_the_difference_and_plain_ones_do_not() -> None:
    network, (_, images, labels) = relu_network(), linear()
    found = integrated_gradients(network, images, labels, PLACES)
    assert incompleteness(network, images, labels, found).max() < COMPLETENESS
    plain = images * gradient(network, images, labels, PLACES)
    assert incompleteness(network, images, labels, plain).max() > COMPLETENESS


def test_the_noise_of_an_image_depends_on_its_place_alone() -> None:
    network, images, labels = fixed()
    places = np.array([4, 9, 2, 30, 7])
    every = smooth_grad(network, images, labels, places)
    np.testing.assert_array_equal(smooth_grad(network, images, labels, places), every)
    np.testing.assert_allclose(smooth_grad(network, images[2:3], labels[2:3], places[2:3])[0], every[2], rtol=1e-5)
    assert not np.allclose(smooth_grad(network, images[2:3], labels[2:3], np.array([3]))[0], every[2], rtol=1e-5)
    assert not np.allclose(gradient(network, images, labels, places), every, rtol=1e-2)


def test_a_map_is_of_the_class_that_is_asked_for() -> None:
    network, images, labels = linear()
    for attribute in SALIENCIES.values():
        first, other = (attribute(network, images, each, PLACES) for each in (labels, (labels + 1) % CLASSES))
        assert not np.allclose(first, other)
