from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from bench.methods.temperature import Temperature

LOGITS = np.array([[4.0, -2.0, 1.0], [0.5, 0.0, 9.0]], np.float32)
LABELS = np.array([0, 1])


def cross_entropy(labels: object, logits: object) -> object:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 20.0, 90.0])
def test_the_plain_loss_is_equation_24_of_the_report(temperature: float) -> None:
    found = Temperature(temperature, scaled=False).loss(cross_entropy)(LABELS, tf.constant(LOGITS)).numpy()
    own = LOGITS[np.arange(2), LABELS]
    expected = -own / temperature + np.log(np.exp(LOGITS.astype(np.float64) / temperature).sum(axis=1))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("temperature", [20.0, 90.0])
def test_the_scaled_loss_has_the_gradient_of_t_1_at_logits_that_are_t_times_as_large(temperature: float) -> None:
    def gradient(method: Temperature, logits: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> object:
        point = tf.constant(logits)
        with tf.GradientTape() as tape:
            tape.watch(point)
            loss = method.loss(cross_entropy)(LABELS, point)
        return tape.gradient(loss, point).numpy()

    plain = gradient(Temperature(1.0, scaled=False), LOGITS)
    np.testing.assert_allclose(gradient(Temperature(temperature, scaled=True), temperature * LOGITS), plain, rtol=1e-5)
    shrunk = gradient(Temperature(temperature, scaled=False), temperature * LOGITS)
    np.testing.assert_allclose(temperature * np.asarray(shrunk), plain, rtol=1e-5)
