"""Collection by other code, of other images or of other weights are not mixed unless told to."""

from __future__ import annotations

from pathlib import Path

from fakes import EPS, fake, fake_attack
from recorded import names
from tiny import tiny_run

from bench.attacks.fgsm import Fgsm
from bench.attacks.spec import AttackSpec
from bench.records.collection import read
from bench.records.files import read_json, write_json
from bench.records.store import ATTACK_SCHEMA

RUN = tiny_run(sparsity=0.5)
FGSM = AttackSpec(Fgsm(), EPS).name


def test_code_versions_are_not_mixed_unless_told_to(tmp_path: Path) -> None:
    for seed in range(3):
        fake(tmp_path, tiny_run(seed=seed))
    fake(tmp_path, RUN, code="d" * 16, started="2027-01-01T00:00:00+00:00")
    records = read(tmp_path)
    assert names(records) == {(tiny_run().name, seed) for seed in range(3)}
    (left_out,) = records.left_out
    assert left_out.what == f"{RUN.name}, seed 0"
    assert left_out.reason == "code dddddddddddddddd where most have cccccccccccccccc: not mixed unless told to"
    assert len(names(read(tmp_path, mixed=True))) == 4


def test_at_a_tie_the_newest_code_counts(tmp_path: Path) -> None:
    fake(tmp_path, tiny_run())
    fake(tmp_path, RUN, code="b" * 16, started="2027-01-01T00:00:00+00:00")
    assert names(read(tmp_path)) == {(RUN.name, 0)}


def test_other_images_are_not_mixed_but_another_data_set_is_no_mixture(tmp_path: Path) -> None:
    fake(tmp_path, tiny_run())
    fake(tmp_path, tiny_run(seed=1), data="e" * 64)
    fake(tmp_path, tiny_run(image_size=64), data="e" * 64)
    records = read(tmp_path)
    assert len(names(records)) == 2
    assert [each.reason[:4] for each in records.left_out] == ["data"]


def test_an_attack_by_other_code_or_on_other_weights_is_left_out(tmp_path: Path) -> None:
    folder = fake(tmp_path, RUN)
    fake_attack(folder, AttackSpec(Fgsm(loss="margin"), EPS), (0.8, 0.1, 0.0), code="d" * 16)
    record = read_json(folder.path / "attacks" / f"{FGSM}.json", ATTACK_SCHEMA)
    write_json(folder.path / "attacks" / f"{FGSM}.json", ATTACK_SCHEMA, {**record, "weights": "0" * 64})
    records = read(tmp_path)
    assert records.of(RUN)[0].attacks == {}
    other_weights, other_code = records.left_out
    assert other_weights.what == f"{RUN.name}/seed-0/attacks/{FGSM}.npz"
    assert "attacked other weights" in other_weights.reason
    assert other_code.what == f"fgsm(loss=margin) of {RUN.name}, seed 0"
    assert "by code dddddddddddddddd, trained by cccccccccccccccc" in other_code.reason
