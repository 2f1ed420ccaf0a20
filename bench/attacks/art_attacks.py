"""The attacks of the Adversarial Robustness Toolbox (ART). They are shown beside the suite's own, and count for no network."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bench.attacks.art_classifier import art_classifier
from bench.attacks.base import Target, Threat
from bench.attacks.gradient_search import COUNTS
from bench.attacks.minimum_norm import MinimumNorm, Nearest
from bench.attacks.norms import L0, L2, Norm
from bench.datasets.base import Images, Labels
from bench.spec.limits import Range

# ART begins at 0.01. Of 25 Imagenette images that FC5 classifies correctly, five constants then fool 44 %, and from 1 all.
FIRST_CONSTANT = 1.0
TRIES = 100  # images of noise that an attack may start from
HALVINGS = 10  # of the line from an image to what was found
BATCH = 8  # images at once, where ART goes on with all until the last of them is fooled


@dataclass(frozen=True)
class ArtAttack(MinimumNorm):
    """An attack by ART on the images that the network classifies correctly.

    It does not count. DeepFool and C&W find less than APGD and FMN do (Cinà et al. 2024, arXiv:2404.19460), and all five have
    so few steps here that they end on a processor. A subclass writes ``generate``.

    Attributes:
        title: its name in a legend.
        sees: what the attacker sees of the network.
        unit: what ``steps`` counts.
    """

    title: ClassVar[str]
    sees: ClassVar[str]
    unit: ClassVar[str]
    library: ClassVar[str] = "art"
    counts: ClassVar[bool] = False

    steps: float = 10

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", COUNTS["steps"].integer(f"steps of {self.kind}", self.steps))

    @property
    def moves(self) -> str:
        """A phrase for captions: what the attack does."""
        return f"{self.steps} {self.unit} by ART"

    def threat(self, trained_temperature: float) -> Threat:
        """Return what the attacker does and knows."""
        del trained_temperature
        return Threat(self.title, f"{self.sees}, true labels, {self.moves}", None)

    @abstractmethod
    def generate(self, classifier: Any, images: Images, labels: Labels, draw: np.random.Generator) -> Any:
        """Return what ART makes of the images.

        Args:
            classifier: the target as ART sees it.
            images: float32, (n, height, width, 3), in [0, 1], all classified correctly.
            labels: int64, (n,).
            draw: the source of what this suite draws. ART draws from NumPy's global state, which has a seed of its own here.
        """

    def nearest(self, target: Target, images: Images, labels: Labels, seed: int) -> Nearest:
        """Return the image that ART found for each image, where it is incorrect, as ``MinimumNorm`` asks."""
        logits = target.logits(images)
        right = np.flatnonzero(logits.argmax(axis=1) == labels)
        best, distance = images.copy(), np.zeros(len(images))
        if not len(right):
            return Nearest(best, distance)
        clean, true = images[right], labels[right]
        shown = clean / np.float32(255)
        classifier = art_classifier(target, images.shape[1:], logits.shape[1])
        with _quiet(seed):
            found = self.generate(classifier, shown, true, np.random.default_rng(seed))
        # By the change, so that a value that ART left alone keeps its bits.
        moved = np.clip(clean + 255 * (np.asarray(found, np.float32) - shown), 0, 255)
        wrong = target.logits(moved).argmax(axis=1) != true
        best[right[wrong]] = moved[wrong]
        distance[right] = np.where(wrong, self.norm.distance(moved - clean), np.inf)
        return Nearest(best, distance)


@dataclass(frozen=True)
class Cw(ArtAttack):
    """The attack of Carlini and Wagner in L2, as ART computes it: ``searches`` constants c, and ``steps`` for each.

        min over w of |x' - x|^2 + c max(z_y - max_(i != y) z_i, 0),   x' = (tanh(w) + 1) / 2

    Departures: a line search in place of Adam, by ART; the constants start at 1 and are doubled or halved. ART's C&W in
    L-infinity is left out: it takes an image at a time, with some ten thousand passes for each.
    Source: Carlini & Wagner 2017, arXiv:1608.04644, section VI A.
    """

    kind: ClassVar[str] = "cw"
    title: ClassVar[str] = "C&W"
    sees: ClassVar[str] = "white box"
    unit: ClassVar[str] = "C&W steps"
    norm: ClassVar[Norm] = L2
    version: ClassVar[int] = 1

    steps: float = 10
    searches: float = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        limit = Range("constants", 1, 100, whole=True)
        object.__setattr__(self, "searches", limit.integer("searches of cw", self.searches))

    @property
    def moves(self) -> str:
        """A phrase for captions: what the attack does."""
        return f"{self.searches} times {super().moves}"

    def generate(self, classifier: Any, images: Images, labels: Labels, draw: np.random.Generator) -> Any:
        """Return what ART makes of the images."""
        del draw
        from art.attacks.evasion.carlini import CarliniL2Method

        art = CarliniL2Method(
            classifier,
            binary_search_steps=int(self.searches),
            max_iter=int(self.steps),
            initial_const=FIRST_CONSTANT,
            batch_size=len(images),
            verbose=False,
        )
        return art.generate(images, labels)


@dataclass(frozen=True)
class DeepFool(ArtAttack):
    """Step over the nearest of the planes that the classes' linear approximations meet in, until the network is wrong.

    The change is 1.02 times the sum of the steps. Departure, by ART: the factor is applied after the last step alone.
    Source: Moosavi-Dezfooli et al. 2016, arXiv:1511.04599, algorithm 2.
    """

    kind: ClassVar[str] = "deepfool"
    title: ClassVar[str] = "DeepFool"
    sees: ClassVar[str] = "white box"
    unit: ClassVar[str] = "DeepFool steps"
    norm: ClassVar[Norm] = L2
    version: ClassVar[int] = 1

    steps: float = 10

    def generate(self, classifier: Any, images: Images, labels: Labels, draw: np.random.Generator) -> Any:
        """Return what ART makes of the images."""
        del draw
        from art.attacks.evasion.deepfool import DeepFool as Art

        settings = {"max_iter": int(self.steps), "nb_grads": classifier.nb_classes, "batch_size": BATCH}
        return Art(classifier, epsilon=0.02, verbose=False, **settings).generate(images, labels)


@dataclass(frozen=True)
class Jsma(ArtAttack):
    """Make the two values white that raise the logit of the likeliest other class fastest, until it is the class.

    Departure, by ART: the saliency of a value is the gradient of that logit alone, and values are chosen one by one where
    the source chooses pairs.
    Source: Papernot et al. 2016, arXiv:1511.07528, algorithm 3.
    """

    kind: ClassVar[str] = "jsma"
    title: ClassVar[str] = "JSMA"
    sees: ClassVar[str] = "white box"
    unit: ClassVar[str] = "JSMA steps of two values"
    norm: ClassVar[Norm] = L0
    version: ClassVar[int] = 1

    steps: float = 200

    def generate(self, classifier: Any, images: Images, labels: Labels, draw: np.random.Generator) -> Any:
        """Return what ART makes of the images."""
        del labels, draw
        from art.attacks.evasion.saliency_map import SaliencyMapMethod

        others = np.argsort(classifier.predict(images), axis=1)[:, -2]
        # ART goes on while the fraction of changed values is at most gamma.
        gamma = min(1.0, (2 * int(self.steps) - 1) / images[0].size)
        settings = {"theta": 1.0, "gamma": gamma, "batch_size": BATCH}
        return SaliencyMapMethod(classifier, verbose=False, **settings).generate(images, others)


@dataclass(frozen=True)
class ByClass(ArtAttack):
    """An attack that sees the class alone, and starts from an incorrect image. A subclass writes ``walk``.

    It starts from one of ``TRIES`` images of uniform noise, or else from another of the images. Where all have the class of
    the image, there is no attack. At the end the image goes to the boundary once more; ART's HopSkipJump returns it after a
    step away from there.
    """

    sees: ClassVar[str] = "black box, class alone"

    @abstractmethod
    def walk(self, classifier: Any, images: Images, labels: Labels, start: Images) -> Any:
        """Return what ART makes of the images, each from its ``start``, which is classified incorrectly."""

    def generate(self, classifier: Any, images: Images, labels: Labels, draw: np.random.Generator) -> Any:
        """Return what ART makes of the images."""
        noise = draw.uniform(0, 1, (TRIES, *images.shape[1:])).astype(np.float32)
        offered = np.concatenate([noise, images])
        wrong = classifier.predict(offered).argmax(axis=1) != labels[:, None]
        able, found = wrong.any(axis=1), images.copy()
        if able.any():
            start = offered[wrong[able].argmax(axis=1)]
            found[able] = self.walk(classifier, images[able], labels[able], start)
        return found

    def nearest(self, target: Target, images: Images, labels: Labels, seed: int) -> Nearest:
        """Return what was found at the boundary, as ``MinimumNorm`` asks."""
        best, distance = super().nearest(target, images, labels, seed)
        moved = np.flatnonzero(np.isfinite(distance) & (distance > 0))
        if len(moved):
            best[moved] = to_boundary(target, images[moved], labels[moved], best[moved])
            distance[moved] = self.norm.distance(best[moved] - images[moved])
        return Nearest(best, distance)


@dataclass(frozen=True)
class Boundary(ByClass):
    """Walk from an incorrect image along the boundary towards the image: a random step aside, then a step nearer.

    Each step tries 10 images.
    Source: Brendel et al. 2018, arXiv:1712.04248, algorithm 1.
    """

    kind: ClassVar[str] = "boundary"
    title: ClassVar[str] = "Boundary"
    unit: ClassVar[str] = "Boundary steps"
    norm: ClassVar[Norm] = L2
    version: ClassVar[int] = 1

    steps: float = 50

    def walk(self, classifier: Any, images: Images, labels: Labels, start: Images) -> Any:
        """Return what ART makes of the images."""
        from art.attacks.evasion.boundary import BoundaryAttack

        lengths = {"delta": 0.1, "epsilon": 0.1}
        art = BoundaryAttack(
            classifier, targeted=False, max_iter=int(self.steps), sample_size=10, verbose=False, **lengths
        )
        return art.generate(images, labels, x_adv_init=start)


@dataclass(frozen=True)
class HopSkipJump(ByClass):
    """Go to the boundary, estimate its normal from the classes of random neighbours, step along it, and again.

    Step t asks 50 sqrt(t) neighbours.
    Source: Chen et al. 2020, arXiv:1904.02144, algorithm 2.
    """

    kind: ClassVar[str] = "hopskipjump"
    title: ClassVar[str] = "HopSkipJump"
    unit: ClassVar[str] = "HopSkipJump steps"
    norm: ClassVar[Norm] = L2
    version: ClassVar[int] = 1

    steps: float = 5

    def walk(self, classifier: Any, images: Images, labels: Labels, start: Images) -> Any:
        """Return what ART makes of the images."""
        from art.attacks.evasion.hop_skip_jump import HopSkipJump as Art

        class Exact(Art):  # type: ignore[misc]  # ART has no types
            @staticmethod
            def _interpolate(current_sample: Any, original_sample: Any, alpha: Any, norm: Any) -> Any:
                # ART tests an image in float64 and goes on from it in float32. Where that is classified correctly after all,
                # it would halve its step for ever.
                del norm
                return (1 - np.float64(alpha)) * original_sample + np.float64(alpha) * current_sample

        art = Exact(classifier, max_iter=int(self.steps), init_eval=50, verbose=False)
        return art.generate(images, labels, x_adv_init=start)


def to_boundary(target: Target, images: Images, labels: Labels, moved: Images) -> Images:
    """Return the nearest incorrect image on the line from each image to the incorrect ``moved``, by ``HALVINGS`` halvings."""
    correct = np.zeros((len(images), 1, 1, 1), np.float32)
    wrong, best = np.ones_like(correct), moved
    for _ in range(HALVINGS):
        middle = (correct + wrong) / 2
        tried = images + middle * (moved - images)
        fools = (target.logits(tried).argmax(axis=1) != labels).reshape(-1, 1, 1, 1)
        correct, wrong, best = (
            np.where(fools, correct, middle),
            np.where(fools, middle, wrong),
            np.where(fools, tried, best),
        )
    return best


@contextmanager
def _quiet(seed: int) -> Iterator[None]:
    """Give NumPy's global state, which ART draws from, a seed, and take away ART's warnings about single images."""
    state, logger = np.random.get_state(), logging.getLogger("art")
    level = logger.level
    np.random.seed(seed % 2**32)
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
        np.random.set_state(state)
