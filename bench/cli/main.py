"""The command line: it parses, calls and prints. It decides nothing, and imports TensorFlow nowhere."""

from __future__ import annotations

import sys
from typing import Any

import click

from bench import __version__
from bench.cli.data import data
from bench.cli.export import export
from bench.cli.report import report
from bench.cli.run import run
from bench.cli.status import status
from bench.cli.sweep import sweep
from bench.errors import BenchError


class Group(click.Group):
    """A group that turns a BenchError, or Ctrl-C, in any subcommand into its message and exit code."""

    def invoke(self, context: click.Context) -> Any:
        """Run the subcommand."""
        try:
            return super().invoke(context)
        except BenchError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("interrupted: what was recorded stays; run the same command again to go on", err=True)
            sys.exit(130)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="bench")
def main() -> None:
    """Train, compress, attack and answer: is a compressed network robust, or does it only look so?"""


for command in (run, data, sweep, status, export, report):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="bench")
