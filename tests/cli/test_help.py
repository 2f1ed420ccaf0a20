"""The help is in sections, and nothing is lost in them."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest
from click.testing import CliRunner

from bench.cli.main import main
from bench.spec.run import Run
from bench.spec.setting import Section, flag


def sections(*words: str) -> dict[str, str]:
    """Return the text below each heading of a help."""
    done = CliRunner().invoke(main, [*words, "--help"], env={"COLUMNS": "80"})
    assert done.exit_code == 0, done.output
    _, *parts = re.split(r"^(\w[\w ]+):$", done.stdout, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def names(text: str) -> list[str]:
    return re.findall(r"^  ((?:--)?[a-z][\w-]*)", text, re.MULTILINE)


def test_every_command_is_in_one_section_with_what_it_does() -> None:
    found = sections()
    assert list(found)[1:] == [
        "Train and attack",
        "Audit",
        "What networks see",
        "Report",
        "Data and deployment",
        "Help",
    ]
    listed = [name for title, text in found.items() if title != "Options" for name in names(text)]
    assert sorted(listed) == sorted(main.commands)
    assert re.search(r"^  doctor +Look at the software", found["Help"], re.MULTILINE)


@pytest.mark.parametrize("section", Section)
def test_a_setting_is_shown_in_its_section(section: Section) -> None:
    shown = names(sections("run")[section])
    assert [flag(each) for each in fields(Run) if each.metadata["section"] == section] == [
        name for name in shown if name in set(map(flag, fields(Run)))
    ]


def test_every_option_of_a_run_is_shown_once_and_none_without_a_section() -> None:
    found = sections("run")
    assert list(found) == [*Section, "Attacks and audit", "Output", "Help"]
    listed = [name for text in found.values() for name in names(text)]
    assert sorted(listed) == sorted(option for each in main.commands["run"].params for option in each.opts)
    assert found["Help"].split() == ["-h,", "--help", "Show", "this", "message", "and", "exit."]


def test_a_command_with_an_argument_lists_its_options_alone() -> None:
    found = sections("look")
    assert list(found) == ["Maps", "Picture of a class", "Output", "Help"]
    assert "RUN" not in found["Help"]
