"""Audits of what is deployed: a network in 8 bits beside itself, and several networks as one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tf_keras as keras
from click.testing import CliRunner
from tiny import tiny_run
from whole_runs import only_trained

from bench.audit.battery import SCREEN
from bench.audit.ensemble import ensemble
from bench.audit.evaluation import AuditEvaluation
from bench.audit.probes import probes_of, slope
from bench.cli.main import main
from bench.datasets.base import Dataset
from bench.evaluation.base import Subject
from bench.evaluation.classifier import Classifier
from bench.evaluation.int8 import int8
from bench.evaluation.restored import restored
from bench.records.store import Folder
from bench.training.progress import Progress


def network(seed: int) -> Any:
    keras.utils.set_random_seed(seed)
    pixels = keras.Input((4, 4, 3))
    x = keras.layers.Dense(5, name="logits")(keras.layers.Flatten()(pixels))
    return keras.Model(pixels, x, name="alike")


def test_an_ensemble_averages_logits() -> None:
    models = [network(seed) for seed in range(3)]
    images = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3)).astype(np.float32)
    expected = np.mean([Classifier(model).logits(images) for model in models], axis=0)
    np.testing.assert_allclose(Classifier(ensemble(models)).logits(images), expected, rtol=1e-4, atol=1e-3)


def test_the_gradient_of_a_network_in_8_bits_is_right_over_steps_that_its_rounding_lets_pass() -> None:
    images = np.random.default_rng(0).integers(20, 236, (16, 4, 4, 3)).astype(np.float32)
    rounded = Classifier(int8(network(0), images))
    labels = rounded.logits(images).argmax(axis=1)
    battery = replace(SCREEN.deployed, probed=16)
    found = probes_of(rounded, images, labels, labels, (2.0, 4.0), np.ones((2, 16), bool), battery, 0)
    assert ((found["slope"] >= 0.5) & (found["slope"] <= 2)).all()
    assert np.isnan(found["explained"]).all()
    assert not slope(rounded, images, labels).any()  # in steps of a twentieth of a level nothing changes


@pytest.fixture(autouse=True)
def few_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an audit take 12 images: here it is asked what it is of, and what it is compared with."""
    monkeypatch.setattr("bench.cli.audit.SCREEN", replace(SCREEN, images=12))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.mark.usefixtures("tiny_source", "small_network")
def test_a_network_in_8_bits_is_compared_with_itself_as_trained(results: Path) -> None:
    dense = only_trained(results, tiny_run(arch="small")).folder.run
    found = CliRunner().invoke(
        main, ["audit", dense.name, "--quantise", "int8", "--results-dir", str(results), "--json", "--quiet"]
    )
    assert found.exit_code == 0, found.output
    body = json.loads(found.output)["audit"]
    assert (body["battery"], body["control"]["run"]) == ("screen-int8", dense.name)
    audits = [Folder(results, dense).audits.get(name) for name in ("screen", "screen-int8")]
    stages = [[each.stage for each in found[0].stages if each.access == "transfer"] for found in audits if found]
    assert stages == [[], ["transfer"]]


@pytest.mark.usefixtures("tiny_source", "small_network")
def test_a_dense_network_in_8_bits_is_attacked_from_itself_as_it_was_trained(results: Path, tiny: Dataset) -> None:
    made = only_trained(results, tiny_run(arch="small"))
    as_trained = restored(made.folder, made.training)
    images = tiny.val.images[:8].astype(np.float32)
    subject = Subject(made.folder, made.training, as_trained, tiny, made.training.environment, Progress(quiet=True))
    rounded = AuditEvaluation(SCREEN.deployed)._network(subject)
    assert rounded.other("") is as_trained
    assert (rounded.logits(images) != as_trained.logits(images)).any()


@pytest.mark.usefixtures("tiny_source", "small_network")
def test_runs_are_audited_as_one_network_and_recorded_nowhere(results: Path) -> None:
    runs = [only_trained(results, tiny_run(arch="small", sparsity=sparsity)).folder.run for sparsity in (0.5, 0.8)]
    before = sorted(results.rglob("*"))
    found = CliRunner().invoke(
        main, ["audit", *(run.name for run in runs), "--ensemble", "--results-dir", str(results), "--quiet"]
    )
    assert found.exit_code == 0, found.output
    assert found.output.startswith(f"ensemble of {runs[0].key}, {runs[1].key}: ")
    assert len(found.output.splitlines()) < 20
    assert sorted(results.rglob("*")) == before


@pytest.mark.usefixtures("tiny_source", "small_network")
def test_the_seeds_of_a_dense_run_as_one_are_compared_with_the_first_of_them(results: Path) -> None:
    runs = [only_trained(results, tiny_run(arch="small", seed=seed)).folder.run for seed in (0, 1)]
    usual = ["--results-dir", str(results), "--quiet", "--json"]
    assert CliRunner().invoke(main, ["audit", runs[0].key, *usual]).exit_code == 0
    found = CliRunner().invoke(main, ["audit", runs[0].name, "--ensemble", *usual])
    assert found.exit_code == 0, found.output
    assert json.loads(found.output)["network"] == f"ensemble of {runs[0].key}, {runs[1].key}"
    body = json.loads(found.output)["audit"]
    assert (body["control"]["run"], body["control"]["seed"]) == (runs[0].name, 0)


@pytest.mark.usefixtures("tiny_source", "small_network")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--ensemble", "0"], "two different networks"),
        (["--ensemble", "0", "hot"], "expected one T"),
        (["0", "0", "0"], "expected one and its control, or --ensemble"),
    ],
)
def test_what_cannot_be_one_network_is_refused(words: list[str], expected: str, results: Path) -> None:
    names = {
        "0": only_trained(results, tiny_run(arch="small")).folder.run.key,
        "hot": only_trained(results, tiny_run(arch="small", temperature=20.0)).folder.run.name,
    }
    found = CliRunner().invoke(
        main, ["audit", *(names.get(word, word) for word in words), "--results-dir", str(results), "--quiet"]
    )
    assert found.exit_code == 2
    assert expected in found.output
