"""The table of evaluations. A new kind is a file beside this one and a line here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.attacks.spec import AttackSpec
from bench.evaluation.attack import attack_evaluations
from bench.evaluation.base import Evaluation

# Kind -> function that maps the attacks of a run to its evaluations of this kind.
EVALUATIONS: dict[str, Callable[[Sequence[AttackSpec]], Sequence[Evaluation]]] = {
    "attack": attack_evaluations,
}


def evaluations_of(attacks: Sequence[AttackSpec]) -> list[Evaluation]:
    """Return the evaluations of a run that is attacked by ``attacks``, in the order of the table."""
    return [evaluation for kind in EVALUATIONS.values() for evaluation in kind(attacks)]
