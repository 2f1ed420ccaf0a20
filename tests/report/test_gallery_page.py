"""gallery.html: confidences, words and pictures of each attacked image, and files that are not what they seem."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile import EVIL, Page
from PIL import Image
from recorded import EPS, GRID, GROUPS, SPARSE, bound, record

from bench.attacks.spec import AttackSpec
from bench.evaluation.gallery import LARGEST, Unusable, read_gallery
from bench.records.store import Folder
from bench.report import gallery as module
from bench.report.gallery import confidences, gallery_page
from bench.spec.run import Run

TRIAL = AttackSpec(SPARSE.attack)
LOGITS = np.zeros((2, 2, 10), np.float32)
LOGITS[0, 0, 3], LOGITS[1, 0, 5], LOGITS[:, 1, 4] = 20, 40, 60


def images() -> dict[str, Any]:
    clean = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
    return {
        "clean": clean,
        "attacked": (clean + 4)[None],
        "moved": np.full((1, 2, 4, 4, 3), 255, np.uint8),
        "logits": LOGITS,
        "eps": np.asarray([4.0]),
        "labels": np.asarray([3, 4]),
        "names": np.asarray([EVIL[0], EVIL[1]]),
    }


def page(results: Path) -> str | None:
    return gallery_page(GRID, [bound(group, results) for group in GROUPS.values()], results)


def folder(results: Path, run: Run, seed: int = 0) -> Folder:
    return Folder(results, Run.of(**{**run.settings, "seed": seed}))


def test_confidences_are_those_at_the_temperature_of_the_training() -> None:
    logits = np.asarray([0, 20 * np.log(3), -1e6], np.float32)
    assert list(confidences(logits, 20)) == pytest.approx([1 / 4, 3 / 4, 0])
    assert confidences(np.full(4, 1e30, np.float32), 1).sum() == pytest.approx(1)


def test_each_image_has_its_pixels_its_classes_and_whether_they_are_right(tmp_path: Path) -> None:
    hot = GROUPS["hot"].runs[1]
    record(tmp_path, [hot], [0], seeds=2)
    for seed in range(2):
        folder(tmp_path, hot, seed).attacks.write_gallery(AttackSpec(SPARSE.attack, EPS).name, images())
    text = page(tmp_path)
    assert text is not None
    found = Page(text)
    assert "T = 20: FGSM, attacker at T = 20, L-infinity; fc5, batch 128, T = 20, seed 0" in found.text
    assert "seed 1" not in found.text
    assert (found.text.count("✓ correct"), found.text.count("✗ wrong")) == (3, 1)
    share = np.exp(1) / (np.exp(1) + 9)
    assert f"3 {100 * share:.1f} %" in found.text
    sources = [str(attributes["src"]) for tag, attributes in found.tags if tag == "img"]
    decoded = [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(each.removeprefix("data:image/png;base64,")))))
        for each in sources
    ]
    own = images()
    expected = [own["clean"][0], own["moved"][0, 0], own["attacked"][0, 0], own["clean"][1]]
    assert len(decoded) == 6
    assert all((shown == meant).all() for shown, meant in zip(decoded, expected, strict=False))


def test_without_images_there_is_no_page(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs[:1], [0], seeds=1)
    assert page(tmp_path) is None


def test_classes_are_text(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs[:1], [0], seeds=1)
    where = folder(tmp_path, SPARSE.runs[0])
    training = where.training()
    assert training
    data = training.data.model_copy(update={"classes": [*EVIL, "7", "8", "9"]})
    where.write_training(training.model_copy(update={"data": data}), {"w": np.zeros(1, np.float32)})
    where.attacks.write_gallery(TRIAL.name, images())
    found = Page(page(tmp_path) or "")
    assert [tag for tag, _ in found.tags].count("script") == 1
    assert EVIL[3] in found.text


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"logits": LOGITS[:, :, :9]}, "logits of shape"),
        ({"logits": LOGITS * np.nan}, "not finite"),
        ({"labels": np.asarray([3, 10])}, "beyond its 10 classes"),
        ({"labels": np.asarray([-1, 0])}, "beyond its 10 classes"),
        ({"clean": np.zeros((2, 4, 4, 1), np.uint8)}, "images of shape"),
        ({"moved": np.zeros((1, 2, 4, 4, 3), np.int64)}, "not bytes"),
        ({"attacked": np.zeros((2, 2, 4, 4, 3), np.uint8)}, "do not fit"),
        ({"eps": np.zeros((0,))}, "0 radii"),
        ({"eps": np.asarray(["4"])}, "kinds"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    record(tmp_path, SPARSE.runs[:1], [0], seeds=1)
    where = folder(tmp_path, SPARSE.runs[0])
    where.attacks.write_gallery(TRIAL.name, {**images(), **change})
    with pytest.raises(Unusable, match=reason):
        read_gallery(where.attacks.galleries()[0], 10)


def test_damaged_files_are_named_and_run_nothing(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, [0, 0, -0.1], seeds=1)
    paths = []
    for run in SPARSE.runs:
        where = folder(tmp_path, run)
        where.attacks.write_gallery(TRIAL.name, images())
        paths.append(where.attacks.galleries()[0])
    paths[0].write_bytes(paths[0].read_bytes()[:200])
    with paths[1].open("wb") as file:
        np.savez(file, **{**images(), "eps": np.asarray([{"an": "object"}])}, allow_pickle=True)
    text = Page(page(tmp_path) or "").text
    for path in paths[:2]:
        assert f"{path.relative_to(tmp_path).as_posix()} cannot be read" in text
    assert "90 % zero: fgsm" in text


def test_a_gallery_with_flipped_bytes_in_its_compressed_part_is_unusable(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs[:1], [0], seeds=1)
    where = folder(tmp_path, SPARSE.runs[0])
    noise = np.random.default_rng(0).integers(0, 99, (2, 40, 40, 3), np.uint8)
    where.attacks.write_gallery(TRIAL.name, {**images(), "clean": noise})
    path = where.attacks.galleries()[0]
    content = bytearray(path.read_bytes())
    for place in range(200, 220):
        content[place] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(Unusable, match="cannot be read"):
        read_gallery(path, 10)


def test_files_that_are_too_large_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.npz"
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(Unusable, match="larger than"):
        read_gallery(path, 10)


def test_a_full_page_names_what_it_leaves_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOM", 1)
    record(tmp_path, SPARSE.runs, [0, 0, -0.1], seeds=1)
    for run in SPARSE.runs:
        folder(tmp_path, run).attacks.write_gallery(TRIAL.name, images())
    text = Page(page(tmp_path) or "").text
    assert "dense: fgsm" in text
    assert text.count("is not shown: the page is full") == 2
