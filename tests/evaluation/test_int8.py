"""Quantisation to 8 bits: its grid, its gradient, and that it says what the deployed file says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from bounded import convolutional, images_and_labels
from hypothesis import given
from hypothesis import strategies as st
from tiny import tiny_run
from trainings import train

from bench.attacks.losses import Margin
from bench.datasets.base import Dataset
from bench.evaluation.classifier import Classifier
from bench.evaluation.int8 import Rounded, int8, rounded_kernel
from bench.training.network import restore


@given(st.sampled_from([(5, 3), (3, 3, 2, 4)]), st.integers(0, 1000), st.floats(1e-3, 1e3))
def test_each_output_channel_has_255_levels_about_zero(shape: tuple[int, ...], seed: int, scale: float) -> None:
    kernel = (scale * np.random.default_rng(seed).normal(size=shape)).astype(np.float32)
    kernel[..., 0] = 0
    found = rounded_kernel(kernel)
    steps = np.abs(kernel).max(axis=tuple(range(len(shape) - 1))) / 127
    assert (np.abs(found - kernel) <= steps / 2 * (1 + 1e-4)).all()
    levels = found[..., 1:] / steps[1:]
    np.testing.assert_allclose(levels, np.round(levels), atol=1e-3)
    assert not found[..., 0].any()


def test_an_output_is_rounded_after_what_the_runtime_fuses_and_the_gradient_passes() -> None:
    plain = convolutional("residual, batch norm and pooling", 0)
    images, _ = images_and_labels(plain, 0, count=8)
    model = int8(plain, images)
    inner = next(layer for layer in model.layers if isinstance(layer, keras.Model))
    rounded = [layer.layer for layer in inner.layers if isinstance(layer, Rounded)]
    # A convolution that batch norm follows is not rounded by itself; nor is batch norm that ReLU follows.
    assert not any(isinstance(layer, keras.layers.Conv2D) for layer in rounded)
    assert any(isinstance(layer, keras.layers.ReLU) for layer in rounded)
    network = Classifier(model)
    np.testing.assert_array_equal(network.logits(images + 0.3), network.logits(images))
    gradient = network.gradient(images, np.zeros(8, np.int64), Margin())
    assert (np.abs(gradient).max(axis=(1, 2, 3)) > 0).all()


@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were expected:UserWarning")
def test_it_agrees_with_the_file_that_is_deployed(tiny: Dataset, tmp_path: Path) -> None:
    interpreter: Any = pytest.importorskip("ai_edge_litert.interpreter")
    run = tiny_run(learning_rate=0.01)
    weights = train(run, tiny, tmp_path).weights
    images, calibration = tiny.val.images.astype(np.float32), tiny.calibration
    plain = restore(run, 4, weights)
    converter = tf.lite.TFLiteConverter.from_keras_model(plain)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image[None]] for image in calibration)
    deployed = interpreter.Interpreter(model_content=converter.convert())
    deployed.allocate_tensors()
    entry, exit_ = deployed.get_input_details()[0]["index"], deployed.get_output_details()[0]["index"]
    theirs = []
    for image in images:
        deployed.set_tensor(entry, image[None])
        deployed.invoke()
        theirs.append(deployed.get_tensor(exit_)[0])
    before = Classifier(plain).logits(images)
    ours = Classifier(int8(restore(run, 4, weights), calibration)).logits(images)
    assert (ours.argmax(axis=1) == np.argmax(theirs, axis=1)).mean() >= 0.95
    spread = np.abs(before).max()
    assert 0 < np.abs(ours - before).max() < 0.1 * spread
    assert np.abs(ours - np.array(theirs)).max() < 0.1 * spread
