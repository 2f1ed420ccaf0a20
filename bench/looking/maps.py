"""The saliency maps of one network on a few images: computed, kept in a file, read again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.attacks.base import Target
from bench.datasets.base import Images, Labels, Split
from bench.looking.integrated_gradients import incompleteness, integrated_gradients
from bench.looking.saliency import SALIENCIES, saliency
from bench.looking.version import LOOK
from bench.records.files import UNREADABLE_ARRAYS, Arrays, unpacked_bytes
from bench.records.outcomes import Floats, Indices

CHUNK = 32
LARGEST = 2**30  # bytes of the arrays: a thousand images of 224 px are 750 MB
FIELDS = ("images", "labels", "places", "predicted", "incompleteness")


@dataclass(frozen=True)
class Maps:
    """The images that a network was shown, and where it looks.

    Args:
        images: uint8, (m, height, width, 3).
        labels: (m,), the true classes.
        places: (m,), the places in the validation split.
        predicted: (m,), the classes that the network gives.
        incompleteness: (m,), the part by which integrated gradients miss the difference of the logit.
        maps: by the name of the saliency, float32, (m, height, width).
    """

    images: NDArray[np.uint8]
    labels: Labels
    places: Indices
    predicted: Labels
    incompleteness: Floats
    maps: Mapping[str, Images]

    def arrays(self, weights: str) -> Arrays:
        """Return them as arrays to write. ``weights``: the sha256 of the network's weights."""
        own = {name: getattr(self, name) for name in FIELDS}
        return own | dict(self.maps) | {"made": np.asarray(_made(weights))}


def maps_of(
    network: Target, images: Split, places: Indices, tick: Callable[[int, int], None] = lambda *_: None
) -> Maps:
    """Return every saliency map of ``network`` on ``images``, whose places in the validation split are ``places``.

    ``tick``: called with the number of images done and of all.
    """
    found: dict[str, list[Images]] = {name: [] for name in SALIENCIES}
    predicted, missed = [], []
    for start in range(0, len(images), CHUNK):
        part = slice(start, start + CHUNK)
        pixels, labels = images.images[part].astype(np.float32), images.labels[part]
        for name, attribute in SALIENCIES.items():
            attributions = attribute(network, pixels, labels, places[part])
            found[name].append(saliency(attributions))
            if attribute is integrated_gradients:
                missed.append(incompleteness(network, pixels, labels, attributions))
        predicted.append(network.logits(pixels).argmax(axis=1).astype(np.int64))
        tick(start + len(pixels), len(images))
    maps = {name: np.concatenate(parts) for name, parts in found.items()}
    return Maps(images.images, images.labels, places, np.concatenate(predicted), np.concatenate(missed), maps)


def read_maps(path: Path, weights: str) -> Maps | None:
    """Return the maps in the file ``path``; None where it is not there, damaged, or not of ``weights`` and of this version."""
    try:
        if unpacked_bytes(path) > LARGEST:
            return None
        with np.load(path, allow_pickle=False) as archive:
            if str(archive["made"]) != _made(weights):
                return None
            own = {name: archive[name] for name in FIELDS}
            found = Maps(**own, maps={name: archive[name] for name in SALIENCIES})
    except UNREADABLE_ARRAYS:
        return None
    shape = found.images.shape[:3]
    whole = found.images.dtype == np.uint8 and found.images.ndim == 4 and found.images.shape[-1] == 3
    lines = all(each.shape == shape[:1] for each in (found.labels, found.places, found.predicted, found.incompleteness))
    return found if whole and lines and all(each.shape == shape for each in found.maps.values()) else None


def _made(weights: str) -> str:
    return f"{LOOK} {weights}"
