"""``bench card``: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli import completion
from bench.cli.options import RECORDED
from bench.cli.recorded import recorded
from bench.errors import BadInput


@click.command()
@click.argument("network", metavar="RUN", type=completion.RUN)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="the file to write  [default: stdout]")
@RECORDED
def card(network: str, output: Path | None, results_dir: Path) -> None:
    """Write the model card of a run in Markdown: what the network is, what was measured, and what that does not show.

    RUN is the name of a run's folder; with /seed-N the card is of that seed alone. Needs neither TensorFlow nor the images.
    """
    folders = recorded(results_dir, network)
    from bench.report.card import card as model_card

    text = model_card(folders)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"cannot write --output {output}: {error.strerror}; choose another file") from error
    click.echo(str(output))
