"""The words that a reader of the page needs, each in one or two plain sentences."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A word and what it means here."""

    name: str
    text: str

    @property
    def place(self) -> str:
        """The anchor of the term on the page."""
        return f"term-{self.name.replace(' ', '-')}"


GLOSSARY = (
    Term(
        "sparsity",
        "The fraction of the weights of a network that are exactly zero. At 90 % zero, one weight in ten is left.",
    ),
    Term(
        "eps",
        "The most that an attacker may change a pixel, in levels of 0 to 255. A change of 4 levels is hard to see.",
    ),
    Term("logits", "The numbers that a network gives to the classes. The class with the largest number is its answer."),
    Term(
        "temperature",
        "T, a number that the logits are divided by before they become probabilities. A high T makes them more alike.",
    ),
    Term("knowledge", "What the attacker knows. One who does not know the temperature of a network takes T = 1."),
    Term(
        "threat model",
        "What the attacker may do and knows: how far a pixel may change, and whether the network and the true labels are known.",
    ),
    Term(
        "control", "The same network without any method: dense, of full rank, at T = 1. A method is judged against it."
    ),
    Term(
        "worst case",
        "An image counts as right only if no attack that was tried fools the network on it. Another attack may still fool it.",
    ),
    Term(
        "masked gradient",
        "FGSM follows the gradient, the direction in which an image is most easily spoilt. Where the gradient is zero or "
        "misleading the attack fails, although a small change would fool the network.",
    ),
    Term(
        "illusion", "What FGSM says minus what is left in the worst case: how much the network only seems to withstand."
    ),
    Term(
        "verdict",
        "What an audit concludes. Resists: clearly more is left than of the control. Breaks: hardly more is left. Masked: FGSM "
        "was deceived. Inconclusive: neither is shown.",
    ),
    Term(
        "audit",
        "Nine attacks and fifteen checks on the same images, which look for a network that only hides its gradient. bench run "
        "--audit makes one.",
    ),
)
