from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tiny import tiny_run
from trainings import StopAt, Trained, train

from bench.attacks.pgd import Pgd
from bench.datasets.base import Dataset
from bench.errors import Interrupted
from bench.evaluation.classifier import Classifier
from bench.records.store import Folder
from bench.training import loop as training
from bench.training.network import restore
from bench.training.train_state import TrainState, learning_rates


@pytest.mark.parametrize("sparsity", [0.9, 0.98])
def test_every_kernel_is_at_its_sparsity_and_the_history_shows_the_rise(
    sparsity: float, trained: Callable[..., Trained]
) -> None:
    weights, history = trained(sparsity=sparsity, epochs=4)
    kernels = [array for name, array in weights.items() if "kernel" in name]
    assert len(kernels) == 5
    for kernel in kernels:
        assert abs((kernel == 0).sum() - sparsity * kernel.size) <= 1
    measured = [row["sparsity"] for row in history]
    assert measured[0] < measured[1] <= measured[2] == pytest.approx(sparsity, abs=1e-4)


def test_the_control_has_no_zero_and_learns(trained: Callable[..., Trained]) -> None:
    weights, history = trained(epochs=6, learning_rate=0.01)
    assert all((array != 0).all() for name, array in weights.items() if "kernel" in name)
    assert history[-1]["accuracy"] > history[0]["accuracy"] + 0.2
    assert [row["epoch"] for row in history] == [1, 2, 3, 4, 5, 6]


def test_an_adversarially_trained_network_withstands_what_fools_a_standard_one(
    tiny: Dataset, trained: Callable[..., Trained]
) -> None:
    accuracy = []
    images, labels = tiny.val.images.astype(np.float32), tiny.val.labels
    for eps in (0.0, 12.0):
        settings = {"epochs": 6, "learning_rate": 0.01, "adversarial_eps": eps}
        network = Classifier(restore(tiny_run(**settings), 4, trained(**settings).weights))
        (attacked,) = Pgd(steps=5)(network, images, labels, (16.0,), 0)
        accuracy.append(np.mean(network.logits(attacked).argmax(axis=1) == labels))
    standard, adversarial = accuracy
    assert standard < 0.2
    assert adversarial > 0.6


def test_the_learning_rate_rises_to_its_peak_and_falls_to_zero() -> None:
    run = tiny_run(learning_rate=0.5, warmup=0.2)
    rates = [float(learning_rates(run, 100)(step)) for step in range(101)]
    assert rates[0] == 0
    assert rates[10] == pytest.approx(0.25)
    assert max(rates) == rates[20] == pytest.approx(0.5)
    assert rates[60] == pytest.approx(0.25)
    assert rates[100] == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("warmup", [0.0, 0.99])
def test_any_warm_up_leaves_a_schedule(warmup: float) -> None:
    rates = learning_rates(tiny_run(learning_rate=0.5, warmup=warmup), 2)
    assert max(float(rates(step)) for step in range(2)) > 0


def test_weight_decay_pulls_kernels_towards_zero_and_nothing_else(tiny: Dataset) -> None:
    after = []
    for decay in (0.0, 0.1):
        run = tiny_run(weight_decay=decay, momentum=0.0, warmup=0.0, learning_rate=0.01)
        train_state = TrainState.fresh(run, 4, len(tiny.train), ())
        before = [variable.numpy() for variable in train_state.model.trainable_variables]
        train_state.step_function()(tiny.train.images[:32], tiny.train.labels[:32])
        after.append([variable.numpy() for variable in train_state.model.trainable_variables])
    for start, free, pulled in zip(before, *after, strict=True):
        expected = -0.01 * 0.1 * start if start.ndim == 2 else np.zeros_like(start)
        np.testing.assert_allclose(pulled - free, expected, atol=1e-6)


@pytest.mark.parametrize("clip", [0.0, 0.25])
def test_a_clipped_step_is_no_longer_than_the_rate_times_the_clip(tiny: Dataset, clip: float) -> None:
    run = tiny_run(weight_decay=0.0, momentum=0.0, warmup=0.0, learning_rate=0.01, clip_norm=clip)
    train_state = TrainState.fresh(run, 4, len(tiny.train), ())
    before = [variable.numpy() for variable in train_state.model.trainable_variables]
    train_state.step_function()(tiny.train.images[:32], tiny.train.labels[:32])
    moved = [a - b.numpy() for a, b in zip(before, train_state.model.trainable_variables, strict=True)]
    length = np.sqrt(sum(np.sum(part.astype(np.float64) ** 2) for part in moved)) / 0.01
    assert length == pytest.approx(0.25, rel=1e-3) if clip else length > 0.5


def test_a_loss_that_is_no_number_ends_the_training_as_diverged(tiny: Dataset, tmp_path: Path) -> None:
    with pytest.raises(training.Diverged, match="lower --learning-rate") as ended:
        train(tiny_run(learning_rate=100.0, epochs=6), tiny, tmp_path)
    assert all(np.isfinite(row["loss"]) for row in ended.value.history)


def test_tensorboard_holds_each_epoch_once_after_a_resume(tiny: Dataset, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = tiny_run(epochs=3)
    with pytest.raises(Interrupted):
        train(run, tiny, tmp_path, StopAt(6))
    _, history = train(run, tiny, tmp_path)
    events = EventAccumulator(str(Folder(tmp_path, run).tensorboard), size_guidance={"tensors": 0})
    events.Reload()
    assert set(events.Tags()["tensors"]) == {"loss", "accuracy", "learning_rate", "sparsity"}
    assert [event.step for event in events.Tensors("loss")] == [1, 2, 3]
    shown = [float(tf.make_ndarray(event.tensor_proto)) for event in events.Tensors("accuracy")]
    assert shown == pytest.approx([row["accuracy"] for row in history])
