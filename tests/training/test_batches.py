from __future__ import annotations

import numpy as np

from bench.datasets.base import Split
from bench.training.batches import augment, batches


def numbered(count: int, size: int = 20) -> Split:
    """Make images that are all of one level, their own number, so that an augmented one still tells which it was."""
    levels = np.arange(1, count + 1, dtype=np.uint8)
    images = np.broadcast_to(levels[:, None, None, None], (count, size, size, 3)).copy()
    return Split(images, np.arange(count), tuple(map(str, range(count))))


def test_an_epoch_shows_every_image_once_with_its_label() -> None:
    shown = list(batches(numbered(50), 16, seed=1, epoch=0))
    assert [len(labels) for _, labels in shown] == [16, 16, 16, 2]
    assert sorted(np.concatenate([labels for _, labels in shown])) == list(range(50))
    for images, labels in shown:
        np.testing.assert_array_equal(images[:, 10, 10, 0], labels + 1)


def test_an_epoch_taken_up_in_the_middle_is_the_rest_of_the_whole_one() -> None:
    whole, rest = list(batches(numbered(50), 8, 1, 3)), list(batches(numbered(50), 8, 1, 3, start=4))
    assert len(rest) == len(whole) - 4
    for (images, labels), (same_images, same_labels) in zip(whole[4:], rest, strict=True):
        np.testing.assert_array_equal(images, same_images)
        np.testing.assert_array_equal(labels, same_labels)


def test_epochs_and_seeds_see_other_orders() -> None:
    orders = {tuple(next(batches(numbered(50), 50, seed, epoch))[1]) for seed in (0, 1) for epoch in (0, 1)}
    assert len(orders) == 4


def test_augmentation_mirrors_and_shifts_by_at_most_a_tenth() -> None:
    image = np.zeros((1, 40, 40, 3), np.uint8)
    image[0, 20, 10] = 255
    seen = set()
    for seed in range(400):
        (moved,) = augment(image, np.random.default_rng(seed))
        (at,) = np.argwhere(moved[:, :, 0])
        assert moved.sum() == 3 * 255
        seen.add(tuple(int(place) for place in at))
    rows, columns = {row for row, _ in seen}, {column for _, column in seen}
    assert rows == set(range(16, 25))
    assert columns == set(range(6, 15)) | set(range(25, 34))


def test_where_an_image_moves_away_its_edge_is_repeated() -> None:
    plain = numbered(30)
    np.testing.assert_array_equal(augment(plain.images, np.random.default_rng(0)), plain.images)


def test_augmentation_leaves_its_input_alone() -> None:
    images = numbered(4).images
    before = images.copy()
    augment(images, np.random.default_rng(0))
    np.testing.assert_array_equal(images, before)
