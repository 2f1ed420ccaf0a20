from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.datasets.base import Dataset, Split
from bench.datasets.synthetic import load
from bench.errors import BadInput

SIZE = 32
# Records of this data set hold only its name, so if these bits change, the name must change.
GOLDEN = "2c02777cf79f754b9ed5aefef4b245942824b905de1943607174a03ebef6b760"


def drawn(size: int = SIZE) -> Dataset:
    return load(size, None, False, print)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return drawn()


@pytest.mark.parametrize(("name", "count"), [("train", 1500), ("val", 500)])
def test_a_split_is_balanced_rgb_in_pixel_levels(dataset: Dataset, name: str, count: int) -> None:
    split: Split = getattr(dataset, name)
    assert split.images.shape == (count, SIZE, SIZE, 3)
    assert split.images.dtype == np.uint8
    assert split.images.flags.c_contiguous
    assert split.labels.shape == (count,)
    assert split.labels.dtype == np.int64
    assert np.bincount(split.labels).tolist() == [count // 10] * 10
    assert len(set(split.names)) == count
    assert [entry.split("/")[1] for entry in split.names] == [dataset.classes[label] for label in split.labels]


def test_the_order_mixes_the_classes(dataset: Dataset) -> None:
    for split in (dataset.train, dataset.val):
        assert np.mean(split.labels[1:] == split.labels[:-1]) < 0.15


def test_the_classes_are_sorted(dataset: Dataset) -> None:
    assert len(dataset.classes) == 10
    assert list(dataset.classes) == sorted(dataset.classes)


def test_every_bit_is_pinned(dataset: Dataset) -> None:
    assert dataset.fingerprint == GOLDEN


def test_a_second_call_draws_the_same_and_counts_the_images(dataset: Dataset) -> None:
    counts: list[tuple[int, int]] = []
    again = load(SIZE, None, False, print, lambda done, total: counts.append((done, total)))
    assert counts == [(done, 2000) for done in range(50, 2001, 50)]
    assert again.fingerprint == dataset.fingerprint
    for one, other in ((again.train, dataset.train), (again.val, dataset.val)):
        np.testing.assert_array_equal(one.images, other.images)
        np.testing.assert_array_equal(one.labels, other.labels)
        assert one.names == other.names


def test_another_size_shows_the_same_scenes(dataset: Dataset) -> None:
    large = drawn(2 * SIZE)
    assert large.fingerprint != dataset.fingerprint
    np.testing.assert_array_equal(large.val.labels, dataset.val.labels)
    halved = large.val.images.reshape(500, SIZE, 2, SIZE, 2, 3).mean((2, 4))
    assert np.abs(halved - dataset.val.images).mean() < 6


def test_no_image_occurs_twice(dataset: Dataset) -> None:
    images = [image.tobytes() for split in (dataset.train, dataset.val) for image in split.images]
    assert len(set(images)) == len(images)


def test_the_mean_colour_does_not_tell_the_class(dataset: Dataset) -> None:
    train, val = (split.images.mean(axis=(1, 2)) for split in (dataset.train, dataset.val))
    means = np.stack([train[dataset.train.labels == label].mean(axis=0) for label in range(10)])
    nearest = np.linalg.norm(val[:, None] - means, axis=2).argmin(axis=1)
    assert np.mean(nearest == dataset.val.labels) < 0.15


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"'synthetic' takes no folder, received .*; leave it out"):
        load(SIZE, tmp_path, False, print)


@pytest.mark.parametrize("size", [0, 31, 257])
def test_a_size_out_of_range_is_refused_with_the_range(size: int) -> None:
    with pytest.raises(BadInput, match=f"image_size={size}: .* 32 to 256 pixels"):
        drawn(size)
