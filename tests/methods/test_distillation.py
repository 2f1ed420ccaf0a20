"""Distillation: what the student learns from, by hand, and that it agrees with its teacher more than others do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import log_softmax, softmax
from tiny import tiny_run
from whole_runs import go

from bench.datasets.base import Dataset
from bench.errors import BadInput
from bench.evaluation.restored import restored
from bench.methods.distillation import Distillation
from bench.methods.temperature import Temperature
from bench.runs.pipeline import Result, Where, execute
from bench.spec.run import Run
from bench.training.progress import Progress
from bench.training.train_state import cross_entropy


def test_the_loss_is_the_cross_entropy_of_the_teachers_probabilities_at_the_temperature() -> None:
    draw = np.random.default_rng(0)
    images, theirs, ours = (draw.normal(size=(5, 4)).astype(np.float32) for _ in range(3))
    teacher = Distillation(20.0, lambda x, **_: tf.constant(theirs) + 0 * x)
    targets = teacher.targets(tf.constant(images), tf.zeros(5, tf.int64))
    found = Temperature(20.0, scaled=True).loss(cross_entropy)(targets, tf.constant(ours))
    expected = -20 * (softmax(theirs / 20.0, axis=1) * log_softmax(ours / 20.0, axis=1)).sum(axis=1)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5)


def test_labels_that_are_classes_have_the_cross_entropy_of_one_hot_ones() -> None:
    logits = np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32)
    labels = np.array([2, 0, 3])
    one_hot = np.eye(4, dtype=np.float32)[labels]
    np.testing.assert_allclose(
        cross_entropy(tf.constant(labels), logits), cross_entropy(tf.constant(one_hot), logits), rtol=1e-6
    )


@pytest.mark.usefixtures("tiny_source", "no_norms")
def test_a_student_agrees_with_its_teacher_more_than_one_that_learns_from_labels(
    tmp_path: Path, tiny: Dataset, quiet: Progress
) -> None:
    def trained(run: Run) -> Result:
        return execute(run, [], Where(tmp_path), quiet)

    usual: dict[str, Any] = {"epochs": 3, "learning_rate": 0.01}
    # The teacher hardly learns: it disagrees with the labels, and so does who learns from it.
    teacher = trained(tiny_run(epochs=1, learning_rate=0.001))
    student = trained(tiny_run(**usual, temperature=2.0, distill_from=teacher.folder.run.name))
    other = trained(tiny_run(**usual, temperature=2.0))
    images = tiny.val.images.astype(np.float32)
    theirs, ours, plain = (
        restored(each.folder, each.training).logits(images).argmax(axis=1) for each in (teacher, student, other)
    )
    assert (ours == theirs).mean() > (plain == theirs).mean() + 0.2
    assert student.training.teacher is not None
    assert student.training.teacher.weights == teacher.training.weights
    assert "-distilled-" in student.folder.run.name


@pytest.mark.usefixtures("tiny_source", "small_network")
def test_a_teacher_that_is_not_there_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"--distill-from none needs none: .* train it first"):
        go(tmp_path, tiny_run(arch="small", distill_from="none"))
