"""A deployed file says what the network says."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bounded import convolutional
from tiny import tiny_run

from bench.deployment.formats import FORMATS, format_named
from bench.errors import BadInput
from bench.evaluation.classifier import Classifier
from bench.methods.compose import methods_of
from bench.training.network import build


def low_rank() -> Any:
    run = tiny_run(arch="small", low_rank="0.5")
    return build(run, 4, "float32", methods_of(run, 6))


def residual() -> Any:
    """All layers of a ResNet, a few of each."""
    return convolutional("residual, batch norm and pooling", 0)


@pytest.mark.usefixtures("small_network")
@pytest.mark.parametrize("network", [low_rank, residual])
@pytest.mark.parametrize("name", FORMATS)
def test_a_file_gives_the_logits_of_the_network_at_any_batch_size(
    name: str, network: Callable[[], Any], tmp_path: Path
) -> None:
    row = format_named(name)
    if any(find_spec(each) is None for each in row.libraries):
        pytest.skip(f"{name} needs {row.libraries}")
    model = network()
    path = tmp_path / f"network{row.suffix}"
    row.write(model, path)
    deployed, classifier = row.load(path, 1), Classifier(model)
    images = np.random.default_rng(0).integers(0, 256, (5, *model.input_shape[1:])).astype(np.float32)
    for count in (1, 5, 2):
        expected = classifier.logits(images[:count])
        found = deployed(images[:count])
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())
        assert found.argmax(axis=1).tolist() == expected.argmax(axis=1).tolist()


def test_a_format_that_is_unknown_or_lacks_its_library_is_refused_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadInput, match=r"unknown format 'tflit'.*tflite"):
        format_named("tflit")
    monkeypatch.setattr("bench.plugins.find_spec", lambda _: None)
    with pytest.raises(BadInput, match=r"needs ai_edge_litert, .*bench-robustness\[deploy\]"):
        format_named("tflite").write(None, tmp_path / "x")
