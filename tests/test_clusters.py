"""Where a sweep runs: a scheduler that does not answer, an extra that is not there, and a machine divided."""

from __future__ import annotations

import os
from typing import Any

import pytest
from distributed import LocalCluster

from bench.errors import BadInput, TryLater
from bench.sweep.clusters import Place, connected, shape


def test_a_scheduler_that_does_not_answer_is_an_error_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.sweep.clusters.TIMEOUT", 1)
    with pytest.raises(TryLater, match="no scheduler answers at tcp://127"), connected(Place("tcp://127.0.0.1:9")):
        pass


def test_a_plain_client_is_turned_away_by_a_scheduler_with_tls_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.sweep.clusters.TIMEOUT", 2)
    settings: Any = {"n_workers": 0, "protocol": "tls://", "security": True, "host": "127.0.0.1"}
    with LocalCluster(dashboard_address="127.0.0.1:0", silence_logs=50, **settings) as cluster:
        plain = cluster.scheduler_address.replace("tls://", "tcp://")
        with pytest.raises(TryLater, match="is it running, and with the same TLS"), connected(Place(plain)):
            pass


def test_the_slurm_extra_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.sweep.clusters.find_spec", lambda _: None)
    with pytest.raises(BadInput, match=r"bench-robustness\[slurm\]"):
        Place("slurm").check()


def test_a_machine_is_divided_so_that_every_core_has_work() -> None:
    divided = shape(Place())
    cores = len(os.sched_getaffinity(0))
    assert divided.workers * divided.threads <= cores
    assert shape(Place(workers=1)).threads == cores
