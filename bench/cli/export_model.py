"""``bench export-model``: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli import completion
from bench.cli.options import RECORDED
from bench.cli.recorded import recorded
from bench.errors import BadInput
from bench.records.files import make_folder


@click.command("export-model")
@click.argument("network", metavar="RUN", type=completion.RUN)
@click.option("--format", "kind", default="tflite", show_default=True, help="tflite or onnx")
@click.option("--output", type=click.Path(path_type=Path), help="the file to write  [default: RUN-seed-N.FORMAT here]")
@RECORDED
def export_model(network: str, kind: str, output: Path | None, results_dir: Path) -> None:
    """Write the network of a trained run as a file for deployment: pixel levels of 0 to 255 to logits, float32.

    Filters that are zero are taken out; the logits stay the same. RUN is the name of a run's folder, with or without
    /seed-N; of several seeds the first is written.
    """
    from bench.deployment.formats import FORMATS, format_named

    found = format_named(kind)
    found.check()
    folder = recorded(results_dir, network)[0]
    training = folder.trained()
    path = output or Path(f"{folder.run.name}-seed-{folder.run.seed}{found.suffix}")
    others = [name for name, each in FORMATS.items() if each.suffix == path.suffix and name != kind]
    if others:
        raise BadInput(
            f"{path} ends as a file of the format {others[0]}: expected {found.suffix}, or --format {others[0]}"
        )
    if path.exists():
        raise BadInput(f"{path} exists: expected a new file; give another --output")
    if not path.parent.is_dir():
        raise BadInput(f"{path.parent} is no folder: expected one for {path.name}; make it, or give another --output")
    make_folder(path.parent, "--output ", "give another --output")
    from bench.training import runtime

    runtime.prepare()
    from bench.deployment.zero_filters import without_zero_filters
    from bench.evaluation.restored import restored

    found.write(without_zero_filters(restored(folder, training).model), path)
    click.echo(f"{path}  {path.stat().st_size:,} bytes")
