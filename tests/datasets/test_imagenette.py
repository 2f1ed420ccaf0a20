from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.datasets.imagenette import CLASSES, load, locate
from bench.datasets.imagenette_download import ARCHIVES
from bench.datasets.listing import list_images
from bench.errors import BadInput

MakeFolder = Callable[..., Path]
REAL = os.environ.get("BENCH_DATA_DIR")


pytestmark = pytest.mark.usefixtures("no_network")


def splits(folder: Path) -> Path:
    for split in ("train", "val"):
        (folder / split).mkdir(parents=True)
    return folder


def test_labels_follow_the_sorted_ids() -> None:
    assert list(CLASSES) == sorted(CLASSES)
    assert CLASSES[min(CLASSES)] == "tench"
    assert CLASSES[max(CLASSES)] == "parachute"


def test_a_named_folder_may_hold_the_splits_or_be_their_parent(tmp_path: Path) -> None:
    folder = splits(tmp_path / "parent/imagenette2-320")
    assert locate(64, folder, print) == folder
    assert locate(64, tmp_path / "parent", print) == folder


def test_a_named_folder_with_splits_is_taken_before_what_is_inside_it(tmp_path: Path) -> None:
    folder = splits(tmp_path / "images")
    splits(folder / "imagenette2-160")
    assert locate(64, folder, print) == folder


@pytest.mark.parametrize(
    ("image_size", "name"),
    [(64, "imagenette2-160"), (160, "imagenette2-160"), (161, "imagenette2-320"), (321, "imagenette2")],
)
def test_the_smallest_images_that_need_no_enlarging_are_taken(tmp_path: Path, image_size: int, name: str) -> None:
    for archive in ARCHIVES:
        splits(tmp_path / archive.name)
    said: list[str] = []
    assert locate(image_size, tmp_path, said.append).name == name
    assert said == []


def test_enlarging_is_reported(tmp_path: Path) -> None:
    splits(tmp_path / "imagenette2-160")
    said: list[str] = []
    assert locate(224, tmp_path, said.append).name == "imagenette2-160"
    assert "are 160 px: they are enlarged to 224 px" in said[0]


def test_the_argument_goes_before_the_variable_and_the_variable_before_the_cache(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = splits(own_cache / "imagenette2-160")
    assert locate(64, None, print) == cached
    variable = splits(tmp_path / "variable")
    monkeypatch.setenv("BENCH_DATA_DIR", str(variable))
    assert locate(64, None, print) == variable
    argument = splits(tmp_path / "argument")
    assert locate(64, argument, print) == argument


@pytest.mark.parametrize("by", ["--data-dir", "$BENCH_DATA_DIR"])
def test_a_named_folder_without_data_never_falls_through(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    splits(own_cache / "imagenette2-160")
    if by == "$BENCH_DATA_DIR":
        monkeypatch.setenv("BENCH_DATA_DIR", str(tmp_path / "typo"))
    with pytest.raises(BadInput) as refusal:
        locate(64, tmp_path / "typo" if by == "--data-dir" else None, print)
    assert f"check {by}" in str(refusal.value)


def test_other_classes_are_refused(make_folder: MakeFolder) -> None:
    with pytest.raises(BadInput, match=r"expected the ten classes of Imagenette .* received a, b; .* --dataset folder"):
        load(16, make_folder("a", "b"), False, print)


def test_a_part_of_imagenette_is_reported(make_folder: MakeFolder) -> None:
    said: list[str] = []
    dataset = load(16, make_folder(*reversed(CLASSES), images=1), False, said.append)
    assert dataset.classes == tuple(CLASSES)
    assert dataset.name == "imagenette"
    assert "expected 9,469 train and 3,925 val images, received 10 and 10" in said[0]


@pytest.mark.skipif(REAL is None, reason="needs Imagenette in $BENCH_DATA_DIR")
def test_imagenette_itself() -> None:
    said: list[str] = []
    listing = list_images(locate(64, Path(REAL or ""), said.append))
    assert listing.classes == tuple(CLASSES)
    assert (len(listing.train), len(listing.val)) == (9469, 3925)
    assert said == []
