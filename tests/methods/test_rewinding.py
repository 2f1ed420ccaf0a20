"""Lottery tickets: which weights go, where the others begin, and that they stay gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import tiny_run
from trainings import StopAt, train
from whole_runs import go

from bench.datasets.base import Dataset
from bench.errors import BadInput, Interrupted
from bench.evaluation.restored import restored
from bench.methods.base import Sources
from bench.methods.compose import methods_of
from bench.methods.kernels import kernel_layers
from bench.training.network import build


def kernels(model: Any) -> list[Any]:
    return [layer.kernel.numpy() for layer in kernel_layers(model)]


@pytest.mark.usefixtures("tiny_source", "small_network")
@pytest.mark.parametrize("pruning", ["magnitude", "global"])
def test_the_smallest_last_weights_go_and_the_others_begin_again(pruning: str, tmp_path: Path) -> None:
    dense = go(tmp_path, tiny_run(arch="small", learning_rate=0.5))
    run = tiny_run(arch="small", sparsity=0.5, pruning=pruning, rewind_from=dense.folder.run.name)
    ticket = go(tmp_path, run)
    last, found = (kernels(restored(each.folder, each.training).model) for each in (dense, ticket))
    sizes = [np.abs(kernel).ravel() for kernel in last]
    for place, (kernel, size) in enumerate(zip(found, sizes, strict=True)):
        ranked = np.sort(np.concatenate(sizes)) if pruning == "global" else np.sort(size)
        kept = np.abs(last[place]) >= ranked[len(ranked) - round(0.5 * len(ranked))]
        np.testing.assert_array_equal(kernel != 0, kept)
    assert "-rewound-" in run.name
    first = build(run, 4, "float32")
    (method,) = methods_of(run, 6, Sources(lambda _: restored(dense.folder, dense.training).model, np.zeros(0)))
    begun = build(run, 4, "float32")
    method.start(begun)
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
    pruned = go(tmp_path, tiny_run(arch="small", sparsity=0.5)).folder.run.name
    with pytest.raises(BadInput, match=r"--rewind .* is pruned"):
        go(tmp_path, tiny_run(arch="small", sparsity=0.8, rewind_from=pruned))
    with pytest.raises(BadInput, match=r"--rewind .* has arch small: expected fc5"):
        go(tmp_path, tiny_run(sparsity=0.8, rewind_from=pruned))
