"""Looks at whole runs: what they are compared with, what is done once, and what the command says."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from fakes import diverged, trained
from tiny import stood_in, tiny_run
from whole_runs import only_trained

from bench.cli.main import main
from bench.comparison.looking import seen_in
from bench.datasets.base import Dataset
from bench.errors import BadInput, IntegrityError
from bench.looking.ascent import Ascent
from bench.looking.class_image import ClassImage
from bench.looking.drawn import Drawn
from bench.looking.evaluation import Look
from bench.looking.maps import read_maps
from bench.looking.references import references
from bench.records.collection import read
from bench.records.store import Folder
from bench.report.look_pictures import draw_class, draw_maps, short_names
from bench.runs.looking import look_at
from bench.runs.pipeline import Where
from bench.spec.run import Run
from bench.training.progress import Progress

pytestmark = pytest.mark.usefixtures("tiny_source", "small_network")


def small(**settings: Any) -> Run:
    return tiny_run(arch="small", **settings)


@pytest.fixture(autouse=True, scope="module")
def short() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("bench.looking.smooth_grad.SAMPLES", 2)
        monkeypatch.setattr("bench.looking.integrated_gradients.STEPS", 4)
        yield


def look(results: Path, *folders: Folder, images: int = 4) -> None:
    look_at(folders, images, Where(results), Progress(quiet=True))


class Made:
    """Runs that are trained once for all tests, and copies of them."""

    def __init__(self, results: Path) -> None:
        self.results = results

    def at(self, place: Path, *runs: Run) -> list[Folder]:
        """Return copies of the trained ``runs``, below ``place``."""
        for run in runs:
            shutil.copytree(only_trained(self.results, run).folder.path, Folder(place, run).path)
        return [Folder(place, run) for run in runs]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory, tiny: Dataset) -> Path:
    """The records of a dense run that was looked at, to be copied."""
    results = tmp_path_factory.mktemp("looked")
    with stood_in(tiny):
        run = tiny_run(arch="small")
        look(results, only_trained(results, run).folder)
    return results


@pytest.fixture
def folder(looked: Path, tmp_path: Path) -> Folder:
    """A copy of the dense run that was looked at, below ``tmp_path``."""
    shutil.copytree(looked, tmp_path, dirs_exist_ok=True)
    return Folder(tmp_path, small())


def command(results: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["look", *words, "--results-dir", str(results), "--quiet"])


def test_a_network_is_compared_with_its_control_and_that_with_another_seed(made: Made, tmp_path: Path) -> None:
    dense, pruned = made.at(tmp_path, small(), small(sparsity=0.5))
    look(tmp_path, pruned)
    record, numbers = pruned.looks.get(4) or pytest.fail("no record")
    training = dense.trained()
    assert record.control is not None
    assert (record.control.run, record.control.weights, record.seeds) == (small().name, training.weights, None)
    assert dense.looks.get(4) is not None  # looked at as well: what is forgotten needs its classes
    assert record.accuracy == pruned.trained().measured.accuracy
    assert {row.between for row in record.agreement} == {"control", "shuffled"}
    assert numbers["gradient, control"].shape == (2, 4)
    before = pruned.looks.path(4).stat().st_mtime_ns
    look(tmp_path, pruned)
    assert pruned.looks.path(4).stat().st_mtime_ns == before
    (other,) = made.at(tmp_path, small(seed=1))
    look(tmp_path, pruned)
    record, _ = pruned.looks.get(4) or pytest.fail("no record")
    assert record.seeds is not None
    assert record.seeds.weights == other.trained().weights
    found = seen_in(pruned, 4)
    assert found.forgotten is not None
    assert found.forgotten.whole.network == record.accuracy
    assert found.seeds_forgotten is not None
    maps = read_maps(pruned.looks.gallery(4), record.weights)
    assert maps is not None
    np.testing.assert_array_equal(numbers["places"], maps.places)


def test_a_record_holds_no_image(folder: Folder) -> None:
    _, numbers = folder.looks.get(4) or pytest.fail("no record")
    assert max(array.ndim for array in numbers.values()) <= 2
    assert all(array.shape[-1] != 32 for array in numbers.values())
    assert folder.looks.gallery(4).name == "4.gallery.npz"  # which git ignores


def test_maps_that_are_gone_or_damaged_are_made_again(folder: Folder, tmp_path: Path) -> None:
    weights, path = folder.trained().weights, folder.looks.gallery(4)
    whole = path.read_bytes()
    flipped = whole[:200] + bytes(byte ^ 0xFF for byte in whole[200:220]) + whole[220:]
    for content in (flipped, whole[:-20], b"no archive", b""):
        path.write_bytes(content)
        assert read_maps(path, weights) is None
    look(tmp_path, folder)
    assert path.read_bytes() == whole
    assert read_maps(path, "other weights") is None


def test_where_there_is_no_control_the_first_run_is_compared_with(tmp_path: Path) -> None:
    first, second = (trained(tmp_path, small(sparsity=each), 0.8) for each in (0.5, 0.9))
    assert references(first, first.run).control is None
    assert references(second).control is None
    found = references(second, first.run).control
    assert found is not None
    assert found.path == first.path
    dense, other = (trained(tmp_path, run, 0.8) for run in (small(), small(seed=1)))
    own = references(second, first.run).control
    assert own is not None
    assert own.path == dense.path
    # A dense network is compared with another dense one, never with a network made from it.
    assert references(dense, first.run).control is None
    beside = references(other, dense.run).control
    assert beside is not None
    assert beside.path == dense.path
    assert references(other, dense.run).seeds is None  # it is not compared with itself


def test_the_command_prints_a_table_and_draws_pictures(made: Made, tmp_path: Path) -> None:
    made.at(tmp_path, small(), small(sparsity=0.5))
    shown = command(tmp_path, small().name, small(sparsity=0.5).name, "--images", "3", "--target", "B", "--steps", "3")
    assert shown.exit_code == 0, shown.output
    assert (
        f"{small(sparsity=0.5).key}\n3 validation images; control: {small().name}, seed 0; its other seed: none"
        in shown.output
    )
    assert "what falls" in shown.output
    pictures = [Path(line.split()[1]) for line in shown.output.splitlines() if line.startswith("picture")]
    assert [re.sub("-[0-9a-f]{8}", "-HASH", each.name) for each in pictures] == [
        *("maps-3-HASH.png", "maps-3-HASH.svg"),
        *("class-b-HASH.png", "class-b-HASH.svg"),
    ]
    assert pictures[0].read_bytes()[:4] == b"\x89PNG"
    (drawing,) = read(tmp_path).drawings
    assert [each.name for each in drawing.networks] == [small().key, small(sparsity=0.5).key]
    assert (drawing.target, drawing.start, drawing.networks[0].steps) == ("b", None, [0, 1, 2, 3])
    found = json.loads(command(tmp_path, small(sparsity=0.5).name, "--images", "3", "--json").output)
    (network,) = found["networks"]
    assert network["forgotten"]["whole"]["images"] == 40
    assert len(network["forgotten"]["lost"]) == network["forgotten"]["whole"]["lost"]
    assert [each["saliency"] for each in network["agreement"]] == ["gradient", "SmoothGrad", "integrated gradients"]


def test_a_network_that_is_only_compared_with_keeps_what_it_was_compared_with(made: Made, tmp_path: Path) -> None:
    dense, other, pruned = made.at(tmp_path, small(), small(epochs=1), small(sparsity=0.5))
    look(tmp_path, other, dense)
    before = dense.looks.get(4) or pytest.fail("no record")
    assert before[0].control is not None
    look(tmp_path, pruned)
    assert (dense.looks.get(4) or pytest.fail("no record"))[0] == before[0]
    assert seen_in(pruned, 4).forgotten is not None
    look(tmp_path, dense)  # asked for itself, it is compared anew
    assert (dense.looks.get(4) or pytest.fail("no record"))[0].control is None


def test_the_picture_of_maps_names_the_worthless_kinds_of_each_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[str] = []
    monkeypatch.setattr("bench.report.look_pictures.read_maps", lambda *_: object())
    monkeypatch.setattr("bench.report.look_pictures.saliency_maps", lambda _maps, _classes, said: notes.extend(said))
    monkeypatch.setattr("bench.report.figures.save.render", lambda *_: {})
    folders = [trained(tmp_path, tiny_run(learning_rate=rate), 0.8) for rate in (0.1, 0.2)]

    def looks(*worthless: bool) -> dict[str, Any]:
        return {
            folder.run.key: SimpleNamespace(
                record=SimpleNamespace(images=4), agreements=[SimpleNamespace(saliency="gradient", worthless=each)]
            )
            for folder, each in zip(folders, worthless, strict=True)
        }

    draw_maps(folders, looks(False, False))
    assert notes == []
    draw_maps(folders, looks(False, True))
    (note,) = notes
    name = short_names(folders)[folders[1].run.key]
    assert note == f"Worthless by the test of shuffled weights, or constant: {name} (gradient)."


def test_pictures_of_other_networks_or_settings_have_other_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.report.figures.save.render", lambda *_: {"svg": b""})
    folders = [trained(tmp_path, tiny_run(learning_rate=rate), 0.8) for rate in (0.1, 0.2, 0.3)]
    image = np.zeros((1, 32, 32, 3), np.uint8)
    one = ClassImage(1, (0,), image, np.zeros(1), np.zeros(1))

    def name(several: list[Folder], start: int | None = None, **settings: Any) -> str:
        found = Drawn(1, {each.run.key: one for each in several}, np.ones((len(several), len(several)), bool))
        (path,) = draw_class(several, found, Ascent(**settings), start)
        return path.stem

    assert name(folders[:1]) == "class-1"
    others = {
        name(folders[:2]),
        name([folders[0], folders[2]]),
        name(folders[:1], start=3),
        name(folders[:1], steps=3),
        name(folders[:2], steps=3),
    }
    assert len(others | {"class-1"}) == 6


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing"], "unknown run 'nothing': expected one of"),
        (["RUN", "--images", "0"], "--images 0: expected 1 to 200"),
        (["RUN", "--images", "201"], "--images 201: expected 1 to 200"),
        (
            ["RUN", "--target", "cat"],
            "unknown class 'cat': expected the name or the id of one of 10 classes, 0, 1, 2",
        ),
        (["RUN", "--target", "1", "--start", "x"], "--start x: expected noise, or the number"),
        (["RUN", "--target", "1", "--start", "200"], "start is 200: expected noise, or the number"),
        (["RUN", "--target", "1", "--steps", "0"], "steps is 0: expected steps in [1, 10000]"),
        (["RUN", "--start", "3", "--steps", "9"], "--start and --steps have no effect without --target"),
        (["RUN", "DIVERGED"], "has no network here: expected a trained run with its weights"),
        (["RUN", "ELSEWHERE"], "trained on other images (eeeeeeeeeeee)"),
    ],
)
def test_what_cannot_be_is_refused(words: list[str], message: str, tmp_path: Path) -> None:
    run, broken, elsewhere = (tiny_run(learning_rate=rate) for rate in (0.1, 0.2, 0.3))
    trained(tmp_path, run, 0.8)
    diverged(tmp_path, broken)
    trained(tmp_path, elsewhere, 0.8, data="e" * 64)
    names: dict[str, Any] = {"RUN": run.name, "DIVERGED": broken.name, "ELSEWHERE": elsewhere.name}
    found = command(tmp_path, *[names.get(word, word) for word in words])
    assert found.exit_code == 2, found.output
    assert message in found.output


def test_a_run_without_weights_is_refused(tmp_path: Path) -> None:
    folder = trained(tmp_path, tiny_run(), 0.8)
    (folder.path / "weights.npz").unlink()
    found = command(tmp_path, tiny_run().name)
    assert found.exit_code == 2
    assert "its weights are not here" in found.output
    assert "--results-dir" in found.output


def test_a_damaged_record_of_a_look_is_said(folder: Folder, tmp_path: Path) -> None:
    path = folder.looks.path(4)
    path.write_bytes(path.read_bytes().replace(b'"images": 4', b'"images": 5'))
    with pytest.raises(IntegrityError, match=r"4\.json is damaged"):
        look(tmp_path, folder)
    with pytest.raises(BadInput, match="no look at 7 images"):
        seen_in(folder, 7)
    with pytest.raises(BadInput, match="expected 1 to 40"):
        Look(41).check(40)
