"""The gallery of an attack: its images, their changes and their logits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import tiny_split

from bench.attacks import Attack
from bench.attacks.fgsm import Fgsm
from bench.attacks.fgsm_l2 import FgsmL2
from bench.attacks.spec import AttackSpec
from bench.datasets.base import Split
from bench.evaluation.gallery import MOST_IMAGES, gallery, read_gallery
from bench.evaluation.referee import BoundViolation
from bench.records.files import write_arrays


class Bright:
    """A network of four classes, whose logits are the mean levels of four bands, with a gradient of one sign."""

    temperature = 1.0

    def logits(self, images: Any) -> Any:
        return np.stack([band.mean(axis=(1, 2, 3)) for band in np.split(images, 4, axis=1)], axis=1)

    def gradient(self, images: Any, labels: Any, loss: Any) -> Any:
        del labels, loss
        return np.where(np.arange(images.size).reshape(images.shape) % 3 == 0, 0.0, 1.0).astype(np.float32)


def test_one_image_of_each_class_at_the_radii_that_are_shown() -> None:
    split = tiny_split(40, 2)
    found = gallery(AttackSpec(Fgsm(), (0.0, 1.0, 2.0, 4.0, 128.0)), Bright(), split, 0)
    assert found["eps"].tolist() == [1, 2, 4]
    assert found["labels"].tolist() == [0, 1, 2, 3]
    assert [split.names.index(name) for name in found["names"]] == [split.labels.tolist().index(n) for n in range(4)]
    assert found["attacked"].shape == found["moved"].shape == (3, 4, 32, 32, 3)
    assert found["clean"].dtype == found["attacked"].dtype == found["moved"].dtype == np.uint8
    still, up = found["moved"][1, ..., 0].ravel(), found["moved"][1, ..., 1].ravel()
    assert set(still) == {128}
    assert set(up) == {255}
    np.testing.assert_allclose(found["logits"][0], Bright().logits(found["clean"].astype(np.float32)))
    assert (found["logits"][2] >= found["logits"][0]).all()


@pytest.mark.parametrize("attack", [Fgsm(), FgsmL2()], ids=str)
def test_the_usual_radii_of_every_norm_change_an_image_that_a_person_looks_at(attack: Attack) -> None:
    found = gallery(AttackSpec(attack), Bright(), tiny_split(40, 2, 64), 0)
    assert found["eps"].tolist() == list(attack.norm.shown)
    changed = [(each != found["clean"]).mean() for each in found["attacked"]]
    assert min(changed) > 0.3
    assert (found["moved"].max(axis=(1, 2, 3, 4)) == 255).all()


@pytest.mark.parametrize(
    ("eps", "shown"),
    [
        ((0.0, 0.5), [0.5]),
        ((0.0, 1.25, 2.5), [1.25, 2.5]),
        ((0.0, 0.1, 0.2, 0.3, 0.5, 0.6, 0.7), [0.2, 0.3, 0.5, 0.6, 0.7]),
        ((0.0,), [0.0]),
    ],
)
def test_of_other_radii_the_last_are_shown(eps: tuple[float, ...], shown: list[float]) -> None:
    found = gallery(AttackSpec(Fgsm(), eps), Bright(), tiny_split(8, 3), 0)
    assert found["eps"].tolist() == shown
    assert np.isfinite(found["moved"]).all()


def test_of_more_classes_than_a_page_shows_the_first_have_an_image_and_the_file_can_be_read(tmp_path: Path) -> None:
    few = tiny_split(MOST_IMAGES + 1, 3)
    split = Split(few.images, np.arange(len(few))[::-1].copy(), few.names)
    found = gallery(AttackSpec(Fgsm(), (0.0, 1.0)), Bright(), split, 0)
    assert found["labels"].tolist() == list(range(MOST_IMAGES))
    write_arrays(tmp_path / "one.gallery.npz", {**found, "labels": found["labels"] % 4}, compress=True)
    assert len(read_gallery(tmp_path / "one.gallery.npz", 4).clean) == MOST_IMAGES


def test_an_image_out_of_bounds_is_not_kept() -> None:
    class Cheat(Fgsm):
        def __call__(self, target: Any, images: Any, labels: Any, eps: Any, seed: Any) -> Any:
            del target, labels, seed
            for _ in eps:
                yield images + 50

    with pytest.raises(BoundViolation):
        gallery(AttackSpec(Cheat(), (0.0, 1.0)), Bright(), tiny_split(8, 3), 0)
