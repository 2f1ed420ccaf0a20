"""CROWN: sound, never looser than intervals, and exact where the exact minimum can be enumerated."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from bounded import CLASSES, images_and_labels, margins, perceptron, points, untraced
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from bench.audit.bounds import crown
from bench.audit.bounds.crown import CrownBounds
from bench.audit.bounds.interval import IntervalBounds
from bench.errors import BadInput
from bench.spec.architectures import ARCHITECTURES

seeds = st.integers(0, 2**16)
widths = st.lists(st.integers(1, 9), min_size=1, max_size=4).map(tuple)


def radii(images: Any, eps: float) -> Any:
    return np.full(len(images), eps, np.float32)


@settings(max_examples=5)
@given(widths=widths, seed=seeds)
def test_no_point_of_a_ball_leaves_its_bounds(widths: tuple[int, ...], seed: int) -> None:
    model, exact = perceptron(widths, seed), perceptron(widths, seed, dtype="float64")
    images, labels = images_and_labels(model, seed)
    eps = np.array([0.25, 4, 32], np.float32)
    lower = CrownBounds(model).margins(images, labels, eps)
    inside = points(model, images, labels, eps, seed, 1000)
    found = margins(exact, inside.reshape(-1, *images.shape[1:]), np.tile(labels, len(inside)))
    assert (found.reshape(-1, *lower.shape) >= lower).all()


@settings(max_examples=10)
@given(widths=widths, seed=seeds)
@untraced()
def test_bounds_are_never_looser_than_intervals(widths: tuple[int, ...], seed: int) -> None:
    model = perceptron(widths, seed)
    images, labels = images_and_labels(model, seed, count=6)
    eps = np.array([0, 0.1, 1, 5, 20, 100], np.float32)
    linear, boxes = (bounds(model).margins(images, labels, eps) for bounds in (CrownBounds, IntervalBounds))
    other = np.isfinite(boxes)
    assert (linear[other] >= boxes[other] - 1e-9 * (1 + abs(boxes[other]))).all()
    assert (linear[~other] == np.inf).all()


def test_bounds_are_much_tighter_than_intervals_in_a_deep_network() -> None:
    model = perceptron((60, 60, 60, 60), 0)
    images, labels = images_and_labels(model, 0)
    found = [
        bounds(model).margins(images, labels, radii(images, eps))
        for bounds, eps in ((CrownBounds, 0), (CrownBounds, 1), (IntervalBounds, 1))
    ]
    clean, linear, boxes = (each[np.isfinite(each)] for each in found)
    assert (10 * (clean - linear) < clean - boxes).all()


def test_where_no_unit_crosses_zero_the_bound_is_the_linear_one() -> None:
    model, exact = perceptron((12, 9, 7), 1), perceptron((12, 9, 7), 1, dtype="float64")
    images, labels = images_and_labels(model, 1)
    images, eps = np.clip(images, 1, 254), 2.0**-12
    with tf.GradientTape() as tape:
        pixels = tf.constant(images, tf.float64)
        tape.watch(pixels)
        logits = exact(pixels, training=False)
    slopes = tape.batch_jacobian(logits, pixels).numpy().reshape(len(images), CLASSES, -1)
    lost = eps * abs(slopes[np.arange(len(images)), labels][:, None] - slopes).sum(axis=2)
    found = CrownBounds(model).margins(images, labels, radii(images, eps))
    np.testing.assert_allclose(found, margins(exact, images, labels) - lost, rtol=0, atol=1e-10)


def least(exact: Any, image: Any, label: int, other: int, eps: float) -> float:
    """Return the exact minimum of one margin of a network with one hidden layer: a linear programme for each pattern of ReLUs."""
    (first, bias), (last, shift) = (
        layer.get_weights() for layer in exact.layers if isinstance(layer, keras.layers.Dense)
    )
    scale, offset = np.float64(np.float32(1 / 70)), np.float64(np.float32(-12 / 7))
    bias, first = bias + offset * first.sum(axis=0), scale * first
    weight, constant = last[:, label] - last[:, other], shift[label] - shift[other]
    box = [(max(0, value - eps), min(255, value + eps)) for value in image.ravel()]
    found = []
    for pattern in product([0, 1], repeat=len(bias)):
        on = np.array(pattern)
        # z >= 0 where a unit is on, z <= 0 where it is off.
        signs = 1 - 2 * on
        done = linprog(first @ (weight * on), A_ub=(first * signs).T, b_ub=-bias * signs, bounds=box)
        if done.success:
            found.append(done.fun + bias @ (weight * on) + constant)
    return min(found)


def hidden_only(seed: int, width: int, outer: Any) -> tuple[Any, Any]:
    """Return networks of one 1 x 1 px image, float32 and float64, whose kernel of the logits is ``outer`` if not None."""
    pair = perceptron((width,), seed, size=1), perceptron((width,), seed, size=1, dtype="float64")
    for each in pair:
        kernel, bias = each.layers[-1].get_weights()
        each.layers[-1].set_weights([kernel if outer is None else outer, bias])
    return pair


@pytest.mark.parametrize("seed", range(3))
@untraced()
def test_one_hidden_layer_is_bounded_from_below_by_its_enumerated_minimum(seed: int) -> None:
    model, exact = hidden_only(seed, 4, None)
    images, labels = images_and_labels(model, seed)
    for eps in (2.0, 40.0):
        found = CrownBounds(model).margins(images, labels, radii(images, eps))
        for place, other in product(range(len(images)), range(CLASSES)):
            if other != labels[place]:
                lowest = least(exact, images[place], labels[place], other, eps)
                assert found[place, other] <= lowest + 1e-9


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_one_hidden_unit_gives_the_enumerated_minimum(sign: float) -> None:
    outer = np.array([[sign, 0.0, 0.0]], np.float32)
    model, exact = hidden_only(2, 1, outer)
    images, _ = images_and_labels(model, 3, count=8)
    labels = np.zeros(len(images), np.int64)
    found = CrownBounds(model).margins(images, labels, radii(images, 60.0))
    lowest = [[least(exact, image, 0, other, 60.0) for other in (1, 2)] for image in images]
    np.testing.assert_allclose(found[:, 1:], lowest, rtol=0, atol=1e-9)


def test_the_lower_line_is_the_one_that_leaves_the_smaller_area() -> None:
    model = perceptron((3,), 0, size=1)
    first, last = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    kernel = np.zeros((3, 3), np.float32)
    kernel[0] = 70
    # z = x - 100, x - 140 and x, for x the first value of the pixel.
    first.set_weights([kernel, np.array([20, -20, 120], np.float32)])
    last.set_weights([np.array([[1, 0, 0], [1, 0, 0], [-0.5, 0, 0]], np.float32), np.zeros(3, np.float32)])
    images, labels = np.full((1, 1, 1, 3), 120, np.float32), np.zeros(1, np.int64)
    found = CrownBounds(model).margins(images, labels, radii(images, 30))
    # (x - 100) + 0 - x / 2 at x = 90. Intervals give 0 + 0 - 75, the other lines -75 and -105; the minimum is -50.
    assert found[0, 1] == pytest.approx(-55, abs=1e-4)


@pytest.mark.parametrize(("above", "expected"), [(0.0, -30.0), (1.0, 270.0)])
def test_a_hidden_unit_has_its_exact_range_where_all_pixels_weigh_the_same(above: float, expected: float) -> None:
    model = perceptron((2, 2), 0, size=1)
    first, second, last = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    # With m the mean of the pixel minus 120: m + 200 and m + 100, then 2 (m + 200) - (m + 100) - 300 = m, and m + 300.
    first.set_weights([np.full((3, 2), 70 / 3, np.float32), np.array([200, 100], np.float32)])
    second.set_weights([np.array([[2, 2], [-1, -1]], np.float32), np.array([-300, 0], np.float32)])
    last.set_weights([np.array([[-1, 0, 0], [above, 0, 0]], np.float32), np.zeros(3, np.float32)])
    images, labels = np.full((1, 1, 1, 3), 120, np.float32), np.zeros(1, np.int64)
    # -ReLU(m) is least at m = 30, m + 300 - ReLU(m) at m = -30. Intervals take m for -90 to 90.
    assert CrownBounds(model).margins(images, labels, radii(images, 30))[0, 1] == pytest.approx(expected, abs=1e-3)


@settings(max_examples=5)
@given(widths=widths, seed=seeds)
@untraced()
def test_at_radius_zero_the_bounds_are_the_margins_rounded_down(widths: tuple[int, ...], seed: int) -> None:
    model, exact = perceptron(widths, seed), perceptron(widths, seed, dtype="float64")
    images, labels = images_and_labels(model, seed)
    lower, found = CrownBounds(model).margins(images, labels, radii(images, 0)), margins(exact, images, labels)
    assert (lower <= found).all()
    np.testing.assert_allclose(lower, found, rtol=0, atol=1e-10)


def test_an_image_has_the_same_bounds_in_every_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    model = perceptron((9, 8, 7), 4)
    images, labels = images_and_labels(model, 4, count=7)
    eps = np.linspace(0, 3, 7, dtype=np.float32)
    together = CrownBounds(model).margins(images, labels, eps)
    monkeypatch.setattr(crown, "BATCH", 3)
    np.testing.assert_allclose(CrownBounds(model).margins(images, labels, eps), together, rtol=1e-10, atol=1e-10)


@untraced()
def test_fc5_is_certified_where_intervals_say_nothing() -> None:
    keras.utils.set_random_seed(0)
    model = ARCHITECTURES["fc5"].function()((32, 32, 3), 10)
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.float32)
    labels = model(images).numpy().argmax(axis=1)
    linear, boxes = (
        bounds(model).margins(images, labels, radii(images, 2.0**-7)) for bounds in (CrownBounds, IntervalBounds)
    )
    assert (boxes.min(axis=1) < 0).all()
    assert (linear.min(axis=1) > 0).all()


def chain(*layers: Any) -> Any:
    pixels = x = keras.Input((6, 6, 3))
    for layer in layers:
        x = layer(x)
    return keras.Model(pixels, keras.layers.Dense(CLASSES, name="logits")(x))


def test_a_network_that_is_no_perceptron_is_refused() -> None:
    dense, relu, flat = keras.layers.Dense, keras.layers.ReLU, keras.layers.Flatten
    refused = {
        "Conv2D front": [keras.layers.Conv2D(3, 3, name="front"), flat(), dense(4), relu()],
        "ReLU front": [flat(), relu(name="front"), dense(4), relu()],
        "Dense second": [flat(), dense(4), dense(4, name="second"), relu()],
        "Dense logits": [flat(), dense(4)],
        "ReLU twice": [flat(), dense(4), relu(), relu(name="twice")],
    }
    for name, layers in refused.items():
        with pytest.raises(BadInput, match=f"the {name} is out of its order; expected .* take IntervalBounds"):
            CrownBounds(chain(*layers))
    with pytest.raises(BadInput, match="no ReLU"):
        CrownBounds(chain(flat()))
