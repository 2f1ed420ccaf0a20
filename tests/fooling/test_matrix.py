"""The matrix of fooling images, on networks whose answers are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import trained
from targets import Linear
from tiny import tiny_run

from bench.datasets.base import Split
from bench.datasets.class_names import names_of
from bench.errors import BadInput, IntegrityError
from bench.fooling.matrix import Transferred, check_alike, transferred
from bench.networks import LoadedNetwork, images_for
from bench.training.progress import Progress

SIDE = 4
EPS = 2.0


def scene() -> tuple[Linear, Linear, Split]:
    """Return two linear networks that look at different halves of the values, and images that both classify correctly."""
    weights = np.zeros((SIDE * SIDE * 3, 2))
    weights[:24, 1], weights[:24, 0] = 0.1, -0.1
    other = np.roll(weights, 24, axis=0)
    draw = np.random.default_rng(1)
    labels = np.arange(20) % 2
    images = 127 + (2 * labels - 1).reshape(-1, 1, 1, 1) + draw.integers(-1, 2, (20, SIDE, SIDE, 3))
    bias = np.array([127 * 4.8, 0])
    return (
        Linear(weights, bias),
        Linear(other, bias),
        Split(images.astype(np.uint8), labels.astype(np.int64), ("",) * 20),
    )


def cells(targets: Any, split: Split) -> dict[tuple[str, str], Any]:
    found = transferred(targets, split, EPS, 5, 0, lambda *_: None)
    names = [chr(97 + place) for place in range(len(targets))]
    return {(each.source, each.target): each for each in found.cells(names)}


def test_an_image_fools_the_same_network_always_and_one_that_looks_elsewhere_never() -> None:
    one, other, split = scene()
    found = cells([one, one, other], split)
    assert found["a", "a"].fooled == found["a", "a"].images > 0
    assert found["a", "b"].fooled == found["a", "b"].images == found["a", "a"].fooled
    assert found["a", "c"].fooled == 0 < found["a", "c"].images
    assert all(each.noise < found["a", "a"].fooled for each in found.values())


def test_a_cell_counts_the_images_that_both_classify_correctly_and_that_fool_the_source() -> None:
    true, false = True, False
    right = [np.array([true, true, true, false]), np.array([true, true, false, true])]
    wrong = [
        [np.array([true, true, false, false]), np.array([true, false, true, false])],
        [np.array([false, false, false, true]), np.array([true, false, false, true])],
    ]
    noise = [np.array([false, false, true, true]), np.array([true, false, false, true])]
    found = {
        (each.source, each.target): (each.fooled, each.noise, each.images)
        for each in Transferred(right, wrong, noise).cells("ab")
    }
    assert found == {
        ("a", "a"): (2, 1, 3),
        ("a", "b"): (1, 1, 2),  # of the two images that fool a, not of the three that b classifies correctly
        ("b", "a"): (0, 0, 1),
        ("b", "b"): (2, 2, 3),
    }


def test_no_image_is_an_interval_of_everything() -> None:
    nothing = np.zeros(2, bool)
    cell = Transferred([nothing], [[nothing]], [nothing]).cells("a")[0]
    assert (cell.images, cell.low, cell.high) == (0, 0.0, 1.0)


def test_the_same_seed_gives_the_same_noise_and_another_seed_other_noise() -> None:
    one, other, split = scene()
    first, second, another = (
        transferred([one, other], split, 20 * EPS, 1, seed, lambda *_: None).noise for seed in (7, 7, 8)
    )
    assert 0.25 < np.mean(first) < 0.75
    np.testing.assert_array_equal(first, second)
    assert (np.stack(first) != np.stack(another)).any()


@pytest.mark.usefixtures("tiny_source")
def test_images_that_the_network_was_not_trained_on_are_refused(tmp_path: Path, quiet: Progress) -> None:
    classifier: Any = None
    folder = trained(tmp_path, tiny_run(), 0.8, data="e" * 64)
    network = LoadedNetwork("a", classifier, names_of(("x", "y")), 32, "", folder)
    with pytest.raises(IntegrityError, match=r"trained on other images \(eeeeeeeeeeee, now ffffffffffff\)"):
        images_for(network, None, quiet)


def test_runs_on_other_images_are_refused(tmp_path: Path) -> None:
    classifier: Any = None
    runs = [
        trained(tmp_path, tiny_run(seed=seed), 0.8, data=data)
        for seed, data in enumerate(("f" * 64, "f" * 64, "e" * 64))
    ]
    first, same, other = (LoadedNetwork(each.run.key, classifier, names_of(("x", "y")), 32, "", each) for each in runs)
    of_imagenet = replace(first, name="elsewhere", run=None)
    check_alike([first, same, of_imagenet])
    with pytest.raises(BadInput, match=f"{other.name} was trained on other images .* than {first.name}"):
        check_alike([of_imagenet, first, other])


def test_networks_that_cannot_see_the_same_images_are_refused() -> None:
    def network(name: str, size: int, *classes: str) -> LoadedNetwork:
        classifier: Any = None
        return LoadedNetwork(name, classifier, names_of(classes), size, "", None)

    first = network("a", 64, "x", "y")
    check_alike([first, replace(first, name="b")])
    for networks in ([first], [first, first]):
        with pytest.raises(BadInput, match="two or more different networks"):
            check_alike(networks)
    for other in (network("b", 32, "x", "y"), network("b", 64, "x", "z")):
        with pytest.raises(BadInput, match="the same classes and image size"):
            check_alike([first, other])
