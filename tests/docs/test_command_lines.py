"""Every command line of the documents is one that the commands accept."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest
from click.core import ParameterSource
from click.testing import CliRunner
from pages import PAGES, RUN, blocks, command_lines

from bench.attacks import attack_named
from bench.attacks.spec import attack_specs, parse_eps
from bench.cli.main import main
from bench.report.build import Wanted, check
from bench.runs.grid import load
from bench.runs.sweep.clusters import Place
from bench.spec.methods import METHODS
from bench.spec.run import Run

# What stands for a name of the reader's.
STANDS_FOR = {"RUN": RUN, "CONTROL": RUN, "FILE": "file.tgz"}
LINES = command_lines()


@pytest.fixture(autouse=True)
def as_in_the_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work where the files, folders and packages are that the pages speak of."""
    monkeypatch.chdir(tmp_path)
    for page in PAGES:
        for name, text in blocks(page, "toml"):
            Path(name).write_text(text, encoding="utf-8")
    for folder in ("results", "mine", "DIR"):
        Path(folder).mkdir()
    for name in ("ca.pem", "client.pem", "client.key"):
        Path(name).touch()
    monkeypatch.setitem(METHODS.data, "label-smoothing", object)


def parsed(line: str) -> tuple[click.Command, click.Context]:
    words = [STANDS_FOR.get(word, word) for word in shlex.split(line)[1:]]
    command: click.Command = main
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        command = command.commands[words.pop(0)]
    if not words and (isinstance(command, click.Group) or any(parameter.required for parameter in command.params)):
        return command, click.Context(command)  # a command that is only named
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(click.Context, "exit", lambda *_: None)  # --help
        # A command keeps the names of its help from its first parse: they are those of the group.
        return command, command.make_context(command.name, words, parent=click.Context(main, **main.context_settings))


def ids(line: str) -> str:
    return line[:60]


def test_the_documents_have_the_commands_of_everyday_use() -> None:
    assert {
        "run",
        "audit",
        "look",
        "sweep",
        "report",
        "card",
        "doctor",
        "status",
        "export",
        "latency",
        "export-model",
        "data",
    } <= {line.split()[1] for line in LINES if line != "bench"}


@pytest.mark.parametrize("line", LINES, ids=ids)
def test_a_command_line_is_accepted(line: str) -> None:
    command, context = parsed(line)
    given = context.params
    if command.name == "run" and given:
        given = {name: value for name, value in given.items() if _is_given(context, name)}
        attacks, eps = given.get("attacks", ()), given.get("eps")
        settings = {name: value for name, value in given.items() if name in Run.__dataclass_fields__}
        fraction = given.get("attack_fraction", 1.0)
        attack_specs(
            Run.of(**settings), [attack_named(each) for each in attacks], parse_eps(eps) if eps else (), fraction
        )
    elif command.name == "sweep" and given:
        grid = load(given["grid"])
        grid.chosen(given["figures"], given["extra"])
        if given["cluster"] != "slurm":  # which asks for sbatch
            Place(given["cluster"], given["workers"], given["cluster_config"], given["insecure"]).check()
    elif command.name == "report" and given:
        check(load(given["grid"]), Wanted(given["formats"] or ("png",), given["figures"]))


def _is_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is not ParameterSource.DEFAULT


def test_a_wrong_command_line_is_refused() -> None:
    for line in (
        "bench run --arch resnet18 --sparse 0.9",
        "bench sweep smoke --workers many",
        "bench latency --rounds 0 RUN",
    ):
        with pytest.raises(click.UsageError):
            parsed(line)


@pytest.mark.parametrize("line", [each for each in LINES if "--dry-run" in each or each.startswith("bench status ")])
def test_a_command_line_that_starts_nothing_runs(line: str) -> None:
    result = CliRunner().invoke(main, shlex.split(line)[1:])
    assert result.exit_code == 0, result.output
