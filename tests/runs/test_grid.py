from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bench.attacks.norms import LINF
from bench.comparison.group import comparison_groups
from bench.errors import BadInput
from bench.records.collection import Collection
from bench.runs.grid import PRESETS, load, parse
from bench.runs.sweep.jobs import jobs_of
from bench.spec.methods import METHODS
from bench.spec.run import Run

TEXT = """
title = "Two figures"
seeds = [0, 1]

[settings]
dataset = "synthetic"
image_size = 32

[figures.1]
arch = "fc5"
sparsity = [0.0, 0.5]

[figures.2]
arch = ["fc5", "alexnet"]
temperature = [1, 20]
attacks = ["fgsm(knowledge=5)"]

[figures.3]
optional = true
arch = "fc5"
sparsity = 0.5
pruning = "random"

[[exclude]]
reason = "not of interest"
arch = "alexnet"
temperature = 20
"""


def test_a_run_that_two_figures_need_is_one_run_with_the_attacks_of_both() -> None:
    grid = parse("two", TEXT)
    cells, excluded = grid.cells(grid.chosen((), ()), grid.seeds)
    assert len(cells) == 2 * 4
    dense = next(cell for cell in cells if cell.run == Run.of(arch="fc5", dataset="synthetic", image_size=32))
    assert dense.figures == ("1", "2")
    assert [str(spec.attack) for spec in dense.specs] == ["fgsm", "fgsm(knowledge=5)"]
    assert [each.reason for each in excluded] == ["not of interest"] * 2
    assert all(each.run.arch == "alexnet" and each.run.temperature == 20 for each in excluded)


def test_a_number_of_the_wrong_kind_is_told_so() -> None:
    with pytest.raises(BadInput, match=r"epochs is 1\.0: expected epochs in \[1, 100000\], a whole number$"):
        parse("own", '[settings]\nepochs = 1.0\n[figures.a]\narch = "fc5"\n')


def test_the_first_seed_of_the_whole_grid_comes_first() -> None:
    grid = parse("two", TEXT)
    cells, _ = grid.cells(grid.chosen((), ()), grid.seeds)
    assert [cell.run.seed for cell in cells] == [0] * 4 + [1] * 4


def test_figures_are_chosen_and_optional_ones_added() -> None:
    grid = parse("two", TEXT)
    assert [figure.name for figure in grid.chosen((), ())] == ["1", "2"]
    assert [figure.name for figure in grid.chosen((), ("3",))] == ["1", "2", "3"]
    assert [figure.name for figure in grid.chosen(("3",), ())] == ["3"]
    with pytest.raises(BadInput, match="unknown figure of two '4'"):
        grid.chosen(("4",), ())


def test_a_grid_of_optional_figures_alone_has_one_to_be_chosen() -> None:
    grid = parse("mine", '[figures.a]\noptional = true\narch = "fc5"')
    with pytest.raises(BadInput, match="every figure of mine is optional: choose with --figure, of a"):
        grid.chosen((), ())


@pytest.mark.parametrize("written", ["1", '"1"', '"1.0"'])
def test_an_exclusion_is_compared_by_what_its_values_mean(written: str) -> None:
    text = (
        f'[figures.a]\narch = "resnet18"\nlow_rank = ["full", 1, 0.5]\n[[exclude]]\nreason = "r"\nlow_rank = {written}'
    )
    _, excluded = expanded(text)
    assert [str(each.run.low_rank) for each in excluded] == ["1.0"]


def test_a_setting_from_outside_that_cannot_be_does_not_name_the_grid() -> None:
    with pytest.raises(BadInput, match=r"^image_size is 8"):
        parse("two", TEXT).with_settings({"image_size": 8})


def test_settings_from_outside_take_the_place_of_the_shared_ones() -> None:
    grid = parse("two", TEXT).with_settings({"image_size": 48, "epochs": 1})
    cells, _ = grid.cells(grid.chosen((), ()), (7,))
    assert {(cell.run.image_size, cell.run.epochs, cell.run.seed) for cell in cells} == {(48, 1, 7)}


@pytest.mark.parametrize("own", ["epochs = [1, 2]", "runs = [{}, { epochs = 2 }]"])
def test_a_setting_from_outside_is_refused_where_a_figure_has_its_own(own: str) -> None:
    grid = parse("one", f'[figures.a]\narch = "fc5"\n{own}')
    with pytest.raises(BadInput, match=r"^epochs is given, and figures\.a of one has its own"):
        grid.with_settings({"epochs": 7})
    assert grid.with_settings({"image_size": 48}).settings == {"image_size": 48}


def test_the_internship_is_38_trainings() -> None:
    grid = load("internship")
    cells, excluded = grid.cells(grid.chosen((), ()), (0,))
    assert len(cells) == len({cell.run.name for cell in cells}) == 38
    assert not excluded
    by_figure = Counter(name for cell in cells for name in cell.figures)
    assert by_figure == {"8": 6, "9": 6, "10a": 6, "10b": 6, "11": 6, "12a": 3, "12b": 3, "13": 5}
    shared = next(cell for cell in cells if cell.run == Run.of(arch="resnet18"))
    assert shared.figures == ("9", "13", "12b")
    assert len(grid.cells(grid.chosen((), ("9-random",)), (0,))[0]) == 43


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_expanded(name: str) -> None:
    grid = load(name)
    cells, _ = grid.cells(grid.figures, grid.seeds)
    assert cells
    assert {spec.eps for cell in cells for spec in cell.specs} == {grid.eps or LINF.eps}


def test_the_paper_preset_is_the_internship_but_for_size_length_and_seeds() -> None:
    own, paper = load("internship"), load("internship-paper")
    assert own.figures == paper.figures
    changed = {name for name in own.settings if own.settings[name] != paper.settings[name]}
    assert changed == {"image_size", "epochs"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "sparsity = [0.0, 0.5]",
            "sparsty = [0.0, 0.5]",
            "g: figures.1: unknown setting 'sparsty'.*did you mean 'sparsity'",
        ),
        ("sparsity = [0.0, 0.5]", "sparsity = [0.0, 90]", r"g: figures.1: sparsity is 90: .*did you mean 0\.9"),
        ('arch = ["fc5", "alexnet"]', 'arch = ["fc5", "alexnt"]', "g: figures.2: unknown arch 'alexnt'.*'alexnet'"),
        ("image_size = 32", "image_size = 8", r"g: settings: image_size is 8: expected pixels in \[32, 512\]"),
        (
            "image_size = 32",
            "image_size = [32, 64]",
            r"g: settings: image_size has 2 values: a list of values belongs into a",
        ),
        ('attacks = ["fgsm(knowledge=5)"]', 'attacks = ["fgms"]', "g: figures.2: unknown attack 'fgms'"),
        ("seeds = [0, 1]", "seeds = [0, -1]", "g: seed is -1"),
        ("seeds = [0, 1]", "seeds = [1, 0, 1]", "g: seeds is 1, 0, 1: expected at least one, each once"),
        ("seeds = [0, 1]", "seeds = []", "g: seeds is empty: expected at least one"),
        ("[settings]", "[setings]", "g: unknown key of a grid 'setings'.*'settings'"),
        ('pruning = "random"', 'pruning = "randm"', "g: figures.3: unknown pruning 'randm'.*'random'"),
        ('reason = "not of interest"', "", "g: exclude 1: an exclusion needs a reason"),
        ("temperature = [1, 20]", "temperature = [1, 20", r"g: .*\(at line 1[56]"),
        (
            'arch = "fc5"\nsparsity = [0.0',
            'arch = "fc5"\nlow_rank = "lr1"\nsparsity = [0.0',
            "g: figures.1: low_rank is lr1",
        ),
        ("optional = true", 'optional = "false"', "g: figures.3: optional is 'false': expected true or false"),
        ("optional = true", "optionl = true", "g: figures.3: unknown setting 'optionl'.*'optional'"),
        ('arch = "alexnet"\ntemperature = 20\n', "", "g: exclude 1: this excludes every run"),
        ("temperature = 20\n", 'low_rank = "lr3"\n', "g: exclude 1: low_rank is 'lr3'"),
        ("temperature = 20\n", '[[exclude]]\nreason = "no"\nsparsty = 0.5', "g: exclude 2: unknown setting 'sparsty'"),
        ("temperature = 20\n", "[[exclude]]\nsparsity = 0.5", "g: exclude 2: an exclusion needs a reason"),
        (
            "temperature = 20\n",
            "temperature = 30\n",
            "g: exclude 1: no run of the grid has arch alexnet and temperature 30",
        ),
        ("[[exclude]]", "[attack]\neps = [4, 2]\n[[exclude]]", "g: figures.1: eps is"),
        ("[[exclude]]", "[attack]\neps = [0, 510]\n[[exclude]]", r"g: figures.1: eps is 510.*\[0, 255\]"),
        ("[[exclude]]", "[attack]\nesp = 4\n[[exclude]]", "g: attack: unknown setting of an attack 'esp'.*'eps'"),
        (
            "[[exclude]]",
            "[attack]\nfraction = 20\n[[exclude]]",
            r"g: attack: fraction is 20: expected .*\(0, 1\].*0\.2",
        ),
        ("[[exclude]]", '[attack]\nfraction = "a"\n[[exclude]]', r"g: attack: fraction is 'a': expected .*\(0, 1\]"),
        ("[[exclude]]", "[attack]\nfraction = [0.5]\n[[exclude]]", r"g: attack: fraction is .*: expected .*\(0, 1\]"),
        (
            'arch = ["fc5", "alexnet"]',
            'arch = [["fc5"]]',
            "g: figures.2: arch is .*expected a value or a list of values",
        ),
        ("sparsity = [0.0, 0.5]", "sparsity = []", "g: figures.1: sparsity is .*expected a value or a list of values"),
        ("sparsity = [0.0, 0.5]", "schedule = 3", "g: figures.1: .*schedule"),
        ("sparsity = [0.0, 0.5]", "runs = []", "g: figures.1: runs is empty: expected a list of tables"),
        ("sparsity = [0.0, 0.5]", "runs = [0.5]", "g: figures.1: runs 1: received 0.5: expected a table"),
        ("sparsity = [0.0, 0.5]", "runs = [{ sparsty = 0.5 }]", "g: figures.1: runs 1: unknown setting.*'sparsity'"),
        (
            "sparsity = [0.0, 0.5]",
            "runs = [{ sparsity = [0.0, 0.5] }]",
            "g: figures.1: runs 1: sparsity has 2 values: expected one, and a table for each run",
        ),
        (
            "sparsity = [0.0, 0.5]",
            'runs = [{}, { arch = "alexnet" }]',
            "g: figures.1: runs 2: arch is a setting of the figure too",
        ),
    ],
)
def test_what_is_wrong_in_a_grid_is_named_with_its_table_and_key(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(BadInput, match=said):
        parse("g", TEXT.replace(old, new, 1))


@pytest.mark.parametrize("attack", ["", "[attack]\neps = [0, 510]"])
def test_a_grid_in_l2_is_swept_with_radii_of_l2(attack: str, tmp_path: Path) -> None:
    cells, _ = expanded(f'[figures.a]\narch = "fc5"\nattacks = ["fgsm-l2"]\n{attack}')
    (job,) = jobs_of(cells, tmp_path, None)
    words = ["--attack", "fgsm-l2", *(["--eps", "0,510"] if attack else [])]
    assert job.words[3 : 3 + len(words)] == tuple(words)


def test_one_radius_for_a_run_in_two_norms_is_refused_with_its_figure() -> None:
    figures = '[figures.a]\narch = "fc5"\n[figures.b]\narch = "fc5"\nattacks = ["fgsm-l2"]\n'
    assert expanded(figures)
    with pytest.raises(BadInput, match=r"g: figures.b: .*L-infinity and L2"):
        expanded(figures + "[attack]\neps = [0, 2]")


def test_settings_that_belong_together_are_one_run_of_a_figure() -> None:
    runs = '[{}, { temperature = 50 }, { distill_from = "self", temperature = 50 }, { sparsity = 0.5, pruning = "filter" }]'
    cells, _ = expanded(f'[figures.a]\narch = "fc5"\nepochs = [2, 3]\nruns = {runs}')
    hot = Run.of(arch="fc5", epochs=2, temperature=50)
    assert len({cell.run for cell in cells}) == 8
    assert [cell.run for cell in cells][:4] == [
        Run.of(arch="fc5", epochs=2),
        hot,
        Run.of(arch="fc5", epochs=2, temperature=50, distill_from=hot.name),
        Run.of(arch="fc5", epochs=2, sparsity=0.5, pruning="filter"),
    ]


def test_a_rule_can_name_the_run_itself() -> None:
    runs = "[{ temperature = 50 }, { temperature = 50, distill_from = 'self' }]"
    rule = '[[exclude]]\nreason = "no time"\ndistill_from = "self"'
    cells, excluded = expanded(f'[figures.a]\narch = "fc5"\nruns = {runs}\n{rule}')
    assert [cell.run for cell in cells] == [Run.of(arch="fc5", temperature=50)]
    assert len(excluded) == 1


def test_each_network_of_the_defences_has_a_name_of_its_own_and_its_teacher_in_the_grid() -> None:
    grid = load("defences")
    runs = [cell.run for cell in grid.cells(grid.figures, grid.seeds)[0]]
    for group in comparison_groups(grid, Collection({})):
        assert len({group.label(run) for run in group.runs}) == len(group.runs)
    assert {each.name for run in runs for each in run.named_runs()} <= {run.name for run in runs}


def test_a_method_of_another_package_has_a_name_beside_its_control(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS.data, "noise", object())  # not imported to read a run
    (group,) = comparison_groups(parse("g", '[figures.a]\narch = "fc5"\nmethod = "noise(strength=2)"'), Collection({}))
    assert [group.label(run) for run in group.runs] == ["control", "noise(strength=2)"]


def test_a_part_of_a_method_can_be_given_for_a_whole_figure_and_not_without_its_method() -> None:
    part = '[figures.a]\narch = "fc5"\ntemperature_loss = "plain"\n'
    cells, _ = expanded(part + "temperature = [1, 20]")
    assert [cell.run for cell in cells] == [
        Run.of(arch="fc5"),
        Run.of(arch="fc5", temperature=20, temperature_loss="plain"),
    ]
    with pytest.raises(BadInput, match=r"g: figures.a: temperature_loss is plain, but no temperature is given"):
        parse("g", part)


def expanded(text: str) -> Any:
    grid = parse("g", text)
    return grid.cells(grid.figures, grid.seeds)


def test_the_same_run_twice_in_a_figure_is_refused() -> None:
    text = '[figures.a]\narch = "fc5"\nruns = [{}, { sparsity = 0.5 }, { sparsity = 0.50 }]'
    with pytest.raises(BadInput, match=r"g: figures.a: runs 3 is the same as runs 2: expected each once"):
        parse("g", text)


def test_a_grid_that_is_not_there_is_refused_with_the_presets(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="did you mean 'internship'"):
        load("intership")
    with pytest.raises(
        BadInput, match=r"mine\.toml: No such file or directory; check the path, or name a preset: smoke, internship"
    ):
        load(str(tmp_path / "mine.toml"))


@pytest.mark.parametrize("name", ["<script>", "../x", "=cmd()", "\x1b[31m", ""])
def test_a_figure_with_a_name_that_is_none_is_refused(name: str) -> None:
    quoted = json.dumps(name)
    with pytest.raises(BadInput, match="a figure is named") as refusal:
        parse("g", f'[figures.{quoted}]\narch = "fc5"')
    assert "\x1b" not in str(refusal.value)


def test_an_empty_grid_is_refused() -> None:
    with pytest.raises(BadInput, match="at least one"):
        parse("g", "seeds = [0]")


@pytest.mark.parametrize(
    ("text", "place"), [("exclude = 3", "exclude 1"), ("settings = 3", "settings"), ("attack = 3", "attack")]
)
def test_what_is_no_table_is_refused(text: str, place: str) -> None:
    with pytest.raises(BadInput, match=f"mine: {place}: received 3: expected a table"):
        parse("mine", f'{text}\n[figures.a]\narch = "fc5"')


def test_a_fraction_of_the_ranks_may_be_a_number() -> None:
    grid = parse("mine", '[figures.a]\narch = "resnet18"\nlow_rank = ["full", 0.5]\n')
    cells, _ = grid.cells(grid.figures, grid.seeds)
    assert [str(cell.run.low_rank) for cell in cells] == ["full", "0.5"]


def test_a_figure_of_which_every_run_is_excluded_has_no_group() -> None:
    text = '[figures.a]\narch = "fc5"\n[figures.b]\narch = "alexnet"\n[[exclude]]\narch = "alexnet"\nreason = "no memory"\n'
    assert [group.figure for group in comparison_groups(parse("mine", text), Collection({}))] == ["a"]


def test_networks_that_differ_in_any_setting_have_labels_that_differ() -> None:
    text = """
[figures.a]
arch = "resnet18"
temperature = [1, 20]
temperature_loss = ["scaled", "plain"]
[figures.b]
arch = "resnet18"
sparsity = [0.0, 0.5]
epochs = [2, 10]
[figures.c]
arch = "resnet18"
adversarial_eps = [0, 2]
adversarial_steps = [1, 7]
"""
    groups = {group.figure: group for group in comparison_groups(parse("mine", text), Collection({}))}
    first, second, third = (groups[name] for name in "abc")
    assert [first.label(run) for run in first.runs] == [
        "T = 1",
        "T = 20, temperature loss scaled",
        "T = 20, temperature loss plain",
    ]
    assert sorted(second.label(run) for run in second.runs) == [
        "50 % zero, epochs 10",
        "50 % zero, epochs 2",
        "dense, epochs 10",
        "dense, epochs 2",
    ]
    assert [third.label(run) for run in third.runs] == [
        "standard training",
        "adversarial eps 2",
        "adversarial eps 2, 7 steps",
    ]
