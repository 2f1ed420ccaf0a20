"""The output of ``bench transfer``: the sweep as a table, and the attacks on the whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.records.schema import TransferAttackRow, TransferRecord, TransferRow


def table(record: TransferRecord, paths: Sequence[Path]) -> str:
    """Return the sweep, the accuracy of the chosen pair, and the accuracy of the whole under each attack."""
    width = max(len("cut"), *(len(row.cut) for row in record.rows))
    lines = [
        f"{record.network}: {len(record.classes)} classes, {record.to_fit:,} images to fit, "
        f"{record.held_out:,} held out",
        f"{'cut':<{width}}{'features':>10}{'C':>10}{'accuracy':>10}{'95 % interval':>18}{'seconds':>9}",
        *(_row(row, record, width) for row in record.rows),
        *_guessed(record),
        *["~ the solver did not converge: take a smaller C"] * any(not row.converged for row in record.rows),
        f"chosen on the held-out images: {record.cut}, C = {record.c:g}",
        f"fitted on all {record.train:,} training images; on {record.val:,} validation images: {record.accuracy:.4f} "
        f"({record.low:.4f}..{record.high:.4f})",
        f"features of the training images took {record.feature_seconds:.0f} s",
        f"the whole as one network, on {record.attacked} validation images, accuracy and 95 % interval:",
        *(line for attack in record.attacks for line in _attack(attack)),
    ]
    return "\n".join([*lines, *map(str, paths)])


def _row(row: TransferRow, record: TransferRecord, width: int) -> str:
    mark = " *" if (row.cut, row.c) == (record.cut, record.c) else ""
    mark += " ~" if not row.converged else ""
    interval = f"{row.low:.4f}..{row.high:.4f}"
    return (
        f"{row.cut:<{width}}{row.features:>10}{row.c:>10g}{row.accuracy:>10.4f}{interval:>18}{row.seconds:>9.1f}{mark}"
    )


def _guessed(record: TransferRecord) -> list[str]:
    if record.largest_class is None:
        return []
    return [f"always the largest class: {record.largest_class:.4f} on the held-out images"]


def _attack(attack: TransferAttackRow) -> list[str]:
    cells = "  ".join(f"eps {row.eps:g}: {row.accuracy:.3f} ({row.low:.3f}..{row.high:.3f})" for row in attack.rows)
    lines = [f"  {attack.attack}: {cells}", f"    {attack.threat.norm}, {attack.threat.knowledge}"]
    if attack.gradient_zero_images:
        lines.append(f"    the gradient is exactly zero on {100 * attack.gradient_zero_images:.1f} % of the images")
    return lines
