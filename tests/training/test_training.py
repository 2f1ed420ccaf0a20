from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tiny import tiny_run
from trainings import StopAt, Trained, train

from bench.attacks.pgd import Pgd
from bench.datasets.base import Dataset
from bench.errors import IntegrityError, Interrupted
from bench.evaluation.classifier import Classifier
from bench.records.store import Folder
from bench.training import loop as training
from bench.training.interruption import stopping
from bench.training.network import restore, weights_of
from bench.training.train_state import TrainState, learning_rates


@pytest.mark.parametrize(
    ("settings", "stops"),
    [
        ({"arch": "fc5", "sparsity": 0.9, "pruning": "random"}, (2, 3)),
        ({"arch": "fc5", "sparsity": 0.5, "pruning": "filter"}, (2,)),
        ({"arch": "fc5", "sparsity": 0.5, "adversarial_eps": 4.0, "adversarial_steps": 2}, (2, 3)),
        ({"arch": "fc5", "sparsity": 0.5, "precision": "bfloat16", "temperature": 20.0, "clip_norm": 1.0}, (3,)),
        ({"arch": "alexnet", "sparsity": 0.5, "low_rank": "lr1", "temperature": 20.0}, (2,)),
        ({"arch": "resnet18", "sparsity": 0.9, "low_rank": "lr1", "temperature": 20.0, "epochs": 1}, (2,)),
    ],
    ids=["fc5-random", "fc5-filter", "fc5-adversarial", "fc5-bfloat16", "alexnet", "resnet18"],
)
def test_a_training_stopped_at_any_step_and_resumed_is_the_uninterrupted_one(
    settings: dict[str, Any], stops: tuple[int, ...], tiny: Dataset, tmp_path: Path, trained: Callable[..., Trained]
) -> None:
    run = tiny_run(**settings)
    for steps in stops:
        with pytest.raises(Interrupted) as stopped:
            train(run, tiny, tmp_path, StopAt(steps))
        assert stopped.value.exit_code == 128 + 15
    assert trained(**settings).same(train(run, tiny, tmp_path))


def test_the_same_spec_twice_is_bit_identical_and_another_seed_is_not(
    tiny: Dataset, tmp_path: Path, trained: Callable[..., Trained]
) -> None:
    two, other = (train(tiny_run(arch="alexnet", seed=seed), tiny, tmp_path / str(seed)) for seed in (0, 1))
    assert trained(arch="alexnet").same(two)
    assert not two.same(other)


@pytest.mark.parametrize("sparsity", [0.5, 0.9, 0.98])
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


@pytest.mark.parametrize("what", ["data", "training"])
def test_a_checkpoint_of_other_data_or_of_another_version_is_refused(
    what: str, tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tiny_run()
    with pytest.raises(Interrupted):
        train(run, tiny, tmp_path, StopAt(2))
    changed = tiny
    if what == "data":
        changed = Dataset("tiny", tiny.train, tiny.val, tiny.classes, "0" * 64)
    else:
        monkeypatch.setattr(training, "TRAINING", 0)
    with pytest.raises(IntegrityError, match=f"another {what}"):
        train(run, changed, tmp_path)


def test_weights_restored_in_float32_give_the_network_back(tiny: Dataset, tmp_path: Path) -> None:
    run = tiny_run(arch="alexnet", sparsity=0.5, precision="bfloat16", epochs=1)
    weights, _ = train(run, tiny, tmp_path)
    model = restore(run, 4, weights)
    assert model.dtype_policy.compute_dtype == "float32"
    for name, array in weights_of(model).items():
        np.testing.assert_array_equal(array, weights[name])
    with pytest.raises(IntegrityError, match="do not fit"):
        restore(run, 5, weights)


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


STUCK = """
import hashlib, sys
from bench.training.interruption import stopping
with stopping():
    print("stuck", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)  # a call of minutes, in which no handler of Python's runs
"""


def test_the_second_signal_ends_the_process_even_inside_a_step() -> None:
    process = subprocess.Popen([sys.executable, "-c", STUCK], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "stuck\n"
    process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 128 + signal.SIGTERM
    process.stdout.close()


def test_the_first_signal_asks_and_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stopping() as stop:
        stop.check("nothing happened")
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Interrupted, match="epoch 1 is saved"):
            stop.check("epoch 1 is saved")
    assert signal.getsignal(signal.SIGTERM) is before
