"""The table of audits, from a record made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from evidence import evidence
from fakes import ENVIRONMENT, FINGERPRINT, trained
from tiny import tiny_run

from bench.audit.record import fields_of
from bench.audit.verdict import judge
from bench.records.collection import read
from bench.records.schema import AuditRecord
from bench.report.tables.audits import audit_table
from bench.spec.run import Run

RUN = tiny_run(temperature=50.0)


def record(results: Path, data: str = FINGERPRINT, run: Run = RUN, **verdict: object) -> None:
    folder = trained(results, run, 0.8)
    training = folder.training()
    assert training is not None
    found = evidence(naive=(0.8, 0.7), temperature=50.0)
    made = fields_of(found, judge(found, evidence()))
    made["verdict"] = made["verdict"].model_copy(update=verdict)
    audit = AuditRecord(**made, control=None, weights=training.weights, data=data, environment=ENVIRONMENT)
    folder.audits.write(audit.battery, audit, found.arrays())


def test_a_network_has_a_row_an_eps_with_the_three_numbers_and_the_verdict(tmp_path: Path) -> None:
    assert audit_table(read(tmp_path)) is None
    record(tmp_path)
    table = audit_table(read(tmp_path))
    assert table is not None
    rows = [{name: cell.number for name, cell in row.items()} for row in table.by_name]
    assert [(row["eps"], row["FGSM says"], row["really left"], row["left of its control"]) for row in rows] == [
        (2.0, 0.8, 0.45, 0.45),
        (4.0, 0.7, 0.15, 0.15),
    ]
    assert rows[1]["illusion"] == pytest.approx(0.55)
    assert {cell.text for cell in table.column("verdict")} == {"masked"}
    assert table.column("flagged")[0].text == "illusion"
    assert "1 masked" in table.notes[0]
    assert "L-infinity" in table.caption


@pytest.mark.parametrize(("seeds", "word"), [(2, "resists, provisional"), (3, "resists")])
def test_a_network_resists_when_three_seeds_do(tmp_path: Path, seeds: int, word: str) -> None:
    for seed in range(seeds):
        record(tmp_path, run=replace(RUN, seed=seed), kind="resists")
    record(tmp_path, run=replace(RUN, seed=9))  # masked: it does not count
    table = audit_table(read(tmp_path))
    assert table is not None
    assert {cell.text for cell in table.column("verdict")} == {word, "masked"}


def test_an_audit_of_other_images_is_left_out_as_damaged(tmp_path: Path) -> None:
    record(tmp_path, "0" * 64)
    records = read(tmp_path)
    assert audit_table(records) is None
    assert [each.what for each in records.damaged] == [f"{RUN.key}/audits/screen.json"]
