"""A whole run: what it trains, measures, attacks and records."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from records import identity
from tiny import only_seed_folder, tiny_run
from whole_runs import FGSM, go

from bench.attacks.spec import AttackSpec, attack_specs
from bench.errors import BadInput
from bench.networks import images_for, of_run
from bench.records.schema import Origin
from bench.runs.pipeline import Result, Where, execute
from bench.spec.architectures import ARCHITECTURES
from bench.spec.ranks import FullRank
from bench.training.progress import Progress

pytestmark = pytest.mark.usefixtures("tiny_source", "small_network")
TOGETHER: dict[str, Any] = {"sparsity": 0.9, "low_rank": "lr1", "temperature": 20.0}


@pytest.mark.parametrize(
    "settings",
    [
        {**TOGETHER, "arch": "alexnet"},
        {**TOGETHER, "arch": "alexnet-bn", "temperature": 1.0, "low_rank": "full"},
        {**TOGETHER, "arch": "fc5", "low_rank": "full", "pruning": "random"},  # which has no convolution
        {**TOGETHER, "arch": "resnet18", "low_rank": "full"},
    ],
    ids=lambda settings: "-".join(str(value) for value in settings.values()),
)
@pytest.mark.usefixtures("no_norms")
def test_a_whole_run_of_every_architecture(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A few steps teach nothing, and a network that did not learn is not tested for masking.
    monkeypatch.setattr("bench.evaluation.masking.learned", lambda *_: True)
    run = tiny_run(epochs=1, schedule="shares:0.5,1.0,2", **settings)
    specs = attack_specs(run, [], FGSM.eps, 1.0)
    result = go(tmp_path, run, *specs)
    metrics, attack = result.training.measured, result.attacks[FGSM.name]
    assert result.training.status == "done"
    assert set(result.attacks) == {spec.name for spec in specs}
    for kernel in metrics.kernels:  # both factors of a pair among them
        assert abs(kernel.zeros - run.sparsity * kernel.size) <= 1
    assert [row.layer + "_vertical" for row in metrics.low_rank] == [
        kernel.layer for kernel in metrics.kernels if kernel.layer.endswith("_vertical")
    ]
    assert bool(metrics.low_rank) == (run.low_rank != FullRank())
    assert {finding.attack for finding in result.masking} == (
        {"fgsm", "fgsm(knowledge=none)"} if run.temperature != 1 else set()
    )
    assert attack.threat.temperature == attack.threat.trained_temperature == run.temperature
    assert attack.rows[0].accuracy == metrics.accuracy
    assert attack.rows[0].low < metrics.accuracy < attack.rows[0].high
    assert attack.images == result.training.data.val
    assert attack.threat.norm == "L-infinity"
    outcomes = np.load(result.folder.path / "attacks" / f"{FGSM.name}.npz", allow_pickle=False)
    fractions = (outcomes["predictions"] == outcomes["labels"]).mean(axis=1)
    assert [row.accuracy for row in attack.rows] == fractions.tolist()
    assert not result.folder.checkpoints.exists()
    environment = result.training.environment
    assert environment.deterministic is True
    assert {"tensorflow", "tf_keras", "numpy", "python", "bench"} <= set(environment.versions)


def test_two_runs_of_one_spec_leave_equal_records(finished: Result, tmp_path: Path) -> None:
    go(tmp_path, finished.folder.run)
    one, two = identity(finished.folder.path), identity(only_seed_folder(tmp_path))
    assert one == two
    assert {"run.json", "weights.npz", f"{FGSM.name}.json", f"{FGSM.name}.npz"} <= set(one)


def test_half_of_the_images_are_those_of_the_whole(finished: Result, copied: Path) -> None:
    half = AttackSpec(FGSM.attack, FGSM.eps, 0.5)
    result = go(copied, finished.folder.run, FGSM, half)
    whole, part = (
        np.load(result.folder.path / "attacks" / f"{spec.name}.npz", allow_pickle=False) for spec in (FGSM, half)
    )
    assert len(part["indices"]) == 20
    np.testing.assert_array_equal(whole["predictions"][:, part["indices"]], part["predictions"])


def test_a_diverged_run_is_final_and_says_so_without_any_number(tmp_path: Path) -> None:
    run = tiny_run(learning_rate=100.0, epochs=6)
    result = go(tmp_path, run)
    assert result.training.diverged
    assert result.attacks == {}
    text = (result.folder.path / "run.json").read_text()
    assert "NaN" not in text
    assert "Infinity" not in text
    assert not go(tmp_path, run).worked


def test_broken_images_that_a_training_left_out_are_left_out_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: Progress
) -> None:
    monkeypatch.setenv("BENCH_CACHE_DIR", str(tmp_path / "cache"))
    for number, (split, name) in enumerate(itertools.product(("train", "val"), "ab")):
        (tmp_path / split / name).mkdir(parents=True)
        Image.new("RGB", (32, 32), (40 * number, 0, 0)).save(tmp_path / split / name / "0.png")
    (tmp_path / "val" / "b" / "1.jpg").write_bytes(b"")
    run, results = tiny_run(arch="small", dataset="folder", epochs=1), tmp_path / "results"
    assert execute(run, [], Where(results, tmp_path, skip_broken=True), quiet).training.data.skipped
    found = execute(run, [FGSM], Where(results, tmp_path), quiet)
    assert found.attacks
    assert len(images_for(of_run(found.folder), tmp_path, quiet).val) == 2
    with pytest.raises(BadInput, match="1 broken"):
        execute(replace(run, seed=1), [], Where(results, tmp_path), quiet)


def test_a_low_rank_run_starts_from_a_trained_one_and_names_its_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # AlexNet's own singular values take half a minute.
    monkeypatch.setitem(
        ARCHITECTURES, "alexnet", replace(ARCHITECTURES["alexnet"], place="small_network:two_convolutions")
    )
    full = go(tmp_path, tiny_run(arch="alexnet", epochs=1))
    start: Any = {"low_rank_init": "svd", "low_rank_from": full.folder.run.name}
    run = tiny_run(arch="alexnet", low_rank="1.0", learning_rate=1e-9, epochs=1, sparsity=0.5, **start)
    monkeypatch.setattr(
        "bench.methods.magnitude_pruning.MagnitudePruning._wrap", lambda _self, layer, _threshold: layer
    )
    monkeypatch.setattr("bench.methods.magnitude_pruning.MagnitudePruning.verify", lambda *_: None)
    result = go(tmp_path, run)
    assert result.training.start == Origin(run=full.folder.run.name, weights=full.training.weights)
    assert result.training.measured.accuracy == full.training.measured.accuracy
