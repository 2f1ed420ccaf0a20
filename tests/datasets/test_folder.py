from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench.datasets import folder
from bench.datasets import loading as pixels
from bench.datasets.base import Dataset
from bench.datasets.decoding import decode
from bench.datasets.fingerprint import fingerprint
from bench.datasets.messages import silent
from bench.errors import BadInput

MakeImage = Callable[..., bytes]
MakeFolder = Callable[..., Path]


def load(root: Path, *, skip_broken: bool = False, said: list[str] | None = None) -> Dataset:
    return folder.load(16, root, skip_broken, (said if said is not None else []).append)


def test_images_labels_and_names_belong_together(make_folder: MakeFolder) -> None:
    root = make_folder("b", "a", images=3)
    dataset = load(root)
    assert dataset.classes == ("a", "b")
    for split in (dataset.train, dataset.val):
        assert split.labels.tolist() == [0, 0, 0, 1, 1, 1]
        assert split.labels.dtype == np.int64
        for image, label, name in zip(split.images, split.labels, split.names, strict=True):
            assert name.split("/")[1] == dataset.classes[label]
            assert (image == decode((root / name).read_bytes(), 16)).all()
    assert dataset.train.names[0] == "train/a/0.jpg"
    assert dataset.val.names[-1] == "val/b/2.jpg"


def test_the_second_load_decodes_nothing_and_is_equal(make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_folder()
    first = load(root)
    monkeypatch.setattr(pixels, "decode", lambda *_: pytest.fail("decoded again"))
    second = load(root)
    assert (first.train.images == second.train.images).all()
    assert (first.val.images == second.val.images).all()
    assert first.fingerprint == second.fingerprint


def test_the_first_load_reads_every_file_once(make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_folder()
    read: list[str] = []
    read_bytes = Path.read_bytes

    def counted(path: Path) -> bytes:
        read.append(path.relative_to(root).as_posix())
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", counted)
    dataset = load(root)
    assert sorted(read) == sorted(dataset.train.names + dataset.val.names)


def test_a_corrupt_cache_entry_is_rebuilt(make_folder: MakeFolder, own_cache: Path) -> None:
    root = make_folder()
    first = load(root)
    (entry,) = (own_cache / "pixels").glob("*.npy")
    entry.write_bytes(entry.read_bytes()[:-1])
    said: list[str] = []
    assert (load(root, said=said).train.images == first.train.images).all()
    assert any("unusable" in line for line in said)
    said.clear()
    load(root, said=said)
    assert said == []


def test_a_cache_that_cannot_be_written_does_not_stop_the_load(make_folder: MakeFolder, own_cache: Path) -> None:
    own_cache.write_text("a file where the folder should be")
    said: list[str] = []
    assert len(load(make_folder(), said=said).train) == 4
    assert any("going on without" in line for line in said)


def test_the_fingerprint_is_of_the_content_not_of_the_place(make_folder: MakeFolder, tmp_path: Path) -> None:
    root = make_folder()
    print_here = load(root).fingerprint
    moved = shutil.copytree(root, tmp_path / "else where", copy_function=shutil.copyfile)
    os.utime(moved / "train/a/0.jpg", (0, 0))
    (moved / "train/a/.DS_Store").touch()
    assert load(moved).fingerprint == print_here
    (moved / "train/a/0.jpg").rename(moved / "train/a/00.jpg")
    renamed = load(moved).fingerprint
    (moved / "train/a/00.jpg").write_bytes((moved / "train/a/00.jpg").read_bytes() + b"\0")
    assert len({print_here, renamed, load(moved).fingerprint}) == 3


def test_the_fingerprint_does_not_depend_on_the_order() -> None:
    assert (
        fingerprint(("a", "b"), ("1", "2"))
        == fingerprint(("b", "a"), ("2", "1"))
        != fingerprint(("a", "b"), ("2", "1"))
    )


def test_broken_images_are_refused_by_name_and_number(make_folder: MakeFolder) -> None:
    root = make_folder(images=14)
    for number in range(12):
        (root / f"train/a/{number}.jpg").write_bytes(b"")
    with pytest.raises(BadInput, match=r"expected 56 readable images .* received 12 broken") as refusal:
        load(root)
    assert str(refusal.value).count(": empty") == 10
    assert "and 2 more" in str(refusal.value)
    assert str(refusal.value).endswith("List them all with bench data verify")
    with (
        pytest.raises(BadInput, match=r"bench data verify, or leave them out with --skip-broken$"),
        folder.or_skipped(),
    ):
        load(root)


@pytest.mark.parametrize("times", [1, 2])
def test_skipped_images_are_left_out_and_listed(make_folder: MakeFolder, make_image: MakeImage, times: int) -> None:
    root = make_folder(images=3)
    (root / "train/a/1.jpg").write_bytes(make_image(size=(100, 100))[:-600])
    (root / "val/b/0.jpg").write_text("text")
    for _ in range(times):
        dataset = load(root, skip_broken=True)
        assert dataset.skipped == ("train/a/1.jpg: truncated", "val/b/0.jpg: not a JPEG or PNG image")
        assert dataset.train.names == ("train/a/0.jpg", "train/a/2.jpg", *(f"train/b/{n}.jpg" for n in range(3)))
        assert dataset.train.labels.tolist() == [0, 0, 1, 1, 1]
        assert (dataset.train.images[1] == decode((root / "train/a/2.jpg").read_bytes(), 16)).all()
        assert len(dataset.val) == 5


def test_broken_images_are_refused_even_after_they_were_skipped_once(make_folder: MakeFolder) -> None:
    root = make_folder()
    (root / "train/a/0.jpg").write_bytes(b"")
    load(root, skip_broken=True)
    with pytest.raises(BadInput, match="1 broken"):
        load(root)


def test_a_class_with_only_broken_images_is_refused(make_folder: MakeFolder) -> None:
    root = make_folder(images=1)
    (root / "val/b/0.jpg").write_bytes(b"")
    with pytest.raises(BadInput, match="no image is left of the class 'b'"):
        load(root, skip_broken=True)


@pytest.mark.parametrize("warm", [False, True])
def test_a_train_image_in_val_is_reported(make_folder: MakeFolder, warm: bool) -> None:
    root = make_folder()
    shutil.copy(root / "train/a/0.jpg", root / "val/b/copy.jpg")
    if warm:
        load(root)
    said: list[str] = []
    load(root, said=said)
    assert any("1 val images are also in train, first val/b/copy.jpg = train/a/0.jpg" in line for line in said)


def test_terminal_escapes_in_a_file_name_are_shown_harmless(make_folder: MakeFolder) -> None:
    root = make_folder()
    (root / "train/a/\x1b[31mred.jpg").write_bytes(b"")
    Path(os.fsdecode(os.fsencode(root) + b"/train/a/\xff.jpg")).write_bytes(b"")
    with pytest.raises(BadInput) as refusal:
        load(root)
    dataset = load(root, skip_broken=True)
    assert dataset.skipped == (r"train/a/\x1b[31mred.jpg: empty", r"train/a/\udcff.jpg: empty")
    assert str(refusal.value).isprintable()


def test_the_folder_must_be_named() -> None:
    with pytest.raises(BadInput, match="expected --data-dir DIR"):
        folder.load(16, None, False, print)


def test_progress_counts_every_image_once(make_folder: MakeFolder) -> None:
    counts: list[tuple[int, int]] = []
    folder.load(16, make_folder(), False, print, lambda done, total: counts.append((done, total)))
    assert counts == [(done, 8) for done in range(1, 9)]


def test_images_without_a_train_split_are_those_of_val(make_folder: MakeFolder) -> None:
    root = make_folder("b", "a", images=3)
    whole = load(root)
    for place in (root, root / "val"):
        alone = folder.images_of(place, 16, print, silent)
        assert (alone.val.images == whole.val.images).all()
        assert (alone.val.labels == whole.val.labels).all()
        assert alone.classes == whole.classes
        assert len(alone.train) == 0


def test_broken_images_without_a_train_split_are_refused_or_left_out(make_folder: MakeFolder) -> None:
    root = make_folder(images=2)
    (root / "val/a/0.jpg").write_bytes(b"")
    with pytest.raises(BadInput, match=r"1 broken: val/a/0\.jpg: empty\. Replace or remove them") as refusal:
        folder.images_of(root, 16, print, silent)
    assert "bench data verify" not in str(refusal.value)
    found = folder.images_of(root, 16, print, silent, skip_broken=True)
    assert found.skipped == ("val/a/0.jpg: empty",)
    assert found.val.labels.tolist() == [0, 1, 1]
    (root / "val/a/1.jpg").write_bytes(b"")
    with pytest.raises(BadInput, match="no image is left of the class 'a'"):
        folder.images_of(root, 16, print, silent, skip_broken=True)
