"""The table of evaluations. A new kind is a file beside this one and a line here."""

from __future__ import annotations

from collections.abc import Sequence

from bench.attacks.spec import AttackSpec
from bench.evaluation.attack import AttackEvaluation
from bench.evaluation.base import Evaluation


def evaluations_of(attacks: Sequence[AttackSpec]) -> list[Evaluation]:
    """Return the evaluations of a run, in the order in which they are done."""
    return [AttackEvaluation(spec) for spec in attacks]
