from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from numpy.typing import NDArray

from architectures import ARCHITECTURES
from bench.attacks.fgsm import Fgsm
from bench.datasets import DATASETS
from bench.datasets.base import Dataset
from bench.methods.magnitude import Magnitude
from bench.schedule import Steps
from bench.view import Classifier

SIZE = 32
EPS = (0.25, 1.0, 8.0)


@pytest.fixture(scope="module")
def synthetic() -> Dataset:
    return DATASETS["synthetic"].load(SIZE, None, False, lambda _: None)


def linear(weights: NDArray[np.float32]) -> Any:
    """Build logits = (w . x, 0) for images of one channel value each."""
    pixels = keras.Input(weights.shape)
    dense = keras.layers.Dense(2, use_bias=False)
    model = keras.Model(pixels, dense(keras.layers.Flatten()(pixels)))
    dense.set_weights([np.stack([weights.ravel(), np.zeros(weights.size)], axis=1)])
    return model


@pytest.mark.parametrize("eps", [0.0, 0.5, 3.0])
def test_on_a_linear_network_the_margin_falls_by_eps_times_the_l1_norm(eps: float) -> None:
    draw = np.random.default_rng(0)
    weights = (0.01 * draw.standard_normal((4, 4, 3))).astype(np.float32)
    images = draw.integers(10, 240, (5, 4, 4, 3)).astype(np.float32)  # 10 levels away from the clipping
    view = Classifier(linear(weights))
    (attacked,) = Fgsm()(view, images, np.zeros(5, np.int64), [eps])
    margin = [(view.logits(x)[:, 0] - view.logits(x)[:, 1]) for x in (images, attacked)]
    np.testing.assert_allclose(margin[0] - margin[1], eps * np.abs(weights).sum(), atol=1e-4)


def test_clipping_keeps_black_black_and_white_white() -> None:
    weights = np.array([[[1.0, -1.0, 1.0]]], np.float32)
    images = np.array([[[[0.0, 255.0, 100.0]]]], np.float32)
    (attacked,) = Fgsm()(Classifier(linear(weights * 0.01)), images, np.zeros(1, np.int64), [8.0])
    np.testing.assert_array_equal(attacked, [[[[0.0, 255.0, 92.0]]]])


def test_the_gradient_is_computed_once_for_all_radii() -> None:
    class Counting:
        calls = 0

        def gradient(self, images: Any, labels: Any) -> Any:
            del labels
            self.calls += 1
            return np.ones_like(images)

        def logits(self, images: Any) -> Any:
            raise AssertionError(images)

    view = Counting()
    images = np.full((2, 1, 1, 3), 100, np.float32)
    found = list(Fgsm()(view, images, np.zeros(2, np.int64), [0, 1, 2]))
    assert view.calls == 1
    assert [float(attacked[0, 0, 0, 0]) for attacked in found] == [100, 101, 102]


def pruned(arch: str) -> Any:
    """Build a network that has gone through the pruning wrapper, as the attacked ones have."""
    keras.utils.set_random_seed(0)
    method = Magnitude(0.5, Steps(1, 1, 1))
    return method.finish(method.prepare(ARCHITECTURES[arch].function()((SIZE, SIZE, 3), 10)))


def by_art(model: Any, images: Any, labels: Any, eps: float) -> Any:
    from art.attacks.evasion import FastGradientMethod
    from art.estimators.classification import TensorFlowV2Classifier

    classifier = TensorFlowV2Classifier(
        model=model,
        nb_classes=10,
        input_shape=(SIZE, SIZE, 3),
        loss_object=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        clip_values=(0, 255),
    )
    return FastGradientMethod(classifier, eps=eps, batch_size=len(images)).generate(images, labels)


def by_foolbox(model: Any, images: Any, labels: Any, eps: float) -> Any:
    import eagerpy
    from foolbox import TensorFlowModel
    from foolbox.attacks import LinfFastGradientAttack

    fooled = TensorFlowModel(model, bounds=(0, 255))
    attack = LinfFastGradientAttack(random_start=False)
    raw, _, _ = attack(
        fooled, eagerpy.astensor(tf.constant(images)), eagerpy.astensor(tf.constant(labels)), epsilons=eps
    )
    return raw.numpy()


@pytest.mark.parametrize("arch", ["alexnet", "fc5", "resnet18"])
@pytest.mark.parametrize("library", [by_art, by_foolbox])
def test_the_attacked_images_are_those_of_two_other_libraries(arch: str, library: Any, synthetic: Dataset) -> None:
    model, images = pruned(arch), synthetic.val.images[:24].astype(np.float32)
    labels = synthetic.val.labels[:24]
    ours = list(Fgsm()(Classifier(model), images, labels, EPS))
    for eps, attacked in zip(EPS, ours, strict=True):
        np.testing.assert_allclose(attacked, library(model, images, labels, eps), atol=1e-4)
