"""The table of evaluations. A new kind is a line here and, in a package before this one, what it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.attacks.spec import AttackSpec
from bench.audit.battery import Battery
from bench.audit.evaluation import AuditEvaluation
from bench.evaluation.attack import attack_evaluations
from bench.evaluation.base import Evaluation
from bench.looking.evaluation import Look


@dataclass(frozen=True)
class Wanted:
    """The evaluations that a run is to have: its attacks, the batteries that it is audited by, its looks."""

    attacks: tuple[AttackSpec, ...] = ()
    audits: tuple[Battery, ...] = ()
    looks: tuple[Look, ...] = ()


# Kind -> function that maps what is wanted to the evaluations of this kind.
EVALUATIONS: dict[str, Callable[[Wanted], Sequence[Evaluation]]] = {
    "attack": lambda wanted: attack_evaluations(wanted.attacks),
    "audit": lambda wanted: [AuditEvaluation(each) for each in wanted.audits],
    "look": lambda wanted: wanted.looks,
}


def evaluations_of(wanted: Wanted) -> list[Evaluation]:
    """Return the evaluations that are ``wanted``, in the order of the table."""
    return [evaluation for kind in EVALUATIONS.values() for evaluation in kind(wanted)]
