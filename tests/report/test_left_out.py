"""What is damaged, moved or garbled is left out by its name, and the rest is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audit_records import audited
from evidence import evidence
from fakes import ENVIRONMENT, EPS, FINGERPRINT, fake, lacking, tear
from recorded import names
from tiny import tiny_run

from bench.attacks.fgsm import Fgsm
from bench.attacks.spec import AttackSpec
from bench.records.collection import read
from bench.records.files import read_json, write_arrays, write_json
from bench.records.schema import LookRecord
from bench.records.store import Folder

RUN = tiny_run(sparsity=0.5)
FGSM = AttackSpec(Fgsm(), EPS).name


def other_schema(path: Path) -> None:
    write_json(path, "bench.other/9", {"run": str(RUN)})


@pytest.mark.parametrize(
    ("file", "spoil", "reason"),
    [
        ("spec.json", tear, "damaged"),
        ("spec.json", other_schema, "schema"),
        ("run.json", tear, "damaged"),
        ("run.json", other_schema, "schema"),
        ("run.json", lacking("metrics"), "lacks 'metrics'"),
        ("run.json", lacking("status"), "lacks 'status'"),
        (f"attacks/{FGSM}.json", tear, "damaged"),
        (f"attacks/{FGSM}.json", other_schema, "schema"),
        (f"attacks/{FGSM}.json", lacking("threat"), "lacks 'threat'"),
        (f"attacks/{FGSM}.npz", tear, "damaged"),
        (f"attacks/{FGSM}.npz", Path.unlink, "cannot read"),
    ],
)
def test_what_is_damaged_is_left_out_by_name_and_the_rest_is_read(
    tmp_path: Path, file: str, spoil: Callable[[Path], None], reason: str
) -> None:
    fake(tmp_path, tiny_run())
    folder = fake(tmp_path, RUN)
    spoil(folder.path / file)
    records = read(tmp_path)
    assert (tiny_run().name, 0) in names(records)
    assert not [attack for each in records.of(RUN).values() for attack in each.attacks]
    (left_out,) = records.left_out
    assert left_out.what.startswith(f"{RUN.name}/seed-0/{file.split('.')[0]}")
    assert reason in left_out.reason


def test_a_spec_without_a_run_is_left_out(tmp_path: Path) -> None:
    folder = fake(tmp_path, RUN)
    write_json(folder.path / "spec.json", "bench.spec/1", {})
    assert read(tmp_path).left_out[0].what == f"{RUN.name}/seed-0/spec.json"


def test_a_moved_run_is_left_out(tmp_path: Path) -> None:
    folder = fake(tmp_path, RUN)
    folder.path.rename(folder.path.with_name("seed-7"))
    records = read(tmp_path)
    assert names(records) == set()
    assert "was moved" in records.left_out[0].reason


@pytest.mark.parametrize("arrays", [{}, {"labels": np.zeros(3)}, {"eps": np.zeros(2), "predictions": np.zeros((1, 3))}])
def test_outcomes_of_another_shape_are_left_out(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    folder = fake(tmp_path, RUN)
    json_path = folder.path / "attacks" / f"{FGSM}.json"
    whole = {"eps": np.zeros(1), "indices": np.arange(3), "labels": np.zeros(3), "predictions": np.zeros((1, 3))}
    sha256 = write_arrays(json_path.with_suffix(".npz"), {**whole, **arrays} if arrays else {})
    record = read_json(json_path, "bench.attack/2")
    bad = {**record, "artefacts": {f"{FGSM}.npz": {"sha256": sha256, "bytes": 0}}}
    write_json(json_path, "bench.attack/2", {**bad, "weights": "0" * 64} if "labels" in arrays else bad)
    (left_out,) = read(tmp_path).left_out
    suffix = "json" if "labels" in arrays else "npz"  # what is of other weights, and what is damaged
    assert left_out.what == f"{RUN.name}/seed-0/attacks/{FGSM}.{suffix}"


def audited_and_looked_at(results: Path, batteries: Sequence[str], looks: Sequence[int]) -> Folder:
    """Record a network with an audit by each of ``batteries`` and a look at each number of images in ``looks``."""
    folder = fake(results, RUN)
    own: Any = {"weights": folder.trained().weights, "data": FINGERPRINT, "environment": ENVIRONMENT, "version": 1}
    for battery in batteries:
        audited(folder, evidence(battery=battery))
    for images in looks:
        record = LookRecord(
            **own, images=images, control=None, seeds=None, agreement=[], incompleteness=0.0, accuracy=0.8
        )
        folder.looks.write(record.images, record, {"places": np.arange(images)})
    return folder


@pytest.mark.parametrize("file", ["audits/full.json", "audits/full.npz", "looks/100.json", "looks/100.npz"])
def test_one_damaged_audit_or_look_does_not_hide_the_others(tmp_path: Path, file: str) -> None:
    folder = audited_and_looked_at(tmp_path, ["full", "screen"], [7, 20, 100])
    tear(folder.path / file)
    records = read(tmp_path)
    network = records.of(RUN)[0]
    assert set(network.audits) == {"full", "screen"} - ({"full"} if "full" in file else set())
    assert list(network.looks) == [7, 20, 100][: 2 if "100" in file else 3]
    assert [each.what for each in records.left_out] == [f"{RUN.name}/seed-0/{file}"]


@pytest.mark.parametrize("changed", ["weights", "data"])
def test_an_audit_or_a_look_of_another_network_is_left_out_by_name(tmp_path: Path, changed: str) -> None:
    folder = audited_and_looked_at(tmp_path, ["full", "screen"], [7, 20])
    for path, schema in ((folder.audits.path("full"), "bench.audit/1"), (folder.looks.path(7), "bench.look/1")):
        write_json(path, schema, {**read_json(path, schema), changed: "0" * 64})
    records = read(tmp_path)
    assert (set(records.of(RUN)[0].audits), set(records.of(RUN)[0].looks)) == ({"screen"}, {20})
    said = [(each.what, each.reason.partition("run.json: ")[2]) for each in records.left_out]
    place = f"{RUN.name}/seed-0"
    assert said == [(f"{place}/audits/full.json", "audit again"), (f"{place}/looks/7.json", "look again")]


@pytest.mark.parametrize("name", [".", "with space: x"])
def test_a_damaged_file_is_named_wherever_the_records_are(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = fake(Path(name), RUN)
    tear(folder.path / "attacks" / f"{FGSM}.json")
    assert [each.what for each in read(Path(name)).left_out] == [f"{RUN.name}/seed-0/attacks/{FGSM}.json"]
