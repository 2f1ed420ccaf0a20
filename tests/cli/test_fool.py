"""What ``bench fool`` refuses before TensorFlow starts, and how it names what it writes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from PIL import Image

from bench.cli.main import main
from bench.imagenet.names import imagenet_names


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (20, 20)).save("photo.png")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["photo.png"], "no network: expected --network with a run or one of efficientnet-lite0, mobilenetv2, vgg16"),
        (["none.png", "--network", "vgg16"], "IMAGE is 'none.png': expected a JPEG or PNG file, received no such file"),
        ([".", "--network", "vgg16"], "received a folder"),
        (["photo.png", "--network", "vgg16", "--network", "mobilenetv2"], "2 networks and an IMAGE: expected one"),
        (["--network", "vgg16"], "no IMAGE: expected a JPEG or PNG file, or two or more --network"),
        (
            ["--network", "vgg16", "--network", "a", "--target", "b"],
            "--target has no effect without an IMAGE: leave it out",
        ),
        (
            ["--network", "vgg16", "--network", "a", "--output", "b"],
            "--output has no effect without an IMAGE: leave it out",
        ),
        (["photo.png", "--network", "vgg16", "--images", "9"], "--images has no effect with an IMAGE: leave it out"),
        (
            ["photo.png", "--network", "vgg16", "--seed", "1", "--data-dir", "d"],
            "--seed and --data-dir have no effect with an IMAGE: leave them out",
        ),
        (
            ["photo.png", "--network", "vgg16", "--results-dir", "r"],
            "--results-dir has no effect with an IMAGE for vgg16: leave it out",
        ),
        (["photo.png", "--network", "vgg16", "--eps", "0"], "--eps is 0.0: expected pixel levels (L-infinity)"),
        (["photo.png", "--network", "vgg16", "--eps", "nan"], "--eps is nan: expected pixel levels"),
        (["photo.png", "--network", "vgg-16"], "no run 'vgg-16'"),
        (["photo.png", "--network", "some-run", "--weights", "w.h5"], "received 0 of them"),
        (["photo.png", "--network", "vgg16", "--weights", "w.h5"], "cannot read the weights 'w.h5'"),
    ],
)
def test_what_cannot_be_is_refused_with_what_was_expected(words: list[str], says: str) -> None:
    done = CliRunner().invoke(main, ["fool", *words])
    assert says in done.stderr
    assert "Traceback" not in done.output
    assert done.exit_code == 2


def test_missing_packages_and_images_are_said_before_weights_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("bench.imagenet.weights.Published.located", never)
    two = ["--network", "vgg16", "--network", "mobilenetv2"]
    done = CliRunner().invoke(main, ["fool", *two])
    assert "vgg16 needs --data-dir DIR" in done.stderr
    imagenet_names.cache_clear()
    monkeypatch.setattr("bench.plugins.find_spec", lambda _: None)
    done = CliRunner().invoke(main, ["fool", "photo.png", "--network", "vgg16"])
    assert "pip install 'bench-robustness[imagenet]'" in done.stderr
    assert done.exit_code == 2


def test_an_unknown_network_is_told_the_names_of_all() -> None:
    done = CliRunner().invoke(main, ["fool", "photo.png", "--network", "resnet"])
    assert "networks trained on ImageNet are efficientnet-lite0, mobilenetv2, vgg16" in done.stderr


def test_weights_of_another_hash_are_an_error_of_integrity(folder: Path) -> None:
    (folder / "w.h5").write_bytes(b"weights")
    done = CliRunner().invoke(main, ["fool", "photo.png", "--network", "vgg16", "--weights", "w.h5"])
    assert done.exit_code == 4
    assert "expected the md5 64373286793e3c8b2b4e3219cbf3544b, received" in done.stderr


def test_pictures_of_other_images_and_settings_have_other_names(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Path] = []

    def found(_network: object, path: Path, *_: object) -> SimpleNamespace:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        record = SimpleNamespace(target=None, image=digest, model_dump_json=lambda: "{}")
        return SimpleNamespace(record=record, clean=None, fooled=None)

    def fool(*words: str) -> str:
        done = CliRunner().invoke(main, ["fool", *words, "--network", "vgg16", "--json", "--quiet"])
        assert done.exit_code == 0, done.output
        return written[-1].name

    monkeypatch.setattr("bench.cli.fool.networks_named", lambda *_: [SimpleNamespace(name="vgg16")])
    monkeypatch.setattr("bench.fooling.image.fool_image", found)
    monkeypatch.setattr("bench.report.figures.fooled.fooled", lambda *_: None)
    monkeypatch.setattr("bench.cli.fool.write_record", lambda path, _: written.append(path))
    monkeypatch.setattr("bench.report.figures.save.write", lambda *_: [])
    for words in ([], ["--eps", "1"], ["--eps", "1.5"], ["--eps", "1.5", "--steps", "50"]):
        fool("photo.png", *words)
    digits = hashlib.sha256(Path("photo.png").read_bytes()).hexdigest()[:8]
    assert written[0].name == f"photo-{digits}-vgg16-any.json"
    assert len(set(written)) == 4
    for name in ("猫.png", "犬.png"):
        Image.new("RGB", (20, 20)).save(name)
        assert fool(name) == f"{Path(name).stem}-{digits}-vgg16-any.json"
    Path("other").mkdir()
    Image.new("RGB", (20, 20), "white").save("other/photo.png")
    assert fool("photo.png") == written[0].name
    assert fool("other/photo.png") != written[0].name
