"""Collection that come, go or are being written while they are read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import EPS, fake, tear
from recorded import names
from tiny import tiny_run

from bench.attacks.fgsm import Fgsm
from bench.attacks.spec import AttackSpec
from bench.records import typed_files
from bench.records.collection import read
from bench.records.network_records import NetworkRecords
from bench.records.schema import TrainingRecord
from bench.records.status import State
from bench.records.store import Folder

RUN = tiny_run(sparsity=0.5)
FGSM = AttackSpec(Fgsm(), EPS).name


def test_a_run_that_is_being_written_is_not_there_yet(tmp_path: Path) -> None:
    folder = fake(tmp_path, RUN)
    tear(folder.path / "attacks" / f"{FGSM}.npz")
    with folder.lock():
        records = read(tmp_path)
    assert records.left_out == ()
    assert [seen.state for _, seen in records.unfinished] == [State.RUNNING]


def test_what_is_whole_a_moment_later_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fake(tmp_path, RUN)
    path = folder.path / "attacks" / f"{FGSM}.npz"
    whole = path.read_bytes()
    tear(path)

    def ends(_: Folder) -> bool:
        path.write_bytes(whole)
        return False

    monkeypatch.setattr(Folder, "is_locked", ends)
    records = read(tmp_path)
    assert records.left_out == ()
    assert set(records.of(RUN)[0].attacks) == {"fgsm"}


def test_a_run_that_comes_while_the_folders_are_listed_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, tiny_run())
    folder = fake(tmp_path, RUN)
    original, spec = typed_files.read_json, (folder.path / "spec.json").read_bytes()
    tear(folder.path / "spec.json")

    def then_whole(path: Path, schema: str) -> dict[str, object]:
        try:
            return original(path, schema)
        finally:
            (folder.path / "spec.json").write_bytes(spec)

    monkeypatch.setattr(typed_files, "read_json", then_whole)
    records = read(tmp_path)
    assert names(records) == {(tiny_run().name, 0), (RUN.name, 0)}
    assert records.left_out == ()


def test_a_folder_that_vanishes_while_it_is_read_raises_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path, tiny_run())
    fake(tmp_path, RUN)

    def gone(records: NetworkRecords[Any], training: TrainingRecord) -> Iterator[Any]:
        if records.folder == Folder(tmp_path, RUN).attacks.folder:
            raise FileNotFoundError(2, "No such file or directory")
        return original(records, training)

    original = NetworkRecords.each
    monkeypatch.setattr(NetworkRecords, "each", gone)
    records = read(tmp_path)
    assert names(records) == {(tiny_run().name, 0)}
    assert records.left_out[0].what == f"{RUN.name}/seed-0/attacks"
