"""Networks that are used otherwise than they were trained, told by their answers on images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from foreign import SIZE, bands, build, right_weights

from bench.audit.plausibility import MOST_IMAGES, SCALES, check_answers
from bench.errors import BadInput


def check(model: Any, classes: int = 4, count: int = 96) -> list[str]:
    """Return the warnings about ``model`` on bands."""
    said: list[str] = []
    check_answers(model, "net.py:net", bands(count, classes), said.append)
    return said


def on(model: Any, change: Any) -> Any:
    """Return ``model`` on changed pixels."""
    pixels = keras.Input((SIZE, SIZE, 3))
    return keras.Model(pixels, model(keras.layers.Lambda(change)(pixels)))


def answering(model: Any, change: Any) -> Any:
    """Return ``model`` with changed logits."""
    return keras.Model(model.input, keras.layers.Lambda(change)(model.output))


def test_a_network_that_is_right_brings_no_warning() -> None:
    assert check(build()) == []
    assert check(build(), count=24) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (tf.nn.softmax, r"returns probabilities: on all 96 images they are in \[0, 1\] and sum to 1; expected logits"),
        (lambda x: tf.nn.softmax(x) * 1.0009, "returns probabilities"),
        (lambda x: x / 0.0 * 0.0, "returns NaN or infinity on 96 of 96 images"),
        (lambda x: tf.where(tf.argmax(x, 1)[:, None] == 2, np.inf, x), "returns NaN or infinity on 24 of 96 images"),
    ],
)
def test_answers_that_are_no_logits_are_refused(change: Any, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        check(answering(build(), change))


@pytest.mark.parametrize(
    "change", [lambda x: tf.nn.sigmoid(x / 100 - 3), tf.nn.log_softmax, lambda x: tf.nn.softmax(x) * 1.01]
)
def test_answers_that_do_not_sum_to_one_are_logits(change: Any) -> None:
    assert check(answering(build(), change)) == []


# On pixel levels, 5 and more, each of them sees a white image; the second and third see one on the scales before, too.
CLIPS = dict(zip(SCALES, [(0.0, 1.0), (-1.0, 0.0), (1.0, 3.0)], strict=True))


@pytest.mark.parametrize("layer", SCALES)
def test_a_network_of_another_scale_is_refused_with_the_layer_that_mends_it(layer: str) -> None:
    low, high = CLIPS[layer]
    model = on(build(), lambda x: 100 * tf.clip_by_value(x, low, high))
    with pytest.raises(
        BadInput, match=r"classifies 24 of 96 images correctly, and 9\d of 96 images with the first"
    ) as refusal:
        check(model)
    assert layer in str(refusal.value)
    assert "expected pixel levels [0, 255]" in str(refusal.value)
    first = eval(layer, {"keras": keras})
    pixels = keras.Input((SIZE, SIZE, 3))
    assert check(keras.Model(pixels, model(first(pixels)))) == []


@pytest.mark.parametrize("layer", SCALES)
def test_a_scale_is_that_of_the_layer_that_is_shown(layer: str) -> None:
    images = bands().val.images.astype(np.float32)
    shown = eval(layer, {"keras": keras})(images).numpy()
    assert np.allclose(SCALES[layer](images), shown, atol=1e-5)
    assert -3 < shown.min() < shown.max() < 3


def test_a_network_that_is_better_on_another_scale_brings_a_warning() -> None:
    def dazzled(x: Any) -> Any:  # by the brightest quarter of the images in pixel levels
        bright = tf.reduce_mean(x[:, :, :, 0], axis=(1, 2), keepdims=True)[..., None] > 103.5
        return tf.where(bright, 0.0, x)

    (warning,) = check(on(build(), dazzled), count=400)
    assert "keras.layers.Rescaling(1 / 255)" in warning
    assert "400 of 400 images with" in warning


def permuted(order: list[int], classes: int) -> Any:
    model = build(classes=classes)
    *others, kernel, bias = right_weights(classes)
    model.set_weights([*others, kernel[:, order], bias[order]])
    return model


def test_a_network_of_another_order_of_the_classes_is_refused_with_the_order() -> None:
    with pytest.raises(BadInput, match=r"0 of 96 images correctly, and 48 of 48 images with other outputs") as refusal:
        check(permuted([1, 2, 3, 0], 4))
    assert "(3 = a, 0 = b, 1 = c, 2 = d): rename them to sort in the order of the outputs" in str(refusal.value)


def test_two_classes_in_each_other_s_place_bring_a_warning() -> None:
    (warning,) = check(permuted([1, 0, *range(2, 10)], 10), classes=10, count=400)
    assert (
        "320 of 400 images correctly, and 200 of 200 images with other outputs for the class folders (1 = a, 0 = b)"
        in warning
    )


def test_a_network_that_did_not_learn_is_refused_with_the_order_of_the_classes() -> None:
    draw = np.random.default_rng(3)
    for _ in range(5):
        model = build()
        model.set_weights([draw.normal(0, 0.1, array.shape) ** 2 for array in right_weights()])
        with pytest.raises(BadInput, match=r"well above chance, 1 in 4; .* weights are of this network") as refusal:
            check(model)
        assert "output i is class i of the sorted folder names (0 = a, 1 = b, 2 = c, 3 = d)" in str(refusal.value)


def test_too_few_images_to_tell_are_refused() -> None:
    with pytest.raises(BadInput, match=r"classifies 4 of 4 images correctly: .* that there are enough images"):
        check(build(classes=2), classes=2, count=4)


def test_no_more_images_are_used_than_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    class Counted:
        def __init__(self, model: Any) -> None:
            self.model = model

        def logits(self, images: Any) -> Any:
            seen.append(len(images))
            return self.model(images).numpy()

    monkeypatch.setattr("bench.audit.plausibility.Classifier", Counted)
    check(build(), count=MOST_IMAGES + 200)
    assert set(seen) == {MOST_IMAGES}
