"""What every attack of the table promises."""

from __future__ import annotations

from dataclasses import fields
from importlib.util import find_spec

import numpy as np
import pytest
from targets import Linear, trained
from tiny import tiny_split

from bench.attacks import ATTACKS, Attack, attack_named
from bench.attacks.base import Threat
from bench.attacks.noise import Noise
from bench.attacks.norms import NORMS
from bench.datasets.base import Dataset, Images


@pytest.fixture(params=list(ATTACKS), scope="module")
def attack(request: pytest.FixtureRequest) -> Attack:
    found = ATTACKS[request.param]()
    if found.library and find_spec(found.library) is None:
        pytest.skip(f"{request.param} needs the library {found.library}")
    return found


@pytest.fixture(scope="module")
def data() -> Dataset:
    """Tiny images of half the side: the searches take time by the value."""
    return Dataset("tinier", tiny_split(96, 1, 16), tiny_split(24, 2, 16), ("a", "b", "c", "d"), "f" * 64)


@pytest.fixture(scope="module")
def target(data: Dataset) -> Linear:
    found = trained(data.train)
    found.source = trained(data.train.part(np.arange(0, len(data.train), 2)))
    return found


@pytest.fixture(scope="module")
def attacked(attack: Attack, target: Linear, data: Dataset) -> list[Images]:
    """The validation images at each of the usual radii."""
    images = data.val.images.astype(np.float32)
    return list(attack(target, images.copy(), data.val.labels, attack.norm.eps, 0))


def test_it_stays_in_its_ball_and_the_box_and_is_the_identity_at_zero(
    attack: Attack, attacked: list[Images], data: Dataset
) -> None:
    images, eps = data.val.images.astype(np.float32), attack.norm.eps
    assert len(attacked) == len(eps)
    np.testing.assert_array_equal(attacked[0], images)
    for radius, moved in zip(eps, attacked, strict=True):
        assert (moved.dtype, moved.shape) == (np.float32, images.shape)
        assert moved.min() >= 0
        assert moved.max() <= 255
        assert attack.norm.distance(moved - images).max() <= radius + attack.norm.slack(radius, images[0].size)


def test_one_seed_gives_the_same_bits_and_the_input_stays(
    attack: Attack, attacked: list[Images], target: Linear, data: Dataset
) -> None:
    images = data.val.images.astype(np.float32)
    again = list(attack(target, images, data.val.labels, attack.norm.eps, 0))
    assert [each.tobytes() for each in again] == [each.tobytes() for each in attacked]
    np.testing.assert_array_equal(images, data.val.images)


def test_an_image_is_attacked_as_it_would_be_alone(attack: Attack, target: Linear, data: Dataset) -> None:
    images, labels = data.val.images[:5].astype(np.float32), data.val.labels[:5]
    eps = attack.norm.eps[:6]
    together, at_another_seed = (np.stack(list(attack(target, images, labels, eps, seed))) for seed in (0, 1))
    if (together != at_another_seed).any():
        pytest.skip(f"{attack} draws: an image's result depends on the batch")
    for place in range(5):
        alone = attack(target, images[place : place + 1], labels[place : place + 1], eps, 0)
        np.testing.assert_allclose(together[:, place : place + 1], np.stack(list(alone)), atol=1e-3)


def test_it_lowers_the_accuracy_of_a_trained_network(
    attack: Attack, attacked: list[Images], target: Linear, data: Dataset
) -> None:
    accuracy = [float((target.logits(each).argmax(axis=1) == data.val.labels).mean()) for each in attacked]
    assert accuracy[0] > 0.9
    assert min(accuracy) < (1.01 if isinstance(attack, Noise) else 0.5)  # noise finds what an attack must find, no more


def test_its_text_reads_back(attack: Attack) -> None:
    assert attack_named(str(attack)) == attack
    assert str(attack) == attack.kind


def test_it_is_a_frozen_dataclass_with_a_norm_a_version_and_a_threat(attack: Attack) -> None:
    assert NORMS[attack.norm.name] is attack.norm
    assert attack.version >= 1
    assert isinstance(attack.threat(1.0), Threat)
    assert hash(attack) == hash(type(attack)())
    for each in fields(attack):  # type: ignore[arg-type]  # every attack is a dataclass
        with pytest.raises(AttributeError):
            setattr(attack, each.name, getattr(attack, each.name))
