from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from recorded import GRID, record

from bench.attacks.fgsm import Fgsm
from bench.attacks.norms import LINF
from bench.comparison.findings.claims import Kind
from bench.comparison.findings.internship import FINDINGS, TREND, ZERO
from bench.comparison.findings.score import ClaimStatus, ScoredFinding, Verdict, score
from bench.comparison.group import comparison_groups
from bench.comparison.paired import Effect
from bench.records.collection import Collection, read
from bench.runs.grid import load, parse

INTERNSHIP = load("internship")
EPS = LINF.eps
GROUPS = {group.name: group for group in comparison_groups(INTERNSHIP, Collection({}))}
BY_FIGURE = {finding.figure: finding for finding in FINDINGS}


def plant(results: Path, group: str, differences: Sequence[float], **keywords: object) -> None:
    record(results, GROUPS[group].runs, differences, eps=EPS, **keywords)  # type: ignore[arg-type]


def scored(results: Path, figure: str) -> ScoredFinding:
    (found,) = score(comparison_groups(INTERNSHIP, read(results)), [BY_FIGURE[figure]])
    return found


def test_the_eleven_findings_speak_of_networks_that_their_figures_have() -> None:
    assert len(FINDINGS) == 11
    for finding in FINDINGS:
        assert finding.claims
        for claim in finding.claims:
            group = GROUPS[claim.group]
            assert set(claim.weights) <= {group.label(run) for run in group.runs}
            assert sum(claim.weights.values()) == pytest.approx(0)
            assert claim.band.of(EPS) or claim.band.low == 0


def test_the_trend_is_the_rise_of_a_line() -> None:
    assert sum(weight * (3 + 0.7 * place) for place, weight in enumerate(TREND.values())) == pytest.approx(5 * 0.7)
    assert tuple(TREND) == ZERO


def test_without_records_nothing_is_run_and_every_training_has_its_command(tmp_path: Path) -> None:
    found = score(comparison_groups(INTERNSHIP, read(tmp_path)))
    assert {each.verdict for each in found} == {Verdict.NOT_RUN}
    commands = {command for each in found for command in each.missing}
    assert len(commands) == 38
    assert "bench run --arch resnet18 --temperature 20.0" in commands
    assert "bench run --arch fc5 --sparsity 0.98 --batch-size 512 --learning-rate 0.1" in commands
    assert "not run: 6 of its runs have" in found[0].sentence
    assert "not run: 1 of its runs has" in replace(found[0], missing=found[0].missing[:1]).sentence


def test_a_grid_without_the_figure_has_no_command(tmp_path: Path) -> None:
    (found,) = score(comparison_groups(GRID, read(tmp_path)), FINDINGS[:1])
    assert "not run: this grid has no such figure" in found.sentence
    assert found.missing == ()


def test_a_planted_fall_is_reproduced_and_a_planted_rise_contradicts(tmp_path: Path) -> None:
    fall = [-0.03 * place for place in range(6)]
    plant(tmp_path, "10a", fall)
    found = scored(tmp_path, "10-a")
    assert found.verdict is Verdict.REPRODUCED
    assert found.sentence.startswith(
        'Finding 10-a (AlexNet, batch 128): reproduced (1 of 1 claims shown). "accuracy falls with sparsity" is shown: '
        "accuracy, 0 < eps <= 8: -1"
    )
    plant(tmp_path / "other", "10a", [-each for each in fall])
    assert scored(tmp_path / "other", "10-a").verdict is Verdict.CONTRADICTED


def test_curves_that_do_not_cross_and_curves_that_do(tmp_path: Path) -> None:
    plant(tmp_path, "8", [-0.06 * place for place in range(6)])
    assert scored(tmp_path, "8-a").verdict is Verdict.REPRODUCED
    plant(tmp_path / "other", "8", [-0.1, -0.1, -0.1, 0.1, -0.1, -0.1])
    found = scored(tmp_path / "other", "8-a")
    assert found.verdict is Verdict.CONTRADICTED
    assert '"80 % zero is not below 90 % zero at eps' in found.sentence


def test_no_change_is_reproduced_where_it_is_shown_and_not_where_there_are_too_few_images(tmp_path: Path) -> None:
    plant(tmp_path, "11", [0] * 6, images=3000, deviation=0.001)
    assert scored(tmp_path, "11-a, b").verdict is Verdict.REPRODUCED
    plant(tmp_path / "other", "11", [0] * 6, images=100)
    assert scored(tmp_path / "other", "11-a, b").verdict is Verdict.INCONCLUSIVE


def test_where_three_seeds_decide_nothing_it_says_how_many_would(tmp_path: Path) -> None:
    plant(tmp_path, "10a", [-0.0007 * place for place in range(6)], images=1000)
    found = scored(tmp_path, "10-a")
    assert found.verdict is Verdict.INCONCLUSIVE
    (claim,) = found.examined
    expected = claim.expected(1, False)
    assert expected is not None
    status, needed = expected
    assert status is ClaimStatus.SHOWN
    assert needed > 3
    assert f"{needed} seeds are expected to decide it" in found.sentence
    assert scored(tmp_path / "none", "10-a").outlook == ""


def test_one_seed_decides_nothing_and_says_so(tmp_path: Path) -> None:
    for name, group in GROUPS.items():
        if "knowledge" not in name:
            record(tmp_path, group.runs, [-0.2 * bool(n) for n in range(len(group.runs))], eps=EPS, seeds=1, images=100)
    for each in score(comparison_groups(INTERNSHIP, read(tmp_path))):
        expected = Verdict.NOT_RUN if each.finding.figure == "13-a" else Verdict.INCONCLUSIVE
        assert each.verdict is expected
        if expected is Verdict.INCONCLUSIVE:
            assert "(one seed, 3 are needed" in each.sentence
        assert "more robust" not in each.sentence
        assert "less robust" not in each.sentence


def test_apparent_robustness_comes_with_the_evidence_that_it_is_masked(tmp_path: Path) -> None:
    hot = GROUPS["13"].runs
    record(tmp_path, hot, [0, -0.1, -0.1, -0.1, -0.1], eps=EPS)
    record(tmp_path, hot[1:], [0.3] * 4, eps=EPS, attack=Fgsm(knowledge="none"), zero=0.96)
    record(tmp_path, hot[1:], [-0.1] * 4, eps=EPS, attack=Fgsm(loss="margin"))
    apparent, known = scored(tmp_path, "13-a"), scored(tmp_path, "13-b")
    assert apparent.verdict is Verdict.REPRODUCED
    assert "The gradient is masked in 12 of 12 tested trainings" in apparent.sentence
    assert "exactly zero on 96.0 % of the images" in apparent.sentence
    assert known.verdict is Verdict.CONTRADICTED
    assert "The gradient is masked in none of 12 tested trainings" in known.sentence


def test_one_counterexample_is_enough_for_the_whole_and_what_is_missing_is_named(tmp_path: Path) -> None:
    plant(tmp_path, "11", [0, 0.1, 0.1, 0.1, 0.1, -0.1])
    found = scored(tmp_path, "8 to 11")
    assert found.verdict is Verdict.REPRODUCED
    assert '"98 % zero gains less than 2 points in figure 11" is shown' in found.sentence
    assert found.sentence.startswith("Finding 8 to 11 (all pruned networks): reproduced (1 of 25 claims shown)")
    assert len(found.missing) == 24
    plant(tmp_path / "other", "11", [0, 0.1, 0.1, 0.1, 0.1, 0.1])
    assert scored(tmp_path / "other", "8 to 11").verdict is Verdict.INCONCLUSIVE


def test_a_counterexample_that_one_figure_refutes_is_open_in_the_others(tmp_path: Path) -> None:
    plant(tmp_path, "11", [0] + [0.15] * 5, images=300)
    found = scored(tmp_path, "8 to 11")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert {each.status for each in found.examined} == {ClaimStatus.REFUTED}
    assert found.undecided == "all 5 examined claims are refuted; the others have no record"
    assert "did not learn" not in found.sentence


def test_a_counterexample_found_by_looking_often_is_none(tmp_path: Path) -> None:
    for number, name in enumerate(("8", "9", "10a", "10b", "11")):
        plant(tmp_path, name, [0] + [0.02] * 5, images=300, draw=number + 5)
    found = scored(tmp_path, "8 to 11")
    assert min(each.effect.p_below(0.02) for each in found.examined) < 0.05
    assert found.verdict is Verdict.INCONCLUSIVE


def test_every_sparse_net_must_gain_to_contradict_the_whole(tmp_path: Path) -> None:
    for number, name in enumerate(("8", "9", "10a", "10b", "11")):
        plant(tmp_path, name, [0] + [0.15] * 5, images=300, draw=number)
    assert scored(tmp_path, "8 to 11").verdict is Verdict.CONTRADICTED


def test_a_run_that_is_missing_leaves_its_finding_not_run_with_its_command(tmp_path: Path) -> None:
    runs = GROUPS["10b"].runs
    record(tmp_path, [run for run in runs if run.sparsity != 0.5], [0] * 5, eps=EPS, images=100, seeds=1)
    found = scored(tmp_path, "10-b")
    assert found.verdict is Verdict.NOT_RUN
    assert found.missing == ("bench run --arch alexnet --sparsity 0.5 --batch-size 512",)


def test_a_finding_does_not_speak_of_another_network_under_the_same_number(tmp_path: Path) -> None:
    text = """
title = "other"
seeds = [0, 1, 2]
[settings]
dataset = "imagenette"
image_size = 64
[figures.10a]
title = "ten, but of FC5"
arch = "fc5"
sparsity = [0.0, 0.5, 0.8, 0.9, 0.95, 0.98]
"""
    grid = parse("other", text)
    (other,) = comparison_groups(grid, Collection({}))
    record(tmp_path, other.runs, [-0.03 * place for place in range(6)], eps=EPS)
    (found,) = score(comparison_groups(grid, read(tmp_path)), [BY_FIGURE["10-a"]])
    assert found.verdict is Verdict.NOT_RUN
    assert "has no such figure" in found.sentence


def test_a_finding_counts_the_masked_and_the_untested_networks(tmp_path: Path) -> None:
    plant(tmp_path, "10b", [0, 0.1, -0.1, -0.1, -0.1, -0.1], seeds=2)
    record(tmp_path, GROUPS["10b"].runs[:2], [-0.3, 0.4], eps=EPS, seeds=2, attack=Fgsm(loss="margin"))
    assert scored(tmp_path, "10-b").masked == "2 of 4; 8 not tested"


def test_what_more_seeds_are_expected_to_decide(tmp_path: Path) -> None:
    plant(tmp_path, "10a", [0] * 6, images=400)
    finding = scored(tmp_path, "10-a")
    (claim,) = finding.examined
    near = replace(claim.effect, difference=0.0)
    shown, refuted = replace(claim.effect, difference=-0.2), replace(claim.effect, difference=0.2)

    def outlook(effects: Sequence[Effect], kind: Kind, *, counterexample: bool = False) -> str:
        claims = [replace(claim, claim=replace(claim.claim, kind=kind), effect=each, p=1, p_same=1) for each in effects]
        judged = [replace(each, p_bound=1, p_beyond=1) for each in claims]
        known = replace(finding.finding, claims=tuple(each.claim for each in judged), counterexample=counterexample)
        return replace(finding, finding=known, examined=tuple(judged)).outlook

    limit = replace(near, difference=0.0199)
    assert outlook([shown, limit], Kind.NOT_MORE).startswith("Not even 99 seeds")
    assert "seeds are expected" in outlook([refuted, limit], Kind.NOT_MORE)
    assert "seeds are expected" in outlook([shown, limit], Kind.NOT_MORE, counterexample=True)
    assert outlook([refuted, limit], Kind.NOT_MORE, counterexample=True).startswith("Not even 99 seeds")
