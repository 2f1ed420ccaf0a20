"""Catastrophic overfitting: a network learns to withstand the one step that it is trained on, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

GAP = 0.2


def catastrophic(row: Mapping[str, float | None]) -> str | None:
    """Return a sentence where the row of an epoch shows catastrophic overfitting, else None.

    It does where the accuracy under the one step that is trained on is more than 0.2 above that under ten steps of the same
    radius, on the same training images.
    Source: Wong et al. 2020, arXiv:2001.03994, section 5. Departure: they compare the accuracy under several steps with that
    of the epoch before, and stop the training where it fell by more than 0.2.
    """
    one, ten = row.get("accuracy_one_step"), row.get("accuracy_ten_steps")
    if one is None or ten is None or one - ten <= GAP:
        return None
    return (
        f"catastrophic overfitting in epoch {row['epoch']:.0f}: on training images the accuracy is {one:.2f} under the one step "
        f"that is trained on and {ten:.2f} under ten steps of the same eps. Train with --adversarial-steps 7, or a smaller eps."
    )
