from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes import EPS, diverged, fake, fake_attack
from tiny import tiny_run

from bench import store
from bench.attacks.fgsm import Fgsm
from bench.errors import IntegrityError
from bench.files import read_json, write_arrays, write_json
from bench.report.networks import seeds_text
from bench.report.records import Records, read
from bench.state import State
from bench.store import ATTACK_SCHEMA, RUN_SCHEMA, Folder
from bench.trial import Trial

RUN = tiny_run(sparsity=0.5)
FGSM = Trial(Fgsm(), EPS).name


def names(records: Records) -> set[tuple[str, int]]:
    return {(name, seed) for name, seeds in records.networks.items() for seed in seeds}


def test_a_network_has_its_attacks_by_their_text(tmp_path: Path) -> None:
    fake(tmp_path, tiny_run(temperature=20.0, seed=1), (0.75, 0.5, 0.25))
    fake(tmp_path, tiny_run(temperature=20.0, seed=10))
    fake(tmp_path, tiny_run(temperature=20.0, seed=2))
    records = read(tmp_path)
    found = records.of(tiny_run(temperature=20.0))
    assert list(found) == [1, 2, 10]
    assert set(found[1].attacks) == {"fgsm", "fgsm(knowledge=none)", "fgsm(loss=margin)"}
    outcomes = found[1].attacks["fgsm"].outcomes
    assert outcomes.right.mean(axis=1).tolist() == [0.75, 0.5, 0.25]
    assert outcomes.eps == EPS
    assert (records.left_out, records.unfinished) == ((), ())


def test_nothing_there_is_an_empty_report(tmp_path: Path) -> None:
    assert read(tmp_path / "nowhere") == Records({})


def test_of_two_records_of_an_attack_the_one_on_more_images_counts(tmp_path: Path) -> None:
    folder = fake(tmp_path, RUN)
    fake_attack(folder, Trial(Fgsm(), (0.0, 1.0, 2.0, 4.0)), (0.9, 0.4, 0.3, 0.2))
    assert read(tmp_path).of(RUN)[0].attacks["fgsm"].outcomes.eps == (0.0, 1.0, 2.0, 4.0)


def tear(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def other_schema(path: Path) -> None:
    write_json(path, "bench.other/9", {"run": str(RUN)})


def lacking(key: str) -> Callable[[Path], None]:
    def rewrite(path: Path) -> None:
        schema = RUN_SCHEMA if path.name == "run.json" else ATTACK_SCHEMA
        write_json(path, schema, {name: value for name, value in read_json(path, schema).items() if name != key})

    return rewrite


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
        (f"attacks/{FGSM}.json", lacking("threat"), "lacks or garbles 'threat'"),
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
    write_json(folder.path / "spec.json", store.SPEC_SCHEMA, {})
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
    record = read_json(json_path, ATTACK_SCHEMA)
    bad = {**record, "artefacts": {f"{FGSM}.npz": {"sha256": sha256}}}
    write_json(json_path, ATTACK_SCHEMA, {**bad, "weights": "0" * 64} if "labels" in arrays else bad)
    (left_out,) = read(tmp_path).left_out
    assert left_out.what == f"{RUN.name}/seed-0/attacks/{FGSM}.npz"


def test_what_has_no_figures_is_listed_with_its_state(tmp_path: Path) -> None:
    diverged(tmp_path, tiny_run())
    Folder(tmp_path, tiny_run(seed=1)).declare()
    failed = Folder(tmp_path, tiny_run(seed=2))
    failed.declare()
    failed.last_exit.write_text('{"code": 1}')
    failed.log.write_text("the loss fell off\n")
    records = read(tmp_path)
    assert names(records) == set()
    assert [(run.seed, seen.state) for run, seen in records.unfinished] == [
        (0, State.DIVERGED),
        (1, State.PENDING),
        (2, State.FAILED),
    ]
    assert "fell off" in records.unfinished[2][1].note


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
    original, spec = store.read_json, (folder.path / "spec.json").read_bytes()
    tear(folder.path / "spec.json")

    def then_whole(path: Path, schema: str) -> dict[str, object]:
        try:
            return original(path, schema)
        finally:
            (folder.path / "spec.json").write_bytes(spec)

    monkeypatch.setattr(store, "read_json", then_whole)
    records = read(tmp_path)
    assert names(records) == {(tiny_run().name, 0), (RUN.name, 0)}
    assert records.left_out == ()


def test_a_folder_that_vanishes_while_it_is_read_raises_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path, tiny_run())
    fake(tmp_path, RUN)

    def gone(folder: Folder) -> Iterator[IntegrityError]:
        if folder.run == RUN:
            raise FileNotFoundError(2, "No such file or directory")
        return original(folder)

    original = Folder.outcomes
    monkeypatch.setattr(Folder, "outcomes", gone)
    records = read(tmp_path)
    assert names(records) == {(tiny_run().name, 0)}
    assert records.left_out[0].what == f"{RUN.name}/seed-0/attacks"


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
    fake_attack(folder, Trial(Fgsm(loss="margin"), EPS), (0.8, 0.1, 0.0), code="d" * 16)
    record = read_json(folder.path / "attacks" / f"{FGSM}.json", ATTACK_SCHEMA)
    write_json(folder.path / "attacks" / f"{FGSM}.json", ATTACK_SCHEMA, {**record, "weights": "0" * 64})
    records = read(tmp_path)
    assert records.of(RUN)[0].attacks == {}
    other_weights, other_code = records.left_out
    assert other_weights.what == f"{RUN.name}/seed-0/attacks/{FGSM}.npz"
    assert "attacked other weights" in other_weights.reason
    assert other_code.what == f"fgsm(loss=margin) of {RUN.name}, seed 0"
    assert "by code dddddddddddddddd, trained by cccccccccccccccc" in other_code.reason


@pytest.mark.parametrize(
    ("seeds", "text"),
    [
        ([], ""),
        ([3], "3"),
        ([0, 1, 2, 3, 4], "0, 1, 2, 3, 4"),
        ([0, 1, 2, 3, 4, 5], "0 to 5"),
        ([0, 2, *range(7, 117), 200], "0, 2, 7 to 116, 200"),
    ],
)
def test_many_seeds_in_a_row_are_a_range(seeds: list[int], text: str) -> None:
    assert seeds_text(seeds) == text


def test_every_outcome_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, tiny_run(temperature=20.0))
    opened = []
    original = store.read_arrays
    monkeypatch.setattr(store, "read_arrays", lambda path, sha256: opened.append(path.name) or original(path, sha256))
    read(tmp_path)
    assert len(opened) == len(set(opened)) == 3


def test_equal_indices_are_kept_once(tmp_path: Path) -> None:
    for seed in range(2):
        fake(tmp_path, tiny_run(seed=seed))
    first, second = (each.attacks["fgsm"].outcomes for each in read(tmp_path).of(tiny_run()).values())
    assert first.indices is second.indices
    assert first.labels is second.labels
    assert json.dumps(first.indices.dtype.str) != json.dumps(first.labels.dtype.str)
