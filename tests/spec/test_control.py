"""What a run is compared with."""

from __future__ import annotations

from bench.spec.control import control_of
from bench.spec.run import Run


def test_the_control_is_the_same_training_without_any_method() -> None:
    same = {"arch": "alexnet", "epochs": 3, "batch_size": 64, "seed": 2}
    run = Run.of(
        **same, sparsity=0.5, low_rank="lr1", temperature=20, adversarial_eps=2, adversarial_steps=7, pruning="random"
    )
    assert control_of(run) == Run.of(**same)
    assert control_of(control_of(run)) == control_of(run)
