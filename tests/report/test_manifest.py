"""What a report leaves behind: its own files, all of them and no others, and everything that is not its own."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from recorded import GRID, GROUPS, SPARSE, record

from bench.records.collection import read
from bench.records.files import write_json
from bench.report.build import Wanted, assemble
from bench.report.figures import save
from bench.report.manifest import NAME, SCHEMA, note
from bench.report.panels import FORMATS
from bench.runs.grid import Grid

TABLES = Wanted(("csv",))
FEWER = replace(GRID, figures=GRID.figures[:1])


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def make(tmp_path: Path, grid: Grid = GRID, wanted: Wanted = TABLES) -> set[str]:
    out = tmp_path / "reports"
    return {path.relative_to(out).as_posix() for path in assemble(read(tmp_path / "results"), grid, out, wanted)}


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(save, "render", lambda _, kinds: dict.fromkeys(kinds, b"a picture"))
    record(tmp_path / "results", SPARSE.runs, [0, 0, -0.1], seeds=1)
    record(tmp_path / "results", GROUPS["rank"].runs, [0, 0], seeds=1)
    return tmp_path


def test_a_report_leaves_what_it_made_and_nothing_of_an_earlier_one(results: Path) -> None:
    first = make(results, GRID, Wanted(("svg", "csv")))
    assert {"figures/rank-a.svg", "tables/rank.csv", "figures/sparse-a.svg"} <= first
    assert files(results / "reports") == {*first, NAME}
    second = make(results, FEWER)
    assert not {"figures/rank-a.svg", "tables/rank.csv"} & second
    assert files(results / "reports") == {*second, NAME}
    third = make(results, GRID, Wanted(("md",)))
    assert files(results / "reports") == {*third, NAME}
    assert not (results / "reports" / "figures").exists()


def test_one_figure_alone_removes_nothing_and_is_removed_by_a_whole_report(results: Path) -> None:
    first = make(results, FEWER)
    alone = make(results, GRID, Wanted(FORMATS, ("rank-a",)))
    assert files(results / "reports") == {*first, *alone, NAME}
    whole = make(results, FEWER)
    assert files(results / "reports") == {*whole, NAME}


def test_what_somebody_else_put_there_or_changed_stays(results: Path) -> None:
    make(results)
    out = results / "reports"
    (out / "figures").mkdir()
    strangers = ["README.md", "figures/mine.png", "tables/rank.txt", "figures/rank-a.pdf"]
    for name in strangers:
        (out / name).write_text("mine")
    (out / "tables" / "rank.csv").write_text("annotated\n")
    second = make(results, FEWER)
    assert files(out) == {*second, *strangers, "tables/rank.csv", NAME}
    make(results, FEWER)
    assert (out / "tables" / "rank.csv").read_text() == "annotated\n"


@pytest.mark.parametrize("damage", ["missing", "torn", "another"])
def test_without_a_list_that_verifies_nothing_is_removed(results: Path, damage: str) -> None:
    first = make(results)
    listed = results / "reports" / NAME
    if damage == "missing":
        listed.unlink()
    elif damage == "torn":
        listed.write_bytes(listed.read_bytes()[:-9])
    else:
        write_json(listed, SCHEMA, {"files": 3})
    second = make(results, FEWER)
    assert files(results / "reports") == {*first, *second, NAME}


def test_a_list_that_names_files_elsewhere_removes_none_of_them(tmp_path: Path) -> None:
    out = tmp_path / "reports"
    victims = [tmp_path / "a.md", tmp_path / "figures" / "b.png", out / "notes" / "c.md", out / "d.json"]
    for path in (*victims, out / "figures" / "ours.png"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    names = [
        "../a.md",
        "figures/../../a.md",
        str(tmp_path / "a.md"),
        "../figures/b.png",
        "notes/c.md",
        "d.json",
        "figures/..",
    ]
    write_json(out / NAME, SCHEMA, {"files": dict.fromkeys([*names, "figures/ours.png"], empty)})
    note(out, [], whole=True)
    assert all(path.exists() for path in victims)
    assert not (out / "figures").exists()
    assert json.loads((out / NAME).read_text())["record"] == {"files": {}}
