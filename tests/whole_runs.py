"""Whole runs, made in this process."""

from __future__ import annotations

from pathlib import Path

from bench.attacks import ATTACKS
from bench.phases import Result, Where, execute
from bench.progress import Progress
from bench.spec import Run
from bench.trial import Trial

FGSM = Trial(ATTACKS["fgsm"](), (0.0, 1.0, 8.0, 64.0))


def go(results: Path, run: Run, *trials: Trial, restart: bool = False) -> Result:
    """Train and attack ``run`` below ``results``, by ``FGSM`` where no trial is given."""
    return execute(run, trials or (FGSM,), Where(results), Progress(quiet=True), restart)
