"""The findings of the internship report as data, each with the claims that test it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from bench.attacks.norms import LINF
from bench.comparison.findings.claims import Claim, Finding, Kind
from bench.records.outcomes import CLEAN, CUSTOMARY, LARGE, SMALL, Band, Quantity

ACCURACY, DROP = Quantity.ACCURACY, Quantity.DROP
ZERO = ("dense", "50 % zero", "80 % zero", "90 % zero", "95 % zero", "98 % zero")
HIGH_TEMPERATURES = ("T = 20", "T = 50", "T = 70", "T = 90")
# The rise of the least-squares line through the six sparsities in order, from the first to the last.
TREND = {label: 5 * (place - 2.5) / 17.5 for place, label in enumerate(ZERO)}
HIGHLY = {"90 % zero": 1 / 3, "95 % zero": 1 / 3, "98 % zero": 1 / 3, "dense": -1.0}
ABOVE_T_1 = {**dict.fromkeys(HIGH_TEMPERATURES, 1 / 4), "T = 1": -1.0}
UNKNOWN_T = "13-fgsm-knowledge-none"
HIGH = "high-temperature networks are"
GAINS = "{} gains less than 2 points in figure {}"
# The architecture and batch size that a figure must have to test a finding.
NETWORKS = {
    "8": ("resnet18", 512),
    "9": ("resnet18", 128),
    "10a": ("alexnet", 128),
    "10b": ("alexnet", 512),
    "11": ("fc5", 512),
    "12a": ("alexnet", 512),
    "12b": ("resnet18", 128),
    "13": ("resnet18", 128),
    UNKNOWN_T: ("resnet18", 128),
}


def _minus(first: str, second: str) -> dict[str, float]:
    return {first: 1.0, second: -1.0}


def _at(radius: float) -> Band:
    return Band(radius, radius, closed=True)


def _as_control(figure: str, labels: Sequence[str], control: str) -> tuple[Claim, ...]:
    return tuple(
        Claim(
            f"{quantity} of {label} is that of {control}",
            figure,
            _minus(label, control),
            quantity,
            CUSTOMARY,
            Kind.SAME,
        )
        for label in labels
        for quantity in (ACCURACY, DROP)
    )


FINDINGS = (
    Finding(
        "8-a",
        "ResNet18, batch 512",
        # The report's text says the opposite ("plus faible qu'un réseau plus sparsifié"). Its figure and its next sentence,
        # that sparsity also costs performance, show that this is a slip.
        "the curves do not cross: the less sparse network is more accurate at every eps",
        "accuracy of each network minus that of the next sparser one at each eps up to 8; dense minus 98 % over 0 < eps <= 8",
        "reproduced: no difference lies below -2 points (one-sided, each at 0.05), and dense is above 98 %",
        (
            *(
                Claim(
                    f"{a} is not below {b} at eps {radius:g}", "8", _minus(a, b), ACCURACY, _at(radius), Kind.NOT_LESS
                )
                for a, b in pairwise(ZERO)
                for radius in LINF.eps
                if radius <= CUSTOMARY.high
            ),
            Claim("dense is above 98 % zero", "8", _minus("dense", "98 % zero"), ACCURACY, CUSTOMARY, Kind.MORE),
        ),
        plain="The less sparse network is always the more accurate one.",
    ),
    Finding(
        "8-b",
        "ResNet18, batch 512",
        "the drop accuracy(0) - accuracy(eps) is generally larger for highly sparse networks; at large eps it is smaller, "
        "because they are near chance already",
        "mean drop of the networks at 90, 95 and 98 % minus that of the dense one, over 0 < eps <= 2 and over 8 <= eps <= 64",
        "reproduced: above zero at small eps and below zero at large eps; whether chance is the reason is not tested",
        (
            Claim("highly sparse networks drop more at small eps", "8", HIGHLY, DROP, SMALL, Kind.MORE),
            Claim("highly sparse networks drop less at large eps", "8", HIGHLY, DROP, LARGE, Kind.LESS),
        ),
        plain="A very sparse network loses more accuracy under a weak attack. Under a strong one it has less to lose.",
    ),
    Finding(
        "9-a, b",
        "ResNet18, batch 128",
        "more sparsity is slightly more robust; the differences are very small",
        "rise of the line through the six sparsities, from dense to 98 %, of the drop over 0 < eps <= 8; drop of each sparse "
        "network minus dense over the same",
        "reproduced: the drop falls with sparsity, and no network differs from dense by more than 2 points",
        (
            Claim("the drop falls with sparsity", "9", TREND, DROP, CUSTOMARY, Kind.SLIGHTLY_LESS),
            *(
                Claim(f"{label} drops as much as dense", "9", _minus(label, "dense"), DROP, CUSTOMARY, Kind.SAME)
                for label in ZERO[1:]
            ),
        ),
        plain="Pruning makes a network slightly harder to attack, and the differences are very small.",
    ),
    Finding(
        "10-a",
        "AlexNet, batch 128",
        "more sparsity, less robustness",
        "rise of the line through the six sparsities, from dense to 98 %, of accuracy over 0 < eps <= 8",
        "reproduced: below zero",
        (Claim("accuracy falls with sparsity", "10a", TREND, ACCURACY, CUSTOMARY, Kind.LESS),),
        plain="Pruning makes a network easier to attack.",
    ),
    Finding(
        "10-b",
        "AlexNet, batch 512",
        "50 % is more robust than dense, 90 % less",
        "drop at 50 % and at 90 % minus dense, over 0 < eps <= 8: the figure is one of the drop",
        "reproduced: 50 % zero drops less than dense, and 90 % zero more",
        (
            Claim("50 % zero drops less than dense", "10b", _minus("50 % zero", "dense"), DROP, CUSTOMARY, Kind.LESS),
            Claim("90 % zero drops more than dense", "10b", _minus("90 % zero", "dense"), DROP, CUSTOMARY, Kind.MORE),
        ),
        plain="Pruning half of the weights helps against attack. Pruning 90 % harms.",
    ),
    Finding(
        "11-a, b",
        "FC5, batch 512",
        "sparsity does not change robustness",
        "accuracy and drop of each sparse network minus dense, over 0 < eps <= 8",
        "reproduced: every difference is within 2 points",
        _as_control("11", ZERO[1:], "dense"),
        plain="Pruning changes nothing under attack.",
    ),
    Finding(
        "12-a",
        "AlexNet, batch 512, LR1, LR2",
        "the lower the rank, the lower the clean accuracy; no gain in robustness: the curves run together",
        "clean accuracy of LR1 minus full rank and LR2 minus LR1; accuracy and drop of each minus full rank over 0 < eps <= 8",
        "reproduced: the clean differences are below zero and those under attack within 2 points",
        (
            Claim("clean, LR1 is below full rank", "12a", _minus("LR1", "full rank"), ACCURACY, CLEAN, Kind.LESS),
            Claim("clean, LR2 is below LR1", "12a", _minus("LR2", "LR1"), ACCURACY, CLEAN, Kind.LESS),
            *_as_control("12a", ("LR1", "LR2"), "full rank"),
        ),
        plain="A lower rank costs accuracy and does not help against attack.",
    ),
    Finding(
        "12-b",
        "ResNet18, batch 128, LR1, LR2",
        "clean accuracy is unchanged; the full-rank network is slightly more robust",
        "clean accuracy of LR1 and of LR2 minus full rank; accuracy of each minus full rank over 0 < eps <= 8",
        "reproduced: the clean differences are within 2 points; those under attack are below zero, but within 2 points",
        tuple(
            Claim(words.format(label), "12b", _minus(label, "full rank"), ACCURACY, band, kind)
            for label in ("LR1", "LR2")
            for words, band, kind in (
                ("clean, {} is as full rank", CLEAN, Kind.SAME),
                ("under attack {} is below full rank", CUSTOMARY, Kind.SLIGHTLY_LESS),
                ("under attack {} is almost equal to full rank", CUSTOMARY, Kind.SAME),
            )
        ),
        plain="A lower rank costs no accuracy, but makes the network slightly easier to attack.",
    ),
    Finding(
        "13-a",
        "ResNet18, batch 128, T in 20, 50, 70, 90, attacker at T = 1",
        "apparent robustness at every eps",
        "mean accuracy of the four high-temperature networks minus T = 1, attacker at T = 1, at each eps from 0.25 to 64",
        "reproduced: every difference is above zero; the margin step and the zero gradients show whether it is real",
        tuple(
            Claim(f"{HIGH} above T = 1 at eps {radius:g}", UNKNOWN_T, ABOVE_T_1, ACCURACY, _at(radius), Kind.MORE)
            for radius in LINF.eps
            if 0 < radius <= LARGE.high
        ),
        plain="Training at a high temperature seems to protect against an attacker at T = 1, who does not know the temperature.",
        masking=True,
    ),
    Finding(
        "13-b",
        "ResNet18, batch 128, T in 20, 50, 70, 90, attacker knows T",
        "robust at large eps only",
        "mean accuracy of the four high-temperature networks minus T = 1, attacker at T, over 8 <= eps <= 64 and over "
        "0 < eps <= 2",
        "reproduced: above zero at large eps, and at most 2 points above zero at small eps",
        (
            Claim(f"{HIGH} above T = 1 at large eps", "13", ABOVE_T_1, ACCURACY, LARGE, Kind.MORE),
            Claim(f"{HIGH} not above T = 1 at small eps", "13", ABOVE_T_1, ACCURACY, SMALL, Kind.NOT_MORE),
        ),
        plain="Against an attacker who knows the temperature, a high one helps only where the attack is strong.",
        masking=True,
    ),
    Finding(
        "8 to 11",
        "all pruned networks",
        "making a network sparse does not by itself make it robust",
        "accuracy of each sparse network minus its dense control over 0 < eps <= 8, five sparsities in five settings",
        "reproduced: at least one sparse network is shown to gain less than 2 points (corrected over all); contradicted: every "
        "one is shown to gain more than 2 points",
        tuple(
            Claim(GAINS.format(label, figure), figure, _minus(label, "dense"), ACCURACY, CUSTOMARY, Kind.NOT_MORE)
            for figure in ("8", "9", "10a", "10b", "11")
            for label in ZERO[1:]
        ),
        plain="Making a network sparse does not by itself make it hard to attack.",
        counterexample=True,
    ),
)
