"""What a look says: worthless maps, maps that moved, and what falls first, from numbers made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fakes import ENVIRONMENT, FINGERPRINT
from tiny import tiny_run

import bench
from bench.cli.look_output import text
from bench.comparison.looking import Seen, judged, mean, seen
from bench.looking.limits import SANITY
from bench.records.schema import AgreementRow, ControlRow, LookRecord
from bench.records.store import Folder

DRAW = np.random.default_rng(0)
IMAGES, LABELS = 20, np.repeat([0, 1], 500)
CONTROL = ControlRow(run="dense", seed=0, weights="c")
SEEDS = ControlRow(run="dense", seed=1, weights="s")


def numbers(rank: float, spread: float = 0.02) -> Any:
    values = rank + spread * DRAW.standard_normal(IMAGES)
    return np.stack([values, values / 2]).astype(np.float32)


def look(weights: str, wrong: int, compared: ControlRow | None = None, **pairs: float) -> Any:
    predicted = LABELS.copy()
    predicted[:wrong] = 1
    arrays = {f"gradient, {name}": numbers(rank) for name, rank in pairs.items()}
    rows = [
        AgreementRow(saliency="gradient", between=name, images=IMAGES, rank=rank, overlap=rank / 2)  # type: ignore[arg-type]
        for name, rank in pairs.items()
    ]
    record = LookRecord(
        version=1,
        images=IMAGES,
        control=compared,
        seeds=SEEDS,
        agreement=rows,
        incompleteness=0.01,
        accuracy=1 - wrong / len(LABELS),
        weights=weights,
        data=FINGERPRINT,
        environment=ENVIRONMENT,
    )
    return record, arrays | {"predicted": predicted, "labels": LABELS, "places": np.arange(IMAGES)}


def said(found: Seen) -> str:
    return " ".join(text({"run": found}, {"run": "run"}).split())


DENSE, SEED = look("c", 100, seeds=0.6, shuffled=0.2), look("s", 105, shuffled=0.2)


def seen_of(wrong: int, dense: Any = DENSE, **pairs: float) -> Seen:
    own = look("n", wrong, CONTROL, **{"control": 0.4, "seeds": 0.6, "shuffled": 0.2, **pairs})
    return seen(own, dense, SEED, ("a", "b"))


@pytest.mark.parametrize(
    ("rank", "wrong", "falls"),
    [(0.6, 100, "neither"), (0.4, 100, "agreement alone"), (0.62, 200, "accuracy alone"), (0.4, 200, "both")],
)
def test_what_falls(rank: float, wrong: int, falls: str) -> None:
    assert seen_of(wrong, control=rank).falls == falls


def test_a_network_is_compared_with_two_seeds_of_the_control_image_by_image() -> None:
    found = seen_of(130, control=0.4)
    (agreement,) = found.agreements
    assert agreement.rank is not None
    assert agreement.rank.value == pytest.approx(0.4, abs=0.02)
    assert agreement.beyond is not None
    assert agreement.beyond.value == pytest.approx(-0.2, abs=0.03)
    assert agreement.elsewhere
    assert found.forgotten is not None
    assert found.forgotten.lost == tuple(range(100, 130))
    assert found.seeds_forgotten is not None
    assert len(found.seeds_forgotten.lost) == 5


def test_a_map_that_hardly_changes_when_the_weights_are_shuffled_is_worthless_and_says_nothing() -> None:
    found = seen_of(100, control=0.4, shuffled=0.7)
    (agreement,) = found.agreements
    assert agreement.worthless
    assert agreement.elsewhere is None
    assert found.falls == ""
    assert not seen_of(100, control=0.4, shuffled=0.3).agreements[0].worthless


def test_a_map_is_worthless_where_that_of_the_control_hardly_changes_when_its_weights_are_shuffled() -> None:
    found = seen_of(100, look("c", 100, seeds=0.6, shuffled=0.7))
    (agreement,) = found.agreements
    assert agreement.shuffled is not None
    assert agreement.shuffled.value < SANITY
    assert agreement.worthless
    assert found.falls == ""
    assert "gradient: worthless here: the maps of the control hardly change" in said(found)


def test_constant_maps_are_said_to_be_untested_and_not_to_hardly_change() -> None:
    own = look("n", 100, CONTROL, control=0.4, seeds=0.6, shuffled=0.2)
    own[1]["gradient, shuffled"][:] = np.nan
    found = seen(own, DENSE, SEED, ("a", "b"))
    assert found.agreements[0].worthless
    assert "the test of shuffled weights could not be made: the maps are constant" in said(found)
    assert "hardly change" not in said(found)


def test_a_mean_over_fewer_images_says_over_how_many() -> None:
    own = look("n", 100, CONTROL, control=0.4, seeds=0.6, shuffled=0.2)
    own[1]["gradient, control"][:, 3:] = np.nan
    words = said(seen(own, DENSE, SEED, ("a", "b")))
    assert words.count("] n 3") == 3  # the rank, the overlap, and the difference from two seeds
    assert f"] n {IMAGES}" not in words


def test_what_was_compared_with_a_network_that_is_no_longer_here_is_left_out() -> None:
    own = look("n", 100, CONTROL, control=0.4, seeds=0.6, shuffled=0.2)
    again = look("x", 50, seeds=0.6, shuffled=0.2)
    for control in (again, None):
        found = seen(own, control, SEED, ("a", "b"))
        (agreement,) = found.agreements
        assert (agreement.rank, agreement.seeds, agreement.beyond) == (None, None, None)
        assert agreement.shuffled is not None
        assert found.outdated
        assert "look again" in said(found)
    other_seed = seen(own, DENSE, look("y", 50), ("a", "b"))
    assert other_seed.agreements[0].rank is not None
    assert other_seed.agreements[0].seeds is None
    assert other_seed.outdated
    assert not seen_of(100).outdated


def test_without_another_seed_nothing_is_said_to_have_moved() -> None:
    own = look("n", 100, CONTROL, control=0.4, shuffled=0.2)
    found = seen(own, DENSE, None, ("a", "b"))
    assert found.agreements[0].elsewhere is None
    assert found.falls == ""
    assert found.seeds_forgotten is None


def test_a_control_of_other_weights_than_the_record_names_is_not_compared_with() -> None:
    own = look("n", 100, CONTROL, control=0.4, shuffled=0.2)
    assert seen(own, look("x", 50), None, ("a", "b")).forgotten is None


def test_a_control_has_the_agreement_of_two_seeds_and_forgets_nothing_of_itself() -> None:
    found = seen(DENSE, None, SEED, ("a", "b"))
    assert found.agreements[0].rank is None
    assert found.agreements[0].seeds is not None
    assert found.forgotten is None
    assert found.seeds_forgotten is not None


def test_all_networks_of_a_table_are_one_family_for_holm() -> None:
    alone = {str(n): seen_of(112, control=0.6) for n in range(20)}
    first = alone["0"].forgotten
    assert first is not None
    assert first.whole.p < 0.05
    together = judged(alone)
    assert all(
        each.forgotten is not None and each.forgotten.whole.p == min(1, 20 * first.whole.p)
        for each in together.values()
    )
    (before,), (after,) = alone["3"].agreements, together["3"].agreements
    assert before.p is not None
    assert after.p is not None
    assert after.p >= before.p


def test_from_python_the_maps_of_a_network_are_corrected_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = seen_of(112, control=0.6)
    (one,) = found.agreements
    assert one.p is not None
    two = replace(found, agreements=(one, replace(one, saliency="SmoothGrad")))
    folder = Folder(tmp_path, tiny_run())
    monkeypatch.setattr("bench.notebook._execute", lambda *_: SimpleNamespace(folder=folder))
    monkeypatch.setattr("bench.runs.looking.look_at", lambda *_: None)
    monkeypatch.setattr("bench.comparison.looking.seen_in", lambda *_: two)
    assert [each.p for each in bench.look(tiny_run(), results=tmp_path).agreements] == [min(1, 2 * one.p)] * 2


def test_a_mean_by_hand() -> None:
    found = mean(np.array([0.1, 0.3, np.nan]))
    assert found is not None
    assert (found.value, found.images) == (pytest.approx(0.2), 2)
    assert found.high == pytest.approx(0.2 + 12.7062 * 0.1, abs=1e-3)  # Student's quantile at one degree of freedom
    one = mean(np.array([0.5]))
    assert one is not None
    assert (one.low, one.high) == (None, None)
    assert mean(np.array([np.nan])) is None
