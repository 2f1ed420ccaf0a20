"""What a run is compared with."""

from __future__ import annotations

from dataclasses import replace

from bench.spec.control import control_of, with_itself_named
from bench.spec.run import Run


def test_the_control_is_the_same_training_without_any_method() -> None:
    same = {"arch": "alexnet", "epochs": 3, "batch_size": 64, "seed": 2}
    run = Run.of(
        **same, sparsity=0.5, low_rank="lr1", temperature=20, adversarial_eps=2, adversarial_steps=7, pruning="random"
    )
    assert control_of(run) == Run.of(**same)
    assert control_of(control_of(run)) == control_of(run)


def test_a_run_that_names_itself_names_the_run_without_that_method() -> None:
    same = {"arch": "resnet18", "epochs": 3, "low_rank": "lr1"}
    run = with_itself_named(Run.of(**same, sparsity=0.5, rewind_from="self", temperature=20, distill_from="self"))
    rewound = Run.of(**same, sparsity=0.5, rewind_from=run.rewind_from, temperature=20)
    teacher = Run.of(**same, temperature=20)
    distilled = Run.of(**same, temperature=20, distill_from=teacher.name)
    assert run.rewind_from == distilled.name
    assert run.distill_from == with_itself_named(replace(rewound, rewind_from="self")).name
    assert with_itself_named(run) == run


def test_a_start_by_svd_from_itself_is_from_the_run_of_full_rank() -> None:
    run = with_itself_named(Run.of(arch="resnet18", low_rank="lr1", low_rank_init="svd", low_rank_from="self"))
    assert run.low_rank_from == Run.of(arch="resnet18").name
