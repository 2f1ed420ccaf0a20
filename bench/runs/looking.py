"""Looks at several networks and at those that they are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import BadInput
from bench.looking.ascent import Ascent
from bench.looking.evaluation import Look
from bench.looking.references import references
from bench.looking.version import CLASS_IMAGE
from bench.records.images import check_same_images, check_same_size, images_of_run
from bench.records.provenance import environment
from bench.records.schema import ClassDrawingRecord
from bench.records.store import Folder
from bench.records.studies import write_study
from bench.runs.pipeline import Where, execute
from bench.training.clock import Clock
from bench.training.progress import Progress

if TYPE_CHECKING:  # it imports scipy, which the command line starts without
    from bench.looking.drawn import Drawn


def look_at(folders: Sequence[Folder], images: int, where: Where, progress: Progress) -> None:
    """Look at the network in each of ``folders``; what is recorded is not done again.

    The networks that it is compared with are looked at first. Where the control of a network is not here, the network is
    compared with the first of ``folders``.

    Raises:
        BadInput: a run has no network here, the runs have different images, or there are fewer images.
    """
    check(folders, images)
    first = folders[0].run
    for folder in folders:
        look = Look(images, first)
        others = references(folder, first)
        if others.control is None and others.seeds is None:
            progress.say(
                f"{folder.run.key} has no control and no other seed here: its maps are compared with shuffled weights alone"
            )
        for each in (others.control, others.seeds):
            if each is not None:
                _look(each, _own(each, folders, look), where, progress)
        _look(folder, look, where, progress)


def check(folders: Sequence[Folder], images: int, start: int | None = None) -> None:
    """Raise BadInput where the networks in ``folders`` cannot be looked at together, before TensorFlow starts.

    ``start``: the place of a validation image to draw from; None for noise.
    """
    trained = [folder.trained().data for folder in folders]
    check_same_images((each.run.key, data.fingerprint) for each, data in zip(folders, trained, strict=True))
    check_same_size(each.run for each in folders)
    count = trained[0].val
    Look(images).check(count)
    if start is not None and not 0 <= start < count:
        raise BadInput(f"start is {start}: expected noise, or the number of a validation image, 0 to {count - 1:,}")


def _own(folder: Folder, folders: Sequence[Folder], look: Look) -> Look:
    """Return the look at a network that others are compared with: any is enough where it is not one of ``folders``."""
    return look if any(each.path == folder.path for each in folders) else Look(look.images, compared=False)


def _look(folder: Folder, look: Look, where: Where, progress: Progress) -> None:
    execute(folder.run, [], where, progress, looks=[look])


def draw(
    folders: Sequence[Folder], label: int, ascent: Ascent, start: int | None, where: Where, progress: Progress
) -> tuple[Drawn, Path]:
    """Draw the class ``label`` with the network in each of ``folders``, record it, and return the drawings and the record's path.

    Args:
        start: the place of the validation image to start from; None for noise.

    Raises:
        BadInput: a run has no network here, the runs have different images, or there is no such image.
    """
    check(folders, 1, start)
    run = folders[0].run
    from bench.training import runtime

    runtime.prepare()
    from bench.evaluation.restored import restored
    from bench.looking.drawn import drawn

    image = None
    if start is not None:
        training, count = folders[0].trained(), progress.counter("images")
        data = images_of_run(run, training, where.data_dir, progress.say, count, skip_broken=where.skip_broken)
        image = data.val.images[start]
    networks = {folder.run.key: restored(folder, folder.trained()) for folder in folders}
    progress.say(f"drawing: {ascent.steps} steps, networks: {len(networks)}")
    clock = Clock()
    found = drawn(networks, label, (run.image_size, run.image_size, 3), ascent, image)
    seen = folders[0].trained().data
    record = ClassDrawingRecord(
        version=CLASS_IMAGE,
        target=seen.classes[label],
        settings=asdict(ascent),
        start=start,
        networks=found.rows({folder.run.key: folder.trained().weights for folder in folders}),
        data=seen.fingerprint,
        environment=environment(),
        volatile=clock.read(),
    )
    return found, write_study(where.results, record)
