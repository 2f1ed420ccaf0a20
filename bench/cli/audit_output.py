"""The output of an audit: a card of at most 20 lines, or one JSON object for a program."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.audit.rates import Case, Shipped, accused, missed, shipped
from bench.records.schema import AuditRecord, LeftRow

WIDTH = 110
LINES = 19
LABEL = 34


def card(name: str, record: AuditRecord, path: Path | None) -> str:
    """Return the verdict, the numbers at each eps, the reasons, the checks and the error rates, in under 20 lines.

    Args:
        name: of the network.
        path: of the record; None where none was written.
    """
    verdict = record.verdict
    word = f"{verdict.kind} (provisional: fewer than three seeds)" if verdict.provisional else verdict.kind
    head = [
        f"{name}: {word}",
        f"{record.battery}: {record.images} validation images, {record.threat.norm}, {record.threat.knowledge}",
        _line("eps, pixel levels", [f"{row.eps:g}" for row in verdict.rows]),
        _line("FGSM says", [f"{row.naive:.3f}" for row in verdict.rows]),
        _line("really left", [f"{row.left:.3f}" for row in verdict.rows]),
        _line("  95 % interval", [f"{row.low:.3f}..{row.high:.3f}" for row in verdict.rows]),
        _line("illusion", [f"{row.naive - row.left:+.3f}" for row in verdict.rows]),
    ]
    if record.control:
        head.append(_line("left of its control", [_accuracy(row) for row in verdict.rows]))
    if any(row.certified is not None for row in verdict.rows):
        head.append(_line("certified", [_certified(row) for row in verdict.rows]))
    tail = [_checks(record), *textwrap.wrap(shipped().sentence, WIDTH)]
    if record.control:
        tail.append(f"control {record.control.run}, seed {record.control.seed}")
    if path:
        tail.append(f"record  {path}")
    room = LINES - len(head) - len(tail)
    reasons = [line for reason in verdict.reasons for line in textwrap.wrap(reason, WIDTH - 2, subsequent_indent="  ")]
    if len(reasons) > room:
        reasons = [*reasons[: room - 1], "more reasons are in the record"]
    return "\n".join([*head, *reasons, *tail])


def rates(found: Sequence[Case]) -> str:
    """Return the error rates of a calibration: over all cases, by fake, and the dose of each scale of the logits."""
    lines = [Shipped(missed(found), accused(found)).sentence]
    for name in dict.fromkeys(each.fake for each in found):
        cases = [each for each in found if each.fake == name]
        kinds = Counter(str(each.verdict.kind) for each in cases)
        deceive = f"{sum(each.deceives for each in cases):>3} deceive FGSM" if name else " " * 17
        words = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        lines.append(f"{name or 'networks themselves':<26}{len(cases):>4} cases {deceive}: {words}")
    return "\n".join(lines)


def as_json(name: str, record: AuditRecord, path: Path | None) -> str:
    """Return the record of an audit as one JSON object."""
    body = {"network": name, "record": str(path) if path else None, "audit": record.model_dump(mode="json")}
    return json.dumps(body, allow_nan=False, ensure_ascii=False)


def _line(label: str, values: list[str]) -> str:
    return f"{label:<{LABEL}}" + "".join(f"{value:>16}" for value in values)


def _accuracy(row: LeftRow) -> str:
    return "-" if row.control is None else f"{row.control:.3f}"


def _certified(row: LeftRow) -> str:
    if row.certified is None:
        return "-"
    return f"{row.certified:.3f}" if row.certified else "none (vacuous)"


def _checks(record: AuditRecord) -> str:
    by_result = {
        result: [each.check for each in record.verdict.checks if each.result == result]
        for result in ("pass", "flag", "not applicable")
    }
    flags = f" ({', '.join(by_result['flag'])})" if by_result["flag"] else ""
    return (
        f"checks: {len(by_result['pass'])} pass, {len(by_result['flag'])} flagged{flags}, "
        f"{len(by_result['not applicable'])} not applicable"
    )
