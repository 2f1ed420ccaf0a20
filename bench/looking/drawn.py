"""One class drawn by several networks, and what each of them makes of the others' pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.attacks.base import Target
from bench.looking.ascent import Ascent
from bench.looking.class_image import ClassImage, class_image
from bench.records.schema import ClassDrawingRow


@dataclass(frozen=True)
class Drawn:
    """A class as several networks take it.

    Args:
        label: of the class.
        images: the ascent of each network, by its name.
        taken: (networks, networks), whether the picture of the first is of the class for the second.
    """

    label: int
    images: Mapping[str, ClassImage]
    taken: NDArray[np.bool_]

    @property
    def takers(self) -> dict[str, list[str]]:
        """The other networks that take the picture of each for the class."""
        return {
            name: [other for other, taken in zip(self.images, row, strict=True) if taken and other != name]
            for name, row in zip(self.images, self.taken, strict=True)
        }

    def rows(self, weights: Mapping[str, str]) -> list[ClassDrawingRow]:
        """Return what a record has of each network; ``weights`` are the sha256 of their weights, by name."""
        return [
            ClassDrawingRow(
                name=name,
                weights=weights[name],
                steps=list(each.steps),
                logits=each.logits.tolist(),
                confidences=each.confidences.tolist(),
                taken_by=self.takers[name],
            )
            for name, each in self.images.items()
        ]


def drawn(
    networks: Mapping[str, Target], label: int, shape: tuple[int, ...], ascent: Ascent, start: Any = None
) -> Drawn:
    """Draw the class ``label`` with each of ``networks``, by name, from the same start and with the same settings.

    The arguments besides are those of ``class_image``.
    """
    images = {name: class_image(network, label, shape, ascent, start) for name, network in networks.items()}
    last = np.concatenate([each.last for each in images.values()])
    taken = np.stack([network.logits(last).argmax(axis=1) == label for network in networks.values()], axis=1)
    return Drawn(label, images, taken)
