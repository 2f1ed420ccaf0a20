"""The L2 step against a closed form and two other libraries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from targets import Linear

from bench.attacks.fgsm_l2 import FgsmL2
from bench.attacks.losses import Loss
from bench.datasets import DATASETS
from bench.evaluation.classifier import Classifier
from bench.spec.architectures import ARCHITECTURES

EPS = (1.0, 32.0, 512.0)
IMAGES = np.random.default_rng(1).integers(60, 190, (5, 4, 4, 3)).astype(np.float32)
LABELS = np.array([0, 1, 0, 1, 0])


@pytest.mark.parametrize("eps", [0.0, 0.5, 30.0])
@pytest.mark.parametrize("loss", ["cross-entropy", "margin"])
def test_on_a_linear_network_the_margin_falls_by_eps_times_the_l2_norm(eps: float, loss: str) -> None:
    weights = 0.001 * np.random.default_rng(0).standard_normal((48, 2))
    target = Linear(weights, np.zeros(2))
    (attacked,) = FgsmL2(loss=loss)(target, IMAGES, LABELS, [eps], 0)
    rows = np.arange(5)
    margins = [each[rows, LABELS] - each[rows, 1 - LABELS] for each in map(target.logits, (IMAGES, attacked))]
    np.testing.assert_allclose(margins[0] - margins[1], eps * np.linalg.norm(weights[:, 0] - weights[:, 1]), atol=2e-6)


class Gradient:
    """A target with a given gradient."""

    temperature = 1.0

    def __init__(self, gradient: Any) -> None:
        self.value, self.calls = gradient, 0

    def gradient(self, images: Any, labels: Any, loss: Loss) -> Any:
        del images, labels, loss
        self.calls += 1
        return self.value

    def logits(self, images: Any) -> Any:
        raise AssertionError(images)


@pytest.mark.parametrize("size", [1e-30, 1e-44, 1.0, 1e30])
def test_the_image_moves_by_eps_however_small_or_large_the_gradient_is(size: float) -> None:
    gradient = (size * np.random.default_rng(2).choice([-1, 1, 2], IMAGES.shape)).astype(np.float32)
    target = Gradient(gradient)
    for eps, attacked in zip(EPS[:2], FgsmL2()(target, IMAGES, LABELS, EPS[:2], 0), strict=True):
        np.testing.assert_allclose(FgsmL2.norm.distance(attacked - IMAGES), eps, rtol=1e-4)
    assert target.calls == 1


def test_an_image_without_gradient_does_not_move_and_leaves_the_others_alone() -> None:
    gradient = np.ones_like(IMAGES)
    gradient[1] = 0
    (attacked,) = FgsmL2()(Gradient(gradient), IMAGES, LABELS, [4.0], 0)
    np.testing.assert_allclose(FgsmL2.norm.distance(attacked - IMAGES), [4, 0, 4, 4, 4], rtol=1e-4)


def test_a_step_out_of_the_box_is_clipped() -> None:
    images = np.array([[[[0.0, 255.0, 100.0]]]], np.float32)
    (attacked,) = FgsmL2()(Gradient(np.array([[[[-2.0, 1.0, 2.0]]]], np.float32)), images, LABELS[:1], [3.0], 0)
    np.testing.assert_allclose(attacked, [[[[0, 255, 102]]]])


def by_art(model: Any, images: Any, labels: Any, eps: float) -> Any:
    from art.attacks.evasion import FastGradientMethod
    from art.estimators.classification import TensorFlowV2Classifier

    classifier = TensorFlowV2Classifier(
        model=model,
        nb_classes=10,
        input_shape=(32, 32, 3),
        loss_object=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        clip_values=(0, 255),
    )
    return FastGradientMethod(classifier, norm=2, eps=eps, batch_size=len(images)).generate(images, labels)


def by_foolbox(model: Any, images: Any, labels: Any, eps: float) -> Any:
    import eagerpy
    from foolbox import TensorFlowModel
    from foolbox.attacks import L2FastGradientAttack

    attack = L2FastGradientAttack(random_start=False)
    inputs = (eagerpy.astensor(tf.constant(each)) for each in (images, labels))
    raw, _, _ = attack(TensorFlowModel(model, bounds=(0, 255)), *inputs, epsilons=eps)
    return raw.numpy()


@pytest.mark.parametrize("library", [by_art, by_foolbox])
def test_the_attacked_images_are_those_of_two_other_libraries(library: Any) -> None:
    split = DATASETS["synthetic"].load(32, None, False, lambda _: None, lambda *_: None).val
    images, labels = split.images[:24].astype(np.float32), split.labels[:24]
    keras.utils.set_random_seed(0)
    model = ARCHITECTURES["fc5"].function()((32, 32, 3), 10)
    for eps, attacked in zip(EPS, FgsmL2()(Classifier(model), images, labels, EPS, 0), strict=True):
        # ART adds 1e-7 to the norm of the gradient.
        np.testing.assert_allclose(attacked, library(model, images, labels, eps), atol=1e-4 * eps + 1e-4)
