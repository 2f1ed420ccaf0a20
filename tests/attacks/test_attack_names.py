from __future__ import annotations

import pytest

from bench.attacks import ATTACKS, attack_named
from bench.attacks.fgsm import Fgsm
from bench.attacks.spec import AttackSpec, attack_specs
from bench.errors import BadInput
from bench.spec.run import Run

TEXTS = ["fgsm", "fgsm(knowledge=none)", "fgsm(knowledge=20)", "fgsm(knowledge=0.125)", "fgsm(loss=margin)"]


@pytest.mark.parametrize("text", [*TEXTS, *ATTACKS])
def test_an_attack_reads_back_what_it_prints(text: str) -> None:
    attack = attack_named(text)
    assert str(attack) == text
    assert attack_named(str(attack)) == attack


def test_quotes_and_spaces_do_not_matter() -> None:
    assert attack_named('fgsm( knowledge = "none" )') == Fgsm(knowledge="none")


def test_a_margin_step_is_one_attack_whatever_its_attacker_knows() -> None:
    assert Fgsm("none", "margin") == Fgsm(loss="margin")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fgms", "did you mean 'fgsm'?"),
        ("fgsm(knowlege=none)", "did you mean 'knowledge'?"),
        ("fgsm(knowledge=all)", "a number, none, temperature"),
        ("fgsm(knowledge=0)", r"the attacker's temperature in \(0, 1000000\]"),
        ("fgsm(knowledge=nan)", "the attacker's temperature"),
        ("fgsm(loss=dlr)", "cross-entropy, margin"),
        ("fgsm(loss)", "unknown setting of fgsm"),
        ("fgsm(loss=margin", "expected NAME or NAME"),
        ("../x", "expected NAME or NAME"),
    ],
)
def test_what_names_no_attack_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said.replace("(0", "(0")):
        attack_named(text)


@pytest.mark.parametrize("text", TEXTS)
def test_the_name_of_a_trials_files_is_one_word(text: str) -> None:
    assert set(AttackSpec(attack_named(text)).name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")


def test_the_files_of_different_attacks_differ() -> None:
    assert len({AttackSpec(attack_named(text)).name for text in TEXTS}) == len(TEXTS)


class TestWhatARunIsAttackedWith:
    def names(self, temperature: float, *asked: str) -> list[str]:
        run = Run.of(arch="fc5", temperature=temperature)
        attacks = [attack_named(text) for text in asked]
        return [str(spec.attack) for spec in attack_specs(run, attacks, (0.0, 1.0), 1.0)]

    def test_at_temperature_1_by_fgsm_alone(self) -> None:
        assert self.names(1.0) == ["fgsm"]

    def test_at_another_temperature_by_both_attackers_and_on_the_margin(self) -> None:
        assert self.names(20.0) == ["fgsm", "fgsm(knowledge=none)", "fgsm(loss=margin)"]

    def test_what_is_asked_for_is_joined_by_the_margin_step_at_another_temperature(self) -> None:
        assert self.names(20.0, "fgsm(knowledge=5)") == ["fgsm(knowledge=5)", "fgsm(loss=margin)"]
        assert self.names(1.0, "fgsm(knowledge=5)", "fgsm(knowledge=5)") == ["fgsm(knowledge=5)"]
