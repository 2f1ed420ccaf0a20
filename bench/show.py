"""What a finished run says on stdout: a table for a person, or one JSON object for a program."""

from __future__ import annotations

import json
import textwrap
from typing import Any

from bench.phases import Result


def table(result: Result) -> str:
    """Return the figures of a run as text: what it is, accuracy and drop at each eps, and where the record is."""
    lines = [f"{result.folder.run.name}  seed {result.folder.run.seed}"]
    if result.diverged:
        lines.append(
            f"diverged: the loss was no longer a number in epoch {result.training['epoch']}; there is no accuracy"
        )
    else:
        lines.append(_summary(result.training["metrics"]))
    for record in result.attacks.values():
        lines += ["", *_attack(record)]
    if result.masking:
        lines += ["", *[textwrap.fill(finding["words"], 110, subsequent_indent="  ") for finding in result.masking]]
    return "\n".join([*lines, "", f"record  {result.folder.path / 'run.json'}", *_curve(result)])


def as_json(result: Result) -> str:
    """Return the records of a run as one JSON object."""
    body = {
        "run": result.folder.run.name,
        "seed": result.folder.run.seed,
        "status": result.training["status"],
        "record": str(result.folder.path / "run.json"),
        "training": result.training,
        "attacks": result.attacks,
        "masking": result.masking,
    }
    return json.dumps(body, allow_nan=False, ensure_ascii=False)


def _summary(metrics: dict[str, Any]) -> str:
    parts = [
        f"clean accuracy {metrics['accuracy']:.4f}",
        f"sparsity {metrics['sparsity']:.4f} of kernels, {metrics['sparsity_whole']:.4f} of the network",
        f"{metrics['parameters_nonzero']:,} of {metrics['parameters']:,} parameters",
        f"{metrics['macs_nonzero'] / 1e6:,.1f} of {metrics['macs'] / 1e6:,.1f} million MACs",
        f"gzip {metrics['gzip_bytes'] / 1e6:,.1f} MB",
    ]
    if metrics["low_rank"]:
        before = sum(row["weights_before"] for row in metrics["low_rank"])
        after = sum(row["weights"] for row in metrics["low_rank"])
        larger = sum(not row["smaller"] for row in metrics["low_rank"])
        noted = f", {larger} of them no smaller than before" if larger else ""
        parts.append(
            f"{len(metrics['low_rank'])} separable convolutions{noted}: {after:,} weights where {before:,} were"
        )
    return " · ".join(parts)


def _attack(record: dict[str, Any]) -> list[str]:
    zero_images, zero_pixels = record["gradient_zero_images"], record["gradient_zero_pixels"]
    lines = [
        f"{record['attack']}: L-infinity, {record['threat']['knowledge']}; {record['images']:,} validation images",
        f"exactly zero gradient: {zero_images:.4f} of images, {zero_pixels:.4f} of pixel values",
        f"{'eps':>7}  {'accuracy':>8}  {'95 % interval':>16}  {'drop':>8}  {'of clean right':>14}",
    ]
    for row in record["rows"]:
        interval = f"{row['low']:.4f} .. {row['high']:.4f}"
        kept = "-" if row["accuracy_of_clean_right"] is None else f"{row['accuracy_of_clean_right']:.4f}"
        lines.append(f"{row['eps']:>7g}  {row['accuracy']:>8.4f}  {interval:>16}  {row['drop']:>8.4f}  {kept:>14}")
    return lines


def _curve(result: Result) -> list[str]:
    return [f"curve   {result.folder.curve}"] if result.folder.curve.exists() else []
