from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from numpy.typing import NDArray

from bench.attacks.fgsm import Fgsm
from bench.datasets import DATASETS
from bench.datasets.base import Dataset
from bench.evaluation.classifier import Classifier
from bench.methods.magnitude_pruning import MagnitudePruning
from bench.spec.architectures import ARCHITECTURES
from bench.spec.pruning_schedule import Steps

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
        temperature = 1.0

        def gradient(self, images: Any, labels: Any, loss: Any) -> Any:
            del labels, loss
            self.calls += 1
            return np.ones_like(images)

        def logits(self, images: Any) -> Any:
            raise AssertionError(images)

    view = Counting()
    images = np.full((2, 1, 1, 3), 100, np.float32)
    found = list(Fgsm()(view, images, np.zeros(2, np.int64), [0, 1, 2]))
    assert view.calls == 1
    assert [float(attacked[0, 0, 0, 0]) for attacked in found] == [100, 101, 102]


def toward(view: Classifier, attack: Fgsm, images: Any, labels: Any) -> Any:
    (attacked,) = attack(view, images, labels, [1.0])
    return attacked - images


class TestWhatTheAttackerKnows:
    """On a linear network of three classes, whose cross-entropy gradient depends on T and whose margin does not."""

    weights = (0.01 * np.random.default_rng(3).standard_normal((48, 3))).astype(np.float32)
    images = np.random.default_rng(4).integers(10, 240, (6, 4, 4, 3)).astype(np.float32)
    labels = np.array([0, 1, 2, 0, 1, 2])

    def view(self, temperature: float, scale: float = 1.0) -> Classifier:
        pixels = keras.Input((4, 4, 3))
        dense = keras.layers.Dense(3, use_bias=False)
        model = keras.Model(pixels, dense(keras.layers.Flatten()(pixels)))
        dense.set_weights([scale * self.weights])
        return Classifier(model, temperature)

    @pytest.mark.parametrize("temperature", [0.5, 1.0, 20.0])
    def test_the_step_is_the_sign_of_the_gradient_at_the_attackers_temperature(self, temperature: float) -> None:
        view = self.view(20.0)
        logits = view.logits(self.images) / temperature
        softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        gradient = (softmax - np.eye(3)[self.labels]) @ self.weights.T
        found = toward(view, Fgsm(knowledge=temperature), self.images, self.labels)
        np.testing.assert_array_equal(found.reshape(6, -1), np.sign(gradient))

    def test_the_two_attackers_are_one_at_temperature_1(self) -> None:
        known, unknown = (Fgsm(knowledge=each) for each in ("temperature", "none"))
        view = self.view(1.0)
        np.testing.assert_array_equal(*(toward(view, each, self.images, self.labels) for each in (known, unknown)))
        view = self.view(20.0, scale=5.0)
        one, other = (toward(view, each, self.images, self.labels) for each in (known, unknown))
        assert (one != other).any()

    def test_knowing_the_temperature_is_giving_it(self) -> None:
        attacks = (Fgsm(), Fgsm(knowledge=20.0))
        np.testing.assert_array_equal(*(toward(self.view(20.0), each, self.images, self.labels) for each in attacks))

    def test_the_step_on_the_margin_is_closed_form_and_no_scale_of_the_logits_changes_it(self) -> None:
        logits = self.view(1.0).logits(self.images)
        others = np.where(np.eye(3)[self.labels] == 1, -np.inf, logits).argmax(axis=1)
        expected = np.sign(self.weights[:, others] - self.weights[:, self.labels]).T
        for scale in (1.0, 1000.0):
            view = self.view(7.0, scale)
            found = toward(view, Fgsm(loss="margin"), self.images, self.labels)
            np.testing.assert_array_equal(found.reshape(6, -1), expected)
        assert view.zero_images == 0

    def test_every_threat_names_the_attackers_temperature_or_that_there_is_none(self) -> None:
        assert Fgsm().threat(20.0).temperature == 20
        assert Fgsm(knowledge="none").threat(20.0).temperature == 1
        assert "attacker at T = 1, network trained at T = 20" in Fgsm(knowledge="none").threat(20.0).knowledge
        assert Fgsm(knowledge=5.0).threat(20.0).label == "FGSM, attacker at T = 5"
        assert Fgsm(loss="margin").threat(20.0).temperature is None


def pruned(arch: str) -> Any:
    """Build a network that has gone through the pruning wrapper, as the attacked ones have."""
    keras.utils.set_random_seed(0)
    method = MagnitudePruning(0.5, Steps(1, 1, 1))
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
