"""What is damaged, moved or garbled is left out by its name, and the rest is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fakes import EPS, fake, lacking, tear
from recorded import names
from tiny import tiny_run

from bench.attacks.fgsm import Fgsm
from bench.attacks.spec import AttackSpec
from bench.records.collection import read
from bench.records.files import read_json, write_arrays, write_json

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
    assert left_out.what == f"{RUN.name}/seed-0/attacks/{FGSM}.npz"
