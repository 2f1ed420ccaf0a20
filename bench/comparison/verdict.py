"""The words of a verdict. "More robust" is printed only where the tests allow it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.comparison.paired import Effect
from bench.comparison.significance import Key, holm
from bench.records.outcomes import Quantity
from bench.spec.seeds import SEEDS

DASH = "—"
LEVEL = 0.05
EQUIVALENCE = 0.02
MASKED = "seems robust, but its gradient is masked"
UNTESTED = {
    True: "more accurate under {attacks}; whether its gradient is masked was not tested",
    False: "less accurate under {attacks}; whether the gradient of {control} is masked was not tested",
}
SHOWN_ONLY = "{which} accurate under {attacks}, which is no evidence of robustness"
UNLEARNED = "no verdict: {network} did not learn"
COUNTED = {1: "one seed", 2: "two seeds"}
# The words for a larger and for a smaller quantity. "Robust" is used for accuracy under attack alone: a network of low
# clean accuracy drops less, and is not more robust.
WORDS = {
    Quantity.ACCURACY: ("more robust", "less robust"),
    Quantity.DROP: ("drops more", "drops less"),
    Quantity.CLEAN_CORRECT: ("keeps more", "keeps less"),
}


@dataclass(frozen=True)
class Judged:
    """An effect with the p values of its family, and the verdict that they allow.

    Args:
        p: against no difference, corrected over the family after Holm.
        p_equivalent: against a difference beyond ``EQUIVALENCE``, corrected likewise.
        masked: whether the network's gradient is masked, so that the attack failed; None where that was not tested.
        control_masked: the same for the control. To call a network less robust is to call its control more robust.
        learned: whether the network learned at every seed, and ``control_learned`` whether its control did.
        attacks: the words after "more robust to".
        counts: whether the attack's failure speaks for a network, as ``Attack`` says.
        control: the words for the network that it is compared with.
    """

    effect: Effect
    p: float
    p_equivalent: float
    quantity: Quantity = Quantity.ACCURACY
    masked: bool | None = None
    control_masked: bool | None = None
    learned: bool = True
    control_learned: bool = True
    attacks: str = "this attack"
    counts: bool = True
    control: str = "its control"

    @property
    def enough_seeds(self) -> bool:
        """Whether there are enough seeds for a verdict on robustness."""
        return len(self.effect.seeds) >= SEEDS

    @property
    def can_be_judged(self) -> bool:
        """Whether there are enough seeds and both networks learned."""
        return self.enough_seeds and self.learned and self.control_learned

    @property
    def decides(self) -> bool:
        """Whether the verdict says how the two compare, so that it is neither refused nor of a masked gradient."""
        return self.can_be_judged and not self._hidden

    @property
    def _better(self) -> bool:
        return (self.effect.difference > 0) != (self.quantity is Quantity.DROP)

    @property
    def _hidden(self) -> bool:
        """Whether a masked gradient stands against a verdict: of the better network, or of either where none is better."""
        if self.p < LEVEL:
            return bool(self.masked if self._better else self.control_masked)
        return bool(self.masked or self.control_masked)

    @property
    def verdict(self) -> str:
        """The verdict in a few words. "More robust" and the like need three seeds and p below 0.05."""
        if not (self.learned and self.control_learned):
            return UNLEARNED.format(network=self.control if self.learned else "this network")
        if not self.enough_seeds:
            return f"{COUNTED[len(self.effect.seeds)]}: no verdict on robustness"
        better = self._better
        if self._hidden:
            if self.p < LEVEL and better:
                return MASKED
            return f"no verdict: the gradient of {'this network' if self.masked else self.control} is masked"
        if self.p < LEVEL:
            word = WORDS[self.quantity][self.effect.difference < 0]
            if self.quantity is not Quantity.ACCURACY:
                return word
            if not self.counts:
                return SHOWN_ONLY.format(which="more" if better else "less", attacks=self.attacks)
            tested = (self.masked if better else self.control_masked) is not None
            if not tested:
                return UNTESTED[better].format(attacks=self.attacks, control=self.control)
            return f"{word} to {self.attacks}"
        return f"equivalent within {size(EQUIVALENCE)}" if self.p_equivalent < LEVEL else "no difference shown"

    @property
    def sentence(self) -> str:
        """The verdict with its difference, interval and the p that decides."""
        same, differs = self.p_equivalent < LEVEL, self.p < LEVEL
        note = f", but within {size(EQUIVALENCE)}" if self.decides and differs and same else ""
        rests = probability(self.p)
        if self.decides and same and not differs:
            rests = f"{probability(self.p_equivalent)} against a difference beyond {size(EQUIVALENCE)}"
        return f"{self.verdict}{note}: difference {numbers(self.effect)}, {rests}"


def judge_family(effects: Mapping[Key, Effect], quantity: Quantity = Quantity.ACCURACY) -> dict[Key, Judged]:
    """Return every effect of a family judged. Both tests are corrected over the family after Holm."""
    ps = holm({key: effect.p for key, effect in effects.items()})
    same = holm({key: effect.p_within(EQUIVALENCE) for key, effect in effects.items()})
    return {key: Judged(effect, ps[key], same[key], quantity) for key, effect in effects.items()}


def numbers(effect: Effect) -> str:
    """Return a difference as text, in points, with its 95 % interval and what the interval covers."""
    low, high = effect.interval()
    over = "seeds and images" if len(effect.seeds) > 1 else "images alone"
    return (
        f"{points(effect.difference)} points (95 % interval over {over} {points(low)} to {points(high)}; "
        f"{COUNTED.get(len(effect.seeds), f'{len(effect.seeds)} seeds')})"
    )


def points(difference: float) -> str:
    """Return a difference of fractions in points, with a sign and one decimal. Zero has no minus."""
    return f"{round(100 * difference, 1) + 0.0:+.1f}"


def size(difference: float) -> str:
    """Return the size of a difference of fractions as text: "2 points"."""
    return f"{100 * difference:g} points"


def probability(p: float) -> str:
    """Return a p as text, never as zero."""
    return f"p = {p:.3f}" if p >= 0.001 else "p below 0.001"
