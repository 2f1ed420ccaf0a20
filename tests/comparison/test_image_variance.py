from __future__ import annotations

import numpy as np
import pytest

from bench.comparison.image_variance import image_variance


def test_variance_and_covariance_over_shared_and_own_images_by_hand() -> None:
    first = (np.array([0, 1, 2, 3]), np.array([[1.0, 0, 0, 1], [1, 1, 1, 1]]))
    second = (np.array([2, 3, 5, 6]), np.array([[1.0, 1, 0, 0], [1, 0, 0, 0]]))
    own, shared = image_variance([first, second])
    # Deviations of the first number: (½, -½, -½, ½) and (½, ½, -½, -½); the seeds share images 2 and 3.
    assert own == pytest.approx([4 * 0.25 / 16, (0 + 0.75) / 16 / 2])
    assert shared == pytest.approx([(-0.25 + 0.25) / 16, 0])


def test_seeds_on_the_same_images_have_the_covariance_of_their_values() -> None:
    draw = np.random.default_rng(3)
    values = draw.normal(size=(3, 2, 50))
    own, shared = image_variance([(np.arange(50), each) for each in values])
    for number in range(2):
        covariances = np.cov(values[:, number], ddof=0) / 50
        assert own[number] == pytest.approx(np.trace(covariances) / 3)
        assert shared[number] == pytest.approx((covariances.sum() - np.trace(covariances)) / 6)


def test_one_seed_has_no_covariance() -> None:
    own, shared = image_variance([(np.arange(4), np.array([[1.0, 0, 0, 1]]))])
    assert (own.tolist(), shared.tolist()) == ([1 / 16], [0])
