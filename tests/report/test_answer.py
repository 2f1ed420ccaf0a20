"""The first screen: what it says follows from the standings, whoever they are and however many."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tiny import tiny_run

from bench.audit.verdict import Kind
from bench.comparison.standing import NOT_AUDITED, Standing
from bench.report.answer import MOST, Answer
from bench.report.answer_picture import ROOMY, drawn
from bench.report.answer_rows import WIDTH, in_rows
from bench.report.figures.answer import draw_answer
from bench.report.figures.save import render
from bench.report.figures.style import settle
from bench.spec.run import Run


def tried(verdict: Kind | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (("screen",), ("screen",)) if verdict else (("fgsm", "pgd"), ())


def standing(run: Run, naive: float, left: float, verdict: Kind | None = None, **more: object) -> Standing:
    plain = Standing(run, (0,), 4.0, 0.8, naive, left, 256, verdict, *tried(verdict))
    return replace(plain, **{"compression": 1 / (1 - run.sparsity), **more})  # type: ignore[arg-type]


def many(count: int) -> Answer:
    runs = [tiny_run(sparsity=place / 1000) for place in range(count)]
    return Answer(tuple(standing(run, 0.5, 0.5 - place / 2000) for place, run in enumerate(runs)), count)


DENSE, SPARSE, HOT = tiny_run(), tiny_run(sparsity=0.9), tiny_run(temperature=50)


def test_without_an_audit_nothing_can_be_trusted() -> None:
    answer = Answer((standing(DENSE, 0.2, 0.1), standing(HOT, 0.7, 0.1)), 2)
    trusted, overstated, compressed = answer.sentences
    assert "None of these 2 networks can be trusted yet" in trusted
    assert "for 2 of 2 networks" in overstated
    assert "T = 50, where it says 70.0 % and at most 10.0 % is left" in overstated
    assert "No compressed network can be compared with" in compressed


def test_what_resists_is_named_and_the_rest_counted() -> None:
    answer = Answer(
        (
            standing(DENSE, 0.2, 0.1, Kind.BREAKS),
            standing(SPARSE, 0.5, 0.45, Kind.RESISTS),
            standing(HOT, 0.7, 0.1, Kind.MASKED),
        ),
        3,
    )
    trusted, _, compressed = answer.sentences
    assert "1 of 2 audited networks with a method resists, so far on fewer than three seeds: " in trusted
    assert "90 % zero; 1 is masked. 1 control" in trusted
    assert "Of 1 compressed network" in compressed
    assert "1 keeps over 5 points more" in compressed
    assert "45.0 % instead of 10.0 %" in compressed


def test_an_audited_control_is_no_network_that_can_be_trusted() -> None:
    whole = standing(DENSE, 0.2, 0.1, Kind.BREAKS)
    assert "Only controls were audited" in Answer((whole, standing(SPARSE, 0.5, 0.45)), 2).trusted
    assert (
        "The only audited network with a method breaks."
        in Answer((whole, standing(SPARSE, 0.2, 0.1, Kind.BREAKS)), 2).trusted
    )


def test_of_several_that_resist_it_is_said_how_many_rest_on_too_few_seeds() -> None:
    sure = standing(SPARSE, 0.5, 0.45, Kind.RESISTS, seeds=(0, 1, 2))
    early = standing(tiny_run(sparsity=0.5), 0.5, 0.45, Kind.RESISTS)
    assert "2 audited networks with a method resist, 1 of them so far" in Answer((sure, early), 2).trusted
    assert "fewer than three" not in Answer((sure,), 1).trusted


@pytest.mark.parametrize(
    "unknown",
    [
        {"deciding": ("fgsm",)},
        {"hides": True},
        {"misled": True},
        {"learned": False},
        {"eps": 2.0},
    ],
)
def test_networks_of_which_it_is_not_known_what_is_left_are_not_compared(unknown: dict[str, Any]) -> None:
    small = standing(SPARSE, 0.5, 0.45, **unknown)
    assert "needs the same attacks" in Answer((standing(DENSE, 0.2, 0.1), small), 2).compressed


def test_a_radius_of_its_own_is_only_called_that_of_an_audit_where_there_is_one() -> None:
    audited = [standing(tiny_run(sparsity=place / 10), 0.5, 0.4, Kind.BREAKS) for place in range(3)]
    bare = standing(HOT, 0.7, 0.1, eps=8.0)
    assert "networks without an audit are at eps 8" in Answer((*audited, bare), 4).elsewhere
    assert (
        "The numbers of audited networks of FC5 are at eps 2"
        in Answer((*audited, replace(audited[0], eps=2.0)), 4).elsewhere
    )


def test_the_illusion_of_networks_that_met_fgsm_alone_is_not_called_zero() -> None:
    every = list(many(MOST + 2).standings)
    alone = [replace(each, left=each.naive, deciding=("fgsm",)) for each in every[-2:]]
    said = Answer((*every[:-2], *alone), MOST + 2).left_out
    assert "leaves out 2" in said
    assert "is not known" in said


def test_a_network_that_did_not_learn_counts_for_no_illusion() -> None:
    answer = Answer((standing(HOT, 0.7, 0.1, learned=False),), 1)
    assert answer.overstated == "No network learned, so what FGSM shows of them means nothing."


@pytest.mark.parametrize("count", [1, MOST, 500])
def test_the_picture_holds_for_one_network_and_for_many(count: int) -> None:
    answer = many(count)
    assert len(answer.shown) == min(count, MOST)
    assert ("leaves out 460" in answer.left_out) is (count == 500)
    found, narrow = drawn(answer), in_rows(answer)
    places, rows = [mark.x for mark in found.marks], [row.y for row in narrow.rows]
    for each in (places, rows):
        assert len(each) == len(answer.shown)
        assert each == sorted(set(each))
    assert 0 < places[0] <= places[-1] < ROOMY.width
    assert all(0 <= mark.top <= mark.bottom <= found.floor for mark in found.marks)
    assert 0 < rows[0] <= rows[-1] < narrow.height
    assert all(0 < row.left <= row.says < WIDTH for row in narrow.rows)
    figure = draw_answer(answer)
    assert figure is not None
    settle(figure)
    edges, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert edges.x0 >= 0
    assert edges.y0 >= 0
    assert edges.x1 <= width
    assert edges.y1 <= height


def test_of_too_many_networks_those_that_resist_stay_and_the_largest_illusion_left_out_is_named() -> None:
    every = list(many(60).standings)
    every[0] = replace(every[0], verdict=Kind.RESISTS)
    answer = Answer(tuple(every), 60)
    assert every[0] in answer.shown
    rest = [each for each in every if each not in answer.shown]
    (number,) = re.findall(r"among them is ([\d.]+) points", answer.left_out)
    assert float(number) == pytest.approx(100 * max(each.illusion for each in rest), abs=0.051)


def test_every_verdict_has_a_mark_of_its_own() -> None:
    runs = [tiny_run(sparsity=place / 10) for place in range(6)]
    found = [standing(run, 0.5, 0.2, verdict) for run, verdict in zip(runs, [*Kind, None], strict=False)]
    found.append(standing(runs[5], 0.5, 0.2, hides=True))
    answer = Answer(tuple(found), 6)
    marks = drawn(answer).marks
    assert [(row.mark, row.kind) for row in in_rows(answer).rows] == [(mark.mark, mark.kind) for mark in marks]
    assert len({mark.mark for mark in marks}) == 6
    assert len({mark.kind for mark in marks}) == 6
    assert all(word in " ".join(mark.words for mark in marks) for word in (*Kind, NOT_AUDITED))


def test_in_a_narrow_window_a_label_ends_before_the_axis_and_a_long_one_is_cut() -> None:
    long = replace(
        tiny_run(sparsity=0.9, pruning="global"), arch="a_network_with_a_long_name.py:a_network_with_a_long_name"
    )
    found = in_rows(Answer((standing(DENSE, 0.2, 0.1), standing(long, 0.5, 0.2)), 2))
    start = found.levels[0][0]
    assert all(5.5 * len(row.label) < start for row in found.rows)
    assert [row.label.endswith("…") for row in found.rows] == [False, True]
    assert start < 200


def test_the_same_standings_draw_the_same_bytes() -> None:
    first, second = draw_answer(many(5)), draw_answer(many(5))
    assert first is not None
    assert second is not None
    assert render(first) == render(second)
    assert draw_answer(Answer((), 3)) is None


def test_many_settings_and_methods_do_not_lie_on_one_another() -> None:
    sizes = [2**power for power in range(3, 9)]
    methods: list[dict[str, Any]] = [
        {},
        {"sparsity": 0.5},
        {"temperature": 50.0},
        {"adversarial_eps": 2.0},
        {"l1": 0.1},
    ]
    runs = [tiny_run(batch_size=size, **method) for method in methods for size in sizes]
    found = drawn(Answer(tuple(standing(run, 0.5, 0.2) for run in runs), len(runs)))
    places = [mark.x for mark in found.marks]
    assert min(np.diff(places)) >= 14
    for one, other in itertools.combinations(found.methods, 2):
        apart = abs(one.at - other.at) >= 3.8 * (len(one.name) + len(other.name))
        assert apart or one.row != other.row
    assert max(each.row for each in found.methods) * 14 + 13 + found.line < found.height


def test_a_network_whose_weight_decay_alone_differs_stands_with_those_of_its_architecture_under_another_method() -> (
    None
):
    heavy = standing(tiny_run(weight_decay=0.01), 0.5, 0.2)
    groups = Answer((standing(DENSE, 0.2, 0.1), heavy, standing(tiny_run(l1=0.1), 0.3, 0.2)), 3).groups
    assert [(group.method, [len(setting.standings) for setting in group.settings]) for group in groups] == [
        ("dense", [1]),
        ("another method", [2]),
    ]


def test_a_long_name_that_stands_upright_ends_above_the_line_below_it() -> None:
    runs = [tiny_run(batch_size=2**power, learning_rate=rate) for power in range(3, 9) for rate in (0.0125, 0.00625)]
    found = drawn(Answer(tuple(standing(run, 0.5, 0.2) for run in runs for _ in range(4)), len(runs)))
    assert found.frame.upright
    longest = max(len(each.name) for each in found.settings)
    assert found.floor + found.frame.size + 12 + 6 * longest < found.line
