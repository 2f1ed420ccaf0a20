"""Adversarial training on a linear network, where each attacked image is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from numpy.typing import NDArray

from bench.architectures.dropout import StatelessDropout
from bench.methods.adversarial_training import AdversarialTraining
from bench.methods.magnitude_pruning import MagnitudePruning
from bench.methods.temperature import Temperature
from bench.spec.pruning_schedule import Steps

SIZE = (4, 4, 3)
VALUES = 48
EPS = 6.0
DRAW = np.random.default_rng(0)
WEIGHTS = DRAW.normal(size=VALUES).astype(np.float32) / 1000  # so small that no softmax is exactly 1
IMAGES = np.concatenate([DRAW.uniform(0, 255, (6, *SIZE)), np.zeros((1, *SIZE)), np.full((1, *SIZE), 255.0)])
IMAGES = IMAGES.astype(np.float32)
LABELS = np.arange(8) % 2
# The logits are 0 and w x, so that the loss rises along w for label 0 and against it for label 1.
UPWARDS = (np.sign(WEIGHTS) * np.where(LABELS == 0, 1, -1)[:, None]).reshape(IMAGES.shape)


def cross_entropy(labels: object, logits: object) -> object:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def linear() -> Any:
    """Return the linear network, behind a dropout and a batch norm that in inference change no sign."""
    pixels = keras.Input(SIZE)
    hidden = StatelessDropout(0.5)(keras.layers.BatchNormalization()(keras.layers.Flatten()(pixels)))
    last = keras.layers.Dense(2)
    model = keras.Model(pixels, last(hidden))
    last.set_weights([np.stack([np.zeros(VALUES, np.float32), WEIGHTS], axis=1), np.zeros(2, np.float32)])
    return model


def attacked(
    steps: int = 1, at_random: bool = False, step: int = 0, seed: int = 1, model: Any = None, loss: Any = cross_entropy
) -> NDArray[np.float32]:
    method = AdversarialTraining(EPS, steps, at_random, seed)
    network = linear() if model is None else model
    compiled = tf.function(lambda images, step: method.inputs(network, images, LABELS, loss, step))
    return np.asarray(compiled(tf.constant(IMAGES), tf.constant(step, tf.int64)))


def test_one_step_from_the_image_ends_at_distance_eps_along_the_sign_of_the_weights() -> None:
    np.testing.assert_allclose(attacked(), np.clip(IMAGES + EPS * UPWARDS, 0, 255), atol=1e-4)


@pytest.mark.parametrize("at_random", [False, True])
def test_many_steps_end_in_the_corner_of_ball_and_box_from_anywhere(at_random: bool) -> None:
    np.testing.assert_allclose(attacked(7, at_random), np.clip(IMAGES + EPS * UPWARDS, 0, 255), atol=1e-4)


def test_one_step_from_a_random_start_is_one_and_a_quarter_eps_clipped_to_the_ball() -> None:
    inside = (IMAGES > 2 * EPS) & (IMAGES < 255 - 2 * EPS)
    moved = ((attacked(at_random=True) - IMAGES) * UPWARDS)[inside]
    # A start u in [-eps, eps] ends at u + 1.25 eps, or at eps where that is more: for u > -0.25 eps, in 5 of 8 pixels.
    assert moved.min() >= 0.25 * EPS - 1e-4
    assert moved.min() < 0.4 * EPS
    assert moved.max() <= EPS + 1e-4
    assert np.mean(moved > EPS - 1e-4) == pytest.approx(5 / 8, abs=0.1)


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("at_random", [False, True])
def test_every_image_stays_in_ball_and_box(steps: int, at_random: bool) -> None:
    found = attacked(steps, at_random)
    assert found.dtype == np.float32
    assert np.abs(found - IMAGES).max() <= EPS + 1e-4
    assert found.min() >= 0
    assert found.max() <= 255


def test_a_start_is_drawn_from_the_seed_and_the_number_of_the_step() -> None:
    first = attacked(at_random=True)
    np.testing.assert_array_equal(first, attacked(at_random=True))
    assert (first != attacked(at_random=True, step=1)).any()
    assert (first != attacked(at_random=True, seed=2)).any()


def test_the_attack_is_on_the_loss_that_is_trained_on() -> None:
    downwards = attacked(loss=lambda labels, logits: -cross_entropy(labels, logits))  # type: ignore[operator]
    np.testing.assert_allclose(downwards, np.clip(IMAGES - EPS * UPWARDS, 0, 255), atol=1e-4)
    hot = attacked(loss=Temperature(20.0, scaled=False).loss(cross_entropy))
    np.testing.assert_array_equal(hot, attacked())


def test_the_attack_sees_the_pruned_weights_and_changes_no_variable() -> None:
    model = MagnitudePruning(0.5, Steps(1, 1, 1)).prepare(linear())
    (wrapper,) = [layer for layer in model.layers if isinstance(layer, keras.layers.Wrapper)]
    (_, mask, _) = wrapper.pruning_vars[0]
    gone = np.arange(VALUES) % 2 == 0
    mask.assign(np.repeat(~gone[:, None], 2, axis=1).astype(np.float32))
    before = [variable.numpy() for variable in model.variables]
    moved = (attacked(3, model=model) != IMAGES).reshape(len(IMAGES), VALUES)
    assert not moved[:, gone].any()
    assert moved[:6, ~gone].all()
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_at_the_end_of_an_epoch_one_step_is_compared_with_ten() -> None:
    images = np.concatenate([IMAGES, IMAGES])
    labels = np.concatenate([LABELS, LABELS])
    found = AdversarialTraining(EPS, 1, False, 1).measure(linear(), images, labels, cross_entropy)
    expected = np.mean([classified(attacked(steps)) == LABELS for steps in (1, 10)], axis=1)
    assert [found["accuracy_one_step"], found["accuracy_ten_steps"]] == expected.tolist()
    assert AdversarialTraining(EPS, 2, False, 1).measure(linear(), images, labels, cross_entropy) == {}


def classified(images: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.asarray(linear()(images).numpy().argmax(axis=1), dtype=np.int64)
