"""The JSON Schema files are current, and every committed record fits them and is read without loss."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bench.records.schema import SCHEMAS, schema_files

ROOT = Path(__file__).parents[2]
FILES = ROOT / "bench" / "records" / "schemas"


@pytest.fixture(scope="module")
def committed() -> dict[Path, dict[str, Any]]:
    found = {path: json.loads(path.read_text()) for path in sorted((ROOT / "results").glob("*/seed-*/**/*.json"))}
    assert {each["schema"] for each in found.values()} >= {"bench.spec/1", "bench.run/1", "bench.attack/2"}
    return found


@pytest.fixture(scope="module")
def validators() -> dict[str, jsonschema.Draft202012Validator]:
    schemas = [json.loads(path.read_text()) for path in FILES.glob("*.json")]
    for each in schemas:
        jsonschema.Draft202012Validator.check_schema(each)
    return {each["title"]: jsonschema.Draft202012Validator(each) for each in schemas}


def test_the_schema_files_are_current() -> None:
    current = {path.name: path.read_text(encoding="utf-8") for path in FILES.iterdir()}
    assert current == schema_files(), "python -m bench.records.schema renews them"


def test_every_committed_record_fits_its_schema(
    committed: dict[Path, dict[str, Any]], validators: dict[str, jsonschema.Draft202012Validator]
) -> None:
    wrong = {path: next(validators[each["schema"]].iter_errors(each), None) for path, each in committed.items()}
    assert {path: error.message for path, error in wrong.items() if error} == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": "finished"}, "finished"),
        ({"history": None}, "None"),
        ({"metrics": {"accuracy": "high"}}, "is not valid"),
        ({"version": 1.5}, "1.5"),
    ],
)
def test_a_wrong_record_does_not_fit(
    change: dict[str, Any],
    said: str,
    committed: dict[Path, dict[str, Any]],
    validators: dict[str, jsonschema.Draft202012Validator],
) -> None:
    whole = next(each for each in committed.values() if each["schema"] == "bench.run/1")
    errors = list(validators["bench.run/1"].iter_errors({**whole, "record": {**whole["record"], **change}}))
    assert any(said in error.message for error in errors)


def test_every_committed_record_is_read_without_loss(committed: dict[Path, dict[str, Any]]) -> None:
    lost = []
    for path, each in committed.items():
        parsed = SCHEMAS[each["schema"]].model_validate(each["record"])
        again = parsed.model_dump(mode="json", exclude_unset=True)
        # As text, which also tells 1 from 1.0.
        if json.dumps(again, sort_keys=True) != json.dumps(each["record"], sort_keys=True):
            lost.append(path)
    assert lost == []


def test_a_key_of_a_later_version_is_kept() -> None:
    record = {"run": "arch=fc5", "later": {"a": [1, 2.5, None]}}
    assert SCHEMAS["bench.spec/1"].model_validate(record).model_dump(exclude_unset=True) == record
