"""Lottery tickets: which weights go, where the others begin, and that they stay gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import trained
from tiny import stood_in, tiny_run
from trainings import StopAt, train
from whole_runs import go

from bench.datasets.base import Dataset
from bench.errors import BadInput, Interrupted
from bench.evaluation.restored import restored
from bench.methods.base import Method, Sources
from bench.methods.compose import methods_of
from bench.methods.kernels import kernel_layers
from bench.records.schema import Origin
from bench.records.store import Folder
from bench.runs.pipeline import Result
from bench.spec.run import Run
from bench.training.network import build
from bench.training.train_state import TrainState


def kernels(model: Any) -> list[Any]:
    return [layer.kernel.numpy() for layer in kernel_layers(model)]


def begin(run: Run, methods: Sequence[Method]) -> Any:
    """Return the network of ``run`` before its first step."""
    state = TrainState.fresh(run, 4, 96, methods)
    for callback in [each for method in methods for each in method.callbacks()]:
        callback.set_model(state.model)
        callback.on_train_begin()
    return state.model


@pytest.mark.usefixtures("small_network")
def test_a_rewound_network_that_starts_by_svd_starts_without_the_weights_that_go(tiny: Dataset) -> None:
    by_svd = {"low_rank": "0.5", "low_rank_init": "svd", "low_rank_from": "full"}
    dense = tiny_run(arch="small", **by_svd)
    images = tiny.train.images[:8].astype(np.float32)
    full, ticket = build(tiny_run(arch="small"), 4, "float32"), build(dense, 4, "float32", methods_of(dense, 6))
    sources = Sources({"full": full, "ticket": ticket}.__getitem__, images)
    run = replace(dense, sparsity=0.5, rewind_from="ticket")
    plain, found = (kernels(begin(each, methods_of(each, 6, sources))) for each in (dense, run))
    for start, kernel, last in zip(plain, found, kernels(ticket), strict=True):
        kept = np.abs(last) >= np.sort(np.abs(last).ravel())[last.size - round(0.5 * last.size)]
        np.testing.assert_array_equal(kernel, np.where(kept, start, 0))


@pytest.fixture(scope="module")
def trained_dense(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A dense run, in a results folder to which tests add others."""
    with stood_in(tiny):
        return go(tmp_path_factory.mktemp("dense"), tiny_run(arch="small", learning_rate=0.5))


@pytest.mark.usefixtures("tiny_source", "small_network")
@pytest.mark.parametrize("pruning", ["magnitude", "global"])
def test_the_smallest_last_weights_go_and_the_others_begin_again(pruning: str, trained_dense: Result) -> None:
    dense, results = trained_dense, trained_dense.folder.results
    run = tiny_run(arch="small", sparsity=0.5, pruning=pruning, rewind_from=dense.folder.run.name)
    ticket = go(results, run)
    last, found = (kernels(restored(each.folder, each.training).model) for each in (dense, ticket))
    sizes = [np.abs(kernel).ravel() for kernel in last]
    for place, (kernel, size) in enumerate(zip(found, sizes, strict=True)):
        ranked = np.sort(np.concatenate(sizes)) if pruning == "global" else np.sort(size)
        kept = np.abs(last[place]) >= ranked[len(ranked) - round(0.5 * len(ranked))]
        np.testing.assert_array_equal(kernel != 0, kept)
    assert "-rewound-" in run.name
    assert ticket.training.ticket == Origin(run=dense.folder.run.name, weights=dense.training.weights)
    first = build(run, 4, "float32")
    (method,) = methods_of(run, 6, Sources(lambda _: restored(dense.folder, dense.training).model, np.zeros(0)))
    begun = begin(run, (method,))
    for one, other, end in zip(kernels(first), kernels(begun), found, strict=True):
        np.testing.assert_array_equal(other, np.where(end != 0, one, 0))


@pytest.mark.usefixtures("small_network")
@pytest.mark.parametrize(
    "settings", [{"sparsity": 0.5, "rewind_from": "other"}, {"distill_from": "other", "temperature": 5.0}]
)
def test_a_training_with_another_network_resumes_to_the_bit(
    settings: dict[str, Any], tiny: Dataset, tmp_path: Path
) -> None:
    run = tiny_run(arch="small", **settings)
    other = build(tiny_run(arch="small", seed=1), 4, "float32")
    sources = Sources(lambda _: other, tiny.train.images[:8].astype(np.float32))
    whole = train(run, tiny, tmp_path / "whole", methods=methods_of(run, 6, sources))
    with pytest.raises(Interrupted):
        train(run, tiny, tmp_path / "parts", StopAt(2), methods_of(run, 6, sources))
    assert whole.same(train(run, tiny, tmp_path / "parts", methods=methods_of(run, 6, sources)))


@pytest.mark.usefixtures("tiny_source", "small_network")
def test_a_ticket_needs_a_dense_run_of_the_same_network(tmp_path: Path) -> None:
    pruned = trained(tmp_path, tiny_run(arch="small", sparsity=0.5), 0.8).run.name
    with pytest.raises(BadInput, match=r"--rewind .* is pruned"):
        go(tmp_path, tiny_run(arch="small", sparsity=0.8, rewind_from=pruned))
    with pytest.raises(BadInput, match=r"--rewind .* has arch small: expected fc5"):
        go(tmp_path, tiny_run(sparsity=0.8, rewind_from=pruned))


@pytest.mark.usefixtures("tiny_source", "small_network")
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"dropout": 0.2}, "has dropout none, and so began with other weights: expected 0.2"),
        ({"low_rank": "0.5"}, "has low_rank full, and so began with other weights: expected 0.5"),
    ],
)
def test_a_ticket_of_other_first_weights_is_refused(settings: dict[str, Any], said: str, tmp_path: Path) -> None:
    dense = trained(tmp_path, tiny_run(arch="small"), 0.8).run.name
    with pytest.raises(BadInput, match=f"--rewind .* {said}, as in the run itself"):
        Folder(tmp_path, tiny_run(arch="small", sparsity=0.8, rewind_from=dense, **settings)).sources()
