from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from grids import CURVE, grid
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, t, ttest_1samp, ttest_rel

from bench.comparison import bootstrap
from bench.comparison.bootstrap import hierarchical
from bench.comparison.outcomes import CUSTOMARY, LARGE, Outcomes, Quantity
from bench.comparison.panel import Effect, Panel, Sample
from bench.comparison.significance import holm, mcnemar, tost
from bench.comparison.verdict import Judged, judge_family
from bench.errors import BadInput
from bench.evaluation import Outcome

OUTCOMES = Outcomes(
    (0.0, 1.0, 4.0),
    np.array([3, 5, 8, 9]),
    np.array([0, 1, 2, 3]),
    np.array([[0, 1, 2, 0], [0, 1, 0, 3], [0, 0, 0, 0]]),
)


def panel(right: np.ndarray) -> Panel:
    """Return the panel of the mean over radii of ``right``, as ``grid`` makes it; network 0 is the control."""
    images = np.arange(right.shape[-1])
    means = right.mean(axis=2)
    return Panel({str(n): {s: Sample(images, row) for s, row in enumerate(seeds)} for n, seeds in enumerate(means)})


def verdicts(right: np.ndarray) -> list[str]:
    found = panel(right)
    effects = {str(n): found.against(str(n), "0") for n in range(1, len(right))}
    return [judged.verdict for judged in judge_family(effects).values()]


@settings(deadline=None)
@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_is_the_binomial_test_on_discordant_pairs(gained: int, lost: int) -> None:
    expected = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert mcnemar(gained, lost) == pytest.approx(expected, abs=1e-12)


def test_equivalence_by_hand() -> None:
    # d = 0.01, s = 0.004, 10 degrees of freedom, margin 0.02: t = -2.5 above and 7.5 below.
    assert tost(0.01, 0.004, 10, 0.02) == pytest.approx(t.cdf(-2.5, 10))
    assert tost(0.01, 0.004, 10, 0.02) == pytest.approx(0.0157, abs=1e-4)
    assert tost(-0.01, 0.004, 10, 0.02) == tost(0.01, 0.004, 10, 0.02)
    assert tost(0.03, 0.004, 10, 0.02) > 0.97


@settings(deadline=None)
@given(st.floats(-0.1, 0.1), st.floats(1e-3, 0.1), st.integers(1, 50))
def test_equivalence_is_shown_exactly_where_the_90_percent_interval_lies_inside(d: float, s: float, df: int) -> None:
    low, high = Effect(d, s, df, (0, 1, 2), 10, 0.0, 0.0).interval(0.9)
    inside = max(-low, high)
    if abs(inside - 0.02) > 1e-9:
        assert (tost(d, s, df, 0.02) < 0.05) == (inside < 0.02)


def test_holm_by_hand() -> None:
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert found == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
    assert holm({}) == {}


def test_quantities_by_hand() -> None:
    right = OUTCOMES.right
    assert right.tolist() == [[True, True, True, False], [True, True, False, True], [True, False, False, False]]
    at = {quantity: OUTCOMES.values(quantity, (1.0, 4.0)).mean() for quantity in Quantity}
    assert at == pytest.approx({"accuracy": (3 / 4 + 1 / 4) / 2, "drop": 3 / 4 - 1 / 2, "accuracy kept": 1 / 2})
    assert OUTCOMES.values(Quantity.DROP, (1.0,)).tolist() == [0, 0, 1, -1]


def test_a_radius_that_was_not_measured_is_refused() -> None:
    with pytest.raises(BadInput, match=r"eps \[2.0\]"):
        OUTCOMES.values(Quantity.ACCURACY, (2.0,))


def test_nothing_is_kept_where_nothing_was_right() -> None:
    none = Outcomes((0.0, 1.0), np.arange(2), np.array([1, 1]), np.zeros((2, 2), int))
    assert np.isnan(none.values(Quantity.KEPT, (1.0,))).all()


def test_bands_take_the_ends_that_they_say() -> None:
    eps = (0.0, 1.0, 8.0, 16.0, 64.0, 128.0)
    assert (CUSTOMARY.of(eps), LARGE.of(eps)) == ((1.0, 8.0), (8.0, 16.0, 64.0))
    assert (str(CUSTOMARY), str(LARGE)) == ("0 < eps <= 8", "8 <= eps <= 64")


def test_one_seed_and_one_radius_are_mcnemars() -> None:
    draw = np.random.default_rng(5)
    first, second = draw.random((2, 300)) < [[0.6], [0.5]]
    images = np.arange(300)
    found = Panel({"a": {7: Sample(images, first)}, "b": {7: Sample(images, second)}}).against("a", "b")
    gained, lost = int((first & ~second).sum()), int((second & ~first).sum())
    assert found.p == binomtest(gained, gained + lost).pvalue
    assert found.difference == pytest.approx((gained - lost) / 300)
    assert found.se == pytest.approx((first.astype(float) - second).std() / sqrt(300))
    assert found.seed_variance is None


def test_two_networks_whose_seeds_vary_are_a_paired_t_test_with_the_images_added() -> None:
    draw = np.random.default_rng(6)
    rows = {name: [draw.random(500) < level for level in draw.uniform(0.3, 0.8, 4)] for name in "ab"}
    samples = {name: {s: Sample(np.arange(500) + 500 * s, row) for s, row in enumerate(rows[name])} for name in "ab"}
    found = Panel(samples).against("a", "b")
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
    found = Panel(samples).against("a", "b")
    # Three seeds that say the same are one: the error is that of the images, whatever their number.
    assert found.se == pytest.approx(ttest_1samp(difference, 0).statistic ** -1 * difference.mean(), rel=0.01)
    assert found.seed_variance == pytest.approx(0)


def test_seeds_that_agree_by_luck_are_not_surer_than_their_images_allow() -> None:
    half = (np.arange(100) < 55).astype(float)
    samples = {
        "a": {s: Sample(np.arange(100) + 100 * s, half) for s in range(3)},
        "b": {s: Sample(np.arange(100) + 100 * s, np.roll(half, 50)[::-1] * 0.9) for s in range(3)},
    }
    found = Panel(samples).against("a", "b")
    difference = half - samples["b"][0].values
    assert found.se == pytest.approx(difference.std() / sqrt(300))
    assert found.seed_variance == 0


def test_images_are_paired_by_place_and_only_shared_ones_count() -> None:
    samples = {
        "a": {0: Sample(np.array([1, 2, 3]), np.array([1.0, 0, 1]))},
        "b": {0: Sample(np.array([2, 3, 4]), np.array([1.0, 1, 0]))},
    }
    found = Panel(samples).against("a", "b")
    assert (found.difference, found.images) == (-0.5, 2)
    with pytest.raises(BadInput, match="share no seed"):
        Panel({"a": samples["a"], "b": {1: samples["b"][0]}}).against("a", "b")


def test_missing_seeds_leave_the_rest_usable() -> None:
    found = panel(grid(np.random.default_rng(0), [0, 0, -0.2]))
    samples = {name: dict(seeds) for name, seeds in found.samples.items()}
    del samples["1"][1]
    assert Panel(samples).against("1", "0").seeds == (0, 2)
    assert Panel(samples).against("2", "0").seeds == (0, 1, 2)


# Where the networks of a seed share nothing, the test's power is 94.6 %: see Panel.contrast.
@pytest.mark.parametrize(("shared", "called", "alarms"), [(0.5, 95, 5), (0.0, 88, 10)])
def test_a_planted_difference_is_called_and_a_planted_null_is_not(shared: float, called: int, alarms: int) -> None:
    draw = np.random.default_rng(11)
    planted = [verdicts(grid(draw, [0, 0, 0, 0, 0, -0.05], shared=shared))[-1] for _ in range(100)]
    assert planted.count("less robust") >= called
    assert "more robust" not in planted
    null = [verdicts(grid(draw, [0] * 6, shared=shared)) for _ in range(100)]
    assert sum("more robust" in each or "less robust" in each for each in null) <= alarms


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
    found = Panel(samples).against("0", "1")
    # One image a seed, none shared: the error is that of networks and seeds alone.
    assert found.se == pytest.approx(sqrt(2 * residual @ residual / df / (seeds - 1)))
    assert found.df == pytest.approx(df)


def test_beyond_many_seeds_the_interval_is_the_same_without_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(15)
    rows = [(np.arange(785), row.astype(float)) for row in grid(draw, [0], seeds=40)[0]]
    known = hierarchical(rows)
    monkeypatch.setattr(bootstrap, "MANY", 40)
    drawn = hierarchical(rows, draws=4000)
    assert known.mean.tolist() == drawn.mean.tolist()
    assert (known.high - known.low) / (drawn.high - drawn.low) == pytest.approx(np.ones(8), abs=0.1)
    for name in ("deviation", "seed_variance", "image_variance"):
        assert getattr(known, name) == pytest.approx(getattr(drawn, name))


@pytest.mark.parametrize("own", [False, True])
def test_the_interval_over_many_seeds_covers_new_seeds_and_new_images(own: bool) -> None:
    draw = np.random.default_rng(16)
    covered = []
    for _ in range(60):
        right = grid(draw, [0], seeds=35, images=600)[0].astype(float)
        drawn = [np.sort(draw.permutation(600)[:200]) if own else np.arange(200) for _ in right]
        found = hierarchical([(images, row[:, images]) for images, row in zip(drawn, right, strict=True)])
        covered.append((found.low <= CURVE) & (found.high >= CURVE))
    assert 0.9 <= np.mean(covered) <= 0.99


def test_the_interval_of_a_mean_covers_new_seeds_and_new_images() -> None:
    draw = np.random.default_rng(12)
    covered = []
    for _ in range(100):
        right = grid(draw, [0], deviation=0.01)[0].astype(float)
        found = hierarchical([(np.arange(785), row) for row in right])
        covered.append((found.low <= CURVE) & (found.high >= CURVE))
    assert np.mean(covered) >= 0.93


def test_the_bootstrap_tells_seeds_from_images_and_draws_the_same_again() -> None:
    draw = np.random.default_rng(13)
    rows = [(np.arange(2000), draw.random((1, 2000)) < level) for level in (0.4, 0.5, 0.6)]
    found = hierarchical([(images, values.astype(float)) for images, values in rows])
    assert found.seed_variance is not None
    assert found.seed_variance[0] == pytest.approx(0.01, rel=0.15)
    assert found.image_variance[0] == pytest.approx(0.245 / 2000, rel=0.05)
    again = hierarchical([(images, values.astype(float)) for images, values in rows])
    assert (found.low, found.high) == (again.low, again.high)


def test_one_seed_has_the_interval_of_its_images() -> None:
    values = (np.arange(1000) < 300).astype(float)[None]
    found = hierarchical([(np.arange(1000), values)])
    half = 1.96 * sqrt(0.21 / 1000)
    assert (found.low[0], found.high[0]) == pytest.approx((0.3 - half, 0.3 + half), abs=0.004)
    assert found.deviation is None


EFFECTS = st.builds(
    Effect,
    difference=st.floats(-1, 1),
    se=st.floats(0, 0.5),
    df=st.floats(1, 1000),
    seeds=st.sampled_from([(0,), (0, 1), (0, 1, 2), (0, 1, 2, 3, 4)]),
    images=st.just(785),
    seed_variance=st.just(0.0),
    image_variance=st.just(0.0),
)


@settings(deadline=None)
@given(st.dictionaries(st.text(min_size=1), EFFECTS, min_size=1, max_size=6), st.sampled_from(Quantity))
def test_the_word_robust_needs_three_seeds_and_the_corrected_test(
    effects: dict[str, Effect], quantity: Quantity
) -> None:
    for judged in judge_family(effects, quantity).values():
        sentence, effect = judged.sentence, judged.effect
        assert sentence.startswith(judged.verdict)
        said = [word for word in ("more robust", "less robust", "drops", "keeps") if word in sentence]
        if said:
            assert len(effect.seeds) >= 3
            assert judged.p < 0.05
            assert ("more" in judged.verdict) == (effect.difference > 0)
            assert ("robust" in judged.verdict) == (quantity is Quantity.ACCURACY)
        if len(effect.seeds) < 3:
            assert "no verdict" in sentence


def test_a_masked_gradient_is_no_robustness() -> None:
    effect = Effect(0.3, 0.01, 50, (0, 1, 2), 785, 0.0, 0.0)
    drop = Effect(-0.3, 0.01, 50, (0, 1, 2), 785, 0.0, 0.0)
    words = "seems robust, for its gradient is masked"
    assert Judged(effect, 0.001, 1, masked=True).verdict == words
    assert Judged(drop, 0.001, 1, quantity=Quantity.DROP, masked=True).verdict == words
    assert Judged(drop, 0.001, 1, masked=True).verdict == "less robust"
    assert Judged(effect, 0.9, 1, masked=True).verdict == "no difference shown"


def test_a_significant_difference_that_is_small_says_both() -> None:
    judged = Judged(Effect(0.01, 0.002, 50, (0, 1, 2), 785, 0.0, 0.0), 0.001, 0.001)
    assert judged.sentence == (
        "more robust, yet within 0.02: difference +1.0 points "
        "(95 % interval over seeds and images +0.6 to +1.4; 3 seeds), p = 0.001"
    )


def test_equivalence_quotes_the_p_that_it_rests_on() -> None:
    judged = Judged(Effect(0.001, 0.004, 50, (0, 1, 2), 785, 0.0, 0.0), 0.8, 0.004)
    assert judged.sentence.startswith("equivalent within 0.02: difference +0.1 points")
    assert judged.sentence.endswith("p = 0.004 for a difference beyond 0.02")


def test_the_smallest_flipping_eps_by_hand() -> None:
    labels = np.array([0, 0, 0, 0, 1])
    predictions = np.array([[0, 0, 0, 0, 2], [0, 1, 0, 0, 1], [3, 0, 0, 0, 1]])
    outcomes = Outcomes((0.0, 1.0, 4.0), np.arange(5), labels, predictions)
    # Of four right ones the second flips at 1, and back; the first at 4; the last of five was never right.
    assert list(outcomes.flipped((0.0, 1.0, 4.0)).mean(axis=1)) == pytest.approx([0, 0.25, 0.5])
    never_right = Outcomes((0.0, 1.0), np.arange(5), labels + 5, predictions[:2])
    assert np.isnan(never_right.flipped((0.0, 1.0))).all()


def test_flips_agree_with_the_referee() -> None:
    draw = np.random.default_rng(2)
    labels, found = draw.integers(0, 3, 80), draw.integers(0, 3, (4, 80))
    radii = (0.0, 1.0, 2.0, 4.0)
    first = Outcome(radii, labels, found).first_flip[found[0] == labels]
    expected = [np.mean((first >= 0) & (first <= place)) for place in range(4)]
    assert list(Outcomes(radii, np.arange(80), labels, found).flipped(radii).mean(axis=1)) == pytest.approx(expected)
