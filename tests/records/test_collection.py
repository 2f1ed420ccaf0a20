"""What is read of a folder of results: each network with its attacks, once, and the state of what has no figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes import EPS, diverged, fake, fake_attack
from recorded import names
from tiny import tiny_run

from bench.attacks.fgsm import Fgsm
from bench.attacks.spec import AttackSpec
from bench.records import typed_files
from bench.records.collection import Collection, read
from bench.records.status import State
from bench.records.store import Folder

RUN = tiny_run(sparsity=0.5)


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
    assert read(tmp_path / "nowhere") == Collection({})


def test_of_two_records_of_an_attack_the_one_on_more_images_counts(tmp_path: Path) -> None:
    folder = fake(tmp_path, RUN)
    fake_attack(folder, AttackSpec(Fgsm(), (0.0, 1.0, 2.0, 4.0)), (0.9, 0.4, 0.3, 0.2))
    assert read(tmp_path).of(RUN)[0].attacks["fgsm"].outcomes.eps == (0.0, 1.0, 2.0, 4.0)


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


def test_every_outcome_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, tiny_run(temperature=20.0))
    opened = []
    original = typed_files.read_arrays
    monkeypatch.setattr(
        typed_files, "read_arrays", lambda path, *rest: opened.append(path.name) or original(path, *rest)
    )
    read(tmp_path)
    assert len(opened) == len(set(opened)) == 3


def test_equal_indices_are_kept_once(tmp_path: Path) -> None:
    for seed in range(2):
        fake(tmp_path, tiny_run(seed=seed))
    first, second = (each.attacks["fgsm"].outcomes for each in read(tmp_path).of(tiny_run()).values())
    assert first.indices is second.indices
    assert first.labels is second.labels
    assert json.dumps(first.indices.dtype.str) != json.dumps(first.labels.dtype.str)
