"""The TensorFlow target: exact gradients, and counts that show a masked one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tf_keras as keras
from targets import TwoLayers, as_network, fixed, trained

from bench.attacks.losses import CrossEntropy, Dlr, Loss, Margin
from bench.datasets.base import Dataset
from bench.errors import BadInput, BenchError
from bench.evaluation.classifier import Classifier


def linear(size: tuple[int, ...], weights: Any, bias: Any = None, temperature: float = 1.0) -> Classifier:
    pixels = keras.Input(size)
    dense = keras.layers.Dense(weights.shape[1])
    model = keras.Model(pixels, dense(keras.layers.Flatten()(pixels)))
    dense.set_weights([weights, np.zeros(weights.shape[1]) if bias is None else bias])
    return Classifier(model, temperature)


@pytest.fixture(scope="module")
def two_layers() -> tuple[TwoLayers, Classifier]:
    exact, _, _ = fixed()
    return exact, Classifier(as_network(exact, (6, 6, 3)), exact.temperature)


@pytest.mark.parametrize("loss", [CrossEntropy(1.0), CrossEntropy(20.0), CrossEntropy(0.5), Margin()])
def test_logits_and_gradients_are_those_of_the_formula(loss: Loss, two_layers: tuple[TwoLayers, Classifier]) -> None:
    exact, classifier = two_layers
    _, images, labels = fixed()
    many = np.tile(images, (60, 1, 1, 1)), np.tile(labels, 60)  # more than a batch
    np.testing.assert_allclose(classifier.logits(many[0]), exact.logits(many[0]), rtol=1e-4, atol=1e-5)
    expected = exact.gradient(*many, loss)
    np.testing.assert_allclose(
        classifier.gradient(*many, loss), expected, rtol=1e-3, atol=1e-5 * np.abs(expected).max()
    )


def test_logits_times_1000_leave_no_gradient_and_it_is_counted(tiny: Dataset) -> None:
    images, found = tiny.val.images.astype(np.float32), trained(tiny.train)
    plain, masked = (linear((32, 32, 3), scale * found.weights, scale * found.bias) for scale in (1, 1000))
    for each in (plain, masked):
        each.gradient(images, tiny.val.labels, CrossEntropy())
    assert plain.zero_images == 0
    assert masked.zero_images > 0.8
    assert masked.zero_pixels >= masked.zero_images
    assert masked.broken == 0


def test_the_fraction_of_zero_pixels_by_hand() -> None:
    classifier = linear((1, 2, 1), np.array([[1.0, 0.0], [0.0, 0.0]]))
    assert (classifier.zero_images, classifier.zero_pixels) == (0, 0)
    classifier.gradient(np.ones((3, 1, 2, 1), np.float32), np.zeros(3, np.int64), CrossEntropy())
    assert (classifier.zero_images, classifier.zero_pixels) == (0, 0.5)
    classifier.forget()
    assert (classifier.zero_images, classifier.zero_pixels) == (0, 0)


def test_of_no_images_there_are_no_logits_and_no_gradients(two_layers: tuple[TwoLayers, Classifier]) -> None:
    classifier, none = two_layers[1], np.zeros((0, 6, 6, 3), np.float32)
    labels, classes = np.zeros(0, np.int64), classifier.model.output_shape[1]
    found = [classifier.logits(none), *classifier.step(none, labels, CrossEntropy(), labels)]
    assert [each.shape for each in found] == [(0, classes), (0, classes), (0,), none.shape]
    assert {each.dtype for each in found} == {np.dtype(np.float32)}


def test_a_gradient_that_is_not_finite_is_counted_and_replaced() -> None:
    classifier = linear((1, 2, 1), np.array([[3e38, -3e38], [0.0, 0.0]]))
    found = classifier.gradient(np.ones((2, 1, 2, 1), np.float32), np.array([0, 1]), Margin())
    assert classifier.broken == 2
    assert np.isfinite(found).all()


def test_without_other_networks_none_is_given() -> None:
    with pytest.raises(BenchError, match="the network of the control was asked for"):
        linear((1, 2, 1), np.eye(2)).other("")


def test_a_network_that_returns_probabilities_or_computes_in_another_type_is_refused() -> None:
    pixels = keras.Input((2, 2, 3))
    flat = keras.layers.Flatten()(pixels)
    with pytest.raises(BenchError, match="softmax"):
        Classifier(keras.Model(pixels, keras.layers.Dense(2, activation="softmax")(flat)))
    model = keras.Model(pixels, keras.layers.Dense(2)(flat))
    model._set_dtype_policy("mixed_bfloat16")
    with pytest.raises(BenchError, match="bfloat16"):
        Classifier(model)


def test_the_loss_that_needs_three_classes_is_refused_with_two() -> None:
    classifier = linear((1, 2, 1), np.eye(2))
    with pytest.raises(BadInput, match=r"three classes, received 2: attack with loss=margin"):
        classifier.step(np.ones((1, 1, 2, 1), np.float32), np.zeros(1, np.int64), Dlr(), np.zeros(1, np.int64))
