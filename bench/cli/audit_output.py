"""The output of an audit: a card of at most 20 lines, or one JSON object for a program."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.audit.other_rules import RULES
from bench.audit.rates import Case, Rate, accused, defended, missed, shipped
from bench.records.schema import AuditRecord, LeftRow
from bench.spec.architectures import title_of

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
    word = f"{verdict.kind} (one seed; provisional until three do)" if verdict.provisional else verdict.kind
    head = [
        f"{name}: {word}",
        f"{record.battery} audit: {record.images} validation images, {record.threat.norm}, {record.threat.knowledge}",
        _line("eps, pixel levels", [f"{row.eps:g}" for row in verdict.rows]),
        _line("FGSM says", [f"{row.naive:.3f}" for row in verdict.rows]),
        _line("left, at most" if verdict.misled else "really left", [f"{row.left:.3f}" for row in verdict.rows]),
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
        reasons = [*reasons[: room - 1], "more reasons are in the record" if path else "--json has all reasons"]
    return "\n".join([*head, *reasons, *tail])


def rates(found: Sequence[Case]) -> str:
    """Return the error rates of a calibration: of this audit, by architecture, and of other tools' rules; then the cases."""
    lines = [f"{'rule':<30}{'missed':>12}{'bound':>8}{'accused':>12}{'bound':>8}"]
    lines.append(_errors("this audit", missed(found), accused(found)))
    for arch in dict.fromkeys(title_of(each.run.arch) for each in found):
        part = [each for each in found if title_of(each.run.arch) == arch]
        lines.append(_errors(f"  {arch}", missed(part), accused(part)))
    lines += [_errors(name, missed(found, rule), accused(found, rule)) for name, rule in RULES.items()]
    lines.append(f"The bounds are at 95 %, one-sided, as if each of the {len(found)} cases were drawn alone.")
    lines.append(f"{'':<30}{'cases':>6}{'deceive':>9}{'overstated':>12}{'left too much':>15}  verdicts")
    for name in dict.fromkeys(_named(each) for each in found):
        cases = [each for each in found if _named(each) == name]
        kinds = Counter(str(each.verdict.kind) for each in cases)
        lines.append(
            f"{name:<30}{len(cases):>6}{sum(each.deceives for each in cases):>9}"
            f"{100 * float(np.mean([each.overstated for each in cases])):>12.1f}"
            f"{100 * max(each.recovered for each in cases):>15.1f}  "
            + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        )
    lines.append("overstated: mean points by which FGSM overstates accuracy beyond an honest network;")
    lines.append("left too much: most points by which what the audit leaves is above what is known.")
    return "\n".join(lines)


def _errors(name: str, missing: Rate, accusing: Rate) -> str:
    return name.ljust(30) + "".join(
        f"{f'{rate.errors} of {rate.cases}':>12}{rate.upper:>8.3f}" for rate in (missing, accusing)
    )


def _named(case: Case) -> str:
    """Return the fake, or the kind of the network itself."""
    if case.fake:
        return case.fake
    if case.run.temperature != 1:
        return f"trained at T = {case.run.temperature:g}"
    if defended(case.run):
        return (
            f"trained under attack, from the {case.run.adversarial_start}"
            if not case.honest
            else "trained under attack"
        )
    return "nothing planted"


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
