"""The report in this repository is what its records make.

Pages, tables and one figure of each kind, in both formats, are compared to the byte. To save all figures takes most of the
time of a report: of the others it is checked that they are drawn without an error and that the repository has their files.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from matplotlib.figure import Figure

from bench.cli.main import main
from bench.records.files import read_json
from bench.report.figures.save import save
from bench.report.manifest import NAME, SCHEMA

ROOT = Path(__file__).parents[2]
REPORTS = ROOT / "reports"
# A figure of each kind.
SAMPLE = {"9a", "9b", "9-by-compression", "10a-by-setting", "10a-flips", "10a-heat", "10a-spectral", "pareto-fc5"}


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: which records are the repository's and which were made here is not known")
    out, results = tmp_path_factory.mktemp("reports"), tmp_path_factory.mktemp("results")
    for name in tracked("results"):
        (results / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "results" / name, results / name)

    def sampled(output: Path, name: str, figure: Figure, kinds: Sequence[str]) -> tuple[str, ...]:
        if name in SAMPLE:
            return save(output, name, figure, kinds)
        files = tuple(f"figures/{name}.{kind}" for kind in kinds)
        for file in files:
            shutil.copyfile(REPORTS / file, output / file)
        return files

    (out / "figures").mkdir()
    words = ["report", "--results-dir", str(results), "--output", str(out), "--quiet"]
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("bench.report.build.save", sampled)
        result = CliRunner().invoke(main, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return out


def tracked(folder: str) -> list[str]:
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "."]
    listed = subprocess.run(command, cwd=ROOT / folder, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name]


def test_the_same_records_make_the_same_report(again: Path) -> None:
    assert all((again / f"figures/{name}.png").is_file() for name in SAMPLE)
    names = [*read_json(REPORTS / NAME, SCHEMA)["files"], NAME]
    assert names == [*read_json(again / NAME, SCHEMA)["files"], NAME]
    assert [name for name in names if (REPORTS / name).read_bytes() != (again / name).read_bytes()] == []


def test_nothing_else_lies_beside_it() -> None:
    listed = {*read_json(REPORTS / NAME, SCHEMA)["files"], NAME, "README.md", "gallery.html"}
    assert {path.relative_to(REPORTS).as_posix() for path in REPORTS.rglob("*") if path.is_file()} <= listed
