"""The bracket: certified from below, attacked from above, and no image in both."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from bounded import images_and_labels, perceptron

from bench.attacks.pgd import Pgd
from bench.attacks.spec import AttackSpec
from bench.audit.bounds.bracket import Bracket, Contradiction, brackets
from bench.audit.bounds.certified import certified
from bench.audit.bounds.crown import CrownBounds
from bench.datasets.base import Split
from bench.errors import BadInput
from bench.evaluation.classifier import Classifier
from bench.evaluation.referee import judge
from bench.records.outcomes import Outcomes


def outcomes(right: Any, eps: tuple[float, ...] = (0.0, 1.0, 2.0)) -> Outcomes:
    right = np.array(right, bool)
    return Outcomes(eps, np.arange(10, 10 + right.shape[1]), np.zeros(right.shape[1], int), np.where(right, 0, 1))


RIGHT = [[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 1, 0]]
SAFE = np.array([[1, 1, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0]], bool)


def test_a_bracket_counts_certified_and_attacked_images_at_each_radius() -> None:
    found = brackets(outcomes(RIGHT), SAFE)
    # Image 10 is certified at 2, so at 1 too; image 12 is fooled at 1, so at 2 too.
    assert found == (Bracket(0.0, 4, 2, 3), Bracket(1.0, 4, 2, 2), Bracket(2.0, 4, 1, 1))
    assert found[0].certified_accuracy == 0.5


def test_the_order_of_the_radii_does_not_matter() -> None:
    order = [0, 2, 1]
    eps = (0.0, 2.0, 1.0)
    shuffled = brackets(outcomes(np.array(RIGHT)[order], eps), SAFE[order])
    assert [shuffled[place] for place in order] == list(brackets(outcomes(RIGHT), SAFE))


@pytest.mark.parametrize(("certified_at", "image"), [(1, 12), (2, 12), (1, 13), (2, 11)])
def test_an_image_that_is_certified_and_fooled_is_refused(certified_at: int, image: int) -> None:
    safe = np.zeros((3, 4), bool)
    safe[certified_at, image - 10] = True
    with pytest.raises(Contradiction, match=f"image {image} is certified at eps .* expected at most one .*; check"):
        brackets(outcomes(RIGHT), safe)


def test_an_image_may_be_certified_at_a_radius_below_the_one_that_fools_it() -> None:
    safe = np.zeros((3, 4), bool)
    safe[1, 1] = True
    assert [each.certified for each in brackets(outcomes(RIGHT), safe)] == [1, 1, 0]


def test_certificates_of_other_radii_or_images_are_refused() -> None:
    with pytest.raises(BadInput, match=r"shape \(2, 4\): expected \(3, 4\)"):
        brackets(outcomes(RIGHT), SAFE[:2])


def test_pgd_fools_no_image_that_crown_certifies() -> None:
    model = perceptron((16, 16), 5)
    images, labels = images_and_labels(model, 5, count=100)
    eps = (0.0, 0.25, 1.0, 4.0, 16.0)
    split = Split(images.astype(np.uint8), labels, tuple(map(str, range(100))))
    spec = AttackSpec(Pgd(loss="margin", restarts=3), eps)
    attacked = judge(spec, Classifier(model), split, np.arange(100), 0, lambda *_: None)
    bounds = CrownBounds(model)
    held = [certified(bounds, images, labels, np.full(len(images), radius, np.float32)) for radius in eps]
    found = brackets(attacked, np.stack(held))
    assert [each.certified for each in found] == sorted((each.certified for each in found), reverse=True)
    assert found[1].attacked - found[1].certified <= 2
    assert found[-1].certified < found[1].certified
    assert found[-1].attacked < found[1].attacked
