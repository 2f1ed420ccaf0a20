"""``bench look``: parse, call, print."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bench.cli import completion
from bench.cli.options import JSON, QUIET, RECORDED, Command, refuse_unused
from bench.cli.recorded import with_networks
from bench.cli.sections import Option, SectionedCommand
from bench.datasets.class_names import names_of
from bench.errors import BadInput
from bench.looking.ascent import Ascent
from bench.runs.looking import check, draw, look_at
from bench.runs.pipeline import Where
from bench.training.progress import Progress

MAPS, CLASS_IMAGE = "Maps", "Picture of a class"
USUAL = Ascent()


def _ascent(name: str, text: str, kind: type = float) -> Callable[[Command], Command]:
    flag = "--" + name.replace("_", "-")
    return click.option(
        flag, cls=Option, section=CLASS_IMAGE, type=kind, default=getattr(USUAL, name), show_default=True, help=text
    )


@click.command(cls=SectionedCommand)
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=completion.RUN)
@click.option(
    "--images", cls=Option, section=MAPS, type=int, default=12, show_default=True, help="validation images to look at"
)
@click.option(
    "--target",
    "targets",
    cls=Option,
    section=CLASS_IMAGE,
    multiple=True,
    metavar="CLASS",
    help="draw what the networks take for this class; may be repeated",
)
@click.option(
    "--start",
    cls=Option,
    section=CLASS_IMAGE,
    default="noise",
    show_default=True,
    metavar="noise|N",
    help="start from noise, or from validation image number N",
)
@_ascent("steps", "steps of the ascent", int)
@_ascent("learning_rate", "root mean square of a step, pixel levels")
@_ascent("jitter", "largest random shift before a step, pixels", int)
@_ascent("blur", "deviation of the blur every four steps, pixels; 0: none")
@_ascent("decay", "part of the distance to grey that a step takes away (L2)")
@_ascent("seed", "of the noise and the shifts", int)
@click.option(
    "--data-dir",
    cls=Option,
    section=MAPS,
    type=click.Path(path_type=Path),
    help="folder with train/CLASS/ and val/CLASS/  [default for imagenette: $BENCH_DATA_DIR, the cache, a download]",
)
@RECORDED
@JSON
@QUIET
def look(
    runs: tuple[str, ...],
    images: int,
    targets: tuple[str, ...],
    start: str,
    data_dir: Path | None,
    results_dir: Path,
    as_json: bool,
    quiet: bool,
    **settings: Any,
) -> None:
    """Show where networks look: saliency maps side by side, how far they agree, and what is forgotten.

    RUN is the name of a run's folder, with or without /seed-N. Each network is compared with its control: the same network,
    dense, of full rank, at T = 1. Where that is not here, it is compared with the first RUN. Another seed of the control
    shows how far two trainings agree anyway.

    With --target the networks also draw a class. The pictures go into the folder of the first RUN.
    """
    if not targets:
        refuse_unused(["start", *settings], "without --target")
    ascent = Ascent(**settings)
    place = _place(start)
    folders = with_networks(results_dir, runs)
    check(folders, images, place)
    classes = names_of(folders[0].trained().data.classes)
    labels = list(dict.fromkeys(classes.find(text) for text in targets))
    where = Where(results_dir, data_dir)
    drawings, records = {}, []
    with Progress(quiet) as progress:
        look_at(folders, images, where, progress)
        for label in labels:
            drawings[classes[label]], path = draw(folders, label, ascent, place, where, progress)
            records.append(path)
    from bench.cli import look_output
    from bench.comparison.looking import judged, seen_in
    from bench.report.look_pictures import draw_class, draw_maps, short_names

    looks = judged({each.run.key: seen_in(each, images) for each in folders})
    names = short_names(folders)
    pictures = draw_maps(folders, looks)
    for each in drawings.values():
        pictures += draw_class(folders, each, ascent, place)
    if as_json:
        click.echo(look_output.as_json(looks, drawings, records, pictures))
        return
    click.echo(look_output.text(looks, names))
    for name, each in drawings.items():
        click.echo("\n" + look_output.drawing(each, name, names))
    written = [f"record   {path}" for path in records] + [f"picture  {path}" for path in pictures]
    click.echo("\n" + "\n".join(written))


def _place(start: str) -> int | None:
    if start == "noise":
        return None
    if not start.isdecimal():
        raise BadInput(f"--start {start}: expected noise, or the number of a validation image, as in --start 17")
    return int(start)
