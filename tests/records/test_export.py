from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas
import pytest
from click.testing import CliRunner
from fakes import EPS, diverged, fake, lacking
from tiny import tiny_run

from bench.cli.main import main
from bench.errors import BadInput
from bench.records.export import COLUMNS, table, write


def exported(results: Path) -> list[dict[str, str]]:
    done = CliRunner().invoke(main, ["export", "--results-dir", str(results)])
    assert done.exit_code == 0, done.output
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


def test_a_diverged_run_has_a_row_without_accuracy(tmp_path: Path) -> None:
    diverged(tmp_path, tiny_run())
    (row,) = exported(tmp_path)
    assert row["status"] == "diverged"
    assert row["clean_accuracy"] == row["accuracy"] == ""


def test_what_does_not_verify_is_left_out_by_name(tmp_path: Path) -> None:
    fake(tmp_path, tiny_run())
    torn = fake(tmp_path, tiny_run(seed=1)).path / "run.json"
    torn.write_text(torn.read_text()[:-20])
    rows, broken = table(tmp_path)
    assert {row["seed"] for row in rows} == {0}
    assert len(broken) == 1
    assert str(torn) in str(broken[0])


@pytest.mark.parametrize("file", ["run.json", "attacks/fgsm.json"])
def test_a_record_that_lacks_a_key_hides_no_other(tmp_path: Path, file: str) -> None:
    fake(tmp_path, tiny_run())
    folder = fake(tmp_path, tiny_run(seed=1))
    (path,) = folder.path.glob(file.replace("fgsm", "*"))
    lacking("metrics" if file == "run.json" else "threat")(path)
    done = CliRunner().invoke(main, ["export", "--results-dir", str(tmp_path)])
    assert done.exit_code == 0
    assert {row["seed"] for row in csv.DictReader(io.StringIO(done.stdout))} == {"0"}
    assert "lacks" in done.stderr
    assert str(folder.path) in done.stderr


def test_a_cell_that_a_spreadsheet_would_run_is_defused(capsys: pytest.CaptureFixture[str]) -> None:
    write([{"run": "=cmd()", "seed": -1, "attack": "@x", "arch": "fc5"}], "csv", None)
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (row["run"], row["attack"], row["arch"], row["seed"]) == ("'=cmd()", "'@x", "fc5", "-1")


def test_parquet_needs_a_file_and_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="--output FILE"):
        write([], "parquet", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(BadInput, match=r"bench-robustness\[parquet\]"):
        write([], "parquet", tmp_path / "x.parquet")


def test_parquet_holds_what_csv_does_with_numbers_as_numbers(tmp_path: Path) -> None:
    fake(tmp_path, tiny_run(temperature=20.0))
    rows, _ = table(tmp_path)
    write(rows, "parquet", tmp_path / "x.parquet")
    found = pandas.read_parquet(tmp_path / "x.parquet")
    assert list(found.columns) == list(COLUMNS)
    assert found["accuracy"].tolist() == [row["accuracy"] for row in rows]
    assert found["attack"].tolist() == [row["attack"] for row in rows]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_place_that_cannot_be_written_is_refused(kind: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cannot write .*nowhere"):
        write([], kind, tmp_path / "nowhere" / "x")
