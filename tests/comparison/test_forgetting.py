"""Which classes and images are forgotten, against numbers by hand."""

from __future__ import annotations

import numpy as np
import pytest

from bench.comparison.forgetting import forgotten, paired_interval
from bench.comparison.significance import mcnemar

NAMES = ("a", "b", "c")
LABELS = np.repeat([0, 1], [20, 30])


def test_changes_by_class_are_counted_image_by_image() -> None:
    control, network = LABELS.copy(), LABELS.copy()
    control[[0, 1]] = 1  # wrong before
    network[[1, 5, 6, 7]] = 1  # of class a: still wrong, and three lost; image 0 is gained
    network[[20, 21, 22, 23, 24, 25, 26, 27]] = 2
    found = forgotten(network, control, LABELS, NAMES)
    assert found.lost == (5, 6, 7, *range(20, 28))
    assert found.gained == (0,)
    first, second = found.classes  # class c has no image
    assert (first.name, first.images, first.lost, first.gained) == ("a", 20, 3, 1)
    assert first.difference == pytest.approx(-2 / 20)
    assert (second.control, second.network) == (1.0, pytest.approx(22 / 30))
    assert (found.whole.images, found.whole.lost, found.whole.gained) == (50, 11, 1)
    assert found.whole.difference == pytest.approx(-10 / 50)


def test_the_p_of_a_class_is_corrected_after_holm() -> None:
    control = LABELS.copy()
    network = LABELS.copy()
    network[[5, 6, 7]] = 1  # p = 2 / 2**3 = 0.25
    network[20:28] = 2  # p = 2 / 2**8, the smaller: times 2
    found = forgotten(network, control, LABELS, NAMES)
    assert [each.p for each in found.classes] == pytest.approx([0.25, 2 * 2 / 2**8])
    assert found.whole.p == pytest.approx(mcnemar(0, 11))


def test_networks_that_agree_everywhere_forget_nothing_and_the_interval_is_not_empty() -> None:
    found = forgotten(LABELS, LABELS, LABELS, NAMES)
    assert found.lost == found.gained == ()
    assert {each.p for each in (found.whole, *found.classes)} == {1.0}
    assert found.whole.low < 0 < found.whole.high


def test_the_paired_interval_by_hand() -> None:
    # b = 3/12, c = 6/12: d = -0.25, half = 1.959964 * sqrt((0.75 - 0.0625) / 12)
    assert paired_interval(2, 5, 10) == pytest.approx((-0.719131, 0.219131), abs=1e-5)
    assert paired_interval(0, 10, 10)[0] == -1.0


def test_the_paired_interval_covers_the_true_difference() -> None:
    draw = np.random.default_rng(0)
    lost, gained, images = 0.12, 0.05, 390
    counts = draw.multinomial(images, [gained, lost, 1 - gained - lost], 2000)
    ends = [paired_interval(int(up), int(down), images) for up, down, _ in counts]
    covered = np.mean([low <= gained - lost <= high for low, high in ends])
    assert covered == pytest.approx(0.95, abs=0.02)
