"""Features at a cut, the machine on them, and the whole as one network."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tf_keras as keras
from click.testing import CliRunner
from PIL import Image

import bench
from bench.cli import transfer_output
from bench.cli.main import main
from bench.datasets.base import Dataset, Split
from bench.datasets.class_names import names_of
from bench.errors import BadInput
from bench.evaluation.classifier import Classifier
from bench.features.cuts import cuts_of, default_cuts, features_at
from bench.features.images import images_of_task
from bench.features.svm import LinearSvm, fitted
from bench.features.transfer import transfer, whole_network
from bench.networks import LoadedNetwork
from bench.records.schema import TransferRecord
from bench.report.figures.save import render
from bench.report.figures.transferred import transferred
from bench.training.progress import Progress

with_sklearn = pytest.mark.skipif(
    importlib.util.find_spec("sklearn") is None, reason="scikit-learn, the extra transfer, is not installed"
)
SIZE, CLASSES = 12, 3
ACCURATE = 0.9


def network() -> Any:
    """Return a small network with maps and vectors, and weights that are drawn."""
    keras.utils.set_random_seed(4)
    pixels = keras.Input((SIZE, SIZE, 3), name="pixels")
    x = keras.layers.Rescaling(1 / 255, name="rescale")(pixels)
    x = keras.layers.ReLU(name="relu1")(keras.layers.Conv2D(6, 3, padding="same", name="conv1")(x))
    x = keras.layers.ReLU(name="relu2")(keras.layers.Conv2D(8, 3, strides=2, name="conv2")(x))
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(pixels, keras.layers.Dense(5, name="logits")(x))


@pytest.fixture(scope="module")
def trunk() -> LoadedNetwork:
    return LoadedNetwork("small", Classifier(network()), names_of("abcde"), SIZE, "0" * 64)


def tints(count: int, seed: int) -> Split:
    """Return images of noise with one brighter channel, which is the class."""
    draw = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    images = draw.integers(60, 140, (count, SIZE, SIZE, 3))
    images[np.arange(count), :, :, labels] += 60
    return Split(images.astype(np.uint8), labels.astype(np.int64), tuple(map(str, range(count))))


@pytest.fixture(scope="module")
def task() -> Dataset:
    return Dataset("folder", tints(60, 1), tints(30, 2), ("red", "green", "blue"), "f" * 64)


def test_a_map_is_averaged_and_a_vector_is_taken_as_it_is(trunk: LoadedNetwork, task: Dataset) -> None:
    model, images = trunk.classifier.model, task.val.images
    found = features_at(model, ["relu1", "pool"], images)
    maps = keras.Model(model.input, model.get_layer("relu1").output)(images.astype(np.float32)).numpy()
    np.testing.assert_allclose(found["relu1"], maps.mean(axis=(1, 2)), rtol=1e-5)
    assert found["pool"].shape == (30, 8)
    for batch in (1, 7):  # the features of an image do not depend on those beside it
        np.testing.assert_allclose(
            features_at(model, ["pool"], images[:batch])["pool"], found["pool"][:batch], rtol=1e-5
        )


def test_the_cuts_leave_out_the_image_and_the_logits(trunk: LoadedNetwork) -> None:
    model = trunk.classifier.model
    assert cuts_of(model) == ["rescale", "conv1", "relu1", "conv2", "relu2", "pool"]
    assert default_cuts(model) == ["relu1", "relu2", "pool"]
    linear = keras.layers.Activation("linear", name="named")(model.output)
    assert default_cuts(keras.Model(model.input, linear)) == ["relu1", "relu2", "pool"]


@with_sklearn
@pytest.mark.parametrize("classes", [2, CLASSES])
def test_the_weights_are_those_of_the_machine_on_standardised_features(classes: int) -> None:
    from sklearn.svm import LinearSVC

    draw = np.random.default_rng(0)
    labels = np.arange(90) % classes
    features = (draw.normal(0, 1, (90, 6)) * [1, 10, 0.1, 5, 1, 0] + [3, 0, -2, 100, 0, 7] + labels[:, None]).astype(
        np.float32
    )
    features[:, 5] = 7
    found = fitted(features, labels, 0.01, 0)
    standard = (features - features.mean(0)) / np.where(np.arange(6) == 5, 1, features.std(0))
    machine = LinearSVC(C=0.01, dual=False, random_state=0).fit(standard, labels)
    decisions = machine.decision_function(standard)
    expected = decisions if classes > 2 else np.stack([-decisions, decisions], axis=1)
    np.testing.assert_allclose(found.logits(features), expected, atol=2e-3)
    assert (found.kernel[5] == 0).all()
    assert found.right(features, labels) == int((machine.predict(standard) == labels).sum())


def test_the_whole_is_the_trunk_and_then_the_machine(trunk: LoadedNetwork, task: Dataset) -> None:
    draw = np.random.default_rng(9)
    machine = LinearSvm(draw.normal(0, 1, (6, 4)).astype(np.float32), draw.normal(0, 1, 4).astype(np.float32), True)
    whole = whole_network(trunk.classifier.model, "relu1", machine)
    features = features_at(trunk.classifier.model, ["relu1"], task.val.images)["relu1"]
    logits = Classifier(whole).logits(task.val.images.astype(np.float32))
    np.testing.assert_allclose(logits, machine.logits(features), atol=1e-4)
    before = trunk.classifier.logits(task.val.images.astype(np.float32))
    np.testing.assert_array_equal(before, Classifier(network()).logits(task.val.images.astype(np.float32)))


@pytest.fixture(scope="module")
def record(trunk: LoadedNetwork, task: Dataset) -> TransferRecord:
    pytest.importorskip("sklearn", reason="scikit-learn, the extra transfer, is not installed")
    return transfer(trunk, task, Progress(quiet=True), ["relu1", "pool"], [0.01, 0.1], [1.0, 40.0], 12)


def test_the_sweep_has_every_pair_and_the_best_is_chosen(record: TransferRecord) -> None:
    assert [(row.cut, row.c) for row in record.rows] == [("relu1", 0.01), ("relu1", 0.1), ("pool", 0.01), ("pool", 0.1)]
    best = next(row for row in record.rows if (row.cut, row.c) == (record.cut, record.c))
    assert best.accuracy == max(row.accuracy for row in record.rows)
    assert (record.train, record.held_out, record.val, record.attacked) == (60, 12, 30, 12)
    assert record.accuracy >= ACCURATE
    assert record.low <= record.accuracy <= record.high


def test_the_whole_is_attacked_and_falls(record: TransferRecord) -> None:
    assert [attack.attack.partition("(")[0] for attack in record.attacks] == ["fgsm", "apgd"]
    for attack in record.attacks:
        assert attack.threat.model_fields_set == set(type(attack.threat).model_fields)  # what is not set is not written
        assert [row.eps for row in attack.rows] == [0.0, 1.0, 40.0]
        assert attack.rows[0].accuracy >= ACCURATE
        assert attack.rows[2].accuracy < attack.rows[0].accuracy
    fgsm, apgd = record.attacks
    assert apgd.rows[2].accuracy <= fgsm.rows[2].accuracy


def test_the_same_seed_gives_the_same_record(record: TransferRecord, trunk: LoadedNetwork, task: Dataset) -> None:
    again = transfer(trunk, task, Progress(quiet=True), ["relu1", "pool"], [0.01, 0.1], [1.0, 40.0], 12)
    assert [row.accuracy for row in again.rows] == [row.accuracy for row in record.rows]
    assert again.attacks == record.attacks
    assert again.accuracy == record.accuracy


def test_the_table_and_the_picture_say_what_was_chosen(record: TransferRecord) -> None:
    table = transfer_output.table(record, [])
    assert f"chosen on the held-out images: {record.cut}, C = {record.c:g}" in table
    assert f"{record.accuracy:.4f}" in table
    picture = render(transferred(record))["svg"]
    assert picture == render(transferred(record))["svg"]
    assert f"{record.accuracy:.4f}" in picture.decode()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"cuts": ["relu3"]}, "unknown layer to cut at 'relu3'.*did you mean 'relu"),
        ({"cuts": ["logits"]}, "unknown layer to cut at 'logits'"),
        ({"penalties": [0.0]}, r"C is 0.0: expected the C of a support vector machine"),
        ({"eps": [0.0]}, "expected values in ascending order"),
    ],
)
@with_sklearn
def test_what_cannot_be_is_refused(trunk: LoadedNetwork, task: Dataset, options: Any, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        transfer(trunk, task, Progress(quiet=True), **options)


def test_without_scikit_learn_it_says_how_to_install_it(
    trunk: LoadedNetwork, task: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.plugins.find_spec", lambda _: None)
    with pytest.raises(BadInput, match=r"pip install 'bench-robustness\[transfer\]'"):
        transfer(trunk, task, Progress(quiet=True))


def test_a_class_of_one_image_cannot_be_held_out(trunk: LoadedNetwork, task: Dataset) -> None:
    few = Dataset("folder", task.train.part(np.array([0, 1, 2, 3, 4])), task.val, task.classes, "f" * 64)
    with pytest.raises(BadInput, match="the class 'blue' has 1 training image: expected two or more"):
        transfer(trunk, few, Progress(quiet=True))


def test_a_part_of_the_images_is_spread_over_each_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_CACHE_DIR", str(tmp_path / "cache"))
    for split in ("train", "val"):
        for name in ("cat", "dog"):
            (tmp_path / split / name).mkdir(parents=True)
            for place in range(5):
                Image.new("RGB", (10, 10)).save(tmp_path / split / name / f"{place}.png")
    found = images_of_task(tmp_path, 8, 3, None, Progress(quiet=True))
    assert found.train.names == tuple(f"train/{name}/{place}.png" for name in ("cat", "dog") for place in (0, 2, 4))
    assert len(found.val) == 10
    assert found.val.images.shape == (10, 8, 8, 3)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["vgg16"], "no --data-dir: expected a folder with train/CLASS/"),
        (["vgg16", "--data-dir", "none"], "--data-dir is 'none': expected a folder"),
        pytest.param(["vgg17", "--data-dir", "."], "networks trained on ImageNet are", marks=with_sklearn),
        (["vgg16", "--data-dir", ".", "--C", "a"], "C is 'a': expected numbers"),
        (["vgg16", "--data-dir", ".", "--C", "0"], "C is 0.0: expected the C of a support vector machine"),
        (["vgg16", "--data-dir", ".", "--eps", "0"], "expected a value above 0"),
        (["vgg16", "--data-dir", ".", "--eps", "2,1"], "expected values in ascending order"),
    ],
)
def test_a_wrong_command_line_is_refused(
    words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["transfer", *words])
    assert says in done.stderr
    assert done.exit_code == 2


def test_a_machine_that_is_not_installed_is_said_before_a_network_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.plugins.find_spec", lambda _: None)
    done = CliRunner().invoke(main, ["transfer", "vgg16", "--data-dir", str(tmp_path)])
    assert "pip install 'bench-robustness[transfer]'" in done.stderr
    with pytest.raises(BadInput, match=r"bench-robustness\[transfer\]"):
        bench.transfer("vgg16", data_dir=tmp_path)


def test_the_share_of_the_largest_class_is_drawn_and_printed_and_that_of_an_old_record_is_not(
    trunk: LoadedNetwork, task: Dataset
) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn, the extra transfer, is not installed")
    labels = np.where(task.train.labels == 2, 0, task.train.labels)
    uneven = replace(task, train=replace(task.train, labels=labels), classes=("red or blue", "green"))
    uneven = replace(uneven, val=replace(task.val, labels=np.where(task.val.labels == 2, 0, task.val.labels)))
    found = transfer(trunk, uneven, Progress(quiet=True), ["pool"], [0.01], [1.0], 12)
    assert found.largest_class == 8 / 12
    said = "always the largest class"
    assert f"{said}: 0.6667 on the held-out images" in transfer_output.table(found, [])
    assert said in render(transferred(found))["svg"].decode()
    old = found.model_copy(update={"largest_class": None})
    assert said not in transfer_output.table(old, [])
    assert said not in render(transferred(old))["svg"].decode()
