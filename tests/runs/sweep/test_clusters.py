"""Where a sweep runs: a scheduler that does not answer, an extra that is not there, and a machine divided."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from bench.errors import BadInput, TryLater
from bench.runs.sweep.clusters import Place, Shape, connected, shape


def test_a_scheduler_that_does_not_answer_is_an_error_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.runs.sweep.clusters.TIMEOUT", 1)
    with pytest.raises(TryLater, match="no scheduler answers at tcp://127"), connected(Place("tcp://127.0.0.1:9")):
        pass


def test_a_plain_client_is_turned_away_by_a_scheduler_with_tls_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.runs.sweep.clusters.TIMEOUT", 2)
    settings: Any = {"n_workers": 0, "protocol": "tls://", "security": True, "host": "127.0.0.1"}
    with LocalCluster(dashboard_address="127.0.0.1:0", silence_logs=50, **settings) as cluster:
        plain = cluster.scheduler_address.replace("tls://", "tcp://")
        with pytest.raises(TryLater, match="is it running, and with the same TLS"), connected(Place(plain)):
            pass


def test_the_slurm_extra_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.plugins.find_spec", lambda _: None)
    with pytest.raises(BadInput, match=r"bench-robustness\[slurm\]"):
        Place("slurm").check()


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1", "tcp://127.0.0.1:abc", "tcp://[::1", "tls://:8786", "http://a:1"]
)
def test_what_is_no_address_of_a_scheduler_is_refused(address: str) -> None:
    with pytest.raises(BadInput, match="expected local, slurm, tcp://HOST:PORT"):
        Place(address).check()


def test_the_number_of_workers_is_that_of_a_scheduler_that_runs_already() -> None:
    Place("tcp://127.0.0.1:8786").check()
    with pytest.raises(BadInput, match="has its own workers: expected no --workers, received 3"):
        Place("tcp://127.0.0.1:8786", workers=3).check()


def test_slurm_is_refused_where_no_job_can_be_submitted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.runs.sweep.clusters.which", lambda _: None)
    with pytest.raises(BadInput, match="no sbatch on the path"):
        Place("slurm").check()


@pytest.mark.parametrize("text", ["", "ca_file = 5", 'ca_file = "nowhere.pem"', "ca_file = "])
def test_a_configuration_without_certificates_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "tls.toml").write_text(text)
    with pytest.raises(BadInput, match=r"tls\.toml"):
        Place("tls://10.0.0.1:8786", config=tmp_path / "tls.toml").check()


@pytest.mark.parametrize("text", ["memry = 3", "cores = ", "walltime = 3\nprocesses = 0"])
def test_a_setting_that_slurm_does_not_have_is_refused_before_anything_starts(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.runs.sweep.clusters.which", lambda _: "sbatch")
    (tmp_path / "site.toml").write_text(text)
    with pytest.raises(BadInput, match=r"--cluster-config .*site\.toml"):
        Place("slurm", config=tmp_path / "site.toml").check()


@pytest.mark.parametrize("text", ["", 'cores = 2\nmemory = "4GB"\ninterface = "lo"\nqueue = "short"'])
def test_what_slurm_takes_passes_and_leaves_nothing(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.runs.sweep.clusters.which", lambda _: "sbatch")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site.toml").write_text(text)
    Place("slurm", config=tmp_path / "site.toml").check()
    assert [path.name for path in tmp_path.iterdir()] == ["site.toml"]


@pytest.mark.parametrize(
    ("workers", "gpus", "expected"),
    [
        (0, 0, Shape(8, 1, 0)),
        (1, 0, Shape(1, 8, 0)),
        (3, 0, Shape(3, 2, 0)),
        (12, 0, Shape(12, 1, 0)),
        (0, 2, Shape(2, 4, 2)),
        (4, 2, Shape(4, 2, 2)),
    ],
)
def test_a_machine_of_eight_cores_is_divided(
    workers: int, gpus: int, expected: Shape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(gpus):
        (tmp_path / f"gpu{number}").mkdir()
    monkeypatch.setattr("bench.runs.sweep.clusters.NVIDIA", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert shape(Place(workers=workers)) == expected
