"""``bench latency``: parse, call, print."""

from __future__ import annotations

import json
from pathlib import Path

import click

from bench.cli import completion
from bench.cli.options import JSON, QUIET, RECORDED, refuse_unused
from bench.cli.recorded import with_networks
from bench.errors import BadInput
from bench.records.files import make_folder
from bench.records.schema import LatencyRow
from bench.records.store import Folder
from bench.spec.control import control_of
from bench.training.progress import Progress


@click.command()
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=completion.RUN)
@click.option("--format", "formats", multiple=True, help="time it as a file too: tflite or onnx; may be repeated")
@click.option("--rounds", type=click.IntRange(1), default=30, show_default=True, help="calls of each network")
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True, help="threads of the file's runtime")
@RECORDED
@JSON
@QUIET
def latency(
    runs: tuple[str, ...],
    formats: tuple[str, ...],
    rounds: int,
    threads: int,
    results_dir: Path,
    as_json: bool,
    quiet: bool,
) -> None:
    """Time trained networks in turn with their dense controls: milliseconds a call at batch 1 and 64, and bytes on disk.

    The times go into latency.json beside each run, and bench report shows them. RUN is the name of a run's folder, of which
    all seeds are timed; with /seed-N that seed alone. The images are drawn at random. Filters that are zero are taken out
    first. Single zeros inside a kernel make no network faster here; fewer filters and a smaller rank do.
    """
    if not formats:
        refuse_unused(["threads"], "without --format")
    found = _with_controls(with_networks(results_dir, runs))
    from bench.training import runtime

    runtime.prepare()
    from bench.deployment.latency import latencies

    with Progress(quiet) as progress:
        timed = latencies(found, formats, rounds, threads, progress)
    controls = {each.run.key: control_of(each.run).key for each in found}
    click.echo(_json(timed) if as_json else _table(timed, controls))


def _with_controls(asked: list[Folder]) -> list[Folder]:
    """Return the folders in ``asked`` and those of their controls where these are trained, each once."""
    sizes = {each.run.image_size for each in asked}
    if len(sizes) > 1:
        raise BadInput(f"runs at {' and '.join(map(str, sorted(sizes)))} px: expected one size of images")
    for each in asked:
        each.trained()  # refuse before the seconds that TensorFlow takes to start
    controls = [Folder(each.results, control_of(each.run)) for each in asked]
    trained = [each for each in controls if each.has_network]
    found = list({each.run.key: each for each in [*trained, *asked]}.values())
    for each in found:
        make_folder(each.path, "", "copy the records to another folder, and name it with --results-dir")
    return found


def _by_batch(found: dict[str, list[LatencyRow]]) -> list[tuple[str, LatencyRow]]:
    """Return the rows with the keys of their runs, those of the smallest batch first."""
    return sorted(((run, row) for run, rows in found.items() for row in rows), key=lambda each: each[1].batch)


def _table(found: dict[str, list[LatencyRow]], controls: dict[str, str]) -> str:
    rows = _by_batch(found)
    medians = {(run, row.runtime, row.batch): row.milliseconds for run, row in rows}
    wide = max(map(len, found)) + 1
    lines = [
        f"{'run':<{wide}}{'runtime':>12}{'threads':>8}{'batch':>6}{'ms':>9}{'quartiles':>16}{'control / run':>14}{'MMAC':>9}"
        f"{'bytes':>12}"
    ]
    for run, row in rows:
        control = medians.get((controls[run], row.runtime, row.batch))
        ratio = "-" if control is None or controls[run] == run else f"{control / row.milliseconds:.2f}"
        times = f"{row.milliseconds:>9.2f}{f'{row.low:.2f}..{row.high:.2f}':>16}"
        size = "-" if row.bytes is None else f"{row.bytes:,}"
        lines.append(
            f"{run:<{wide}}{row.runtime:>12}{row.threads:>8}{row.batch:>6}{times}{ratio:>14}{row.macs / 1e6:>9.1f}{size:>12}"
        )
    return "\n".join(lines)


def _json(found: dict[str, list[LatencyRow]]) -> str:
    body = [
        {
            "run": run,
            "runtime": row.runtime,
            "threads": row.threads,
            "batch": row.batch,
            "milliseconds": row.milliseconds,
            "quartiles": [row.low, row.high],
            "bytes": row.bytes,
            "macs": row.macs,
        }
        for run, row in _by_batch(found)
    ]
    return json.dumps({"latencies": body})
