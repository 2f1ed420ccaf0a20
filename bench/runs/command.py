"""The command that makes a run, for sweeps, job files and reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from bench.attacks.spec import AttackSpec, attack_specs, eps_text
from bench.spec.names import exactly
from bench.spec.run import Run
from bench.spec.setting import flag


def run_options(run: Run) -> list[str]:
    """Return the options of ``bench run`` that make ``run``: one for each setting that is not the default."""
    usual = Run.of(arch=run.arch)
    words = ["--arch", run.arch]
    for each in fields(run):
        value = getattr(run, each.name)
        if value != getattr(usual, each.name):
            words += [flag(each), f"{value}"]
    return words


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
        words += ["--attack-fraction", exactly(first.fraction)]
    return words
