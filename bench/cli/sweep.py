"""``bench sweep``: parse, call, print."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from bench.cli import sweep_output as summary
from bench.cli.completion import GRID
from bench.cli.options import AUDIT, DATA_DIR, JSON, QUIET, RESULTS, SKIP_BROKEN, audits_asked, refuse_unused
from bench.cli.sweep_progress import SweepView
from bench.errors import BadInput
from bench.records.status import FINAL
from bench.runs.grid import PRESETS, distinct_seeds, load
from bench.runs.sweep.clusters import Place, shape
from bench.runs.sweep.engine import work
from bench.runs.sweep.jobs import Job, jobs_of, remove_unused_prefixes, stages_of
from bench.spec.architectures import source_of
from bench.spec.words import how_many


@click.command()
@click.argument("grid", metavar=f"[{'|'.join(PRESETS)}|FILE.toml]", type=GRID)
@DATA_DIR
@RESULTS
@click.option("--image-size", type=int, help="side of the images, pixels  [default: the grid's]")
@click.option("--epochs", type=int, help="passes over the training images  [default: the grid's]")
@click.option("--seeds", help="seeds of every run, as 0,1,2  [default: the grid's]")
@click.option("--figure", "figures", multiple=True, help="only this figure of the grid; may be repeated")
@click.option("--with", "extra", multiple=True, help="an optional figure besides the others; may be repeated")
@click.option("--dry-run", is_flag=True, help="list what would run, what is done and the time to expect; start nothing")
@click.option("--cluster", default="local", show_default=True, help="local, slurm, tcp://HOST:PORT or tls://HOST:PORT")
@click.option(
    "--cluster-config", type=click.Path(path_type=Path), help="TOML file with arguments of SLURMCluster or TLS files"
)
@click.option("--insecure", is_flag=True, help="allow a scheduler on another machine without TLS")
@click.option("--workers", type=click.IntRange(0, 10_000), default=0, help="runs at once  [default: the machine's]")
@click.option(
    "--emit-jobs",
    type=click.Path(path_type=Path),
    help="write one command for each run to this file, in stages; start nothing",
)
@click.option(
    "--no-sharing", is_flag=True, help="train every run from its own start, also where runs could share a prefix"
)
@SKIP_BROKEN
@AUDIT
@JSON
@QUIET
def sweep(
    grid: str,
    data_dir: Path | None,
    results_dir: Path,
    image_size: int | None,
    epochs: int | None,
    seeds: str | None,
    figures: tuple[str, ...],
    extra: tuple[str, ...],
    dry_run: bool,
    cluster: str,
    cluster_config: Path | None,
    insecure: bool,
    workers: int,
    emit_jobs: Path | None,
    no_sharing: bool,
    skip_broken: bool,
    audit: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Train and attack every run of a grid. Run again, it does only what is missing."""
    if emit_jobs:
        refuse_unused(
            ["dry_run", "cluster", "cluster_config", "insecure", "workers", "as_json"],
            "with --emit-jobs, which starts nothing",
        )
    place = Place(cluster, workers, cluster_config, insecure)
    place.check()
    found = load(grid)
    overrides = {"image_size": image_size, "epochs": epochs}
    found = found.with_settings({name: value for name, value in overrides.items() if value is not None})
    cells, excluded = found.cells(found.chosen(figures, extra), _seeds(seeds) if seeds is not None else found.seeds)
    if not cells:
        raise BadInput(f"{grid} excludes every run: expected at least one; change its [[exclude]] tables")
    for cell in cells:
        source_of(cell.run.arch)  # refuse before a run is listed or started
    jobs = jobs_of(cells, results_dir, data_dir, not no_sharing, audits_asked(audit), skip_broken)
    if emit_jobs:
        _emit(emit_jobs, jobs)
        return
    divided = shape(place)
    states = {job.key: job.status() for job in jobs}
    if dry_run:
        planned = summary.dry_run(jobs, states, excluded, divided)
        click.echo(summary.as_json(jobs, states, excluded, []) if as_json else planned)
        return
    left = [job for job in jobs if states[job.key].state not in FINAL]
    with SweepView(len(left), divided.workers, quiet) as view:
        if left:
            view.console.print(f"{how_many(len(jobs), 'run')}, {len(left)} to go; {divided}")
        ended = work(left, place, divided, view.ended, view.tick) if left else []
    states |= {one.job.key: one.status for one in ended}
    remove_unused_prefixes(jobs, states)
    click.echo(summary.as_json(jobs, states, excluded, ended) if as_json else summary.after(jobs, states))
    sys.exit(0 if all(each.state in FINAL for each in states.values()) else 3)


def _seeds(text: str) -> tuple[int, ...]:
    try:
        return distinct_seeds([int(part) for part in text.split(",")])
    except ValueError as error:
        raise BadInput(f"seeds is {text!r}: expected whole numbers separated by commas, as 0,1,2") from error


def _emit(path: Path, jobs: Sequence[Job]) -> None:
    """Write one command a line, in stages, and print how to start one stage after the other."""
    stages = stages_of([job for job in jobs if job.status().state not in FINAL])
    lines = [shlex.join(["bench", *job.words]) for stage in stages for job in stage]
    try:
        path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror}; give another --emit-jobs FILE") from error
    click.echo(summary.emitted(str(path), [len(stage) for stage in stages]))
