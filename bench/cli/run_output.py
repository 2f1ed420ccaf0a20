"""What a finished run says on stdout: a summary for a person, every table on request, one JSON object for a program."""

from __future__ import annotations

import json
import textwrap

from bench.records.schema import AttackRecord, Metrics
from bench.runs.pipeline import Result

SHOWN = (0.0, 1.0, 2.0, 4.0, 8.0)
WIDTH = 110


def summary(result: Result) -> str:
    """Return at most 15 lines: the network, what it costs, accuracy by attack, a sentence on masking, where the record is."""
    lines = _head(result)
    attacks = list(result.attacks.values())
    if attacks:
        eps = _shown(attacks)
        lines += ["", f"accuracy under attack ({_images(attacks)})"]
        lines.append(f"{'eps, pixel levels':<36}" + "".join(f"{radius:>9g}" for radius in eps))
        lines += [_line(attack, eps) for attack in attacks[:4]]
        if len(attacks) > 4:
            lines.append(f"and {len(attacks) - 4} more: --verbose shows them")
        lines += textwrap.wrap(_masking(result), WIDTH)[:3]
    return "\n".join([*lines, *_places(result)])


def tables(result: Result) -> str:
    """Return every number of every attack as text, after the summary's head."""
    lines = _head(result)
    for record in result.attacks.values():
        lines += ["", *_table(record)]
    lines += ["", *[textwrap.fill(finding.words, WIDTH, subsequent_indent="  ") for finding in result.masking]]
    return "\n".join([*lines, *_places(result)])


def as_json(result: Result) -> str:
    """Return the records of a run as one JSON object."""
    body = {
        "run": result.folder.run.name,
        "seed": result.folder.run.seed,
        "status": result.training.status,
        "record": str(result.folder.path / "run.json"),
        "training": result.training.model_dump(mode="json", exclude_unset=True),
        "attacks": {name: each.model_dump(mode="json", exclude_unset=True) for name, each in result.attacks.items()},
        "masking": [
            {
                "attack": each.attack,
                "reference": each.reference,
                "eps": each.eps,
                "accuracy": each.accuracy,
                "reference_accuracy": each.reference_accuracy,
                "gap": each.gap,
                "masked": each.masked,
            }
            for each in result.masking
        ],
    }
    return json.dumps(body, allow_nan=False, ensure_ascii=False)


def _head(result: Result) -> list[str]:
    lines = [f"{result.folder.run.name}  seed {result.folder.run.seed}"]
    if result.training.metrics is None:
        return [
            *lines,
            f"diverged: the loss was no longer a number in epoch {result.training.epoch}; there is no accuracy",
        ]
    return lines + _network(result, result.training.metrics)


def _network(result: Result, metrics: Metrics) -> list[str]:
    data = result.training.data
    lines = [
        f"clean accuracy {metrics.accuracy:.4f} on all {data.val:,} validation images",
        f"{metrics.parameters_nonzero:,} of {metrics.parameters:,} parameters are not zero "
        f"(sparsity {metrics.sparsity:.4f} of kernels, {metrics.sparsity_whole:.4f} of the network); "
        f"{metrics.macs_nonzero / 1e6:,.1f} of {metrics.macs / 1e6:,.1f} million MACs; "
        f"gzip {metrics.gzip_bytes / 1e6:,.1f} MB",
    ]
    if metrics.low_rank:
        before = sum(row.weights_before for row in metrics.low_rank)
        after = sum(row.weights for row in metrics.low_rank)
        larger = sum(not row.smaller for row in metrics.low_rank)
        noted = f", {larger} of them no smaller than before" if larger else ""
        lines.append(f"{len(metrics.low_rank)} separable convolutions{noted}: {after:,} weights where {before:,} were")
    chance = 1 / len(data.classes)
    if metrics.accuracy < 2 * chance:
        lines.append(
            f"this network did not learn: chance is {chance:.2f}. Its accuracy under attack says nothing; train it "
            "longer or at another --learning-rate"
        )
    return lines


def _shown(attacks: list[AttackRecord]) -> list[float]:
    """Return up to five radii that all attacks have: the usual ones where they are there, else spread over all."""
    common = sorted(set.intersection(*[{row.eps for row in attack.rows} for attack in attacks]))
    usual = [radius for radius in SHOWN if radius in common]
    if len(usual) >= min(len(common), 3):
        return usual
    last = len(common) - 1
    return [common[place] for place in sorted({round(part * last / 4) for part in range(5)})]


def _images(attacks: list[AttackRecord]) -> str:
    images = " or ".join(f"{count:,}" for count in sorted({attack.images for attack in attacks}))
    norms = " or ".join(dict.fromkeys(attack.threat.norm for attack in attacks))
    return f"{norms}, {images} validation images"


def _line(attack: AttackRecord, eps: list[float]) -> str:
    accuracy = {row.eps: row.accuracy for row in attack.rows}
    return f"{attack.threat.label:<36}" + "".join(f"{accuracy[radius]:>9.4f}" for radius in eps)


def _masking(result: Result) -> str:
    found = result.masking
    masked = [each for each in found if each.masked]
    if masked:
        return max(masked, key=lambda each: each.gap).words + "."
    if found:
        return max(found, key=lambda each: each.gap).words + "."
    zeros = max(attack.gradient_zero_images for attack in result.attacks.values())
    return (
        "masking not tested: --attack 'fgsm(loss=margin)' tests it. "
        f"The gradient is exactly zero on {100 * zeros:.1f} % of the images."
    )


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
    return ["", f"record  {result.folder.path / 'run.json'}", *curve]
