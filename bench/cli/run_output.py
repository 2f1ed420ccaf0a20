"""The output of a finished run: a summary, every table on request, or one JSON object for a program."""

from __future__ import annotations

import json
import textwrap

from bench.evaluation.learned import learned, shown_and_needed
from bench.records.schema import AttackRecord, Metrics
from bench.runs.pipeline import Result
from bench.training.overfitting import catastrophic

LINES = 15
SHOWN = (0.0, 1.0, 2.0, 4.0, 8.0)
WIDTH = 110
MASKING = ("attack", "reference", "eps", "accuracy", "reference_accuracy", "gap", "masked")


def summary(result: Result) -> str:
    """Return at most 15 lines: the network, its cost, accuracy by attack, a sentence on masking, where the record is."""
    head, tail = _head(result), _places(result)
    if result.attacks and learned(result.training):
        tail = [*textwrap.wrap(_masking(result), WIDTH), *tail]
    return "\n".join([*head, *_blocks(result, LINES - len(head) - len(tail)), *tail])


def tables(result: Result) -> str:
    """Return every number of every attack, below the same lines on the network."""
    lines = _head(result)
    for record in result.attacks.values():
        lines += ["", *_table(record)]
    findings = result.masking if learned(result.training) else []
    lines += ["", *[textwrap.fill(finding.words, WIDTH, subsequent_indent="  ") for finding in findings], ""]
    return "\n".join([*lines, *_places(result)])


def as_json(result: Result) -> str:
    """Return the records of a run as one JSON object."""
    body = {
        "run": result.folder.run.name,
        "seed": result.folder.run.seed,
        "status": result.training.status,
        "record": str(result.folder.record),
        "training": result.training.model_dump(mode="json", exclude_unset=True),
        "attacks": {name: each.model_dump(mode="json", exclude_unset=True) for name, each in result.attacks.items()},
        "audits": {name: each.model_dump(mode="json", exclude_unset=True) for name, each in result.audits.items()},
        "masking": [{name: getattr(each, name) for name in MASKING} for each in result.masking],
    }
    return json.dumps(body, allow_nan=False, ensure_ascii=False)


def _head(result: Result) -> list[str]:
    training = result.training
    lines = [f"{result.folder.run.name}  seed {result.folder.run.seed}"]
    if training.metrics is None:
        return [*lines, f"diverged: the loss was no longer a number in epoch {training.epoch}; there is no accuracy"]
    val = training.data.val
    lines.append(f"clean accuracy {training.metrics.accuracy:.4f} on all {val:,} validation images")
    if any(attack.images != val for attack in result.attacks.values()):
        lines.append("an attack on a fraction of them starts, at eps 0, from the accuracy on that fraction")
    if not learned(result.training):
        ends = shown_and_needed(training.metrics.accuracy, val, len(training.data.classes))
        lines.append(f"not shown to have learned ({ends}), so attacks say nothing: train longer or use more images")
    overfitted = [sentence for row in training.history if (sentence := catastrophic(row.model_dump()))]
    lines += textwrap.wrap(overfitted[-1], WIDTH) if overfitted else []
    return lines + _cost(training.metrics)


def _cost(metrics: Metrics) -> list[str]:
    lines = [
        f"{metrics.parameters_nonzero:,} of {metrics.parameters:,} parameters are not zero (sparsity "
        f"{metrics.sparsity:.4f} of the kernels, {metrics.sparsity_whole:.4f} of the network)",
        f"{metrics.macs_nonzero / 1e6:,.1f} of {metrics.macs / 1e6:,.1f} million multiply-accumulates, "
        f"{metrics.gzip_bytes / 1e6:,.2f} MB after gzip",
    ]
    if metrics.low_rank:
        before = sum(row.weights_before for row in metrics.low_rank)
        after = sum(row.weights for row in metrics.low_rank)
        larger = sum(not row.smaller for row in metrics.low_rank)
        noted = f", {larger} of them no smaller than before" if larger else ""
        lines.append(f"{len(metrics.low_rank)} separable convolutions{noted}: {after:,} weights where {before:,} were")
    return lines


def _blocks(result: Result, room: int) -> list[str]:
    """Return at most ``room`` lines: for each norm its radii, then the accuracy under each attack in it."""
    by_norm: dict[str, list[AttackRecord]] = {}
    for attack in result.attacks.values():
        by_norm.setdefault(attack.threat.norm, []).append(attack)
    room -= len(by_norm)
    hidden = len(result.attacks) - room
    shown = room - 1 if hidden > 0 else room  # the last line counts the attacks that have none
    lines = []
    for norm, attacks in by_norm.items():
        eps = _shown(attacks)
        lines.append(
            f"{f'accuracy at eps ({norm}, {attacks[0].threat.eps_unit})':<44}"
            + "".join(f"{radius:>9g}" for radius in eps)
        )
        lines += [_line(attack, eps, result.training.data.val) for attack in attacks[: max(0, shown)]]
        shown -= len(attacks)
    return lines + [f"{hidden + 1} more attacks: --verbose shows them"] * (hidden > 0)


def _shown(attacks: list[AttackRecord]) -> list[float]:
    """Return up to five radii that all attacks have: the usual ones where they have three, else spread over all."""
    common = sorted(set.intersection(*[{row.eps for row in attack.rows} for attack in attacks]))
    usual = [radius for radius in SHOWN if radius in common]
    if len(usual) >= min(len(common), 3):
        return usual
    last = len(common) - 1
    return [common[place] for place in sorted({round(part * last / 4) for part in range(5)})]


def _line(attack: AttackRecord, eps: list[float], images: int) -> str:
    accuracy = {row.eps: row.accuracy for row in attack.rows}
    part = "" if attack.images == images else f", {attack.images:,} images"
    return f"{attack.threat.label + part:<44}" + "".join(f"{accuracy[radius]:>9.4f}" for radius in eps)


def _masking(result: Result) -> str:
    if result.masking:  # the worst finding: a masked gradient has the largest gap
        return max(result.masking, key=lambda each: each.gap).words + "."
    zeros = max(attack.gradient_zero_images for attack in result.attacks.values())
    test = (
        "the audit below tests masking"
        if result.audits
        else "masking not tested: --attack 'fgsm(loss=margin)' tests it"
    )
    return f"{test}. The gradient is exactly zero on {100 * zeros:.1f} % of the images."


def _table(record: AttackRecord) -> list[str]:
    lines = [
        f"{record.attack}: {record.threat.norm}, {record.threat.knowledge}; {record.images:,} validation images",
        f"exactly zero gradient: {record.gradient_zero_images:.4f} of images, "
        f"{record.gradient_zero_pixels:.4f} of pixel values",
        f"{'eps':>7}  {'accuracy':>8}  {'95 % interval':>16}  {'drop':>8}  {'of clean correct':>16}",
    ]
    for row in record.rows:
        interval = f"{row.low:.4f} .. {row.high:.4f}"
        kept = "-" if row.accuracy_of_clean_right is None else f"{row.accuracy_of_clean_right:.4f}"
        lines.append(f"{row.eps:>7g}  {row.accuracy:>8.4f}  {interval:>16}  {row.drop:>8.4f}  {kept:>16}")
    return lines


def _places(result: Result) -> list[str]:
    curve = [f"curve   {result.folder.curve}"] if result.folder.curve.exists() else []
    return [f"record  {result.folder.record}", *curve]
