"""An ascent climbs, is the same for the same seed, and refuses settings that cannot be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from targets import Linear, fixed

from bench.datasets.class_names import names_of
from bench.errors import BadInput
from bench.looking.ascent import Ascent
from bench.looking.class_image import class_image, shown_steps
from bench.looking.drawn import drawn

SIZE = (6, 6, 3)
SHORT = Ascent(steps=20, jitter=1)


def linear(scale: float = 1.0) -> Linear:
    weights = scale * np.random.default_rng(1).standard_normal((108, 3))
    return Linear(weights, -127.5 * weights.sum(axis=0))  # all logits are 0 on grey


def test_an_ascent_on_a_linear_network_goes_to_the_corner_of_the_signs_of_its_weights() -> None:
    network = linear()
    plain = Ascent(steps=400, learning_rate=8, jitter=0, blur=0, decay=0)
    last = class_image(network, 1, SIZE, plain).last[0]
    weights = network.weights[:, 1].reshape(SIZE)
    clear = np.abs(weights) > 0.1
    np.testing.assert_array_equal(last[clear], np.where(weights > 0, 255, 0)[clear])


def test_the_logit_rises_and_the_pixels_stay_in_their_range() -> None:
    network, _, _ = fixed()
    found = class_image(network, 2, SIZE, SHORT)
    assert found.logits[-1] > found.logits[0] + 0.5
    assert found.confidences[-1] > found.confidences[0]
    assert found.images.dtype == np.uint8
    assert len(found.images) == len(found.steps) == len(found.logits)


def test_decay_pulls_to_grey_and_blur_smooths() -> None:
    def spread(**settings: Any) -> tuple[float, float]:
        image = class_image(linear(), 0, SIZE, replace(SHORT, **settings)).last[0]
        return float(np.abs(image - 127.5).mean()), float(np.abs(np.diff(image, axis=0)).mean())

    usual = spread(decay=0, blur=0)
    assert spread(decay=0.3, blur=0)[0] < 0.7 * usual[0]
    assert spread(decay=0, blur=1.5)[1] < 0.9 * usual[1]


def test_the_same_seed_gives_the_same_images_and_another_seed_others() -> None:
    first, again, other = (class_image(linear(), 0, SIZE, replace(SHORT, seed=seed)).images for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_the_scale_of_the_logits_changes_nothing() -> None:
    first, second = (class_image(linear(scale), 0, SIZE, SHORT).images for scale in (1.0, 50.0))
    np.testing.assert_array_equal(first, second)


def test_an_ascent_can_start_from_an_image_and_a_network_without_gradient_stays_there() -> None:
    start = np.random.default_rng(0).integers(0, 256, SIZE).astype(np.uint8)
    still = Ascent(steps=3, blur=0, decay=0)
    dead = Linear(np.zeros((108, 3)), np.zeros(3))
    found = class_image(dead, 0, SIZE, still, start)
    np.testing.assert_array_equal(found.images, np.stack([start] * len(found.steps)))
    assert (class_image(linear(), 0, SIZE, SHORT, start).images[0] == start).all()


def test_the_steps_shown_begin_with_the_start_and_end_with_the_last() -> None:
    assert shown_steps(1) == (0, 1)
    assert shown_steps(256)[0] == 0
    assert shown_steps(256)[-1] == 256
    assert len(shown_steps(256)) == 8


def test_others_take_a_picture_for_the_class_if_they_classify_it_so() -> None:
    same, opposite = linear(), linear(-1.0)
    found = drawn({"a": same, "b": same, "c": opposite}, 0, SIZE, SHORT)
    assert found.taken.tolist() == [[True, True, False], [True, True, False], [False, False, True]]
    assert found.takers == {"a": ["b"], "b": ["a"], "c": []}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, r"steps is 0: expected steps in \[1, 10000\]"),
        ({"learning_rate": -1.0}, "learning_rate is -1.0: expected"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"decay": 1.5}, r"decay is 1.5: expected the part of the distance to grey in \[0, 1\]"),
        ({"jitter": -1}, "jitter is -1"),
    ],
)
def test_a_setting_out_of_its_range_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Ascent(**settings)


def test_a_class_goes_by_its_id_or_its_name_in_any_case() -> None:
    classes = names_of(["n01440764", "n03028079", "cats"])
    assert [classes.find(text) for text in ("n03028079", "Church", " tench", "CATS")] == [1, 1, 0, 2]
    with pytest.raises(BadInput, match=r"unknown class 'curch': .*; near are church \(n03028079\)"):
        classes.find("curch")
