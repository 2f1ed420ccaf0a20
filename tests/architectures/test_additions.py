"""A new architecture or attack needs a file and a line, and no other change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from tiny import tiny_run
from whole_runs import go

from architectures import ARCHITECTURES, Architecture
from bench.attacks import ATTACKS, attack_named
from bench.attacks.base import Threat, View
from bench.attacks.spec import AttackSpec
from bench.datasets.base import Images, Labels


@pytest.mark.usefixtures("tiny_source")
def test_an_architecture_and_an_attack_are_added_by_a_file_and_a_line_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "perceptron.py").write_text(PERCEPTRON)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(ARCHITECTURES, "perceptron", Architecture("perceptron:perceptron", learning_rate=0.01))
    monkeypatch.setitem(ATTACKS, "brighter", Brighter)
    run = tiny_run(arch="perceptron", sparsity=0.5, epochs=3)
    spec = AttackSpec(attack_named("brighter"), (0.0, 100.0))
    result = go(tmp_path / "results", run, spec)
    assert result.training["metrics"]["sparsity"] == pytest.approx(0.5, abs=1e-3)
    assert result.attacks["brighter-" + spec.name.split("-")[1]]["attack"] == "brighter"


PERCEPTRON = """
import tf_keras as keras


def perceptron(input_shape, num_classes, *, conv=keras.layers.Conv2D, dense=keras.layers.Dense):
    pixels = keras.Input(input_shape)
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(pixels))
    return keras.Model(pixels, dense(num_classes, name="fc")(x))
"""


@dataclass(frozen=True)
class Brighter:
    """Make every image brighter: an attack that needs no gradient."""

    kind: ClassVar[str] = "brighter"
    library: ClassVar[str] = ""

    def __str__(self) -> str:
        return self.kind

    def threat(self, trained_temperature: float) -> Threat:
        del trained_temperature
        return Threat("brighter", "no knowledge, no labels", None)

    def __call__(self, view: View, images: Images, labels: Labels, eps: Sequence[float]) -> Iterator[Images]:
        del view, labels
        return (np.minimum(images + np.float32(radius), np.float32(255)) for radius in eps)
