"""The difference of two networks that share seeds and images, and its error."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from grids import grid
from grids import samples as simulated
from scipy.stats import binomtest, ttest_1samp, ttest_rel

from bench.comparison.paired import PairedSamples, Sample
from bench.errors import BadInput


def test_one_seed_and_one_radius_are_mcnemars() -> None:
    draw = np.random.default_rng(5)
    first, second = draw.random((2, 300)) < [[0.6], [0.5]]
    images = np.arange(300)
    found = PairedSamples({"a": {7: Sample(images, first)}, "b": {7: Sample(images, second)}}).against("a", "b")
    gained, lost = int((first & ~second).sum()), int((second & ~first).sum())
    assert found.p == binomtest(gained, gained + lost).pvalue
    assert found.difference == pytest.approx((gained - lost) / 300)
    assert found.se == pytest.approx((first.astype(float) - second).std() / sqrt(300))


def test_two_networks_whose_seeds_vary_are_a_paired_t_test_with_the_images_added() -> None:
    draw = np.random.default_rng(6)
    rows = {name: [draw.random(500) < level for level in draw.uniform(0.3, 0.8, 4)] for name in "ab"}
    samples = {name: {s: Sample(np.arange(500) + 500 * s, row) for s, row in enumerate(rows[name])} for name in "ab"}
    found = PairedSamples(samples).against("a", "b")
    expected = ttest_rel([row.mean() for row in rows["a"]], [row.mean() for row in rows["b"]])
    # No image is shared between seeds here, so that nothing is added.
    assert (found.p, found.df) == pytest.approx((expected.pvalue, 3))


def test_what_seeds_share_of_the_images_is_added() -> None:
    draw = np.random.default_rng(7)
    difference = draw.normal(0.1, 1, 400)
    samples = {
        "a": {s: Sample(np.arange(400), difference) for s in range(3)},
        "b": {s: Sample(np.arange(400), np.zeros(400)) for s in range(3)},
    }
    found = PairedSamples(samples).against("a", "b")
    # Three seeds that say the same are one: the error is that of the images, whatever their number.
    assert found.se == pytest.approx(ttest_1samp(difference, 0).statistic ** -1 * difference.mean(), rel=0.01)


def test_seeds_that_agree_by_luck_are_not_surer_than_their_images_allow() -> None:
    half = (np.arange(100) < 55).astype(float)
    samples = {
        "a": {s: Sample(np.arange(100) + 100 * s, half) for s in range(3)},
        "b": {s: Sample(np.arange(100) + 100 * s, np.roll(half, 50)[::-1] * 0.9) for s in range(3)},
    }
    found = PairedSamples(samples).against("a", "b")
    difference = half - samples["b"][0].values
    assert found.se == pytest.approx(difference.std() / sqrt(300))


def test_images_are_paired_by_place_and_only_shared_ones_count() -> None:
    samples = {
        "a": {0: Sample(np.array([1, 2, 3]), np.array([1.0, 0, 1]))},
        "b": {0: Sample(np.array([2, 3, 4]), np.array([1.0, 1, 0]))},
    }
    found = PairedSamples(samples).against("a", "b")
    assert (found.difference, found.images) == (-0.5, 2)
    with pytest.raises(BadInput, match="share no seed"):
        PairedSamples({"a": samples["a"], "b": {1: samples["b"][0]}}).against("a", "b")


def test_missing_seeds_leave_the_rest_usable() -> None:
    found = simulated(grid(np.random.default_rng(0), [0, 0, -0.2]))
    samples = {name: dict(seeds) for name, seeds in found.samples.items()}
    del samples["1"][1]
    assert PairedSamples(samples).against("1", "0").seeds == (0, 2)
    assert PairedSamples(samples).against("2", "0").seeds == (0, 1, 2)


@pytest.mark.parametrize(("networks", "seeds"), [(5, 3), (3, 9)])
def test_what_networks_and_seeds_add_is_taken_out_whichever_are_more(networks: int, seeds: int) -> None:
    draw = np.random.default_rng(14)
    cells = [(n, s) for n in range(networks) for s in range(seeds) if (n, s) not in ((1, 1), (2, 0))]
    samples: dict[str, dict[int, Sample]] = {str(n): {} for n in range(networks)}
    for network, seed in cells:
        samples[str(network)][seed] = Sample(np.array([seed]), draw.normal(network + seed, 1, 1))
    means = np.array([samples[str(n)][s].values[0] for n, s in cells])
    design = np.array([[*np.eye(networks)[n], *np.eye(seeds)[s]] for n, s in cells])
    residual = means - design @ np.linalg.pinv(design) @ means
    df = len(cells) - (networks + seeds - 1)
    found = PairedSamples(samples).against("0", "1")
    # One image a seed, none shared: the error is that of networks and seeds alone.
    assert found.se == pytest.approx(sqrt(2 * residual @ residual / df / (seeds - 1)))
    assert found.df == pytest.approx(df)
    weighted = PairedSamples(samples).contrast({"0": 2.0, "1": -1.0})
    assert weighted.se == pytest.approx(sqrt(5 * residual @ residual / df / (seeds - 1)))


def test_networks_at_chance_do_not_make_the_others_surer() -> None:
    draw = np.random.default_rng(17)
    found = []
    for _ in range(150):
        live = grid(draw, [0, 0], deviation=0.03, shared=0)
        dead = grid(draw, [0] * 4, deviation=0, curve=np.full(8, 0.1))
        pooled = simulated(np.concatenate([live, dead]))
        found.append(PairedSamples(pooled.samples, frozenset("2345")).against("1", "0").p)
        alone = simulated(live).against("1", "0").p
        assert found[-1] == pytest.approx(alone)
    assert np.mean(np.array(found) < 0.05) <= 0.05


def test_a_network_at_chance_still_has_its_difference() -> None:
    samples = simulated(grid(np.random.default_rng(18), [0, -0.2, -0.4])).samples
    found = PairedSamples(samples, frozenset("12"))
    assert found.against("1", "0").se == pytest.approx(
        PairedSamples({n: samples[n] for n in "01"}).against("1", "0").se
    )
    assert found.against("2", "1").se == PairedSamples(samples).against("2", "1").se
