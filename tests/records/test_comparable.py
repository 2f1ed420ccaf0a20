"""Records of another version, of other images or of other weights are not mixed without --mixed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from fakes import EPS, fake, fake_attack, fake_outcome, trained
from recorded import names
from tiny import tiny_run

from bench.attacks.fgsm import Fgsm
from bench.attacks.spec import AttackSpec
from bench.attacks.transfer import Transfer
from bench.evaluation.attack import AttackEvaluation
from bench.records.collection import read
from bench.records.files import read_json, write_json
from bench.records.store import Folder, folders
from bench.spec.control import control_of
from bench.spec.run import Run

RUN = tiny_run(sparsity=0.5)
FGSM = AttackSpec(Fgsm(), EPS).name
RESULTS = Path(__file__).parents[2] / "results"
LATER = "2027-01-01T00:00:00+00:00"
AUDITED, AUDIT = "resnet18-s0.98-b128-imagenette64-149afd1d", "bench.audit/1"


def test_versions_are_not_mixed_unless_told_to(tmp_path: Path) -> None:
    for seed in range(3):
        fake(tmp_path, tiny_run(seed=seed))
    fake(tmp_path, RUN, version=2, started=LATER)
    records = read(tmp_path)
    assert names(records) == {(tiny_run().name, seed) for seed in range(3)}
    (left_out,) = records.left_out
    assert left_out.what == f"{RUN.name}, seed 0"
    assert "training version 2 where most have version 1" in left_out.reason
    assert not left_out.damaged
    assert len(names(read(tmp_path, mixed=True))) == 4


def test_at_a_tie_the_newest_version_counts(tmp_path: Path) -> None:
    fake(tmp_path, tiny_run())
    fake(tmp_path, RUN, version=2, started=LATER)
    assert names(read(tmp_path)) == {(RUN.name, 0)}


def test_networks_of_two_versions_of_a_file_are_not_mixed_unless_told_to(tmp_path: Path) -> None:
    file = tmp_path / "my_net.py"
    own = [tiny_run(arch=f"{file}:build", seed=seed) for seed in range(3)]
    results = tmp_path / "results"
    for run, text in zip(own, ("first", "second", "second"), strict=True):
        file.write_text(text)
        fake(results, run)
    fake(results, RUN)
    records = read(results)
    assert names(records) == {(own[0].name, 1), (own[0].name, 2), (RUN.name, 0)}
    (left_out,) = records.left_out
    assert left_out.what == f"{own[0].name}, seed 0"
    assert f"{file}:build was sha256" in left_out.reason
    assert len(names(read(results, mixed=True))) == 4


def test_other_images_are_not_mixed_but_another_data_set_is_no_mixture(tmp_path: Path) -> None:
    fake(tmp_path, tiny_run())
    fake(tmp_path, tiny_run(seed=1), data="e" * 64)
    fake(tmp_path, tiny_run(image_size=64), data="e" * 64)
    records = read(tmp_path)
    assert len(names(records)) == 2
    assert [each.reason[:4] for each in records.left_out] == ["data"]


def test_an_attack_of_another_version_is_left_out_by_name_unless_told_to_mix(tmp_path: Path) -> None:
    for seed in range(3):
        folder = fake(tmp_path, tiny_run(seed=seed))
    right = folder.attacks.each(folder.training() or pytest.fail("no record")).__next__()[1]["predictions"] == 0
    fake_outcome(folder, AttackSpec(Fgsm(), EPS), right, version=2)
    records = read(tmp_path)
    assert [len(each.attacks) for each in records.of(tiny_run()).values()] == [1, 1, 0]
    (left_out,) = records.left_out
    assert left_out.what == f"fgsm of {tiny_run().name}, seed 2"
    assert "attack version 2 where most have version 1" in left_out.reason
    assert [len(each.attacks) for each in read(tmp_path, mixed=True).of(tiny_run()).values()] == [1, 1, 1]


def test_an_attack_is_left_out_once_the_network_that_it_was_made_on_has_other_weights(tmp_path: Path) -> None:
    fake(tmp_path, control_of(RUN))
    folder, spec = fake(tmp_path, RUN), AttackSpec(Transfer(), EPS)
    fake_attack(folder, spec, (0.8, 0.5, 0.1))
    path = folder.attacks.path(spec.name)
    (schema,) = {json.loads(path.read_text())["schema"]}
    weights = Folder(tmp_path, control_of(RUN)).trained().weights
    for name, kept in ((weights, True), ("0" * 64, False)):
        rewrite(path, schema, sources=[{"run": control_of(RUN).name, "weights": name}])
        assert AttackEvaluation(spec).is_recorded(folder) is kept
        records = read(tmp_path)
        assert (str(spec.attack) in records.of(RUN)[RUN.seed].attacks) is kept
        assert len(records.left_out) == (not kept)
    assert "trained again since" in records.left_out[0].reason


def test_what_is_left_out_has_one_order(tmp_path: Path) -> None:
    # Of many attacks, so that the order of a set, which differs from process to process, is not the right one by luck.
    steps = [AttackSpec(Fgsm(knowledge=float(heat)), EPS) for heat in range(2, 12)]
    right = np.ones((len(EPS), 20), bool)
    for seed in range(2):
        folder = trained(tmp_path, tiny_run(seed=seed), 0.8)
        for spec in steps:
            fake_outcome(folder, spec, right, version=1 + seed)
    left_out = [each.what for each in read(tmp_path).left_out]
    assert len(left_out) == len(steps)
    assert left_out == sorted(left_out)


def test_two_folders_of_images_are_two_data_sets(tmp_path: Path) -> None:
    runs = [tiny_run(dataset="folder", data_name=name) for name in "ab"]
    for run, data in zip(runs, "ef", strict=True):
        fake(tmp_path, run, data=data * 64)
    records = read(tmp_path)
    assert records.left_out == ()
    assert names(records) == {(run.name, 0) for run in runs}


def test_an_attack_on_other_weights_is_left_out_as_damaged(tmp_path: Path) -> None:
    folder = fake(tmp_path, RUN)
    fake_attack(folder, AttackSpec(Fgsm(loss="margin"), EPS), (0.8, 0.1, 0.0))
    record = read_json(folder.path / "attacks" / f"{FGSM}.json", "bench.attack/2")
    write_json(folder.path / "attacks" / f"{FGSM}.json", "bench.attack/2", {**record, "weights": "0" * 64})
    records = read(tmp_path)
    assert set(records.of(RUN)[0].attacks) == {"fgsm(loss=margin)"}
    assert records.damaged == records.left_out
    assert [each.what for each in records.damaged] == [f"{RUN.name}/seed-0/attacks/{FGSM}.json"]
    assert "other weights or images than those of run.json: attack again" in records.damaged[0].reason


@pytest.fixture
def committed(tmp_path: Path) -> Path:
    """Return a folder with a committed run and its control, whose records carry a hash of the code and no version."""
    found = {each.run: each for each in folders(RESULTS) if isinstance(each, Folder) and each.run.seed == 0}
    run = next(run for run in found if run.arch == "fc5" and run.sparsity == 0.5)
    for each in (found[run], found[control_of(run)]):
        shutil.copytree(each.path, tmp_path / each.path.relative_to(RESULTS))
    return tmp_path


def another_seed(results: Path, versions: dict[str, int | None]) -> Run:
    """Write the committed pruned run again as seed 7, as if it had just run at these versions of training and attack."""
    old = next(each for each in folders(results) if isinstance(each, Folder) and each.run.sparsity)
    new = Folder(results, Run.of(**{**old.run.settings, "seed": 7}))
    shutil.copytree(old.path, new.path)
    write_json(new.path / "spec.json", "bench.spec/1", {"run": str(new.run)})
    training = read_json(new.path / "run.json", "bench.run/1")
    own = {"run": str(new.run), "settings": {**training["settings"], "seed": 7}, "version": versions["training"]}
    environment = {name: value for name, value in training["environment"].items() if name != "code"}
    write_json(new.path / "run.json", "bench.run/1", {**training, **own, "environment": environment})
    for path in (new.path / "attacks").glob("*.json"):
        record = read_json(path, "bench.attack/2")
        write_json(path, "bench.attack/2", {**record, "version": versions["attack"], "environment": environment})
    return new.run


def test_a_new_seed_of_version_1_joins_the_records_that_carry_a_hash(committed: Path) -> None:
    run = another_seed(committed, {"training": 1, "attack": 1})
    records = read(committed)
    assert records.left_out == ()
    seeds = records.of(run)
    assert list(seeds) == [0, 7]
    assert seeds[0].record.version is None
    assert seeds[0].record.environment.code
    assert seeds[7].record.version == 1
    assert seeds[7].record.environment.code is None
    assert seeds[0].attacks.keys() == seeds[7].attacks.keys() != set()


def test_a_new_seed_of_version_2_does_not(committed: Path) -> None:
    run = another_seed(committed, {"training": 2, "attack": 1})
    records = read(committed)
    assert list(records.of(run)) == [0]
    assert [each.what for each in records.left_out] == [f"{run.name}, seed 7"]
    assert list(read(committed, mixed=True).of(run)) == [0, 7]


def test_an_attack_of_version_2_on_a_new_seed_is_left_out_by_name(committed: Path) -> None:
    run = another_seed(committed, {"training": 1, "attack": 2})
    records = read(committed)
    network = records.of(run)[7]
    attacks = read(committed, mixed=True).of(run)[7].attacks
    assert network.attacks == {}
    assert {each.what for each in records.left_out} == {f"{text} of {network}" for text in attacks}
    assert attacks


def test_a_record_of_unknown_code_joins_nothing(committed: Path) -> None:
    run = another_seed(committed, {"training": None, "attack": 1})
    path = committed / run.name / "seed-7" / "run.json"
    record = json.loads(path.read_text())["record"]
    write_json(path, "bench.run/1", {**record, "environment": {**record["environment"], "code": "0" * 16}})
    assert list(read(committed).of(run)) == [0]


def test_at_a_tie_of_versions_of_an_attack_the_highest_number_counts(tmp_path: Path) -> None:
    right = np.ones((len(EPS), 20), bool)
    for seed, version in enumerate((10, 9)):
        fake_outcome(trained(tmp_path, tiny_run(seed=seed), 0.8), AttackSpec(Fgsm(), EPS), right, version=version)
    found = read(tmp_path).of(tiny_run())
    assert {seed: [each.record.version for each in found[seed].attacks.values()] for seed in found} == {0: [10], 1: []}


@pytest.fixture
def audited(tmp_path: Path) -> Path:
    """Return a folder with three seeds of a committed run that were audited, and those of their control."""
    for name in (AUDITED, control_of(next(iter(of_name(AUDITED))).run).name):
        shutil.copytree(RESULTS / name, tmp_path / name)
    return tmp_path


def of_name(name: str) -> list[Folder]:
    return [each for each in folders(RESULTS) if isinstance(each, Folder) and each.run.name == name]


def rewrite(path: Path, schema: str, **changed: object) -> None:
    write_json(path, schema, {**read_json(path, schema), **changed})


def test_an_audit_of_another_version_is_left_out_by_name_unless_told_to_mix(audited: Path) -> None:
    run = of_name(AUDITED)[0].run
    assert [list(each.audits) for each in read(audited).of(run).values()] == [["screen"]] * 3
    rewrite(audited / AUDITED / "seed-1" / "audits" / "screen.json", AUDIT, version=2)
    records = read(audited)
    assert [list(each.audits) for each in records.of(run).values()] == [["screen"], [], ["screen"]]
    (left_out,) = records.left_out
    assert left_out.what == f"audit (screen) of {AUDITED}, seed 1"
    assert "audit version 2 where most have version 1" in left_out.reason
    assert [list(each.audits) for each in read(audited, mixed=True).of(run).values()] == [["screen"]] * 3


def test_an_audit_is_left_out_once_its_control_has_other_weights(audited: Path) -> None:
    run = of_name(AUDITED)[0].run
    path = audited / AUDITED / "seed-2" / "audits" / "screen.json"
    control = read_json(path, AUDIT)["control"]
    assert control["seed"] == 2
    rewrite(path, AUDIT, control={**control, "weights": "0" * 64})
    records = read(audited)
    assert [list(each.audits) for each in records.of(run).values()] == [["screen"], ["screen"], []]
    (left_out,) = records.left_out
    assert f"bench audit {AUDITED}/seed-2" in left_out.reason
