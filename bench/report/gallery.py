"""gallery.html: what attacked images look like, and how the networks classify them. Made where the images are at hand."""

from __future__ import annotations

import base64
import io
import itertools
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.special import softmax

from bench.comparison.group import ComparisonGroup
from bench.datasets.imagenette import CLASSES as NAMES
from bench.evaluation.gallery import AttackedImages, Unusable, read_gallery
from bench.records.network_records import GALLERY
from bench.records.networks import TrainedNetwork
from bench.records.store import Folder
from bench.report.rendering import render
from bench.runs.grid import Grid
from bench.spec.run import Run

TOP = 3
ROOM = 50_000_000  # characters of the pictures: a browser has to hold them


def gallery_page(grid: Grid, groups: Sequence[ComparisonGroup], results: Path) -> str | None:
    """Return the page of the attacked images of the runs of ``groups``, one seed each. None where there are none.

    A file that is not what it should be is left out, and named with the reason. So is every file once the page is full.
    """
    figures: list[dict[str, Any]] = []
    broken: list[str] = []
    seen: set[str] = set()
    numbers = itertools.count()
    room = ROOM
    for group in groups:
        networks = []
        for run in group.runs:
            files = [] if run.name in seen else _first(group, results, run)
            seen.add(run.name)
            for network, path in files:
                try:
                    shown = _network(network, group.label(run), path, room)
                except Unusable as error:
                    broken.append(f"{path.relative_to(results).as_posix()} {error}")
                    continue
                networks.append({"place": f"network-{next(numbers)}", **shown})
                views = [view for image in shown["images"] for view in image["views"]]
                room -= sum(len(each) for view in views for each in view["pictures"].values())
        if networks:
            title = f"Figure {group.figure}: {group.title}"
            figures.append({"place": f"figure-{group.name}", "title": title, "networks": networks})
    if not figures and not broken:
        return None
    return render("gallery.html", title=grid.title, figures=figures, broken=broken)


def _first(group: ComparisonGroup, results: Path, run: Run) -> list[tuple[TrainedNetwork, Path]]:
    """Return the network of the first seed of a run that has images, with each of its files."""
    for network in group.trained(run).values():
        with suppress(OSError):  # the folder of the attacks is being removed
            files = Folder(results, network.run).attacks.galleries()
            if files:
                return [(network, path) for path in files]
    return []


def _network(network: TrainedNetwork, label: str, path: Path, room: int) -> dict[str, Any]:
    """Return what the template shows of the images of ``path``. Unusable where the page has no ``room`` left."""
    if room <= 0:
        raise Unusable("is not shown: the page is full")
    run = network.run
    classes = [NAMES.get(name, name) for name in network.record.data.classes]
    found = read_gallery(path, len(classes))
    stem = path.name.removesuffix(GALLERY)
    records = [each.record for each in network.attacks.values()]
    # Where no record has the images, the name of their file.
    attack = next(
        (f"{each.threat.label}, {each.threat.norm}" for each in records if f"{stem}.npz" in each.artefacts), stem
    )
    summary = f"{label}: {attack}; {run.arch}, batch {run.batch_size}, T = {run.temperature:g}, seed {run.seed}"
    images = [_image(found, place, classes, run.temperature) for place in range(len(found.labels))]
    return {"summary": summary, "images": images}


def _image(found: AttackedImages, place: int, classes: Sequence[str], temperature: float) -> dict[str, Any]:
    """Return an image as the network sees it: unchanged, then at each radius, with the likeliest classes."""
    label = int(found.labels[place])

    def view(eps: float, title: str, number: int, **pictures: NDArray[np.uint8]) -> dict[str, Any]:
        logits = found.logits[number, place]
        confidence = confidences(logits, temperature)
        best = np.argsort(-confidence, kind="stable")[:TOP]
        ranked = [(classes[each], float(confidence[each])) for each in best]
        shown = {kind: _png(pixels) for kind, pixels in pictures.items()}
        correct = int(np.argmax(logits)) == label
        return {"eps": f"{eps:g}", "title": title, "pictures": shown, "correct": correct, "ranked": ranked}

    views = [view(0, "original", 0, image=found.clean[place])]
    for number, eps in enumerate(found.eps):
        pixels = {"perturbation": found.moved[number, place], "attacked": found.attacked[number, place]}
        views.append(view(eps, f"eps {eps:g}", number + 1, **pixels))
    return {"label": classes[label], "views": views}


def confidences(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    """Return softmax(logits / T), where T is ``temperature``, shape (c,)."""
    return np.asarray(softmax(logits.astype(np.float64) / temperature))


def _png(pixels: NDArray[np.uint8]) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
