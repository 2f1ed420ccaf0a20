"""The rules by which other tools call a gradient masked, applied to the cases of a calibration.

They see the evidence of this suite's screen. So Square has 150 queries on at most 32 images where AutoAttack has 5,000 on all,
and randomness is judged by two calls on at most 64 images where AutoAttack makes five on all. The tools themselves may miss
fewer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.audit.evidence import Access, Evidence
from bench.audit.rates import PROBABILITIES, SECURITY_CURVE, Called, Case

DRAWN = 1e-4  # AutoAttack: how far the logits of one image may change
SQUARE = 0.002  # AutoAttack: the accuracy that Square may take
SHARE = 0.1  # the share of images above which an indicator counts; this suite's choice


def autoattack(case: Case) -> bool:
    """Tell whether AutoAttack would print a flag.

    One is printed where the logits of an image change, the output is a probability distribution, a gradient of the
    cross-entropy is zero in every pixel, or Square takes more than 0.2 points. Source: its ``checks.py``; Croce & Hein 2020,
    arXiv:2003.01690.
    """
    evidence = case.evidence
    drawn = bool((evidence.known("repeat") > DRAWN).any())
    probabilities = bool((evidence.probes[PROBABILITIES] == 1).all())
    zero = bool((evidence.known("zero") == 1).any())
    square = float(_fooled_beside_white_box(evidence, Access.BLACK_BOX, "square").mean(axis=1).max())
    return drawn or probabilities or zero or square > SQUARE


def indicators(case: Case) -> bool:
    """Tell whether an indicator of attack failure counts on more than a tenth of the images.

    Of the six, four can be read from this evidence: the gradient is zero, the logits change between calls, transfer fools
    an image that the attack did not, and an attack within the whole range fails. Source: Pintor et al. 2022,
    arXiv:2106.09947.
    """
    evidence = case.evidence
    shares = (
        _mean(evidence.known("zero") == 1),
        _mean(evidence.known("repeat") > DRAWN),
        float(_fooled_beside_white_box(evidence, Access.TRANSFER, "transfer").mean(axis=1).max()),
        _mean(evidence.known(SECURITY_CURVE) == 1),
    )
    return max(shares) > SHARE


def security_curve(case: Case) -> bool:
    """Tell whether accuracy after PGD within the whole range is above chance.

    Source: ``SecurityCurve`` of the Adversarial Robustness Toolbox 1.20, which takes 100 steps; here they are 20.
    """
    return _mean(case.evidence.known(SECURITY_CURVE) == 1) > 1 / case.evidence.classes


RULES: dict[str, Called] = {
    "AutoAttack's flags": autoattack,
    "indicators of attack failure": indicators,
    "ART's SecurityCurve": security_curve,
}


def _mean(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if len(flags) else 0.0


def _fooled_beside_white_box(evidence: Evidence, access: Access, name: str) -> NDArray[np.bool_]:
    """Return where a stage fools images that all attacks with a gradient left, (k, n)."""
    found = evidence.stage(name)
    left = evidence.correct(Access.ONE_STEP, Access.WHITE_BOX)
    return left & found.fooled if found is not None and found.access is access else np.zeros_like(left)
