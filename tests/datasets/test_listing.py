from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.datasets.listing import list_images, list_val
from bench.errors import BadInput

MakeFolder = Callable[..., Path]


def test_classes_and_files_are_sorted_by_code_point_whatever_the_locale(make_folder: MakeFolder) -> None:
    listing = list_images(make_folder("é", "a", "Z", "a-b"))
    assert listing.classes == ("Z", "a", "a-b", "é")
    assert [name.split("/")[1] for name in listing.train[::2]] == ["Z", "a", "a-b", "é"]
    assert listing.names == listing.train + listing.val


def test_hidden_files_other_suffixes_and_folders_are_ignored_and_named(make_folder: MakeFolder) -> None:
    root = make_folder()
    (root / "train/.hidden").mkdir()
    (root / "train/readme.txt").touch()
    (root / "train/a/._0.jpg").touch()
    (root / "train/a/notes.txt").touch()
    (root / "train/a/deeper.jpg").mkdir()
    (root / "val/b/UPPER.JPEG").touch()
    os.mkfifo(root / "val/b/fifo.jpg")
    listing = list_images(root)
    assert listing.train == ("train/a/0.jpg", "train/a/1.jpg", "train/b/0.jpg", "train/b/1.jpg")
    assert "val/b/UPPER.JPEG" in listing.val
    assert set(listing.ignored) == {
        "train/.hidden",
        "train/readme.txt",
        "train/a/._0.jpg",
        "train/a/notes.txt",
        "train/a/deeper.jpg",
        "val/b/fifo.jpg",
    }


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"expected train/CLASS/ .* received no such data folder .*--data-dir"):
        list_images(tmp_path / "nowhere")


def test_a_path_longer_than_the_system_allows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot list the data folder"):
        list_images(tmp_path / ("x" * 300))


def test_a_missing_split_is_refused(make_folder: MakeFolder) -> None:
    root = make_folder()
    shutil.rmtree(root / "val")
    with pytest.raises(BadInput, match=r"received no such folder in it \(val/ is missing\)"):
        list_images(root)


def test_an_empty_class_is_refused(make_folder: MakeFolder) -> None:
    root = make_folder()
    for file in (root / "val/b").iterdir():
        file.unlink()
    with pytest.raises(BadInput, match=r"expected at least one \.jpeg, \.jpg, \.png file in 'val/b'"):
        list_images(root)


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_class_in_one_split_only_is_refused(make_folder: MakeFolder, split: str) -> None:
    root = make_folder()
    shutil.copytree(root / split / "a", root / split / "extra")
    with pytest.raises(BadInput, match=f"received extra in {split} only"):
        list_images(root)


def test_a_single_class_is_refused(make_folder: MakeFolder) -> None:
    with pytest.raises(BadInput, match=r"expected two or more class folders .* received 1"):
        list_images(make_folder("only"))


def test_a_class_name_with_a_terminal_escape_is_refused_and_shown_harmless(make_folder: MakeFolder) -> None:
    with pytest.raises(BadInput) as refusal:
        list_images(make_folder("a", "\x1b[2Jb"))
    assert "\x1b" not in str(refusal.value)
    assert r"\x1b[2Jb" in str(refusal.value)


@pytest.mark.parametrize("inside", ["", "val"])
def test_a_val_split_or_the_class_folders_alone_can_be_listed(make_folder: MakeFolder, inside: str) -> None:
    root = make_folder("é", "a", "Z")
    if inside:
        shutil.rmtree(root / "train")
    else:
        root = root / "val"
    (root / "readme.txt").touch()
    listing = list_val(root)
    assert listing.classes == ("Z", "a", "é")
    prefix = f"{inside}/" if inside else ""
    assert listing.val == tuple(f"{prefix}{label}/{number}.jpg" for label in ("Z", "a", "é") for number in (0, 1))
    assert listing.train == ()
    assert listing.ignored == (() if inside else ("readme.txt",))


def test_a_class_can_be_called_train(make_folder: MakeFolder) -> None:
    assert list_val(make_folder("bus", "train") / "val").classes == ("bus", "train")


@pytest.mark.parametrize(
    ("classes", "said"),
    [((), r"received no such data folder; check --data-dir"), (("only",), "two or more class folders in '.*val'")],
)
def test_class_folders_that_cannot_be_used_are_refused(
    make_folder: MakeFolder, tmp_path: Path, classes: tuple[str, ...], said: str
) -> None:
    root = make_folder(*classes) if classes else tmp_path / "nowhere"
    with pytest.raises(BadInput, match=said):
        list_val(root)


def test_folders_that_are_not_of_classes_are_refused_with_the_layout(make_folder: MakeFolder) -> None:
    root = make_folder()
    (root / "val").rename(root / "test")
    with pytest.raises(BadInput, match=r"in 'test' of .* Images lie in CLASS/, or in train/CLASS/ and val/CLASS/"):
        list_val(root)
