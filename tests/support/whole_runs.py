"""Whole runs, made in this process."""

from __future__ import annotations

from pathlib import Path

from bench.attacks import ATTACKS
from bench.attacks.spec import AttackSpec
from bench.runs.pipeline import Result, Where, execute
from bench.spec.run import Run
from bench.training.progress import Progress

FGSM = AttackSpec(ATTACKS["fgsm"](), (0.0, 1.0, 8.0, 64.0))


def go(results: Path, run: Run, *specs: AttackSpec, restart: bool = False) -> Result:
    """Train and attack ``run`` below ``results``, by ``FGSM`` where no spec is given."""
    return execute(run, specs or (FGSM,), Where(results), Progress(quiet=True), restart)


def only_trained(results: Path, run: Run) -> Result:
    """Train ``run`` below ``results``."""
    return execute(run, (), Where(results), Progress(quiet=True))
