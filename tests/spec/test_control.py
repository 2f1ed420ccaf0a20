"""What a run is compared with."""

from __future__ import annotations

import pytest

from bench.spec.control import control_of, options_apart
from bench.spec.methods import METHODS
from bench.spec.run import Run


def test_the_control_is_the_same_training_without_any_method() -> None:
    same = {"arch": "alexnet", "epochs": 3, "batch_size": 64, "seed": 2}
    run = Run.of(
        **same, sparsity=0.5, low_rank="lr1", temperature=20, adversarial_eps=2, adversarial_steps=7, pruning="random"
    )
    assert control_of(run) == Run.of(**same)
    assert control_of(control_of(run)) == control_of(run)


def test_a_run_that_names_itself_names_the_run_without_that_method() -> None:
    same = {"arch": "resnet18", "epochs": 3, "low_rank": "lr1", "temperature": 20}
    run = Run.of(**same, sparsity=0.5, rewind_from="self", distill_from="self")
    assert run.rewind_from == Run.of(**same, distill_from="self").name
    assert run.distill_from == Run.of(**same, sparsity=0.5, rewind_from="self").name
    assert Run.of(**same, distill_from="self").distill_from == Run.of(**same).name
    assert Run.parse(str(run)) == run


def test_a_start_by_svd_from_itself_is_from_the_run_of_full_rank() -> None:
    run = Run.of(arch="resnet18", low_rank="lr1", low_rank_init="svd", low_rank_from="self")
    assert run.low_rank_from == Run.of(arch="resnet18").name


def test_a_method_of_another_package_is_compared_with_the_network_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS.data, "noise", object())  # not imported to read a run
    same = {"arch": "fc5", "weight_decay": 0.01, "epochs": 3}
    run = Run.of(**same, sparsity=0.5, rewind_from="self", method="noise(strength=2)")
    assert control_of(run) == Run.of(**same)
    assert options_apart(run) == ["--sparsity", "--rewind", "--method"]
    assert control_of(Run.of(**same, method="noise")) == Run.of(**same)
    assert options_apart(Run.of(**same)) == []
