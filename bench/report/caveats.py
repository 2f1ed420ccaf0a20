"""What no report of this suite shows, whatever its records: said in each of them."""

from __future__ import annotations

LIMITS = (
    "No attack here is without gradients (Square), none transfers from another network, and none is adaptive: an attack "
    "that nobody ran may leave less. Where no masking was seen, one loss that no temperature changes saw none.",
    "PGD, where it was run, starts from the image itself, without restarts, and keeps its last step, not its best.",
    "FGSM is one step: accuracy under it is an upper bound, and may rise with eps where the step overshoots.",
    "Sparsity and low rank are of weights and multiply-accumulates. No clock was read on a compressed network.",
    "One data set of ten classes and a training of minutes: what holds here need not hold for another.",
)
