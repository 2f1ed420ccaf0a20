"""gallery.html: what attacked images look like and what the networks make of them; made where the images are at hand."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bench.comparison.group import ComparisonGroup
from bench.evaluation.gallery import AttackedImages, Unusable, read_gallery
from bench.records.collection import Collection
from bench.records.networks import TrainedNetwork
from bench.records.store import GALLERY, Folder
from bench.report.pages.html_document import Part, html_document
from bench.report.pages.markdown import PROMISE
from bench.report.tables.markup import Html, tag
from bench.runs.grid import Grid

TOP = 3
ROOM = 50_000_000  # characters of the page: a browser has to hold it
INTRODUCTION = (
    "The first image of each class that was attacked: as it is, the perturbation amplified, in each colour from -eps (0) by "
    "none (grey) to eps (255), and the attacked image; below each, the three likeliest classes with softmax(logits / T), T "
    "the temperature of the training. eps is in pixel levels of 0 to 255, in the L-infinity norm. One seed of each run."
)


def gallery_page(records: Collection, grid: Grid, groups: Sequence[ComparisonGroup], results: Path) -> str | None:
    """Return the page of the attacked images of the runs of ``groups``, one seed each; None where there are none.

    A file that is not what it should be is named, with the reason, and left out; so is what comes when the page is full.
    """
    parts: list[Part] = []
    broken: list[str] = []
    shown: set[str] = set()
    room = ROOM
    for group in groups:
        blocks: list[Html] = []
        for run in group.runs:
            if run.name in shown:
                continue
            shown.add(run.name)
            for network, path in _first(records, results, run.name):
                blocks.append(_block(network, group.label(run), path, results, broken, room))
                room -= len(blocks[-1])
        if any(blocks):
            parts.append(Part(f"figure-{group.name}", f"Figure {group.figure}: {group.title}", tuple(blocks)))
    if not parts and not broken:
        return None
    if broken:
        parts.append(Part("broken", "Left out", (tag("ul", *[tag("li", line) for line in broken]),)))
    header = tag("p", INTRODUCTION, class_="lede")
    return html_document(f"{grid.title}: attacked images", header, parts, PROMISE)


def _first(records: Collection, results: Path, name: str) -> list[tuple[TrainedNetwork, Path]]:
    """Return the network of a run's first seed that has images, with each of its files."""
    for network in records.networks.get(name, {}).values():
        with suppress(OSError):  # the folder of the attacks is being removed
            files = Folder(results, network.run).galleries()
            if files:
                return [(network, path) for path in files]
    return []


def _block(network: TrainedNetwork, label: str, path: Path, results: Path, broken: list[str], room: int) -> Html:
    classes = network.record.data.classes
    try:
        if room <= 0:
            raise Unusable("is not shown: the page is full")
        found = read_gallery(path, len(classes))
    except Unusable as error:
        broken.append(f"{path.relative_to(results).as_posix()} {error}")
        return Html()
    run = network.run
    summary = f"{label}: {_attack(network, path)}; {run.arch}, batch {run.batch_size}, T = {run.temperature:g}, seed {run.seed}"
    cards = [_image(found, place, classes, run.temperature) for place in range(len(found.labels))]
    return tag("details", tag("summary", summary), tag("div", *cards, class_="gallery"))


def _attack(network: TrainedNetwork, path: Path) -> str:
    """Return the label of the attack that left the images of ``path``, the name of its files where no record has it."""
    stem = path.name.removesuffix(GALLERY)
    records = [each.record for each in network.attacks.values()]
    return next((each.threat.label for each in records if f"{stem}.npz" in each.artefacts), stem)


def _image(found: AttackedImages, place: int, classes: Sequence[str], temperature: float) -> Html:
    """Return an image: a column as it is, and one for each radius, the perturbation above the attacked image."""
    label = int(found.labels[place])
    columns = [_column("original", [found.clean[place]], found.logits[0, place], label, classes, temperature)]
    for number, eps in enumerate(found.eps):
        pixels = [found.moved[number, place], found.attacked[number, place]]
        logits = found.logits[number + 1, place]
        columns.append(_column(f"eps {eps:g}", pixels, logits, label, classes, temperature))
    return tag("article", tag("h4", classes[label]), tag("div", *columns, class_="columns"))


def _column(
    title: str,
    pixels: Sequence[NDArray[np.uint8]],
    logits: NDArray[np.float32],
    label: int,
    classes: Sequence[str],
    temperature: float,
) -> Html:
    shares = confidences(logits, temperature)
    best = np.argsort(-shares, kind="stable")[:TOP]
    right = int(np.argmax(logits)) == label
    verdict = tag("b", "✓ right" if right else "✗ wrong", class_="reproduced" if right else "contradicted")
    ranked = [tag("li", f"{classes[each]} {100 * shares[each]:.1f} %") for each in best]
    kinds = ("the perturbation", "attacked") if len(pixels) > 1 else ("the image",)
    images = [
        tag("img", src=_png(each), alt=f"{title}: {kind}", loading="lazy")
        for each, kind in zip(pixels, kinds, strict=True)
    ]
    return tag("div", tag("p", title), *images, tag("p", verdict), tag("ol", *ranked), class_="column")


def confidences(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    """Return softmax(logits / T) where T is ``temperature``, shape (c,)."""
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max())
    shares: NDArray[np.float64] = powers / powers.sum()
    return shares


def _png(pixels: NDArray[np.uint8]) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
