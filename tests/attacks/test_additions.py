"""A new attack is a file and a line, or an entry point of another package. Nothing else changes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from tiny import tiny_run
from whole_runs import go

import bench.attacks
from bench.attacks import ATTACKS, attack_named, margin_step
from bench.attacks.norms import L2, LINF
from bench.attacks.spec import AttackSpec
from bench.errors import BadInput
from bench.plugins import Plugins

RECIPE = """
from dataclasses import dataclass
import numpy as np
from bench.attacks.base import Attack, Threat
from bench.attacks.losses import Margin
from bench.attacks.norms import LINF

@dataclass(frozen=True)
class Half(Attack):
    kind, norm = "half", LINF
    def threat(self, trained_temperature):
        return Threat("half FGSM", "white box, true labels, raises pixels only", None)
    def __call__(self, target, images, labels, eps, seed):
        direction = target.gradient(images, labels, Margin()) > 0
        for radius in eps:
            yield np.minimum(images + np.float32(radius) * direction, 255)
"""


@pytest.mark.usefixtures("tiny_source")
def test_an_attack_is_added_by_a_file_and_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "half.py"
    path.write_text(RECIPE)
    spec = spec_from_file_location("bench.attacks.half", path)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "bench.attacks.half", module)
    spec.loader.exec_module(module)
    monkeypatch.setitem(ATTACKS, "half", module.Half)
    asked = AttackSpec(attack_named("half"), (0.0, 100.0))
    result = go(tmp_path / "results", tiny_run(temperature=20), asked)
    record = result.attacks[asked.name]
    assert (record.attack, record.version, record.threat.norm) == ("half", 1, "L-infinity")
    assert [row.eps for row in record.rows] == [0, 100]
    again = go(tmp_path / "results", tiny_run(temperature=20), asked)
    assert not again.worked


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that installs a package with the attack "half" and makes the table again."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(code: str) -> None:
        (tmp_path / "foreign_attacks.py").write_text(code)
        info = tmp_path / "foreign_attacks-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign-attacks\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[bench.attacks]\nhalf = foreign_attacks:Half\n")
        monkeypatch.delitem(sys.modules, "foreign_attacks", raising=False)
        table = Plugins("bench.attacks", bench.attacks.BUILT_IN, bench.attacks.accepted)
        monkeypatch.setattr(bench.attacks, "ATTACKS", table)

    return write


def test_an_attack_of_another_package_has_its_name(install: Callable[[str], None]) -> None:
    install(RECIPE)
    assert margin_step(LINF) == attack_named("fgsm(loss=margin)")
    assert margin_step(L2) == attack_named("fgsm-l2(loss=margin)")
    assert "foreign_attacks" not in sys.modules
    assert "half" in list(bench.attacks.ATTACKS)
    assert str(attack_named("half")) == "half"
    assert "foreign_attacks" in sys.modules


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("class Half: pass", "expected a dataclass derived from"),
        (RECIPE.replace("@dataclass(frozen=True)\n", ""), "expected a dataclass derived from"),
        (RECIPE.replace("frozen=True", ""), "Half is not frozen"),
        (RECIPE.replace("kind, norm = ", "title, norm = "), "Half has no kind"),
        (RECIPE.replace("kind, norm = ", "kind, other = "), "Half has no norm"),
        ("1 / 0", "ZeroDivisionError"),
        (RECIPE.replace('"half", LINF', '"darker", LINF'), "has the kind 'darker'"),
        (RECIPE.replace("def threat", "def other"), "abstract"),
    ],
)
def test_an_attack_of_another_package_that_cannot_be_used_is_refused(
    code: str, reason: str, install: Callable[[str], None]
) -> None:
    install(code)
    with pytest.raises(BadInput, match=reason):
        attack_named("half")
    assert margin_step(LINF) is not None
