"""Intervals: no point of a ball leaves them, and they are exact where a formula says what is exact."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
import tf_keras as keras
from bounded import CLASSES, KINDS, convolutional, images_and_labels, margins, perceptron, points, untraced
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.audit.bounds import interval
from bench.audit.bounds.interval import IntervalBounds
from bench.errors import BadInput
from bench.methods.compose import methods_of
from bench.methods.magnitude_pruning import MagnitudePruning
from bench.spec.architectures import ARCHITECTURES
from bench.spec.pruning_schedule import Steps
from bench.spec.run import Run
from bench.training.network import build

seeds = st.integers(0, 2**16)


def radii(images: Any, eps: float) -> Any:
    return np.full(len(images), eps, np.float32)


class Known(NamedTuple):
    """A network, the same in float64, and its bounds."""

    model: Any
    exact: Any
    bounds: IntervalBounds

    @classmethod
    def of(cls, kind: str, seed: int) -> Known:
        model = convolutional(kind, seed)
        return cls(model, convolutional(kind, seed, dtype="float64"), IntervalBounds(model))

    def assert_sound(self, seed: int) -> None:
        images, labels = images_and_labels(self.model, seed)
        eps = np.array([0.25, 4, 32], np.float32)
        lower = self.bounds.margins(images, labels, eps)
        inside = points(self.model, images, labels, eps, seed, 1000)
        found = margins(self.exact, inside.reshape(-1, *images.shape[1:]), np.tile(labels, len(inside)))
        assert (found.reshape(-1, *lower.shape) >= lower).all()


@pytest.fixture(scope="module", params=KINDS)
def known(request: pytest.FixtureRequest) -> Known:
    """A network of one kind: its bounds are compiled once."""
    return Known.of(request.param, 0)


def test_no_point_of_a_ball_leaves_its_bounds(known: Known) -> None:
    known.assert_sound(0)


def test_at_radius_zero_the_bounds_are_the_margins_rounded_down(known: Known) -> None:
    images, labels = images_and_labels(known.model, 3)
    lower = known.bounds.margins(images, labels, radii(images, 0))
    found = margins(known.exact, images, labels)
    assert (lower <= found).all()
    np.testing.assert_allclose(lower, found, rtol=0, atol=1e-10)


@settings(max_examples=3)
@given(kind=st.sampled_from(sorted(KINDS)), seed=seeds)
def test_no_point_leaves_the_bounds_of_another_network(kind: str, seed: int) -> None:
    Known.of(kind, seed).assert_sound(seed)


@pytest.mark.parametrize("kind", KINDS)
@untraced()
def test_bounds_are_exact_where_every_value_rises_with_every_pixel(kind: str) -> None:
    model, exact = convolutional(kind, 1, positive=True), convolutional(kind, 1, positive=True, dtype="float64")
    images, labels = images_and_labels(model, 2, count=5)
    # Class 0 rises faster than the others: each margin is smallest where all pixels are.
    kernel, bias = model.layers[-2].get_weights()
    kernel[:, 0] = kernel.max(axis=1) + 0.5
    for each in (model, exact):
        each.layers[-2].set_weights([kernel, bias])
    labels[:] = 0
    lower = IntervalBounds(model).margins(images, labels, radii(images, 8.0))
    lowest = margins(exact, np.maximum(images - 8, 0), labels)
    assert (lower <= lowest).all()
    np.testing.assert_allclose(lower, lowest, rtol=1e-11, atol=1e-11)


def test_a_linear_network_loses_eps_times_the_one_norm_inside_the_box() -> None:
    model, exact = perceptron((), 4), perceptron((), 4, dtype="float64")
    images = np.random.default_rng(4).integers(3, 252, (3, 6, 6, 3)).astype(np.float32)
    labels, eps = np.array([0, 1, 2]), np.array([0.5, 1, 3], np.float32)
    columns = exact.layers[-1].kernel.numpy() * np.float64(np.float32(1 / 70))
    lost = eps[:, None] * abs(columns[:, labels].T[:, None] - columns.T).sum(axis=2)
    found = IntervalBounds(model).margins(images, labels, eps)
    np.testing.assert_allclose(found, margins(exact, images, labels) - lost, rtol=0, atol=1e-11)


@pytest.mark.parametrize("kind", ["pooling", "padded pooling", "residual", "average"])
@untraced()
def test_what_is_not_a_number_bounds_nothing(kind: str) -> None:
    model = convolutional(kind, 8)
    images, labels = images_and_labels(model, 8)
    first = model.layers[2]
    kernel, bias = first.get_weights()
    kernel[:, :, :, 0] = np.inf
    first.set_weights([kernel, bias])
    found = IntervalBounds(model).margins(images, labels, radii(images, 1))
    assert not (found[labels[:, None] != np.arange(CLASSES)] > -np.inf).any()


def test_the_ball_is_cut_to_the_box() -> None:
    model = perceptron((), 5)
    images, labels = images_and_labels(model, 5)
    bounds = IntervalBounds(model)
    everything = bounds.margins(images, labels, radii(images, 255))
    np.testing.assert_array_equal(bounds.margins(images, labels, radii(images, 1000)), everything)
    np.testing.assert_array_equal(bounds.margins(255 - images, labels, radii(images, 255)), everything)


@settings(max_examples=3)
@given(seed=seeds)
@untraced()
def test_bounds_fall_as_the_ball_grows(seed: int) -> None:
    model = convolutional("residual, batch norm and pooling", seed)
    images, labels = images_and_labels(model, seed)
    bounds = IntervalBounds(model)
    found = [bounds.margins(images, labels, radii(images, eps)) for eps in (0, 0.01, 0.5, 2, 9, 80)]
    assert all((larger <= smaller).all() for smaller, larger in pairwise(found))


def test_an_image_has_the_same_bounds_in_every_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    model = convolutional("residual, batch norm and pooling", 6)
    images, labels = images_and_labels(model, 6, count=7)
    eps = np.linspace(0, 3, 7, dtype=np.float32)
    together = IntervalBounds(model).margins(images, labels, eps)
    monkeypatch.setattr(interval, "PIXELS", 3 * 36)
    np.testing.assert_allclose(IntervalBounds(model).margins(images, labels, eps), together, rtol=1e-10, atol=1e-10)


# Of the low-rank networks one: the layers of a pair are those of "low-rank pair".
@pytest.mark.parametrize(("arch", "low_rank"), [*((arch, "full") for arch in ARCHITECTURES), ("alexnet-bn", "0.25")])
@untraced()
def test_every_architecture_of_the_table_has_bounds(arch: str, low_rank: str) -> None:
    run = Run.of(arch=arch, image_size=32, low_rank=low_rank)
    model = build(run, 10, "float32", methods_of(run, 100))
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.float32)
    logits = model(images).numpy().astype(np.float64)
    labels = logits.argmax(axis=1)
    bounds = IntervalBounds(model)
    small, large = (bounds.margins(images, labels, radii(images, eps)) for eps in (0, 1))
    assert small.shape == (2, 10)
    assert np.isfinite(large[small < np.inf]).all()
    assert (large <= small).all()
    measured = logits.max(axis=1, keepdims=True) - logits
    assert (small[small < np.inf] <= measured[small < np.inf] + 1e-3 * abs(logits).max()).all()


@untraced()
def test_a_network_that_was_wrapped_for_pruning_has_the_bounds_of_the_plain_one() -> None:
    model = convolutional("residual", 7)
    images, labels = images_and_labels(model, 7)
    before = IntervalBounds(model).margins(images, labels, radii(images, 1))
    method = MagnitudePruning(0.5, Steps(1, 1, 1))
    stripped = method.finish(method.prepare(model))
    np.testing.assert_array_equal(IntervalBounds(stripped).margins(images, labels, radii(images, 1)), before)


def network(*layers: Any) -> Any:
    pixels = x = keras.Input((6, 6, 3))
    for layer in layers:
        x = layer(x)
    return keras.Model(pixels, keras.layers.Dense(CLASSES)(keras.layers.Flatten()(x)))


REFUSED = {
    "softsign": keras.layers.Activation("softsign", name="softsign"),
    "depthwise": keras.layers.DepthwiseConv2D(3, name="depthwise"),
    "relu6": keras.layers.ReLU(6.0, name="relu6"),
    "leaky": keras.layers.ReLU(negative_slope=0.1, name="leaky"),
    "tanh": keras.layers.Conv2D(4, 3, activation="tanh", name="tanh"),
    "groups": keras.layers.Conv2D(3, 3, groups=3, name="groups"),
    "rows": keras.layers.BatchNormalization(axis=1, name="rows"),
    "lambda": keras.layers.Lambda(abs, name="lambda"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_layer_that_is_not_known_is_refused_by_name(name: str) -> None:
    with pytest.raises(BadInput, match=f"layer {name} .*expected"):
        IntervalBounds(network(REFUSED[name]))


def test_networks_of_another_form_are_refused() -> None:
    twice = keras.layers.ReLU(name="twice")
    with pytest.raises(BadInput, match="twice is used more than once"):
        IntervalBounds(network(twice, keras.layers.Conv2D(4, 3), twice))
    chain = keras.Sequential([keras.Input((6, 6, 3)), keras.layers.Flatten(), keras.layers.Dense(CLASSES)])
    with pytest.raises(BadInput, match="Sequential: expected a functional"):
        IntervalBounds(chain)
    pixels = keras.Input((6, 6, 3))
    pooled = keras.layers.GlobalAveragePooling2D(name="pooled")(pixels)
    with pytest.raises(BadInput, match="logits come from pooled; expected a dense"):
        IntervalBounds(keras.Model(pixels, pooled))
