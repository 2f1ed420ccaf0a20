"""Broken images of a run, which of them may be left out and who is told how; networks on other images."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import trained
from PIL import Image
from tiny import tiny_run

from bench.datasets.messages import silent
from bench.errors import BadInput
from bench.records.images import check_same_images, images_of_run


@pytest.mark.parametrize("is_trained", [False, True])
def test_only_a_training_that_is_still_to_come_can_leave_broken_images_out(tmp_path: Path, is_trained: bool) -> None:
    place, run = tmp_path / "images", tiny_run(dataset="folder")
    for split in ("train", "val"):
        for name in "ab":
            (place / split / name).mkdir(parents=True)
            Image.new("RGB", (32, 32)).save(place / split / name / f"{split}.png")
    (place / "train" / "a" / "torn.jpg").write_bytes(b"")
    training = trained(tmp_path / "results", run, 0.8).trained() if is_trained else None
    with pytest.raises(BadInput, match=r"1 broken: train/a/torn\.jpg: empty") as refusal:
        images_of_run(run, training, place, print, silent)
    assert ("--skip-broken" in str(refusal.value)) is not is_trained


def test_networks_on_other_images_than_the_first_are_refused_by_name() -> None:
    check_same_images([])
    check_same_images([("a", "e" * 64), ("b", "e" * 64)])
    with pytest.raises(
        BadInput, match=r"c was trained on other images \(f{12}\) than a \(e{12}\): expected the same images"
    ):
        check_same_images([("a", "e" * 64), ("b", "e" * 64), ("c", "f" * 64)])
