"""The command line: it parses, calls and prints. It imports TensorFlow nowhere."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn, TextIO

import click

from bench.cli.audit import audit
from bench.cli.card import card
from bench.cli.data import data
from bench.cli.doctor import doctor
from bench.cli.export import export
from bench.cli.export_model import export_model
from bench.cli.fool import fool
from bench.cli.latency import latency
from bench.cli.look import look
from bench.cli.options import interrupted
from bench.cli.report import report
from bench.cli.run import run
from bench.cli.sections import SectionedGroup
from bench.cli.status import status
from bench.cli.sweep import sweep
from bench.cli.transfer import transfer
from bench.errors import BenchError, Terminated
from bench.version import __version__

UNWRITABLE = (errno.ENOSPC, errno.EPIPE, errno.EIO, errno.EDQUOT, errno.EFBIG)


class Group(SectionedGroup):
    """A group that ends with a message and an exit code, and no traceback, where a command fails."""

    def make_context(self, *words: Any, **extra: Any) -> click.Context:
        """Parse the options of ``bench`` itself, such as --help."""
        with _explained():
            return super().make_context(*words, **extra)

    def invoke(self, context: click.Context) -> Any:
        """Run the subcommand."""
        with _explained(), _terminable():
            return super().invoke(context)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn a BenchError, Ctrl-C or an error of the system into its message and exit code."""
    try:
        yield
    except BenchError as error:
        _end(f"error: {error}", error.exit_code)
    except KeyboardInterrupt as stopped:
        end = interrupted(stopped)
        _end(str(end), end.exit_code)
    except OSError as error:
        if error.filename is None and error.errno in UNWRITABLE:
            # What is left in the buffers cannot be written either, and would be a second error at exit.
            _discard(sys.stdout)
            _end(f"error: cannot write the output: {error.strerror}; run the same command again to see it", 75)
        place = f"{error.filename}: " if error.filename else ""
        _end(f"error: {place}{error.strerror or error}; run the same command again when this has passed", 75)


@contextmanager
def _terminable() -> Iterator[None]:
    """Raise Terminated in the block when SIGTERM comes; a second one ends the process at once."""
    if threading.current_thread() is not threading.main_thread():  # only that one can have handlers
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_DFL)
    raise Terminated


def _end(message: str, code: int) -> NoReturn:
    try:
        click.echo(message, err=True)
    except OSError:
        _discard(sys.stderr)
    sys.exit(code)


def _discard(stream: TextIO) -> None:
    """Send to the null device what ``stream`` still holds and gets."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="bench")
def main() -> None:
    """Train networks, compress them, attack them, and report how robust they are."""


main.add_section("Train and attack", (run, sweep, status))
main.add_section("Audit", (audit,))
main.add_section("What networks see", (look, fool, transfer))
main.add_section("Report", (report, card, export))
main.add_section("Data and deployment", (data, export_model, latency))
main.add_section("Help", (doctor,))

if __name__ == "__main__":
    main(prog_name="bench")
