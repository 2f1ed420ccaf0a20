"""Whether the gradient of a group's networks is masked, by the margin step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bench.comparison.group import AttackedNetwork, ComparisonGroup
from bench.comparison.verdict import DASH
from bench.evaluation.masking import Masking


def masking_of(attacked: Mapping[int, AttackedNetwork]) -> list[Masking]:
    """Return the test of an attack by the margin step at each seed where it tests something."""
    return [each.masking for each in attacked.values() if each.masking]


def is_masked(attacked: Mapping[int, AttackedNetwork]) -> bool | None:
    """Return whether an attack's gradient is masked at any seed; None where no seed is masked and some were not tested.

    An attack that no temperature matters to needs no test: it follows no gradient of the cross-entropy. Seeds that did not
    learn do not count.
    """
    found = masking_of(attacked)
    if any(each.masked for each in found):
        return True
    able = [each for each in attacked.values() if each.learned]
    tested = len(found) == len(able) or all(each.attack.without_temperature for each in able)
    return False if able and tested else None


def masked_count(groups: Sequence[ComparisonGroup]) -> str:
    """Return in how many of the tested trainings of ``groups`` the network has a masked gradient, as "4 of 15"."""
    sets = [group.attacked(run) for group in groups for run in group.runs]
    found = [each for attacked in sets for each in masking_of(attacked)]
    able = [each.learned for attacked in sets for each in attacked.values()]
    if not found:
        return "not tested" if able else DASH
    untested, at_chance = sum(able) - len(found), able.count(False)
    rest = f"; {untested} not tested" * bool(untested) + f"; {at_chance} did not learn" * bool(at_chance)
    return f"{_count(found)} of {len(found)}{rest}"


def masking_evidence(group: ComparisonGroup) -> str:
    """Return a sentence on how many networks of ``group`` have a masked gradient, as ``masked_count``, and the clearest case."""
    sets = [group.attacked(run) for run in group.runs]
    every = [each for attacked in sets for each in attacked.values()]
    found = [each for attacked in sets for each in masking_of(attacked)]
    if not every:
        return ""
    masked = [each for each in every if each.masking and each.masking.masked]
    zeros = [100 * each.record.gradient_zero_images for each in masked or every]
    ends = " to ".join(dict.fromkeys(f"{each:.1f}" for each in (min(zeros), max(zeros))))
    share = f"{ends} %" if max(zeros) else "none"
    spread = f"the gradient is exactly zero on {share} of the images" + " there" * bool(masked)
    if not found:
        return f"Masking was not tested: there is no margin step; {spread}."
    worst = max(found, key=lambda each: each.gap)
    if not _count(found):
        return (
            f"The gradient is masked in none of {len(found)} tested trainings: one step on the logit margin takes at most "
            f"{100 * max(0.0, worst.gap):.1f} points more; {spread}."
        )
    return (
        f"The gradient is masked in {_count(found)} of {len(found)} tested trainings, and masking is not robustness: "
        f"{spread}. In the clearest case accuracy at eps {worst.eps:g} is {100 * worst.accuracy:.1f} %, and "
        f"{100 * worst.reference_accuracy:.1f} % under one step on the logit margin."
    )


def _count(found: Iterable[Masking]) -> int:
    return sum(each.masked for each in found)
