"""``bench doctor``: parse, call, print."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.options import DATA_DIR, JSON, RESULTS
from bench.errors import BenchError

if TYPE_CHECKING:  # it imports packages that the command line starts without
    from bench.doctor.finding import Finding


@click.command()
@click.option("--no-self-test", is_flag=True, help="leave the self-test out")
@DATA_DIR
@RESULTS
@JSON
def doctor(no_self_test: bool, data_dir: Path | None, results_dir: Path, as_json: bool) -> None:
    """Look at the software, the machine and the folders, and try a small run: a training with pruning, and an attack.

    The self-test takes a quarter of a minute on two slow cores and leaves no files. Paste the lines into a bug report: they
    have the paths of your folders, so read them first. The exit code is 1 where a line says error; the line below it says
    what to do.
    """
    found = []
    for each in _findings(not no_self_test, data_dir, results_dir):
        found.append(each)
        if not as_json:
            click.echo(line(each))
    wrong = [each.name for each in found if each.state == "error"]
    if as_json:
        click.echo(json.dumps({"ok": not wrong, "findings": [asdict(each) for each in found]}, ensure_ascii=False))
    if wrong:
        raise BenchError(f"not all is well: {', '.join(wrong)}; do what the lines say, then run bench doctor again")


def _findings(tested: bool, data_dir: Path | None, results: Path) -> Iterator[Finding]:
    from bench.doctor.machine import machine
    from bench.doctor.places import places
    from bench.doctor.software import software

    yield from chain(software(), places(data_dir, results))
    starts = True
    for each in machine():
        starts = starts and each.state != "error"
        yield each
    if tested and starts:
        from bench.doctor.self_test import self_test

        yield self_test()


def line(found: Finding) -> str:
    """Return a finding as one line, with what to do next below it."""
    below = f"\n{'':<36}{found.remedy}" if found.remedy else ""
    return f"{found.state:<6}{found.name:<30}{found.text}{below}"
