"""An attack as text."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from bench.attacks import ATTACKS, attack_named
from bench.attacks.fgsm import Fgsm
from bench.errors import BadInput

TEXTS = [
    "fgsm(knowledge=none)",
    "fgsm(knowledge=20)",
    "fgsm(knowledge=0.125)",
    "fgsm(loss=margin)",
    "fgsm-l2(knowledge=none)",
    "pgd(loss=margin,steps=5)",
]


@pytest.mark.parametrize("text", TEXTS)
def test_an_attack_with_settings_reads_back(text: str) -> None:
    assert str(attack_named(text)) == text


def test_a_setting_of_another_package_has_the_type_that_it_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Typed(Fgsm):
        kind = "typed"
        steps: int = 3
        rate: float = 0.5
        word: str = "a"

    monkeypatch.setitem(ATTACKS.data, "typed", Typed)
    found = attack_named("typed(steps=5,rate=2,word=7)")
    assert isinstance(found, Typed)
    assert (repr(found.steps), repr(found.rate), repr(found.word)) == ("5", "2.0", "'7'")
    assert str(found) == "typed(steps=5,rate=2,word=7)"


def test_quotes_and_spaces_do_not_matter() -> None:
    assert attack_named('fgsm( knowledge = "none" )') == Fgsm(knowledge="none")
    assert attack_named("fgsm()") == Fgsm()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("fgms", "did you mean 'fgsm'?"),
        ("fgsm(knowlege=none)", "did you mean 'knowledge'?"),
        ("fgsm(knowledge=all)", "a number, none, temperature"),
        ("fgsm(knowledge=0)", "the attacker's temperature in (0, 1000000]"),
        ("fgsm(knowledge=nan)", "the attacker's temperature"),
        ("fgsm(loss=dlt)", "dlr, cross-entropy, margin"),
        ("fgsm(loss=3)", "cross-entropy, dlr, margin"),
        ("fgsm(loss=margin,knowledge=none)", "leave out knowledge"),
        ("fgsm(loss=margin,knowledge=5)", "leave out knowledge"),
        ("fgsm(knowledge=5,knowledge=6)", "sets knowledge twice"),
        ("fgsm(loss)", "unknown setting of fgsm"),
        ("fgsm(loss=margin,)", "unknown setting of fgsm"),
        ("fgsm(loss=margin", "expected NAME or NAME"),
        ("../x", "expected NAME or NAME"),
        ("", "expected NAME or NAME"),
        ("pgd(steps=2.5)", "steps"),
        ("pgd(steps=0)", "steps"),
        ("pgd(steps=many)", "steps"),
        ("pgd(step=3)", "did you mean 'steps'?"),
        ("pgd(steps=nan)", "steps"),
        ("pgd(steps=inf)", "steps"),
        ("transfer(source=../x)", "source of transfer is '../x': expected the name of a run's folder"),
        ("transfer(steps=0)", "steps of transfer"),
    ],
)
def test_what_names_no_attack_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadInput, match=re.escape(reason)):
        attack_named(text)


@pytest.mark.parametrize("error", [ValueError, TypeError, KeyError, ZeroDivisionError])
def test_a_constructor_that_raises_is_a_wrong_input(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Raises(Fgsm):
        kind = "raises"
        strength: float = 1.0

        def __post_init__(self) -> None:
            raise error("not this strength")

    monkeypatch.setitem(ATTACKS, "raises", Raises)
    with pytest.raises(BadInput, match=r"not this strength.*expected settings of raises: .*strength"):
        attack_named("raises(strength=2)")


def test_an_attack_in_the_table_under_another_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ATTACKS, "other", Fgsm)
    with pytest.raises(BadInput, match="kind 'fgsm'"):
        attack_named("other")
