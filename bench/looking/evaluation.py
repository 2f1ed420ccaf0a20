"""The evaluation that looks at what a network looks at, and records how far its maps agree with those of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.datasets.base import Split
from bench.errors import BadInput
from bench.evaluation.base import Evaluation, Subject
from bench.evaluation.referee import predicted
from bench.looking.images_looked_at import looked_at
from bench.looking.references import references
from bench.looking.version import LOOK
from bench.records.files import Arrays
from bench.records.outcomes import Indices
from bench.records.schema import AgreementRow, LookRecord
from bench.records.store import Folder
from bench.spec.run import Run
from bench.training.clock import Clock

if TYPE_CHECKING:  # it imports scipy, which the command line starts without
    from bench.looking.maps import Maps


@dataclass(frozen=True)
class Look(Evaluation):
    """A look at where a network looks.

    Args:
        images: the number of validation images.
        named: the run that it is compared with where its control is not here.
        compared: False where this look is made only for other networks to be compared with: then any recorded look is
            enough.
    """

    images: int
    named: Run | None = None
    compared: bool = True

    def __str__(self) -> str:
        return f"look ({self.images} images)"

    def check(self, available: int) -> None:
        """Raise BadInput where there are fewer images than this look takes."""
        if not 0 < self.images <= available:
            raise BadInput(
                f"--images {self.images}: expected 1 to {available:,}, the number of validation images; give another number"
            )

    def is_recorded(self, folder: Folder) -> bool:
        """Tell whether ``folder`` has this look and its maps, at the version of today and against the networks of today."""
        found = folder.looks.get(self.images)
        if found is None or found[0].version != LOOK:
            return False
        if self.compared and (found[0].control, found[0].seeds) != references(folder, self.named).rows:
            return False
        from bench.looking.maps import read_maps

        return read_maps(folder.looks.gallery(self.images), found[0].weights) is not None

    def evaluate(self, subject: Subject) -> None:
        """Compute the maps of ``subject``, compare them with those of its references, and record how far they agree.

        Raises:
            BadInput: there are fewer validation images than this look takes.
        """
        # Here, because the command line starts without TensorFlow and scipy.
        from bench.evaluation.classifier import Classifier
        from bench.evaluation.restored import restored
        from bench.looking.maps import maps_of, read_maps
        from bench.looking.shuffled_weights import shuffle_weights

        clock, folder, network, val = Clock(), subject.folder, subject.network, subject.data.val
        self.check(len(val))
        subject.progress.say(f"looking: {self.images} images, {folder.run.key}")
        places, others = looked_at(val.labels, self.images), references(folder, self.named)
        chosen = val.part(places)
        own = read_maps(folder.looks.gallery(self.images), subject.training.weights) or maps_of(
            network, chosen, places, subject.progress.counter("saliency maps")
        )
        folder.looks.write_gallery(self.images, own.arrays(subject.training.weights))
        shuffled = Classifier(shuffle_weights(restored(folder, subject.training).model))  # another model: it is changed
        control, seeds = (self._maps(each, chosen, places) for each in (others.control, others.seeds))
        pairs = {"shuffled": (own, maps_of(shuffled, chosen, places, subject.progress.counter("shuffled weights")))}
        if control:
            pairs["control"] = (own, control)
        if seeds:
            pairs["seeds"] = (control or own, seeds)
        rows, numbers = compared(pairs)
        found = predicted(network, val)
        control_row, seeds_row = others.rows
        record = LookRecord(
            version=LOOK,
            images=self.images,
            control=control_row,
            seeds=seeds_row,
            agreement=rows,
            incompleteness=float(np.median(own.incompleteness)),
            accuracy=float((found == val.labels).mean()),
            weights=subject.training.weights,
            data=subject.data.fingerprint,
            environment=subject.environment,
            volatile=clock.read(),
        )
        small = np.uint8 if len(subject.data.classes) <= 256 else np.uint16
        numbers |= {"places": places, "predicted": found.astype(small), "labels": val.labels.astype(small)}
        folder.looks.write(self.images, record, numbers)

    def _maps(self, folder: Folder | None, images: Split, places: Indices) -> Maps | None:
        """Return the maps of the network in ``folder``: those that it keeps, or else new ones."""
        from bench.evaluation.restored import restored
        from bench.looking.maps import maps_of, read_maps

        if folder is None:
            return None
        training = folder.trained()
        kept = read_maps(folder.looks.gallery(self.images), training.weights)
        return kept or maps_of(restored(folder, training), images, places)


def compared(pairs: Mapping[str, tuple[Maps, Maps]]) -> tuple[list[AgreementRow], Arrays]:
    """Return how far each pair of maps agrees: a row for each kind of map, and the numbers of each image.

    Returns:
        The rows, and by "<saliency>, <pair>" the rank correlations and overlaps, (2, m).
    """
    from bench.looking.agreement import overlap, rank_correlation

    rows: list[AgreementRow] = []
    numbers: Arrays = {}
    for name, (first, second) in pairs.items():
        for kind, maps in first.maps.items():
            found = np.stack([measure(maps, second.maps[kind]) for measure in (rank_correlation, overlap)])
            numbers[f"{kind}, {name}"] = found.astype(np.float32)
            known = found[:, np.isfinite(found[0])]
            rank, shared = (float(each.mean()) if each.size else None for each in known)
            rows.append(
                AgreementRow.model_validate(
                    {"saliency": kind, "between": name, "images": known.shape[1], "rank": rank, "overlap": shared}
                )
            )
    return rows, numbers
