"""A run as the command that makes it: what a sweep starts, a job file lists and a report quotes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from bench.spec import Run
from bench.trial import EPS, Trial, trials_of


def run_words(run: Run) -> list[str]:
    """Return the options of ``bench run`` that make ``run``: its settings that are not the default ones."""
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


def trial_words(run: Run, trials: Sequence[Trial]) -> list[str]:
    """Return the options of ``bench run`` for ``trials``, which share radii and fraction; none where they are the usual ones."""
    words = []
    first = trials[0]
    if list(trials) != trials_of(run, [], first.eps, first.fraction):
        for trial in trials:
            words += ["--attack", str(trial.attack)]
    if first.eps != EPS:
        words += ["--eps", ",".join(f"{radius:g}" for radius in first.eps)]
    if first.fraction != 1:
        words += ["--attack-fraction", f"{first.fraction:g}"]
    return words
