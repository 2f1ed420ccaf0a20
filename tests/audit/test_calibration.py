"""Which fakes the audit is calibrated on, and what becomes of cases that are kept."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from evidence import evidence
from fakes import ENVIRONMENT, trained, volatile
from tiny import tiny_run

from bench.audit.calibration import ITSELF, calibrate, fakes_of
from bench.audit.record import fields_of
from bench.audit.verdict import judge
from bench.datasets.base import Dataset
from bench.records.cases import write_case
from bench.records.schema import CaseRecord
from bench.training.progress import Progress


@pytest.mark.parametrize("seed", [0, 1])
def test_each_fake_is_made_once(seed: int) -> None:
    names = [each.name for each in fakes_of(tiny_run(seed=seed))]
    assert len(names) == len(set(names))
    assert ("logits times 3" in names) == (seed == 0)


def test_kept_cases_of_other_weights_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tiny_run()
    folder, control = trained(tmp_path, run, 0.8), trained(tmp_path, tiny_run(seed=1), 0.8)
    for number, fake in enumerate((ITSELF, *fakes_of(run))):
        record = CaseRecord(
            **fields_of(evidence(), judge(evidence())),
            run=str(run),
            fake=fake.name,
            control=None,
            weights=folder.trained().weights if number > 2 else "0" * 64,
            data="f" * 64,
            environment=ENVIRONMENT,
            volatile=volatile(),
        )
        write_case(tmp_path / "kept", record, evidence().arrays())
    with Progress() as progress:
        calibrate(folder, control, cast(Dataset, None), tmp_path / "kept", progress)
    said = " ".join(capsys.readouterr().err.split())
    assert "has other weights than 3 kept cases" in said
    assert f"{run.name}-seed-0" in said.replace(" ", "")


def test_no_fake_is_made_of_a_network_that_is_not_its_own_control() -> None:
    assert fakes_of(tiny_run(sparsity=0.5)) == ()
