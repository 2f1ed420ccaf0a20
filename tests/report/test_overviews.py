"""What holds for every overview: where it is drawn, the same bytes twice, nothing beyond its edges, and words for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fakes import data_record
from recorded import HOT_AND_PRUNED, MANY, MANY_TEXT, NOTHING, SPARSE, attack_all, bound, record

from bench.comparison.group import comparison_groups
from bench.records.collection import read
from bench.report.build import Wanted, assemble
from bench.report.figures import save
from bench.report.figures.overviews import OVERVIEWS, pictured
from bench.report.figures.pareto import pareto
from bench.report.figures.save import render
from bench.report.figures.style import settle
from bench.report.tables.figure_table import figure_table
from bench.runs.grid import parse


def test_what_is_of_a_figure_is_drawn_for_its_first_attack_alone() -> None:
    hot = [group for group in comparison_groups(MANY, NOTHING) if group.figure == "hot"]
    names = [name for group in hot for name in pictured(group)]
    assert len(hot) == 2
    assert names.count("hot-knowledge") == names.count("hot-spectral") == 1
    assert {"hot-flips", "hot-fgsm-knowledge-none-flips"} <= set(names)
    assert len(set(names)) == len(names)


def test_every_overview_has_the_same_bytes_twice_and_nothing_beyond_its_edges(tmp_path: Path) -> None:
    attack_all(tmp_path, HOT_AND_PRUNED, margin=0.3)
    found = []
    for _ in range(2):
        group = bound(HOT_AND_PRUNED, tmp_path)
        table = figure_table(group)
        figures = {name: each.draw(group, table) for name, each in OVERVIEWS.items()}
        figures["pareto"] = pareto("alexnet", [(group, table)])
        for name, figure in figures.items():
            assert figure is not None, name
            settle(figure)
            drawn = figure.get_tightbbox()
            width, height = figure.get_size_inches()
            assert drawn.x0 >= 0, name
            assert drawn.y0 >= 0, name
            assert drawn.x1 <= width, name
            assert drawn.y1 <= height, name
        found.append({name: render(figure) for name, figure in figures.items() if figure})
    assert found[0] == found[1]


def test_every_picture_has_words_for_who_cannot_see_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Which pictures there are is asked here, not what they show.
    monkeypatch.setattr(save, "render", lambda _, kinds: dict.fromkeys(kinds, b"a picture"))
    record(tmp_path / "results", SPARSE.runs, [0, 0, -0.1])
    without_ranks = "".join(part for part in re.split(r"(?=\[figures)", MANY_TEXT) if "low_rank" not in part)
    grid = parse("small", without_ranks.replace("alexnet", "fc5"))
    for run in SPARSE.runs:
        assert any(run in group.runs for group in comparison_groups(grid, NOTHING))
    assemble(read(tmp_path / "results"), grid, tmp_path / "out", Wanted(("png",)))
    report = (tmp_path / "out" / "REPORT.md").read_text()
    images = dict(re.findall(r"!\[([^\]]+)\]\(figures/([^)]+)\.png\)", report))
    by_file = {file: words for words, file in images.items()}
    assert {path.stem for path in (tmp_path / "out" / "figures").glob("*.png")} == set(by_file)
    assert by_file["sparse-flips"].endswith(OVERVIEWS["flips"].words)
    assert by_file["sparse-a"].endswith("accuracy against eps")
    assert by_file["pareto-fc5"].startswith("pareto-fc5: accuracy under attack against compression")
    assert len(set(by_file.values())) == len(by_file)
    assert data_record().name not in report
