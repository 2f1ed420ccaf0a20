from __future__ import annotations

import csv
import io
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas
import pytest
from click.testing import CliRunner
from fakes import EPS, IMAGES, diverged, fake, fake_attack, fake_outcome, forbid, lacking, tear, trained
from tiny import tiny_run

from bench.attacks.fgsm import Fgsm
from bench.attacks.fgsm_l2 import FgsmL2
from bench.attacks.spec import AttackSpec
from bench.cli.main import main
from bench.errors import BadInput
from bench.records import export
from bench.records.export import COLUMNS, KEY, table, write
from bench.records.files import read_json, write_json
from bench.spec.run import Run


def exported(results: Path, code: int = 0) -> list[dict[str, str]]:
    done = CliRunner().invoke(main, ["export", "--results-dir", str(results)])
    assert done.exit_code == code, done.output
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_a_row_a_run_attack_and_eps_with_every_column_documented(tmp_path: Path) -> None:
    fake(tmp_path, tiny_run(sparsity=0.5, seed=1), (0.75, 0.5, 0.25))
    fake(tmp_path, tiny_run(temperature=20.0))
    rows = exported(tmp_path)
    assert len(rows) == len(EPS) * (1 + 3)
    assert list(rows[0]) == list(COLUMNS)
    pruned = [row for row in rows if row["sparsity_asked"] == "0.5"]
    assert [(row["eps"], row["accuracy"], row["drop"], row["seed"]) for row in pruned] == [
        ("0.0", "0.75", "0.0", "1"),
        ("1.0", "0.5", "0.25", "1"),
        ("4.0", "0.25", "0.5", "1"),
    ]
    assert {(row["attack"], row["attacker_temperature"]) for row in rows if row["temperature"] == "20.0"} == {
        ("fgsm", "20.0"),
        ("fgsm(knowledge=none)", "1.0"),
        ("fgsm(loss=margin)", ""),
    }


def test_the_columns_tell_how_a_network_was_adversarially_trained(tmp_path: Path) -> None:
    fake(tmp_path, tiny_run())
    fake(tmp_path, tiny_run(adversarial_eps=2, adversarial_steps=7, adversarial_start="image"))
    names = ("adversarial_eps", "adversarial_steps", "adversarial_start")
    assert {tuple(row[name] for name in names) for row in exported(tmp_path)} == {
        ("0.0", "1", "random"),
        ("2.0", "7", "image"),
    }


def test_the_columns_tell_every_two_runs_apart(tmp_path: Path) -> None:
    runs = [
        tiny_run(),
        *(tiny_run(**{name: 0.5}) for name in ("l1", "nuclear_norm", "variational_dropout", "l0", "dropout")),
        *(tiny_run(sparsity=0.5, schedule=text) for text in ("steps:1,1,1", "steps:2,1,1")),
        tiny_run(sparsity=0.5, schedule="steps:1,1,1", rewind_from="self"),
        tiny_run(temperature=2.0, temperature_loss="plain"),
        tiny_run(temperature=2.0, distill_from="self"),
        tiny_run(weight_decay=0.0),
        tiny_run(precision="bfloat16"),
    ]
    for run in runs:
        diverged(tmp_path, run)
    rows = exported(tmp_path)
    assert len({tuple(value for name, value in row.items() if name != "run") for row in rows}) == len(runs)
    assert {each.name for each in fields(Run)} <= set(COLUMNS)


def test_a_diverged_run_has_a_row_without_accuracy(tmp_path: Path) -> None:
    diverged(tmp_path, tiny_run())
    (row,) = exported(tmp_path)
    assert row["status"] == "diverged"
    assert row["clean_accuracy"] == row["accuracy"] == ""


def test_what_is_damaged_is_left_out_by_name_and_the_exit_code_says_so(tmp_path: Path) -> None:
    fake(tmp_path, tiny_run())
    torn = fake(tmp_path, tiny_run(seed=1)).path / "run.json"
    tear(torn)
    done = CliRunner().invoke(main, ["export", "--results-dir", str(tmp_path)])
    assert done.exit_code == 4
    assert {row["seed"] for row in csv.DictReader(io.StringIO(done.stdout))} == {"0"}
    assert f"left out: {torn} is damaged" in done.stderr
    assert "1 records are left out" in done.stderr


@pytest.mark.parametrize(
    ("file", "key"), [("run.json", "metrics"), ("run.json", "status"), ("attacks/*.json", "threat")]
)
def test_a_record_that_lacks_a_key_hides_no_other(tmp_path: Path, file: str, key: str) -> None:
    fake(tmp_path, tiny_run())
    folder = fake(tmp_path, tiny_run(seed=1, temperature=20.0))
    path = sorted(folder.path.glob(file))[0]
    lacking(key)(path)
    frame, (error,) = table(tmp_path)
    assert f"{path} lacks '{key}'" in str(error)
    # The other run stays, and of the one with a damaged attack the two others.
    assert frame["seed"].tolist() == [0] * len(EPS) + [1] * len(EPS) * (0 if file == "run.json" else 2)


def test_an_attack_on_other_weights_is_left_out_by_name(tmp_path: Path) -> None:
    folder = fake(tmp_path, tiny_run(temperature=20.0))
    path = folder.path / "attacks" / f"{AttackSpec(Fgsm(), EPS).name}.json"
    write_json(path, "bench.attack/2", {**read_json(path, "bench.attack/2"), "weights": "0" * 64})
    frame, (error,) = table(tmp_path)
    assert f"{path} is of other weights" in str(error)
    assert set(frame["attack"]) == {"fgsm(knowledge=none)", "fgsm(loss=margin)"}


def test_what_may_not_be_read_is_not_called_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fake(tmp_path, tiny_run()).path / "run.json"
    forbid(path, monkeypatch)
    _, (error,) = table(tmp_path)
    assert f"cannot read {path}: Permission denied" in str(error)
    assert "damaged" not in str(error)


def test_no_two_rows_have_one_key_however_an_attack_was_recorded(tmp_path: Path) -> None:
    folder = trained(tmp_path, tiny_run(), 0.8)
    right = np.arange(IMAGES) < 100
    for attack in (Fgsm(), FgsmL2()):
        for eps in ((0.0, 1.0), (0.0, 1.0, 4.0), (0.0, 2.0)):
            for fraction in (1.0, 0.5):
                fake_outcome(folder, AttackSpec(attack, eps, fraction), np.stack([right] * len(eps)))
    frame, broken = table(tmp_path)
    assert broken == []
    assert not frame.duplicated(list(KEY)).any()
    # Nothing is lost: each radius of each fraction and attack is there.
    assert len(frame) == 2 * 2 * len({0.0, 1.0, 2.0, 4.0})


def test_of_two_records_with_one_key_the_one_with_more_radii_counts(tmp_path: Path) -> None:
    folder = trained(tmp_path, tiny_run(), 0.8)
    fake_attack(folder, AttackSpec(Fgsm(), (0.0, 1.0)), (0.8, 0.1))
    fake_attack(folder, AttackSpec(Fgsm(), EPS), (0.8, 0.5, 0.2))
    frame, _ = table(tmp_path)
    assert frame["accuracy"].tolist() == [0.8, 0.5, 0.2]


def test_a_cell_that_a_spreadsheet_would_run_is_defused() -> None:
    frame = pandas.DataFrame([{"run": "=cmd()", "seed": -1, "attack": "@x", "arch": "fc5"}])
    (row,) = csv.DictReader(io.StringIO(export.csv(frame)))
    assert (row["run"], row["attack"], row["arch"], row["seed"]) == ("'=cmd()", "'@x", "fc5", "-1")


def test_whole_numbers_stay_whole_beside_a_missing_value(tmp_path: Path) -> None:
    diverged(tmp_path, tiny_run())
    fake(tmp_path, tiny_run(seed=1))
    assert {row["images"] for row in exported(tmp_path)} == {"", str(IMAGES)}


def test_parquet_needs_a_file_and_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = CliRunner().invoke(main, ["export", "--results-dir", str(tmp_path), "--format", "parquet"])
    assert done.exit_code == 2
    assert "--output FILE" in done.stderr
    monkeypatch.setattr("bench.plugins.find_spec", lambda _: None)
    with pytest.raises(BadInput, match=r"bench-robustness\[parquet\]"):
        write(pandas.DataFrame(), "parquet", tmp_path / "x.parquet")


def test_parquet_holds_what_csv_does_with_numbers_as_numbers(tmp_path: Path) -> None:
    fake(tmp_path, tiny_run(temperature=20.0))
    frame, _ = table(tmp_path)
    write(frame, "parquet", tmp_path / "x.parquet")
    found = pandas.read_parquet(tmp_path / "x.parquet")
    assert list(found.columns) == list(COLUMNS)
    assert found["accuracy"].tolist() == frame["accuracy"].tolist()
    assert found["attack"].tolist() == frame["attack"].tolist()


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_place_that_cannot_be_written_is_refused(kind: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cannot write .*nowhere"):
        write(pandas.DataFrame({"run": ["x"]}), kind, tmp_path / "nowhere" / "x")
