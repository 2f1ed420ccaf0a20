from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.datasets.verify import Problem, verify
from bench.errors import BadInput

MakeImage = Callable[..., bytes]
MakeFolder = Callable[..., Path]


def test_a_sound_folder_has_no_problems(make_folder: MakeFolder) -> None:
    assert verify(make_folder()) == []


def test_every_fault_is_named(make_folder: MakeFolder, make_image: MakeImage) -> None:
    root = make_folder()
    frame = make_image(15).index(b"\xff\xc0")
    faults = {
        "cmyk.jpg": make_image(10, mode="CMYK"),
        "empty.jpg": b"",
        "giant.jpg": make_image(15)[: frame + 5] + (20_000).to_bytes(2, "big") * 2 + make_image(15)[frame + 9 :],
        "grey.jpg": make_image(11, mode="L"),
        "one.jpg": make_image(12, size=(1, 1)),
        "png.jpg": make_image(13, kind="PNG"),
        "text.jpg": b"text",
        "truncated.jpg": make_image(14, size=(100, 100))[:2000],
        ".hidden.jpg": b"",
        "notes.txt": b"",
    }
    for name, data in faults.items():
        (root / "train/a" / name).write_bytes(data)
    shutil.copy(root / "train/b/0.jpg", root / "val/a/leak.jpg")
    assert verify(root) == [
        Problem("train/a/.hidden.jpg", "remark", "ignored: hidden"),
        Problem("train/a/cmyk.jpg", "remark", "CMYK"),
        Problem("train/a/empty.jpg", "broken", "empty"),
        Problem("train/a/giant.jpg", "broken", "larger than 67,108,864 pixels"),
        Problem("train/a/grey.jpg", "remark", "greyscale"),
        Problem("train/a/notes.txt", "remark", "ignored: not an image name"),
        Problem("train/a/one.jpg", "broken", "smaller than 8 px a side (1 x 1)"),
        Problem("train/a/png.jpg", "remark", "PNG named .jpg"),
        Problem("train/a/text.jpg", "broken", "not a JPEG or PNG image"),
        Problem("train/a/truncated.jpg", "broken", "truncated"),
        Problem("train/b/0.jpg", "remark", "also in val, as val/a/leak.jpg"),
    ]


def test_a_problem_prints_as_one_harmless_line(make_folder: MakeFolder) -> None:
    root = make_folder()
    (root / "train/a/\x1b]0;title\x07\n.jpg").write_bytes(b"")
    (problem,) = verify(root)
    assert str(problem) == r"train/a/\x1b]0;title\x07\n.jpg: broken: empty"


def test_another_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="expected train/CLASS/"):
        verify(tmp_path)
