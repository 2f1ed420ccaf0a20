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
from bench.attacks.losses import Margin
from bench.evaluation.classifier import Classifier

ROOT = Path(__file__).parents[2]
SEED = 3
# (attack, version) -> two sums of the change of the images, weighted by position, at each of the radii of ``radii``.
FIGURES: dict[tuple[str, int], list[float]] = {
    ("apgd", 1): [21.88089, -13.55914, 104.1149, -129.1998],
    ("apgd(loss=dlr)", 1): [24.98594, 1.636493, 115.0185, 40.50833],
    ("apgd(loss=margin)", 1): [28.41124, -8.79158, 110.5447, -40.96065],
    ("apgd(loss=unit-gap)", 1): [8.44038, 3.831465, 123.6226, 12.81379],
    ("apgd(steps=10,targets=2)", 1): [8.236238, -32.04076, 53.48978, 27.20199],
    ("apgd-l2", 1): [10.83098, -8.606751, 228.2934, -270.293],
    ("boundary", 1): [-0.231248, -0.646998, -47.08845, -100.8198],
    ("cw", 1): [1.23173, -1.02231, -40.8941, -112.654],
    ("deepfool", 1): [0.198767, -0.541394, 54.0886, -83.9944],
    ("fgsm", 1): [22.98805, -12.86094, 156.1356, -118.3425],
    ("fgsm(knowledge=5)", 1): [25.61438, -11.39724, 169.9958, -103.4035],
    ("fgsm(knowledge=none)", 1): [26.98796, -20.64404, 185.9802, -168.9566],
    ("fgsm(loss=margin)", 1): [29.26351, -6.53954, 200.5099, -59.43561],
    ("fgsm-l2", 1): [10.63846, -8.474169, 301.3651, -294.5294],
    ("fgsm-l2(knowledge=none)", 1): [10.61409, -10.00158, 311.1258, -335.7443],
    ("fgsm-l2(loss=margin)", 1): [7.906904, -8.975254, 232.3988, -304.1211],
    ("fmn", 1): [0.5038793, -0.1533811, -2.152453, 53.91579],
    ("fmn-l2", 1): [0.1947127, -0.5289961, 8.498523, -52.74745],
    ("hopskipjump", 1): [0.2376165, -0.7442139, 69.7203, -90.3395],
    ("jsma", 1): [353.588, -210.635, 279.83, -42.2755],
    ("noise", 1): [1.690815, 0.452564, 109.0188, -101.1397],
    ("noise(shape=uniform)", 1): [9.869255, 0.7535545, -73.07249, 50.07931],
    ("pgd", 2): [16.55262, -12.35485, -4.02935, -91.4571],
    ("pgd(loss=margin,steps=5)", 2): [24.48959, -7.597721, 49.64011, -27.60826],
    ("pgd(restarts=2)", 2): [16.18317, -11.9818, -4.767818, -90.82117],
    ("pgd(steps=3)", 2): [20.95824, -13.27157, 78.22755, -119.739],
    ("square", 1): [46.93318, -17.90747, -83.13052, -45.67936],
    ("transfer", 1): [10.1187, -31.1254, 57.9899, -157.656],
}
SETTINGS = sorted({text for text, _ in FIGURES})


def radii(attack: Attack) -> list[float]:
    """Return a small and a large radius; the large one is clipped to the box."""
    return {"L-infinity": [1.0, 8.0], "L2": [4.0, 128.0], "L0": [2.0, 32.0]}[attack.norm.name]


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
    attacks = [attack for attack in map(attack_named, SETTINGS) if isinstance(attack, GradientAttack)]
    gradients = [target.gradient(images, labels, each.differentiated(target.temperature)) for each in attacks]
    gradients.append(target.source.gradient(images, labels, Margin()))
    for each in gradients:
        gradient = np.abs(each).reshape(len(images), -1)
        assert (gradient.min(axis=1) > 1e-4 * gradient.max(axis=1)).all()
