"""A new architecture is a file and a line. Nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import tiny_run
from whole_runs import go

from architectures import ARCHITECTURES, Architecture

PERCEPTRON = """
import tf_keras as keras


def perceptron(input_shape, num_classes, *, conv=keras.layers.Conv2D, dense=keras.layers.Dense):
    pixels = keras.Input(input_shape)
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(pixels))
    return keras.Model(pixels, dense(num_classes, name="fc")(x))
"""


@pytest.mark.usefixtures("tiny_source")
def test_an_architecture_is_added_by_a_file_and_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "perceptron.py").write_text(PERCEPTRON)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(ARCHITECTURES, "perceptron", Architecture("perceptron:perceptron", learning_rate=0.01))
    result = go(tmp_path / "results", tiny_run(arch="perceptron", sparsity=0.5, epochs=3))
    assert result.training.measured.sparsity == pytest.approx(0.5, abs=1e-3)
