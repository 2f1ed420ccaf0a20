"""PGD against a closed form, another library and the referee."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from tiny import tiny_run, tiny_split

from bench.attacks import attack_named
from bench.attacks.fgsm import Fgsm
from bench.attacks.pgd import Pgd
from bench.attacks.spec import AttackSpec
from bench.datasets import DATASETS, Source
from bench.errors import BadInput
from bench.evaluation.classifier import Classifier
from bench.evaluation.referee import judge
from bench.runs.pipeline import Where, execute
from bench.spec.architectures import ARCHITECTURES
from bench.training.progress import Progress

EPS = (0.5, 2.0)


@pytest.fixture(scope="module")
def trained() -> tuple[Any, Any]:
    """Return an FC5 trained for a moment, so that its loss is worth climbing, and images it half knows."""
    keras.utils.set_random_seed(0)
    model = ARCHITECTURES["fc5"].function()((32, 32, 3), 4)
    split = tiny_split(96, 1)
    model.compile(keras.optimizers.SGD(0.05), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(split.images.astype(np.float32), split.labels, epochs=3, verbose=0)
    return model, split


def test_one_step_as_long_as_the_radius_allows_is_the_fast_gradient_sign_method(trained: tuple[Any, Any]) -> None:
    model, split = trained
    images, target = split.images.astype(np.float32), Classifier(model)
    correct = target.logits(images).argmax(axis=1) == split.labels
    for eps in EPS:
        (climbed,), (stepped,) = (attack(target, images, split.labels, [eps], 0) for attack in (Pgd(steps=1), Fgsm()))
        np.testing.assert_allclose(climbed[correct], stepped[correct], atol=1e-4)
        np.testing.assert_array_equal(climbed[~correct], images[~correct])


@pytest.mark.parametrize("text", ["pgd(steps=5)", "pgd(loss=margin,steps=5)", "pgd(knowledge=none,steps=5)"])
def test_it_climbs_as_a_loop_written_from_the_formula_does(text: str, trained: tuple[Any, Any]) -> None:
    model, split = trained
    attack, target = attack_named(text), Classifier(model, temperature=3.0)
    assert isinstance(attack, Pgd)
    images, loss = split.images[:24].astype(np.float32), attack.differentiated(3.0)
    for eps in EPS:
        (attacked,) = attack(target, images, split.labels[:24], [eps], 0)
        left = target.logits(attacked).argmax(axis=1) == split.labels[:24]  # the others stop where they are fooled
        x = images
        for _ in range(5):
            x = x + np.float32(2.5 * eps / 5) * np.sign(target.gradient(x, split.labels[:24], loss))
            x = np.clip(np.clip(x, images - eps, images + eps), 0, 255)
        # A gradient near zero can change its sign after a rounding of 1e-5 levels, so a few pixels differ.
        assert left.any()
        assert (np.abs(attacked - x)[left] > 1e-3).mean() < 0.01


def test_twenty_steps_leave_less_than_another_library_or_the_same(trained: tuple[Any, Any]) -> None:
    import eagerpy
    from foolbox import TensorFlowModel
    from foolbox.attacks import LinfPGD

    model, split = trained
    target, images = Classifier(model), split.images.astype(np.float32)
    (ours,) = Pgd()(target, images, split.labels, [2.0], 0)
    raw, _, _ = LinfPGD(steps=20, rel_stepsize=2.5 / 20, random_start=False)(
        TensorFlowModel(model, bounds=(0, 255)),
        eagerpy.astensor(tf.constant(images)),
        eagerpy.astensor(tf.constant(split.labels)),
        epsilons=2.0,
    )
    found = [(target.logits(each).argmax(axis=1) == split.labels).mean() for each in (ours, raw.numpy())]
    assert found[0] <= found[1] + 0.02


def test_the_referee_finds_it_in_the_ball_the_box_and_never_weaker_than_no_attack(trained: tuple[Any, Any]) -> None:
    model, split = trained
    spec = AttackSpec(Pgd(steps=3), (0.0, 0.5, 100.0))
    right = judge(spec, Classifier(model), split, np.arange(len(split)), 0, lambda *_: None).right.mean(axis=1)
    assert right[2] <= right[0]


def test_without_its_library_a_run_is_refused_before_it_reads_an_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pgd, "library", "no_such_library")
    unread = Source(lambda *_: pytest.fail("images were read"), named=True)
    monkeypatch.setitem(DATASETS, "synthetic", unread)
    with pytest.raises(BadInput, match=r"bench-robustness\[no_such_library\]"):
        execute(tiny_run(), [AttackSpec(Pgd())], Where(tmp_path), Progress(quiet=True))
