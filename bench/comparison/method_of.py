"""The one method that made a network, by name: what groups networks in a picture that has all of them."""

from __future__ import annotations

from bench.spec.methods import split
from bench.spec.run import Run

DENSE = "dense"
SEVERAL = "several methods"
OTHER = "another method"
PRUNED = {"random": "pruned at random"}
METHODS = (
    DENSE,
    "pruned",
    "pruned at random",
    "low rank",
    "temperature",
    "distillation",
    "adversarial training",
    OTHER,
    SEVERAL,
)


def method_of(run: Run) -> str:
    """Return the one of ``METHODS`` that made ``run``; a network that no method made is dense.

    Weight decay counts here, although a control keeps it.
    """
    names = [acts.method for acts in run.methods] + [OTHER for _ in split(run.method)]
    if not names:
        return OTHER if run.words else DENSE
    if len(names) > 1:
        return SEVERAL
    found = PRUNED.get(run.pruning, "pruned") if run.sparsity else names[0]
    return found if found in METHODS else OTHER
