"""A training that stops on its way, or goes on from its control, ends with the bits of one that runs from start to end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import tiny_run
from trainings import StopAt, Trained, train

from bench.datasets.base import Dataset
from bench.errors import IntegrityError, Interrupted
from bench.evaluation.metrics import measure
from bench.methods.compose import methods_of
from bench.spec.pruning_schedule import Fractions
from bench.training import loop as training
from bench.training.network import restore, weights_of

pytestmark = pytest.mark.usefixtures("small_network")
HOT: dict[str, Any] = {"sparsity": 0.5, "temperature": 20.0, "clip_norm": 1.0}
BFLOAT16: dict[str, Any] = {"temperature": 20.0, "clip_norm": 1.0, "precision": "bfloat16", "low_rank": "0.5"}
# Three steps: one that the control makes as well, one before the pruning, and one after it.
THREE: dict[str, Any] = {"epochs": 1, "schedule": Fractions(0.5, 1.0, 2)}


# A training looks for a signal after each step and each epoch of three: the fifth look is in the second epoch.
@pytest.mark.parametrize(
    ("settings", "stops"),
    [
        ({"sparsity": 0.9, "pruning": "random"}, (2, 3)),
        ({"sparsity": 0.5, "pruning": "filter"}, (2,)),
        ({"sparsity": 0.5, "adversarial_eps": 4.0, "adversarial_steps": 2}, (2,)),
        (BFLOAT16, (5,)),
        ({**HOT, "low_rank": "0.5"}, (2,)),
        ({"sparsity": 0.5, "pruning": "global"}, (2,)),
        ({"variational_dropout": 1.0, "low_rank": "0.5"}, (5,)),
        ({"l0": 0.5, "adversarial_eps": 2.0}, (5,)),
        ({"sparsity": 0.5, "l1": 1e-3, "nuclear_norm": 1e-2, "dropout": 0.5}, (5,)),
    ],
    ids=["random", "filter", "adversarial", "bfloat16", "low-rank", "global", "noise", "gates", "penalties"],
)
def test_a_training_stopped_at_any_step_and_resumed_is_the_uninterrupted_one(
    settings: dict[str, Any], stops: tuple[int, ...], tiny: Dataset, tmp_path: Path, trained: Callable[..., Trained]
) -> None:
    run = tiny_run(arch="small", **settings)
    for steps in stops:
        with pytest.raises(Interrupted) as stopped:
            train(run, tiny, tmp_path, StopAt(steps))
        assert stopped.value.exit_code == 128 + 15
    whole = trained(arch="small", **settings)
    assert whole.same(train(run, tiny, tmp_path))
    if run.sparsity:  # six steps are too few for the gates of l0
        methods = methods_of(run, run.steps(len(tiny.train)))
        measured = measure(restore(run, 4, whole.weights, methods), 0.0)
        for method in methods:
            method.verify(measured)


@pytest.mark.parametrize(
    "settings",
    [
        {**HOT, "low_rank": "0.5", "dropout": 0.5},
        {"sparsity": 0.9, "pruning": "random"},
        {"sparsity": 0.5, "pruning": "filter"},
        {"sparsity": 0.8, "adversarial_eps": 4.0},
    ],
    ids=["low-rank", "random", "filter", "adversarial"],
)
def test_a_training_that_goes_on_from_its_control_and_is_stopped_is_the_one_from_the_start(
    settings: dict[str, Any],
    tiny: Dataset,
    tmp_path: Path,
    trained: Callable[..., Trained],
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = {**THREE, "arch": "small", **settings}
    run = tiny_run(**settings)
    with pytest.raises(Interrupted):
        train(run.unpruned, tiny, tmp_path, StopAt(1), share_after=[1])
    with pytest.raises(Interrupted):
        train(run, tiny, tmp_path, StopAt(1))
    assert "goes on from its unpruned control in epoch 1 of 1, after 1 of its steps" in capsys.readouterr().err
    resumed = train(run, tiny, tmp_path)
    assert "resumed in epoch 1 of 1, after 2 of its steps" in capsys.readouterr().err
    assert trained(**settings).same(resumed)


def test_the_same_spec_twice_is_bit_identical_and_another_seed_is_not(
    tiny: Dataset, tmp_path: Path, trained: Callable[..., Trained]
) -> None:
    two, other = (train(tiny_run(arch="small", seed=seed), tiny, tmp_path / str(seed)) for seed in (0, 1))
    assert trained(arch="small").same(two)
    assert not two.same(other)


@pytest.mark.parametrize("what", ["data", "training"])
def test_a_checkpoint_of_other_data_or_of_another_version_is_refused(
    what: str, tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tiny_run(arch="small")
    with pytest.raises(Interrupted):
        train(run, tiny, tmp_path, StopAt(2))
    changed = tiny
    if what == "data":
        changed = Dataset("tiny", tiny.train, tiny.val, tiny.classes, "0" * 64)
    else:
        monkeypatch.setattr(training, "TRAINING", 0)
    with pytest.raises(IntegrityError, match=f"another {what}"):
        train(run, changed, tmp_path)


def test_weights_restored_in_float32_give_the_network_back(trained: Callable[..., Trained]) -> None:
    run = tiny_run(arch="small", **BFLOAT16)
    weights, _ = trained(arch="small", **BFLOAT16)
    methods = methods_of(run, run.steps(96))
    model = restore(run, 4, weights, methods)
    assert model.dtype_policy.compute_dtype == "float32"
    for name, array in weights_of(model).items():
        np.testing.assert_array_equal(array, weights[name])
    with pytest.raises(IntegrityError, match="do not fit"):
        restore(run, 5, weights, methods)
