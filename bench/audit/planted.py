"""The planted-image test: can the attack find an adversarial image that is known to be there?"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras
from numpy.typing import NDArray

from bench.attacks.ball import project
from bench.attacks.norms import LINF
from bench.datasets.base import Images

INNER = 200
STEPS = 20
RIDGE = 1e-6
Floats = NDArray[np.float32]


def planted(model: Any, images: Images, eps: float, seed: int) -> Floats | None:
    """Return 1 where the attack finds the planted image, 0 where it does not, NaN where none could be planted, (n,).

    For each image the last dense layer is replaced by a linear rule on its features that tells one random corner of the
    ball from points inside it. The corner is an adversarial image of the new network, by construction. The attack climbs
    the rule in 20 steps of the gradient's sign. An attack that does not find the corner, or any other image that the rule
    takes for it, fails because of the features' gradient. The head is replaced, so a head that hides its gradient is not
    seen.

    Args:
        model: a tf_keras network whose last layer with weights is dense.
        images: float32, (n, height, width, 3).
        eps: L-infinity, pixel levels.

    Returns:
        The result, or None where the network has no such last layer.

    Departures: one corner and min(200, d / 2) points inside for d features; the rule is a ridge regression, with the
    threshold half way between the corner and the nearest other point.
    Source: Zimmermann et al. 2022, arXiv:2206.13991.
    """
    features = _features(model)
    if features is None:
        return None
    size = int(features.output_shape[-1])
    draw = np.random.default_rng([seed, INNER])
    inner = max(1, min(INNER, size // 2))
    compute = tf.function(lambda batch: features(batch, training=False), reduce_retracing=True)
    rules, found = [], np.full(len(images), np.nan, np.float32)
    for image in images:
        corner = np.clip(image + eps * (draw.integers(0, 2, image.shape).astype(np.float32) * 2 - 1), 0, 255)
        inside = np.clip(image + draw.uniform(-eps, eps, (inner, *image.shape)).astype(np.float32), 0, 255)
        rules.append(_rule(compute(np.concatenate([corner[None], inside])).numpy().astype(np.float64)))
    usable = np.array([rule is not None for rule in rules], bool)
    if not usable.any():
        return found
    weights = np.stack([rule[0] for rule in rules if rule is not None]).astype(np.float32)
    biases = np.array([rule[1] for rule in rules if rule is not None], np.float32)
    found[usable] = _climb(features, images[usable], weights, biases, eps)
    return found


def _features(model: Any) -> Any | None:
    last = next((layer for layer in reversed(model.layers) if layer.weights), None)
    if isinstance(last, keras.Model):  # a network inside this one
        inner = _features(last)
        return None if inner is None else keras.Model(model.input, inner(last.inbound_nodes[-1].keras_inputs[0]))
    if not isinstance(last, keras.layers.Dense) or len(last.input_shape) != 2:
        return None
    return keras.Model(model.input, last.input)


def _rule(features: NDArray[np.float64]) -> tuple[NDArray[np.float64], float] | None:
    """Return the weights and the bias of a rule above 0 for the first row alone; None where no such rule was found."""
    centre = features.mean(axis=0)
    rows = features - centre
    wanted = np.full(len(rows), -1.0)
    wanted[0] = 1.0
    kernel = rows @ rows.T
    try:
        dual = np.linalg.solve(kernel + RIDGE * np.trace(kernel) / len(rows) * np.eye(len(rows)) + 1e-30, wanted)
    except np.linalg.LinAlgError:  # the features are the same on all rows
        return None
    weights = rows.T @ dual
    scores = features @ weights
    if not scores[0] > scores[1:].max():
        return None
    return weights, -float(scores[0] + scores[1:].max()) / 2


def _climb(features: Any, images: Images, weights: Floats, biases: Floats, eps: float) -> Floats:
    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def step(now: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(now)
            scores = tf.reduce_sum(features(now, training=False) * weights, axis=1) + biases
        return scores, tape.gradient(scores, now, unconnected_gradients="zero")

    radii = np.full(len(images), eps, np.float32)
    now, found = images, np.zeros(len(images), bool)
    for _ in range(STEPS):
        scores, gradient = step(tf.constant(now))
        found |= scores.numpy() > 0
        now = project(LINF, now + np.float32(2.5 * eps / STEPS) * np.sign(gradient.numpy()), images, radii)
    return np.asarray(found | (step(tf.constant(now))[0].numpy() > 0), dtype=np.float32)
