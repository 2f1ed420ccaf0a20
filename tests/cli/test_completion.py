"""What a shell is offered: the names of the tables, and the runs of the results folder, without TensorFlow."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from bench.attacks import ATTACKS
from bench.cli.main import main
from bench.datasets import DATASETS
from bench.imagenet.networks import NETWORKS
from bench.runs.grid import PRESETS
from bench.spec.architectures import ARCHITECTURES


def offered(*words: str) -> list[str]:
    *before, last = words
    found = ShellComplete(main, {}, "bench", "_BENCH_COMPLETE").get_completions(before, last)
    return [each.value for each in found if each.type == "plain"]


def kinds(*words: str) -> set[str]:
    *before, last = words
    return {each.type for each in ShellComplete(main, {}, "bench", "_BENCH_COMPLETE").get_completions(before, last)}


@pytest.fixture(autouse=True)
def no_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tensorflow", "tf_keras"):
        monkeypatch.setitem(sys.modules, name, None)  # an import of it fails


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for key in ("fc5-a/seed-0", "fc5-a/seed-1", "alexnet-b/seed-0", "calibration/fc5-a-seed-0"):
        (tmp_path / "results" / key).mkdir(parents=True)
    (tmp_path / "results" / "README.md").write_text("")
    return tmp_path / "results"


def test_names_of_tables_are_offered() -> None:
    assert offered("run", "--arch", "") == sorted(ARCHITECTURES)
    assert offered("run", "--arch", "fc5", "--attack", "fgsm") == sorted(each for each in ATTACKS if "fgsm" in each[:4])
    assert offered("run", "--dataset", "") == offered("data", "info", "--dataset", "") == sorted(DATASETS)
    assert offered("run", "--pruning", "m") == ["magnitude"]
    assert offered("sweep", "") == offered("report", "--grid", "") == sorted(PRESETS)


def test_files_are_offered_where_no_name_fits_and_a_file_is_allowed() -> None:
    assert kinds("run", "--arch", "nets/") == kinds("sweep", "mine") == kinds("audit", "./net") == {"file"}
    assert kinds("run", "--dataset", "nets/") == set()


@pytest.mark.usefixtures("results")
@pytest.mark.parametrize(
    "words",
    [("card",), ("look", "fc5-a"), ("latency", "fc5-a"), ("export-model",), ("run", "--rewind")],
)
def test_runs_are_offered_by_the_names_of_their_folders(words: tuple[str, ...]) -> None:
    assert offered(*words, "") == ["alexnet-b", "fc5-a"]
    assert offered(*words, "fc5-a/") == ["fc5-a/seed-0", "fc5-a/seed-1"]


@pytest.mark.usefixtures("results")
@pytest.mark.parametrize("words", [("audit",), ("audit", "fc5-a"), ("fool", "--network"), ("transfer",)])
def test_networks_trained_on_imagenet_are_offered_after_the_runs(words: tuple[str, ...]) -> None:
    assert offered(*words, "") == ["alexnet-b", "fc5-a", *NETWORKS]
    assert offered(*words, "mob") == ["mobilenetv2"]
    assert offered(*words, "fc5-a/") == ["fc5-a/seed-0", "fc5-a/seed-1"]


def test_runs_are_those_of_the_results_folder_that_is_named(results: Path, tmp_path: Path) -> None:
    results.rename(tmp_path / "other")
    assert offered("card", "") == []
    assert offered("card", "--results-dir", "other", "f") == ["fc5-a"]
    assert offered("report", "--results-dir", "other", "--compare", "f") == ["fc5-a"]
