"""What the documents say is what the code does."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.attacks import ATTACKS
from bench.cli.main import main
from bench.datasets import DATASETS
from bench.spec.architectures import ARCHITECTURES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
INDENTED = re.findall(r"^    (\S.*)$", README, flags=re.MULTILINE)


def test_the_readme_opens_with_two_commands_that_set_themselves_up_and_ci_runs_the_second() -> None:
    first, second = INDENTED[:2]
    assert first.startswith("python3 -m venv .venv && ")
    assert ".venv/bin/bench run" in first
    assert "--dataset synthetic" in first
    assert second.endswith(".venv/bin/pytest")
    assert second in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("command", [line for line in INDENTED if line.startswith("bench ")])
def test_every_command_of_the_readme_has_options_that_exist(command: str) -> None:
    words = command.split("#")[0].split()[1:]
    depth = 2 if words[0] == "data" else 1
    options = {word.split("=")[0] for word in words if word.startswith("--")}
    shown = CliRunner().invoke(main, [*words[:depth], "--help"])
    assert shown.exit_code == 0
    assert options <= set(re.findall(r"--[a-z0-9-]+", shown.output))


@pytest.mark.parametrize("name", [*ARCHITECTURES, *ATTACKS, *DATASETS])
def test_the_readme_names_every_entry_of_the_tables(name: str) -> None:
    assert f"`{name}`" in README


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: which files are the repository's is not known")
    # A checkout mounted into a container belongs to somebody else, which git refuses unless told.
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    assert "README.md" in names
    return [name for name in names if name]


def test_no_document_or_module_names_a_machine_path(tracked: list[str]) -> None:
    for name in tracked:
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".txt", ".cff", ".cfg"} and path.exists():
            assert not re.search(r"(?<![\w.])/(work|root|home|tmp)/", path.read_text(encoding="utf-8")), name


def test_no_tracked_file_is_over_a_mebibyte(tracked: list[str]) -> None:
    for name in tracked:
        path = ROOT / name
        assert not path.exists() or path.suffix in {".png", ".svg"} or path.stat().st_size <= 2**20, name
