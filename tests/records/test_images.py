"""Broken images of a run, which of them may be left out and who is told how; networks on other images."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import trained
from PIL import Image
from tiny import tiny_run

from bench.datasets import DATASETS, Source
from bench.datasets.base import Dataset, Split
from bench.datasets.messages import silent
from bench.errors import BadInput, TryLater
from bench.records.images import check_same_images, images_of_run
from bench.spec.run import Run


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


def source(load: Any, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a run whose images ``load`` loads."""
    monkeypatch.setitem(DATASETS.data, "planted", Source(lambda *_: load(), named=True))
    return tiny_run(dataset="planted")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"images": np.zeros((4, 32, 32, 3), np.float32)}, r"train images of float32 \(4, 32, 32, 3\): expected uint8"),
        ({"images": np.zeros((4, 32, 32), np.uint8)}, r"train images of uint8 \(4, 32, 32\): expected uint8 of 4 dim"),
        ({"labels": [0, 1, 0, 1]}, "train labels of <class 'list'>: expected int64 of 1"),
        ({"labels": np.array([0, 1, 0], np.int64)}, "4 train images, 3 labels and 4 names"),
        ({"labels": np.array([0, 1, 2, 0], np.int64)}, "train labels from 0 to 2: expected 0 to 1"),
        ({"labels": np.array([0, -1, 1, 0], np.int64)}, "train labels from -1 to 1"),
    ],
)
def test_a_data_set_that_is_not_as_its_contract_says_is_refused(
    changed: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Split(np.zeros((4, 32, 32, 3), np.uint8), np.array([0, 1, 0, 1], np.int64), tuple("abcd"))
    data = Dataset("planted", replace(whole, **changed), whole, ("x", "y"), "e" * 64)
    with pytest.raises(BadInput, match=said):
        images_of_run(source(lambda: data, monkeypatch), None, None, print, silent)


def test_a_data_set_that_loads_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match=r"planted loads <class 'tuple'>: expected a bench\.datasets\.base\.Dataset"):
        images_of_run(source(lambda: (1, 2), monkeypatch), None, None, print, silent)


def test_an_error_of_the_system_is_one_of_the_images_and_can_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> Dataset:
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(TryLater, match="cannot read the images of planted: Input/output error"):
        images_of_run(source(load, monkeypatch), None, None, print, silent)


def test_networks_on_other_images_than_the_first_are_refused_by_name() -> None:
    check_same_images([])
    check_same_images([("a", "e" * 64), ("b", "e" * 64)])
    with pytest.raises(
        BadInput, match=r"c was trained on other images \(f{12}\) than a \(e{12}\): expected the same images"
    ):
        check_same_images([("a", "e" * 64), ("b", "e" * 64), ("c", "f" * 64)])
