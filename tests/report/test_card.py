"""The model card says what the records say, names what they do not show, and its commands make the run again."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import audit_records
import click
import pytest
from click.testing import CliRunner
from evidence import evidence
from fakes import diverged, fake, fake_attack, tear, trained

from bench.attacks import attack_named
from bench.attacks.spec import AttackSpec
from bench.audit.rates import shipped
from bench.cli.main import main
from bench.errors import BadInput, IntegrityError
from bench.records.files import read_json, write_json
from bench.records.schema import ControlRow
from bench.records.store import Folder
from bench.report.card import card
from bench.report.escaping import markdown
from bench.spec.control import control_of
from bench.spec.run import Run


def run(seed: int = 0, **settings: object) -> Run:
    return Run.of(
        **{"arch": "fc5", "dataset": "synthetic", "image_size": 32, "sparsity": 0.5, "seed": seed, **settings}
    )


def section(text: str, title: str) -> str:
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


def commands(text: str) -> list[list[str]]:
    return [shlex.split(line) for line in section(text, "Make it again").splitlines() if line.strip()]


def test_accuracies_are_means_over_seeds_below_their_threat_model(tmp_path: Path) -> None:
    text = card([fake(tmp_path, run(seed), (0.8, 0.5, first)) for seed, first in enumerate((0.1, 0.2, 0.3))])
    under_attack = section(text, "Accuracy under attack")
    assert under_attack.index("Threat model: L-infinity, eps in pixel levels") < under_attack.index(
        "| 4 | 20.0 ± 10.0 "
    )
    assert "On 200 validation images, seeds 0, 1, 2." in under_attack
    assert "| 1 | 80.0 |" in section(text, "Clean accuracy")
    assert "50 % zero" in section(text, "What it is")
    assert "another training could differ" not in section(text, "Limits")
    alone = card([fake(tmp_path, run(7), (0.8, 0.5, 0.1))])
    for title in ("What it is", "Accuracy under attack"):
        assert ["over seeds" in section(each, title) for each in (text, alone)] == [True, False]


def test_the_commands_make_the_run_again_with_its_attacks(tmp_path: Path) -> None:
    own = run(3, temperature=20.0, epochs=2)
    folder = fake(tmp_path, own, (0.8, 0.5, 0.1))
    fake_attack(folder, AttackSpec(attack_named("pgd"), (0.0, 2.0), 0.5), (0.8, 0.3))
    attacked = set()
    for words in commands(card([folder])):
        whole = click.Context(main, **main.context_settings)
        context = main.commands["run"].make_context("run", words[2:], parent=whole)
        given = {name: value for name, value in context.params.items() if name in Run.__dataclass_fields__}
        given = {name: value for name, value in given.items() if context.get_parameter_source(name).name != "DEFAULT"}
        assert Run.of(**given) == own
        attacked.add((context.params["attacks"], context.params["eps"], context.params["attack_fraction"]))
    assert attacked == {((), "0,1,4", 1.0), (("pgd",), "0,2", 0.5)}


def test_the_network_that_gave_a_rewound_one_its_mask_is_named(tmp_path: Path) -> None:
    folder = trained(tmp_path, run(rewind_from="self"), 0.8)
    path = folder.path / "run.json"
    ticket = {"run": folder.run.rewind_from, "weights": "ab" * 32}
    assert "took the places" not in card([folder])
    write_json(path, "bench.run/1", {**read_json(path, "bench.run/1"), "ticket": ticket})
    text = f"seed 0 took the places of its zeros from {ticket['run']}, weights abababababab"
    assert markdown(text) in section(card([folder]), "How it was trained")


def test_an_attack_without_a_gradient_is_named_as_no_evidence(tmp_path: Path) -> None:
    hidden = {"fgsm(knowledge=none)": (0.8, 0.8, 0.8)}
    text = card([fake(tmp_path, run(temperature=20.0), (0.8, 0.5, 0.1), hidden)])
    assert "seed 0, FGSM, attacker at T = 1: the gradient is masked." in text
    assert "- FGSM, attacker at T = 1: the gradient is masked, so accuracy under it is no evidence" in section(
        text, "Limits"
    )


def audited(results: Path, own: Run, battery: str = "screen") -> Folder:
    folder = trained(results, own, 0.8)
    control = ControlRow(run=control_of(own).name, seed=own.seed, weights="0" * 64)
    found = evidence(naive=(0.8, 0.7), temperature=own.temperature)
    return audit_records.audited(folder, found, evidence(), control=control, battery=battery)


def test_an_audit_is_told_with_its_numbers_its_error_rates_and_the_commands_of_its_control(tmp_path: Path) -> None:
    own = run(temperature=50.0)
    text = card([audited(tmp_path, own, "full")])
    audit = section(text, "Audit")
    assert "| masked | 2 | 80.0 | 45.0" in audit
    assert "| 35.0 | 45.0 |" in audit
    assert markdown(shipped().sentence) in audit
    assert "The audit finds its gradient masked" in section(text, "Limits")
    control = control_of(own)
    assert [words[1:] for words in commands(text)][-2:] == [
        ["audit", control.key, "--full"],
        ["audit", own.key, "--full"],
    ]


def test_an_audit_in_8_bits_is_made_again_behind_that_of_the_control_as_it_was_trained(tmp_path: Path) -> None:
    own = run(temperature=50.0)
    assert [words[1:] for words in commands(card([audited(tmp_path, own, "full-int8")]))][-2:] == [
        ["audit", control_of(own).key, "--full"],
        ["audit", own.key, "--full", "--quantise", "int8"],
    ]


def test_an_audit_that_the_suite_no_longer_has_is_shown_and_has_no_command(tmp_path: Path) -> None:
    text = card([audited(tmp_path, run(), "gone-int8")])
    assert "gone-int8" in section(text, "Audit")
    assert "no longer has gone-int8" in section(text, "Limits")
    assert "audit" not in section(text, "Make it again")


def test_what_the_records_do_not_show_is_named(tmp_path: Path) -> None:
    limits = section(card([trained(tmp_path, run(), 0.1), diverged(tmp_path, run(1))]), "Limits")
    assert "of 1 seed: another training could differ" in limits
    assert "At seed 0 it is not shown to have learned (clean accuracy 10.0, lower 95 % end 0." in limits
    assert "needed above 0.200)" in limits
    assert "It was not attacked." in limits
    assert "It was not audited" in limits
    assert "No network of seed 1 is here" in limits


def test_an_attack_that_the_suite_no_longer_has_is_shown_and_has_no_command(tmp_path: Path) -> None:
    folder = fake(tmp_path, run(), (0.8, 0.5, 0.1))
    path = next((folder.path / "attacks").glob("*.json"))
    write_json(path, "bench.attack/2", {**read_json(path, "bench.attack/2"), "attack": "gone(steps=3)"})
    text = card([folder])
    assert "Attack gone(steps=3)" in text
    assert "no longer has gone(steps=3)" in section(text, "Limits")
    assert "gone" not in section(text, "Make it again")


def test_a_seed_of_other_images_is_left_out_of_the_mean(tmp_path: Path) -> None:
    folders = [fake(tmp_path, run(seed), (0.8, 0.5, 0.2)) for seed in (0, 1)]
    text = card([*folders, fake(tmp_path, run(2), (0.2, 0.1, 0.0), data="0" * 64)])
    assert "| 4 | 20.0 " in text
    assert "Left out: " in section(text, "Limits")
    assert "seed 2" in section(text, "Limits")


def test_a_run_without_a_network_or_with_a_damaged_record_has_no_card(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no trained network"):
        card([diverged(tmp_path, run())])
    folder = fake(tmp_path, run(1), (0.8, 0.5, 0.1))
    tear(next((folder.path / "attacks").glob("*.json")))
    with pytest.raises(IntegrityError):
        card([folder])


def test_the_command_prints_or_writes_the_card_without_tensorflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [fake(tmp_path / "results", run(seed), (0.8, 0.5, 0.1)) for seed in (0, 1)]
    for name in ("tensorflow", "tf_keras"):
        monkeypatch.setitem(sys.modules, name, None)  # an import of it fails
    usual = ["--results-dir", str(tmp_path / "results")]
    whole = CliRunner().invoke(main, ["card", run().name, *usual])
    assert whole.exit_code == 0, whole.stderr
    assert whole.stdout == card(folders)
    file = tmp_path / "card.md"
    one = CliRunner().invoke(main, ["card", run(1).key, "--output", str(file), *usual])
    assert one.stdout == f"{file}\n"
    assert file.read_text(encoding="utf-8") == card(folders[1:])
    refused = CliRunner().invoke(main, ["card", run().key, "--output", str(tmp_path / "no" / "card.md"), *usual])
    assert refused.exit_code == 2
    assert "--output" in refused.stderr
