"""Help in sections: the commands of ``bench``, and the options of a command that has many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

OTHERS = "Help"  # the section of --help itself


class SectionedGroup(click.Group):
    """A group whose help lists its commands in sections."""

    def __init__(self, *words: Any, **extra: Any) -> None:
        super().__init__(*words, **extra)
        self.sections: dict[str, Sequence[click.Command]] = {}

    def add_section(self, title: str, commands: Sequence[click.Command]) -> None:
        """Add ``commands``, which the help lists below ``title``."""
        self.sections[title] = commands
        for command in commands:
            self.add_command(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one list of commands for each section, with their first sentences in one column."""
        del ctx
        width = max(map(len, self.commands))
        room = formatter.width - width - 4  # what click puts before and between the two columns
        for title, commands in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(str(each.name).ljust(width), each.get_short_help_str(room)) for each in commands])


class Option(click.Option):
    """An option that says in which section of the help it is."""

    def __init__(self, *words: Any, section: str, **extra: Any) -> None:
        super().__init__(*words, **extra)
        self.section = section


class SectionedCommand(click.Command):
    """A command whose help lists its options in sections, each where its first option comes."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one list of options for each section."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for each in self.get_params(ctx):
            if isinstance(each, click.Option) and (row := each.get_help_record(ctx)):
                title = each.section if isinstance(each, Option) else OTHERS
                sections.setdefault(title, []).append(row)
        for title, rows in sections.items():
            with formatter.section(title):
                formatter.write_dl(rows)
