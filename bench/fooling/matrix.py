"""How often the fooling images of one network fool others, beside noise on the same images: counts and intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.attacks.apgd import ascend
from bench.attacks.base import Target
from bench.attacks.losses import Margin
from bench.attacks.norms import LINF
from bench.datasets.base import Images, Labels, Split
from bench.errors import BadInput
from bench.evaluation.referee import CHUNK
from bench.networks import LoadedNetwork
from bench.records.images import check_same_images
from bench.records.outcomes import wilson
from bench.records.provenance import environment
from bench.records.schema import FoolingCell, FoolingMatrixRecord, FoolingNetworkRow, ThreatRecord
from bench.training.clock import Clock

VERSION = 2
Wrong = NDArray[np.bool_]


@dataclass(frozen=True)
class Transferred:
    """What each network makes of the fooling images of each.

    Args:
        right: for each network, (n,), whether it classifies the clean image correctly.
        wrong: wrong[source][target], (n,), whether the target misclassifies the image made on the source; false where the
            source itself does not classify the clean image correctly.
        noise: for each network, (n,), whether it misclassifies the image with random noise.
    """

    right: Sequence[Wrong]
    wrong: Sequence[Sequence[Wrong]]
    noise: Sequence[Wrong]

    def cells(self, names: Sequence[str]) -> list[FoolingCell]:
        """Return every cell: on the images that both classify correctly and that fool the source, how often the target falls.

        On the diagonal the images are those that the network classifies correctly, and the count is how often it is fooled
        at all. Each cell also has how often noise fools the target, on the images of that cell: images that fool the source
        are near a border, so noise on all images would be too weak to compare with.
        """
        found = []
        for row, source in enumerate(names):
            for column, target in enumerate(names):
                base = self.right[row] & self.right[column]
                if row != column:
                    base = base & self.wrong[row][row]
                found.append(_cell(source, target, base, self.wrong[row][column], self.noise[column]))
        return found


def _cell(source: str, target: str, base: Wrong, wrong: Wrong, noise: Wrong) -> FoolingCell:
    images = int(base.sum())
    fooled, by_noise = (int((base & each).sum()) for each in (wrong, noise))
    (low, high), (noise_low, noise_high) = (
        wilson(each, images) if images else (0.0, 1.0) for each in (fooled, by_noise)
    )
    return FoolingCell(
        source=source,
        target=target,
        images=images,
        fooled=fooled,
        low=low,
        high=high,
        noise=by_noise,
        noise_low=noise_low,
        noise_high=noise_high,
    )


def transferred(
    targets: Sequence[Target], images: Split, eps: float, steps: int, seed: int, tick: Callable[[int, int], None]
) -> Transferred:
    """Make a fooling image of each image on each network, and show it to all.

    It is the image of the largest logit margin that APGD finds in the ball, not the first that fools: such an image fools
    other networks more often. Noise moves each value by eps up or down, at random.

    Args:
        targets: the networks, of the same classes and image size.
        images: the images, with their true labels.
        eps: the radius in L-infinity, pixel levels.
        steps: of each climb.
        seed: of the noise.
        tick: called with the number of climbs done and of all.
    """
    clean, labels = images.images.astype(np.float32), images.labels
    right = [_wrong(each, clean, labels) == 0 for each in targets]
    signs = np.random.default_rng(seed).choice(np.array([-1, 1], np.float32), clean.shape)
    noisy: Images = np.clip(clean + np.float32(eps) * signs, 0, 255).astype(np.float32)
    noise = [_wrong(each, noisy, labels) for each in targets]
    wrong = []
    for place, source in enumerate(targets):
        rows = np.flatnonzero(right[place])
        moved = clean.copy()
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            radii = np.full(len(part), eps, np.float32)
            moved[part] = ascend(
                source, clean[part], labels[part], radii, LINF, Margin(), steps, clean[part], stop=False
            ).images
            tick(place * len(clean) + start + len(part), len(targets) * len(clean))
        wrong.append([_wrong(target, moved, labels) & right[place] for target in targets])
    return Transferred(right, wrong, noise)


def _wrong(target: Target, images: Images, labels: Labels) -> Wrong:
    return np.asarray(target.logits(images).argmax(axis=1) != labels)


def matrix_of(
    networks: Sequence[LoadedNetwork],
    images: Split,
    data: str,
    eps: float,
    steps: int,
    seed: int,
    tick: Callable[[int, int], None],
) -> FoolingMatrixRecord:
    """Return the record of ``transferred`` for ``networks``; ``data`` is the fingerprint of the data set.

    Raises:
        BadInput: there are fewer than two networks, one is named twice, or they differ in classes, image size or images.
    """
    clock = Clock()
    check_alike(networks)
    found = transferred([each.classifier for each in networks], images, eps, steps, seed, tick)
    rows = [
        FoolingNetworkRow(name=each.name, weights=each.weights, right=int(right.sum()))
        for each, right in zip(networks, found.right, strict=True)
    ]
    knows = f"white box on the source, true labels, {steps} APGD steps on the logit margin; the target is not seen"
    return FoolingMatrixRecord(
        version=VERSION,
        threat=ThreatRecord(
            norm=LINF.name, eps_unit=LINF.unit, box=[0, 255], label="fooling images", knowledge=knows, temperature=None
        ),
        eps=eps,
        steps=steps,
        seed=seed,
        images=len(images),
        networks=rows,
        cells=found.cells([each.name for each in networks]),
        data=data,
        environment=environment(),
        volatile=clock.read(),
    )


def check_alike(networks: Sequence[LoadedNetwork]) -> None:
    """Raise BadInput where images of one of ``networks`` cannot be shown to another."""
    if len({each.name for each in networks}) < max(2, len(networks)):
        raise BadInput(
            f"{', '.join(each.name for each in networks)}: expected two or more different networks for a matrix, or an IMAGE"
        )
    first = networks[0]
    for each in networks[1:]:
        if (each.size, each.names.ids) != (first.size, first.names.ids):
            raise BadInput(
                f"{each.name} has {len(each.names):,} classes at {each.size} px and {first.name} {len(first.names):,} at "
                f"{first.size} px: expected networks of the same classes and image size, to show them the same images"
            )
    check_same_images((each.name, each.run.trained().data.fingerprint) for each in networks if each.run)
