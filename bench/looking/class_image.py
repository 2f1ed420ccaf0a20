"""What a network takes for a class: an image that is changed until the logit of the class is high."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.special import softmax

from bench.attacks.base import Target
from bench.attacks.losses import Logit
from bench.datasets.base import Images
from bench.looking.ascent import Ascent

GREY = 127.5
FRAMES = 8


@dataclass(frozen=True)
class ClassImage:
    """An ascent on the logit of one class.

    Args:
        label: of the class.
        steps: (k,), the steps after which an image was kept; 0 is the start.
        images: uint8, (k, height, width, 3).
        logits: (k,), the logit of the class, of the images before rounding.
        confidences: (k,), softmax(logits / T) of the class, where T is the temperature of the training.
    """

    label: int
    steps: tuple[int, ...]
    images: NDArray[np.uint8]
    logits: NDArray[np.float64]
    confidences: NDArray[np.float64]

    @property
    def last(self) -> Images:
        """The image after the last step, float32 pixel levels, (1, height, width, 3)."""
        return self.images[-1:].astype(np.float32)


def class_image(network: Target, label: int, shape: tuple[int, ...], ascent: Ascent, start: Any = None) -> ClassImage:
    """Climb the logit of the class ``label`` from noise, or from the image ``start``, and keep some images of the way.

        x <- clip(g + (1 - d) (x + r u / rms(u) - g)),   u = dz_c / dx at x moved by a random jitter

    where g is mid-grey, d the decay, r the learning rate and z_c the logit. Every few steps the image is blurred. The
    division by the root mean square makes the step as long for every network, whatever the scale of its logits.

    Args:
        network: pixel levels to logits.
        label: of the class c.
        shape: (height, width, 3) of the image.
        ascent: the settings. The same seed gives the same noise and jitter for every network and class.
        start: an image in pixel levels, of ``shape``; None for noise.

    Sources: Simonyan et al. 2014, arXiv:1312.6034, section 2 (ascent, L2 decay); Yosinski et al. 2015, arXiv:1506.06579,
    section 3 (blur every few steps); Mordvintsev et al. 2015, "Inceptionism" (jitter, a step of fixed length).
    """
    draw = np.random.default_rng([*hashlib.sha256(b"class_image").digest()[:4], ascent.seed])
    noise = GREY + ascent.noise * draw.standard_normal(shape)
    image = np.clip(noise if start is None else np.asarray(start, np.float64), 0, 255)
    labels = np.array([label])
    kept, images, logits, confidences = shown_steps(ascent.steps), [], [], []
    for step in range(ascent.steps + 1):
        if step in kept:
            row = network.logits(image[None].astype(np.float32))[0].astype(np.float64)
            images.append(np.rint(image).astype(np.uint8))
            logits.append(float(row[label]))
            confidences.append(float(softmax(row / network.temperature)[label]))
        if step == ascent.steps:
            break
        down, right = (int(each) for each in draw.integers(-ascent.jitter, ascent.jitter + 1, 2))
        moved = np.roll(image, (down, right), (0, 1))[None].astype(np.float32)
        rise = network.gradient(moved, labels, Logit())[0].astype(np.float64)
        rise = np.roll(rise, (-down, -right), (0, 1))
        size = float(np.sqrt((rise**2).mean()))
        image = image + ascent.learning_rate * rise / size if size else image
        image = GREY + (1 - ascent.decay) * (image - GREY)
        if ascent.blur and (step + 1) % ascent.blur_every == 0:
            image = gaussian_filter(image, (ascent.blur, ascent.blur, 0), mode="nearest")
        image = np.clip(image, 0, 255)
    return ClassImage(label, kept, np.stack(images), np.asarray(logits), np.asarray(confidences))


def shown_steps(steps: int) -> tuple[int, ...]:
    """Return at most 8 steps, ascending, from 0 to ``steps``, closer together at the start."""
    later = np.geomspace(1, steps, FRAMES - 1).round()
    return tuple(sorted({0, *map(int, later)}))
