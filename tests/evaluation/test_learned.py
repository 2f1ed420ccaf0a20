"""Whether a network learned, at the edges of the rule."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import diverged, trained
from scipy.stats import norm
from tiny import tiny_run

from bench.evaluation.learned import above_chance, learned, shown_and_needed
from bench.records.store import Folder


@pytest.mark.parametrize(
    ("accuracy", "images", "classes", "expected"),
    [
        (0.1, 3925, 10, False),
        (0.2, 3925, 10, False),
        (0.48, 3925, 10, True),
        (0.3, 10, 10, False),  # too few images to tell
        (0.5, 1000, 2, False),
        (0.7, 1000, 2, False),  # chance is 0.5, half way to 1 is 0.75
        (0.8, 1000, 2, True),
        (1.0, 100, 1, False),
        (0.0, 1, 10, False),
    ],
)
def test_a_network_learned_if_it_is_shown_to_be_above_twice_chance(
    accuracy: float, images: int, classes: int, expected: bool
) -> None:
    assert above_chance(accuracy, images, classes) is expected


@pytest.mark.parametrize(("images", "classes", "limit"), [(785, 10, 0.2), (3925, 4, 0.5), (400, 2, 0.75)])
def test_the_edge_is_where_the_wilson_interval_leaves_the_limit(images: int, classes: int, limit: float) -> None:
    def above(right: int) -> bool:
        """Invert the interval: its lower end is above p if the score statistic at p is above the quantile."""
        return (right / images - limit) / (limit * (1 - limit) / images) ** 0.5 > float(norm.ppf(0.975))

    for right in range(int(limit * images) - 5, int(limit * images) + 60, 3):
        assert above_chance(right / images, images, classes) is above(right)


def test_more_images_at_the_same_accuracy_never_take_learning_back() -> None:
    found = [above_chance(0.3, images, 10) for images in (10, 40, 100, 400, 4000)]
    assert found == sorted(found)
    assert found[-1]


def test_a_message_names_the_numbers_that_were_compared() -> None:
    assert not above_chance(0.83, 100, 2)
    assert shown_and_needed(0.83, 100, 2) == "lower 95 % end 0.745, needed above 0.750"


def test_a_network_that_diverged_has_not_learned(tmp_path: Path) -> None:
    def says(folder: Folder) -> bool:
        training = folder.training()
        assert training is not None
        return learned(training)

    folders = [trained(tmp_path, tiny_run(), 0.8), trained(tmp_path, tiny_run(seed=1), 0.1)]
    assert list(map(says, [*folders, diverged(tmp_path, tiny_run(seed=2))])) == [True, False, False]
