"""What FGSM says and what is left, computed again from predictions that were made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import audit_records
import numpy as np
import pytest
from evidence import evidence
from fakes import fake_outcome, trained
from tiny import tiny_run

from bench.attacks import Attack
from bench.attacks.fgsm import Fgsm
from bench.attacks.noise import Noise
from bench.attacks.pgd import Pgd
from bench.attacks.spec import AttackSpec
from bench.audit.record import fields_of
from bench.audit.verdict import Kind, judge
from bench.comparison.standing import Standing, standings
from bench.records.collection import read
from bench.report.answer import verdict_of
from bench.spec.run import Run

EPS = (0.0, 2.0, 4.0, 8.0)
IMAGES = 100
DENSE, SPARSE, HOT = tiny_run(), tiny_run(sparsity=0.5), tiny_run(temperature=50.0)


def attacked(results: Path, run: Run, fooled: Mapping[Attack, set[int]], eps: tuple[float, ...] = EPS) -> None:
    """Record attacks on ``run``: each fools its images from eps 4 on; the first ten are wrong anyway."""
    folder = trained(results, run, 0.9)
    for attack, images in fooled.items():
        right = np.ones((len(eps), IMAGES), bool)
        right[:, :10] = False
        for place, radius in enumerate(eps):
            right[place, list(images)] &= radius < 4
        fake_outcome(folder, AttackSpec(attack, eps), right)


def audited(
    results: Path, run: Run, naive: tuple[float, float], battery: str = "screen", images: int = 200, **verdict: object
) -> None:
    found = evidence(naive=naive, battery=battery, images=images)
    said = fields_of(found, judge(found, evidence()))["verdict"].model_copy(update=verdict)
    audit_records.audited(trained(results, run, 0.8), found, verdict=said)


def only(results: Path) -> Standing:
    (found,) = standings(read(results))
    return found


def test_what_is_left_is_what_no_recorded_attack_takes_image_by_image(tmp_path: Path) -> None:
    attacked(tmp_path, DENSE, {Fgsm(): set(range(10, 30)), Pgd(): set(range(25, 60))})
    found = only(tmp_path)
    assert (found.eps, found.clean, found.naive, found.left) == pytest.approx((4.0, 0.9, 0.7, 0.4))
    assert found.illusion == pytest.approx(0.3)
    assert (found.verdict, found.second_attack) == (None, True)


def test_fgsm_alone_leaves_the_illusion_unknown(tmp_path: Path) -> None:
    attacked(tmp_path, DENSE, {Fgsm(): set(range(10, 30))})
    assert not only(tmp_path).second_attack


def test_an_attack_in_another_norm_takes_nothing(tmp_path: Path) -> None:
    attacked(tmp_path, DENSE, {Fgsm(): {10}, Noise(): {11}})
    before = only(tmp_path).left
    from bench.attacks.fgsm_l2 import FgsmL2

    attacked(tmp_path, DENSE, {FgsmL2(): set(range(50, 90))})
    assert only(tmp_path).left == before


def test_of_a_hot_network_fgsm_is_the_step_of_who_takes_t_to_be_1(tmp_path: Path) -> None:
    attacked(tmp_path, HOT, {Fgsm(): set(range(10, 80)), Fgsm(knowledge="none"): {10}, Fgsm(loss="margin"): {11}})
    found = only(tmp_path)
    assert found.naive == pytest.approx(0.89)
    assert found.left == pytest.approx(0.2)


def test_an_audit_comes_before_attacks_and_audited_seeds_before_others(tmp_path: Path) -> None:
    attacked(tmp_path, DENSE, {Fgsm(): {10}})
    attacked(tmp_path, Run.of(**{**DENSE.settings, "seed": 1}), {Fgsm(): {10}})
    audited(tmp_path, DENSE, (0.8, 0.7))
    found = only(tmp_path)
    assert found.seeds == (0,)
    assert (found.verdict, found.naive) == (Kind.MASKED, 0.7)


def test_the_numbers_are_of_the_screen_the_verdict_is_of_the_audit_on_most_images_and_none_is_in_8_bits(
    tmp_path: Path,
) -> None:
    audited(tmp_path, DENSE, (0.5, 0.3), "screen-int8", 300)
    assert standings(read(tmp_path)) == []
    audited(tmp_path, DENSE, (0.6, 0.4), "screen", 100)
    assert (only(tmp_path).naive, only(tmp_path).images) == (0.4, 100)
    audited(tmp_path, DENSE, (0.7, 0.5), "full", 200, kind="resists")
    found = only(tmp_path)
    assert (found.naive, found.images, found.deciding) == (0.4, 100, ("screen",))
    assert (found.verdict, found.judged_by) == (Kind.RESISTS, ("full",))
    assert verdict_of(found) == "resists (full), provisional"


def test_the_numbers_are_of_a_full_audit_where_it_is_the_only_one(tmp_path: Path) -> None:
    audited(tmp_path, DENSE, (0.7, 0.5), "full", 200)
    assert (only(tmp_path).naive, only(tmp_path).images, only(tmp_path).deciding) == (0.5, 200, ("full",))


def test_what_no_attack_can_lower_is_of_all_seeds_or_not_told(tmp_path: Path) -> None:
    for seed in (0, 1):
        run = Run.of(**{**DENSE.settings, "seed": seed})
        rows = fields_of(evidence(), judge(evidence()))["verdict"].rows
        bounds = [row.model_copy(update={"certified": 0.2 + 0.2 * seed}) for row in rows]
        audited(tmp_path, run, (0.7, 0.5), "full", 200, rows=bounds)
        assert only(tmp_path).certified == pytest.approx(0.2 + 0.1 * seed)
    audited(tmp_path, Run.of(**{**DENSE.settings, "seed": 2}), (0.7, 0.5))
    assert only(tmp_path).certified is None


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (("breaks", "breaks"), Kind.BREAKS),
        (("breaks", "masked"), Kind.MASKED),
        (("breaks", "resists"), Kind.INCONCLUSIVE),
    ],
)
def test_seeds_share_a_verdict_or_one_that_is_masked_decides(
    tmp_path: Path, kinds: tuple[str, str], expected: Kind
) -> None:
    for seed, kind in enumerate(kinds):
        audited(tmp_path, Run.of(**{**DENSE.settings, "seed": seed}), (0.5, 0.3), kind=kind)
    assert only(tmp_path).verdict is expected


def test_the_radius_is_the_one_that_most_networks_have(tmp_path: Path) -> None:
    attacked(tmp_path, DENSE, {Fgsm(): {10}}, (0.0, 4.0))
    attacked(tmp_path, SPARSE, {Fgsm(): {10}}, (0.0, 2.0))
    attacked(tmp_path, HOT, {Fgsm(knowledge="none"): {10}}, (0.0, 2.0))
    assert [(each.run.name, each.eps) for each in standings(read(tmp_path))] == [
        (run.name, 2.0) for run in sorted((SPARSE, HOT), key=lambda run: run.name)
    ]


def test_a_network_audited_at_other_radii_has_its_standing_there(tmp_path: Path) -> None:
    attacked(tmp_path, DENSE, {Fgsm(): {10}}, (0.0, 8.0))
    attacked(tmp_path, SPARSE, {Fgsm(): {10}}, (0.0, 8.0))
    audited(tmp_path, HOT, (0.8, 0.7))
    assert {each.run.name: each.eps for each in standings(read(tmp_path))} == {
        DENSE.name: 8.0,
        SPARSE.name: 8.0,
        HOT.name: 4.0,
    }


def test_compression_is_that_of_the_parameters_beside_the_control(tmp_path: Path) -> None:
    attacked(tmp_path, SPARSE, {Fgsm(): {10}})
    assert only(tmp_path).compression == pytest.approx(2.0)
