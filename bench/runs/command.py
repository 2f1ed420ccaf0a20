"""The command that makes a run, for sweeps, job files and reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from bench.attacks.spec import AttackSpec, attack_specs, eps_text
from bench.spec.run import Run


def run_options(run: Run) -> list[str]:
    """Return the options of ``bench run`` that make ``run``: one for each setting that is not the default."""
    usual = Run.of(arch=run.arch)
    words = ["--arch", run.arch]
    for each in fields(run):
        value = getattr(run, each.name)
        if value != getattr(usual, each.name):
            words += [flag(each), f"{value}"]
    return words


def flag(setting: Any) -> str:
    """Return the command-line option of a field of a run."""
    return str(setting.metadata["flag"] or "--" + setting.name.replace("_", "-"))


def attack_options(run: Run, specs: Sequence[AttackSpec]) -> list[str]:
    """Return the options of ``bench run`` for ``specs``, which have equal radii and fraction; none for the default attacks."""
    words = []
    first = specs[0]
    if [spec.attack for spec in specs] != [spec.attack for spec in attack_specs(run)]:
        for spec in specs:
            words += ["--attack", str(spec.attack)]
    if first.eps != first.attack.norm.eps:
        words += ["--eps", eps_text(first.eps)]
    if first.fraction != 1:
        words += ["--attack-fraction", f"{first.fraction:g}"]
    return words
