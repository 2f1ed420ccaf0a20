"""The twelve terms that a reader of a report needs. The report page and the documents show the same ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A term of the field as this suite uses it.

    Args:
        name: the term, in small letters but for a symbol.
        text: plain sentences that explain it to a reader who has never met it. No markup.
    """

    name: str
    text: str

    @property
    def place(self) -> str:
        """The anchor of the term on the page."""
        return f"term-{self.name.replace(' ', '-')}"


GLOSSARY = (
    Term(
        "sparsity",
        "The fraction of the weights of a network that are exactly zero, in [0, 1). A sparsity of 0.9, or 90 %, means that nine "
        'of ten weights are zero. Tables and figures call such a network "90 % zero". Biases and batch norm are not pruned, so '
        "the sparsity of the whole network is a little lower.",
    ),
    Term(
        "eps",
        "How far an attacker may change an image. In the L-infinity norm it is the largest change of any pixel value, in "
        "pixel levels: the values of an image go from 0 to 255, and eps 4 allows each to move by up to 4.",
    ),
    Term(
        "logits",
        "The numbers that a network gives for the classes, before the softmax turns them into probabilities. The class with "
        "the largest logit is the answer.",
    ),
    Term(
        "temperature",
        "A number T by which the logits are divided before the softmax. A network that is trained at a high temperature, above "
        "1, learns large logits. At T = 1 its probabilities are then so close to 0 and 1 that their gradient can round to zero.",
    ),
    Term(
        "knowledge",
        "What an attacker knows of the network. Most attackers here see its weights. For a network trained at a high "
        "temperature it matters whether the attacker knows that temperature. An attacker at T = 1 does not know it, and follows "
        "the gradient at T = 1. A command calls this knowledge=none. For a network trained at T = 1 the two attackers are the "
        "same.",
    ),
    Term(
        "threat model",
        "The rules of an attack: what the attacker sees and knows, how far an image may change and in which norm, and how "
        "much work the attacker spends. An accuracy under attack means nothing without it.",
    ),
    Term(
        "control",
        "The network that another one is compared with: the same architecture and training without any method. So it is dense, "
        "of full rank, at T = 1, and trained on labels alone, without penalties and without attacks. Weight decay stays.",
    ),
    Term(
        "worst case",
        "The accuracy when each image counts as wrong as soon as any of the attacks fools the network on it. It is an upper "
        "bound of what is left: a stronger attack could leave less.",
    ),
    Term(
        "masked gradient",
        "A gradient that does not show the attacker where the network is weak, for example because it is exactly zero. "
        "Attacks that follow it fail, although a small change would fool the network. A table or a legend says "
        '"gradient masked" of one attack, where one step on the logit margin is shown to leave over 5 points less. The verdict '
        "masked is another thing: an audit gives it, by rules of its own.",
    ),
    Term(
        "illusion",
        "The accuracy that one simple attack step (FGSM) leaves, minus what is left in the worst case. It is the part of the "
        "apparent strength that is not real.",
    ),
    Term(
        "verdict",
        "The answer of an audit in one word. Masked: the network only looks robust, because the attack had no usable "
        "gradient. Breaks: it keeps hardly more than its control. Resists: it keeps clearly more, and no check is flagged. "
        "Inconclusive: none of these is shown. Findings, and comparisons of networks, have other verdicts. These need at least "
        "three seeds.",
    ),
    Term(
        "audit",
        "A fixed set of attacks and checks on one trained network. It says what is really left under attack, and whether "
        "the gradient that the attacks follow can be trusted. There are two. The screen audit attacks 256 images. The full audit "
        "attacks 785, with more steps and restarts.",
    ),
)
