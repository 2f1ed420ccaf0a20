"""What every method of a run has to keep, whatever it does."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import tf_keras as keras
from tiny import tiny_run
from whole_runs import go

from bench.methods.base import Method, Sources
from bench.methods.compose import methods_of
from bench.records.schema import Origin, TrainingRecord
from bench.spec.run import PRUNINGS, Run
from bench.training.network import build, finished, weights_of

METHODS = {
    **{f"pruning-{name}": {"sparsity": 0.5, "pruning": name} for name in PRUNINGS},
    "rewinding": {"sparsity": 0.5, "rewind_from": "dense"},
    "low-rank": {"low_rank": "0.5"},
    "temperature": {"temperature": 20.0},
    "adversarial": {"adversarial_eps": 2.0},
    "distillation": {"distill_from": "teacher", "temperature": 5.0},
    "l1": {"l1": 1e-3},
    "nuclear-norm": {"nuclear_norm": 1e-2},
    "l0": {"l0": 0.5},
    "variational-dropout": {"variational_dropout": 1.0},
    "dropout": {"dropout": 0.5},
}


def test_every_method_is_here() -> None:
    acting = {each.name for each in fields(Run) if each.metadata["acts"]}
    assert acting == {name for settings in METHODS.values() for name in settings} - {"pruning", "rewind_from"}


def test_every_network_of_another_run_has_a_field_of_its_own_in_the_record_of_the_training() -> None:
    roles = [each.metadata["names_run"].role for each in fields(Run) if each.metadata["names_run"]]
    of_networks = {name for name, field in TrainingRecord.model_fields.items() if field.annotation == Origin | None}
    assert len(set(roles)) == len(roles)
    assert set(roles) == of_networks


@pytest.mark.usefixtures("small_network")
@pytest.mark.parametrize("settings", METHODS.values(), ids=METHODS)
def test_before_its_first_step_a_method_changes_no_weight_and_leaves_a_plain_network(
    settings: dict[str, object],
) -> None:
    run = tiny_run(arch="small", **settings)
    sources = Sources(lambda _: build(tiny_run(arch=run.arch), 4, "float32"), np.zeros((8, 32, 32, 3), np.float32))
    methods = methods_of(run, 6, sources)
    assert all(type(method) is not Method for method in methods)
    plain = build(run, 4, "float32", methods)
    model = plain
    for method in methods:
        model = method.prepare(model)
    after = finished(model, methods)
    assert not any(isinstance(layer, keras.layers.Wrapper) for layer in after.layers)
    for (name, one), (other, two) in zip(weights_of(plain).items(), weights_of(after).items(), strict=True):
        assert name == other
        np.testing.assert_array_equal(one, two)


@pytest.mark.usefixtures("tiny_source", "small_network")
def test_a_whole_run_by_filters_keeps_its_promise_and_is_named_for_it(tmp_path: Path) -> None:
    run = tiny_run(arch="small", sparsity=0.5, pruning="filter")
    rows = go(tmp_path, run).training.measured.kernels
    assert "-s0.5-filter-" in run.name
    assert [row.filters_zero for row in rows] == [4, 4, 0]
    assert all(row.zeros >= 0.5 * row.size for row in rows[:-1])
