"""The report as files: its bytes, its links, and what it says where records are few, damaged or none."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from fakes import diverged, tear
from oracle import figures, raw
from readback import written
from recorded import EPS, GRID, GROUPS, SPARSE, TEXT, attack_all, bound, record

from bench.attacks.fgsm import Fgsm
from bench.cli.main import main
from bench.errors import BadInput
from bench.records.collection import read
from bench.report.build import Wanted, assemble
from bench.report.content import family_recipe
from bench.report.figures import save
from bench.report.manifest import NAME
from bench.report.panels import FORMATS
from bench.spec.run import Run


def report(tmp_path: Path, *words: str) -> Result:
    grid = tmp_path / "small.toml"
    grid.write_text(TEXT)
    places = ["--results-dir", str(tmp_path / "results"), "--output", str(tmp_path / "reports"), "--grid", str(grid)]
    return CliRunner().invoke(main, ["report", *places, *words])


def compared(tmp_path: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["report", "--results-dir", str(tmp_path / "results"), "--compare", *words])


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two reports of the same records, in one/ and two/."""
    folder = tmp_path_factory.mktemp("twice")
    for name in ("one", "two"):
        record(folder / name / "results", SPARSE.runs, [0, 0, -0.1])
        record(folder / name / "results", SPARSE.runs, [0, 0, -0.1], attack=Fgsm(loss="margin"))
        diverged(folder / name / "results", GROUPS["rank"].runs[1])
        done = report(folder / name)
        assert done.exit_code == 0, done.output
    return folder


def test_the_same_records_give_the_same_bytes_wherever_they_lie(twice: Path) -> None:
    found = [written(twice / name / "reports") for name in ("one", "two")]
    assert found[0] == found[1]
    names = set(found[0])
    assert {f"figures/sparse-{panel}.{kind}" for panel in "ab" for kind in ("png", "svg")} <= names
    assert {
        f"tables/{name}.{kind}" for name in ("sparse", "networks") for kind in ("csv", "md", "tex", "html")
    } <= names
    for name, content in found[0].items():
        assert str(twice).encode() not in content, name
        if name.endswith(".svg"):
            assert ET.fromstring(content).tag.endswith("svg")


def test_links_are_relative_and_lead_to_what_was_written(twice: Path) -> None:
    reports = twice / "one" / "reports"
    text = (reports / "REPORT.md").read_text()
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert "figures/sparse-a.png" in links
    assert all((reports / link).is_file() for link in links)
    assert text.index("## Networks") < text.index("## Figures") < text.index("## Versions")
    assert "less robust to this attack: difference" in text


def test_without_records_it_says_so_and_how_to_make_some(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    done = report(tmp_path)
    assert done.exit_code == 0
    assert "no trained network" in done.output
    text = (tmp_path / "reports" / "REPORT.md").read_text()
    assert "bench sweep small.toml --seeds 0,1,2" in text
    assert "## Networks" not in text
    assert "## Findings" not in text
    assert not (tmp_path / "reports" / "figures").exists()


def test_only_diverged_runs_are_named_and_draw_nothing(tmp_path: Path) -> None:
    for run in SPARSE.runs:
        diverged(tmp_path / "results", run)
    done = report(tmp_path)
    assert done.exit_code == 0
    assert "(3 diverged)" in done.output
    text = (tmp_path / "reports" / "REPORT.md").read_text()
    for run in SPARSE.runs:
        assert f"- diverged: {run.name}, seed 0: epoch 2" in text
    assert not (tmp_path / "reports" / "figures").exists()


def test_without_a_network_a_sweep_of_the_grid_is_named_only_where_it_would_make_them(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    assert "small.toml makes them" in report(tmp_path).output
    diverged(tmp_path / "results", SPARSE.runs[0])
    assert "small.toml makes them" in report(tmp_path).output
    diverged(tmp_path / "results", Run.of(arch="fc5", temperature=77.0))
    assert "(2 diverged): bench status lists them" in report(tmp_path).output


def test_a_figure_of_runs_of_no_grid_has_the_command_of_every_network(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, [0, 0, 0], seeds=5)
    *trainings, last = family_recipe(bound(SPARSE, tmp_path))
    assert len(set(trainings)) == 15
    assert last == "bench report"


def test_a_mistyped_results_folder_costs_no_report(tmp_path: Path) -> None:
    record(tmp_path / "results", SPARSE.runs, [0, 0, -0.1], seeds=1)
    report(tmp_path, "--format", "csv")
    before = {path: path.read_bytes() for path in (tmp_path / "reports").rglob("*") if path.is_file()}
    done = report(tmp_path, "--results-dir", str(tmp_path / "resutls"))
    assert done.exit_code == 2
    assert "resutls' does not exist" in done.output
    assert {path: path.read_bytes() for path in (tmp_path / "reports").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("place", ["--results-dir", "--output"])
def test_a_file_where_a_folder_should_be_is_bad_input(tmp_path: Path, place: str) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "file").write_text("here already")
    done = report(tmp_path, place, str(tmp_path / "file"))
    assert done.exit_code == 2
    assert place in done.output
    assert str(tmp_path / "file") in done.output
    assert (tmp_path / "file").read_text() == "here already"


def test_one_run_is_drawn_and_the_rest_are_dashes_with_their_commands(tmp_path: Path) -> None:
    record(tmp_path / "results", SPARSE.runs[1:2], [0], seeds=1)
    assert report(tmp_path, "--format", "png").exit_code == 0
    text = (tmp_path / "reports" / "REPORT.md").read_text()
    assert (tmp_path / "reports" / "figures" / "sparse-a.png").is_file()
    for run in (SPARSE.runs[0], SPARSE.runs[2]):
        assert f"\n    {SPARSE.command(run)}\n" in text


def test_the_path_of_an_architecture_is_no_path_of_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(save, "render", lambda _, kinds: dict.fromkeys(kinds, b"a picture"))
    place = tmp_path / "a" / "b" / "c"
    (place / "other").mkdir(parents=True)
    monkeypatch.chdir(place)
    archs = ["../../../net.py:f", "other/net.py:f"]
    for arch in archs:
        Path(arch.removesuffix(":f")).write_text("def f(): ...")
    runs = [Run.of(**{**run.settings, "arch": arch}) for arch in archs for run in SPARSE.runs]
    record(tmp_path / "results", runs, [0, 0, -0.1] * 2, seeds=1)
    done = report(tmp_path, "--format", "png")
    assert done.exit_code == 0, done.output
    figures = tmp_path / "reports" / "figures"
    assert {"pareto-net-f.png", "pareto-net-f-2.png"} <= {path.name for path in figures.iterdir()}
    assert not [path for path in tmp_path.rglob("*.png") if path.parent != figures]


def test_a_damaged_record_is_named_and_the_rest_is_there(tmp_path: Path) -> None:
    results = tmp_path / "results"
    record(results, SPARSE.runs, [0, 0, -0.1])
    broken = next(results.glob("fc5-s0.5*/seed-1/run.json"))
    broken.write_bytes(broken.read_bytes()[:-20])
    done = report(tmp_path, "--format", "csv")
    assert done.exit_code == 4
    assert "1 damaged record was left out" in done.output
    text = (tmp_path / "reports" / "REPORT.md").read_text()
    assert f"- left out: {broken.relative_to(results).as_posix()}: " in text
    assert "damaged" in text
    assert str(tmp_path) not in text
    assert "| 90 % zero | 0, 1, 2 |" in text


@pytest.mark.parametrize(
    ("figure", "kinds", "expected"),
    [
        ("sparse", ["svg"], {"figures/sparse-a.svg", "figures/sparse-b.svg"}),
        ("sparse-b", ["png"], {"figures/sparse-b.png"}),
        ("sparse", ["csv"], {"tables/sparse.csv"}),
    ],
)
def test_one_figure_in_one_format(tmp_path: Path, figure: str, kinds: list[str], expected: set[str]) -> None:
    record(tmp_path, SPARSE.runs, [0, 0, -0.1], seeds=1)
    out = tmp_path / "reports"
    assemble(read(tmp_path), GRID, out, Wanted(tuple(kinds), (figure,)))
    assert set(written(out)) == {*expected, NAME}


def test_a_wrong_figure_names_the_nearest_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    done = report(tmp_path, "--figure", "sparce")
    assert done.exit_code == 2
    assert "did you mean 'sparse'?" in done.output
    assert not (tmp_path / "reports").exists()
    with pytest.raises(BadInput, match="unknown figure of small"):
        assemble(read(tmp_path), GRID, tmp_path / "reports", Wanted(FORMATS, ("sparse-c",)))


def test_two_runs_compared_at_each_radius_of_each_common_attack(tmp_path: Path) -> None:
    record(tmp_path / "results", SPARSE.runs, [0, 0, -0.1])
    first, second = SPARSE.runs[2].name, SPARSE.runs[0].name
    done = compared(tmp_path, first, second)
    assert done.exit_code == 0
    rows = re.findall(r"^  eps (\S+) .*difference ([+-][\d.]+) points", done.output, re.MULTILINE)
    right = [[figures(seed["right"])["accuracy"] for seed in raw(tmp_path / "results", run)] for run in ("-s0.9", "")]
    expected = 100 * (np.mean(right[0], axis=0) - np.mean(right[1], axis=0))
    assert [float(eps) for eps, _ in rows] == list(EPS)
    assert [float(difference) for _, difference in rows] == pytest.approx(list(expected), abs=0.051)
    assert not (tmp_path / "reports").exists()
    assert compared(tmp_path, first, "fc5").exit_code == 2
    assert compared(tmp_path, first, first).exit_code == 2


def test_a_comparison_lists_what_is_damaged_and_refuses_what_only_a_report_uses(tmp_path: Path) -> None:
    record(tmp_path / "results", SPARSE.runs, [0, 0, -0.1])
    names = [run.name for run in SPARSE.runs[:2]]
    for seed in (0, 1):
        tear(tmp_path / "results" / SPARSE.runs[2].name / f"seed-{seed}" / "run.json")
    done = compared(tmp_path, *names)
    assert done.exit_code == 4
    lines = [line for line in done.stderr.splitlines() if line.startswith("left out: ")]
    assert [f"{SPARSE.runs[2].name}/seed-{seed}" in line for seed, line in enumerate(lines)] == [True, True]
    assert "REPORT.md" not in done.stderr
    for words in (["--output", "x"], ["--grid", "smoke"], ["--figure", "9"], ["--format", "svg"], ["--serve"]):
        refused = compared(tmp_path, *names, *words)
        assert (refused.exit_code, f"{words[0]} has no effect with --compare" in refused.stderr) == (2, True)


def test_a_masked_network_gets_no_praise_and_what_is_compared_with_it_no_blame(tmp_path: Path) -> None:
    group = GROUPS["hot"]
    attack_all(tmp_path / "results", group, margin=0.3, seeds=3)
    record(tmp_path / "results", group.runs[:1], [0], attack=Fgsm(loss="margin"))
    control, hot = (run.name for run in group.runs)
    first = compared(tmp_path, hot, control).output
    assert f"gradient masked on {hot}: the attack failed" in first
    assert "seems robust, but its gradient is masked: difference +" in first
    second = compared(tmp_path, control, hot).output
    assert f"no verdict: the gradient of {hot} is masked: difference -" in second
    assert not re.search(r"fgsm\n.*(more|less) robust", first + second)
