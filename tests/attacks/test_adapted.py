"""Attacks that follow another gradient than the network's own, on linear networks whose smallest eps is a closed form."""

from __future__ import annotations

import numpy as np
import pytest
from targets import Linear

from bench.attacks import attack_named
from bench.attacks.adapted import Averaged
from bench.attacks.losses import Margin
from bench.datasets.base import Images
from bench.errors import BadInput

SHAPE = (6, 6, 3)


class Misleading(Linear):
    """A linear network whose gradient is changed by ``wrong``."""

    wrong = staticmethod(np.negative)

    def step(self, images: Images, labels, loss, others):  # type: ignore[no-untyped-def]
        logits, values, gradient = super().step(images, labels, loss, others)
        return logits, values, self.wrong(gradient).astype(np.float32)


def misleading(wrong: object) -> tuple[Misleading, Linear]:
    weights = np.random.default_rng(0).normal(size=(int(np.prod(SHAPE)), 2)) / 100
    target = Misleading(weights, -125.0 * weights.sum(axis=0))
    target.wrong = wrong  # type: ignore[assignment]
    target.source = Linear(target.weights, target.bias)
    return target, target.source


@pytest.fixture
def images() -> Images:
    return np.random.default_rng(1).uniform(100, 150, (64, *SHAPE)).astype(np.float32)


def fooled(name: str, target: Linear, images: Images) -> tuple[float, float]:
    """Return the share that the attack fools and the share that can be fooled, at the median of the smallest eps."""
    labels = target.logits(images).argmax(axis=1)
    margin = np.abs(np.diff(target.logits(images).astype(np.float64), axis=1))[:, 0]
    smallest = margin / np.abs(np.diff(target.weights, axis=1)).sum()
    radius = float(np.quantile(smallest, 0.5)) * 1.02
    (moved,) = attack_named(name)(target, images.copy(), labels, (radius,), 0)
    assert np.abs(moved - images).max() <= radius * 1.0001
    return float((target.logits(moved).argmax(axis=1) != labels).mean()), float((smallest < radius).mean())


@pytest.mark.parametrize("wrong", [np.negative, np.zeros_like, lambda gradient: gradient[:, ::-1, ::-1, ::-1]])
def test_the_gradient_of_the_control_goes_round_a_wrong_one(wrong: object, images: Images) -> None:
    target, _ = misleading(wrong)
    own, possible = fooled("apgd(loss=margin)", target, images)
    through, _ = fooled("apgd(loss=margin,gradient=control)", target, images)
    assert own < possible / 2
    assert through == possible


def test_the_averaged_gradient_goes_round_a_random_one(images: Images) -> None:
    draw = np.random.default_rng(3)
    target, _ = misleading(lambda gradient: gradient + draw.normal(scale=0.08, size=gradient.shape))
    own, possible = fooled("apgd(loss=margin,steps=10)", target, images)
    averaged, _ = fooled("apgd(loss=margin,steps=10,gradient=averaged)", target, images)
    assert own + 0.1 < averaged <= possible


def test_the_average_of_a_linear_network_is_its_gradient_and_follows_the_seed(images: Images) -> None:
    target, honest = misleading(lambda gradient: gradient)
    labels = target.logits(images).argmax(axis=1)
    expected = honest.gradient(images, labels, Margin())
    found = Averaged(target, np.random.default_rng(0)).gradient(images, labels, Margin())
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_gradient_that_is_not_there_is_refused_and_the_control_is_a_source() -> None:
    with pytest.raises(BadInput, match="gradient of apgd"):
        attack_named("apgd(gradient=averge)")
    assert attack_named("apgd(gradient=control)").sources == ("",)
    assert attack_named("apgd").sources == ()
