"""The figures of each version of each attack, on a fixed target. They fail when an image moved and the version did not."""

from __future__ import annotations

import inspect
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from targets import as_network, fixed

from bench.attacks import ATTACKS, Attack, attack_named
from bench.attacks.gradient_attack import GradientAttack
from bench.evaluation.classifier import Classifier

ROOT = Path(__file__).parents[2]
SEED = 3
# (attack, version) -> two sums of the change of the images, weighted by position, at each of the radii of ``radii``.
FIGURES: dict[tuple[str, int], list[float]] = {
    ("fgsm", 1): [22.74299, -6.477861, 133.919, -52.47744],
    ("fgsm(knowledge=none)", 1): [19.55418, -4.423218, 112.329, -36.14877],
    ("fgsm(knowledge=5)", 1): [21.77036, -6.881062, 130.0584, -55.81152],
    ("fgsm(loss=margin)", 1): [8.318499, 17.67404, 41.71975, 145.2349],
    ("fgsm-l2", 1): [3.035925, -2.574362, 20.15055, -54.23422],
    ("fgsm-l2(knowledge=none)", 1): [2.635393, -0.5008956, 11.03546, 7.820598],
    ("fgsm-l2(loss=margin)", 1): [-1.216054, 9.334805, -80.94603, 373.1351],
    ("pgd", 1): [21.97877, -7.510292, 131.1012, -96.94151],
    ("pgd(steps=3)", 1): [21.52929, -7.144751, 157.1788, -88.77868],
    ("pgd(loss=margin,steps=5)", 1): [9.456283, 17.6465, 154.0514, 34.08901],
}
SETTINGS = sorted({text for text, _ in FIGURES})


def radii(attack: Attack) -> list[float]:
    """Return a small and a large radius; the large one is clipped to the box."""
    return [1.0, 8.0] if attack.norm.name == "L-infinity" else [4.0, 128.0]


def figures(attack: Attack, target: Any) -> list[float]:
    _, images, labels = fixed()
    changes = [each.astype(np.float64) - images for each in attack(target, images.copy(), labels, radii(attack), SEED)]
    weights = [np.cos(np.arange(images.size) * factor).reshape(images.shape) for factor in (0.37, 1.13)]
    return [float((change * weight).sum()) for change in changes for weight in weights]


def said(attack: Attack, expected: list[float] | None, found: list[float]) -> str:
    """Return what to do about figures that are not those of the version."""
    cls, text = type(attack), ", ".join(f"{each:.6g}" for each in found)
    file = Path(inspect.getfile(cls)).relative_to(ROOT)
    if expected is None:
        key = (str(attack), attack.version)
        return f"{attack} has no figure for its version {attack.version}: add {key}: [{text}] to FIGURES"
    return (
        f"{attack}: the attacked images changed and the version did not. Raise `version` of {cls.__name__} in {file} to "
        f"{attack.version + 1}, add ({str(attack)!r}, {attack.version + 1}): [{text}] to FIGURES, and name the change in "
        f"CHANGELOG.md; or undo it. Expected {expected}"
    )


def is_one_step(text: str) -> bool:
    attack = attack_named(text)
    return isinstance(attack, GradientAttack) and attack.one_step


def needed(text: str) -> Attack:
    attack = attack_named(text)
    if attack.library and find_spec(attack.library) is None:
        pytest.skip(f"{text} needs the library {attack.library}")
    if not type(attack).__module__.startswith("bench."):
        pytest.skip(f"{text} is from another package, which keeps its own figures")
    return attack


@pytest.mark.parametrize("text", sorted({*ATTACKS, *SETTINGS}))
def test_an_image_that_changed_has_a_new_version(text: str) -> None:
    attack = needed(text)
    found, expected = figures(attack, fixed()[0]), FIGURES.get((text, attack.version))
    assert expected is not None, said(attack, None, found)
    assert found == pytest.approx(expected, rel=1e-4), said(attack, expected, found)


@pytest.mark.parametrize("text", [text for text in SETTINGS if is_one_step(text)])
def test_the_classifier_gives_the_same_images_as_exact_gradients(text: str) -> None:
    attack = needed(text)
    target = fixed()[0]
    found = figures(attack, Classifier(as_network(target, (6, 6, 3)), target.temperature))
    assert found == pytest.approx(FIGURES[text, attack.version], rel=1e-3), (
        "bench/evaluation/classifier.py changed a number"
    )


def test_no_gradient_of_the_fixed_target_is_so_small_that_rounding_changes_its_sign() -> None:
    target, images, labels = fixed()
    for text in SETTINGS:
        attack = attack_named(text)
        if not isinstance(attack, GradientAttack):
            continue
        gradient = np.abs(target.gradient(images, labels, attack.differentiated(target.temperature)))
        gradient = gradient.reshape(len(images), -1)
        assert (gradient.min(axis=1) > 1e-4 * gradient.max(axis=1)).all()
