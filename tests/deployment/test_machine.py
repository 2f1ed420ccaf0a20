"""The name of a machine: two that are not equally fast must not look like one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.deployment.machine import machine

CORE = "processor\t: 0\ncpu family\t: 25\nmodel\t\t: {model}\nmodel name\t: AMD EPYC\n"


def test_two_models_of_one_name_are_two_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.records.processor.CPUINFO", tmp_path / "cpuinfo")
    named = []
    for model in ("1", "17", "1"):
        (tmp_path / "cpuinfo").write_text(CORE.format(model=model))
        named.append(machine(["CPU x86_64"]))
    assert named[0] == named[2] != named[1]
    assert all(name.startswith("AMD EPYC (family 25, model 1") for name in named)


def test_a_system_that_tells_little_still_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.records.processor.CPUINFO", tmp_path / "missing")
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    monkeypatch.setattr("platform.processor", lambda: "arm")
    assert machine(["CPU arm64"]) == "arm, 8 cores"


def test_a_gpu_goes_by_its_own_name() -> None:
    assert machine(["NVIDIA A100", "NVIDIA A100"]) == "NVIDIA A100, NVIDIA A100"
