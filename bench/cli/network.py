"""Networks as commands name them: a run, or a network trained on ImageNet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.recorded import recorded
from bench.errors import BadInput
from bench.imagenet.names import imagenet_names
from bench.imagenet.networks import NETWORKS
from bench.training.progress import Progress

if TYPE_CHECKING:  # its networks import TensorFlow
    from bench.networks import LoadedNetwork

WEIGHTS = click.option(
    "--weights",
    type=click.Path(path_type=Path),
    help="a copy of the published weights of the network trained on ImageNet  [default: the package, the cache, a download]",
)


def networks_named(
    names: Sequence[str], results: Path, weights: Path | None, progress: Progress
) -> list[LoadedNetwork]:
    """Return the networks that ``names`` name; a run without /seed-N is one network for each of its seeds.

    Args:
        results: the folder of the runs.
        weights: the file of the one network among them that is trained on ImageNet; None for its usual place.

    Raises:
        BadInput: there is no such network, or its weights are not here.
    """
    among = [name for name in names if name in NETWORKS]
    if weights is not None and len(among) != 1:
        raise BadInput(
            f"--weights is for one network trained on ImageNet ({', '.join(NETWORKS)}): received {len(among)} of them"
        )
    runs = {name: recorded(results, name, NETWORKS) for name in names if name not in NETWORKS}
    # Wrong weights or a missing package are said before TensorFlow starts, and before a download.
    if among:
        imagenet_names()
    files = {name: NETWORKS[name].weights.located(weights, progress.say) for name in among}
    from bench.training import runtime

    runtime.prepare()
    from bench.networks import of_imagenet, of_run

    found: list[LoadedNetwork] = []
    for name in names:
        progress.say(f"loading {name}")
        found += (
            [of_run(each) for each in runs[name]] if name in runs else [of_imagenet(name, files[name], progress.say)]
        )
    return found
