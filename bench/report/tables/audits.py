"""The table of audits: what FGSM says, what is really left, and the verdict."""

from __future__ import annotations

from collections import Counter

from bench.attacks.norms import LINF
from bench.audit.verdict import Kind
from bench.comparison.verdict import DASH
from bench.records.collection import Collection
from bench.records.networks import TrainedNetwork
from bench.records.schema import AuditRecord, LeftRow
from bench.report.network_names import names_in
from bench.report.tables.cells import counted, in_percent, percent
from bench.report.tables.table import Cell, Table, columns
from bench.report.wording import eps_unit
from bench.spec.seeds import SEEDS


def audit_table(collection: Collection) -> Table | None:
    """Return a row for each audited network and eps; None where no network is audited."""
    found = [(network, audit) for network in collection.every for _, audit in sorted(network.audits.items())]
    if not found:
        return None
    called = names_in(collection)
    names = {
        "run": ("network", "seed"),
        "audit": ("audit", "images", "verdict"),
        "accuracy": ("clean", "eps", "FGSM says", "really left", "illusion", "left of its control", "certified"),
        "checks": ("flagged",),
        "record": ("run",),
    }
    resisting = Counter(
        (network.run.name, audit.battery) for network, audit in found if audit.verdict.kind == Kind.RESISTS.value
    )
    few = {each for each, seeds in resisting.items() if seeds < SEEDS}
    rows = tuple(
        _row(called[network.run.name], network, audit, row, (network.run.name, audit.battery) in few)
        for network, audit in found
        for row in audit.verdict.rows
    )
    caption = (
        "Accuracy in percent of each audited network, with 95 % intervals over images. FGSM says: under one step on the "
        "cross-entropy at T = 1. Really left: under the worst of all stages of the audit, image by image; at most, where a "
        "check found that the attacks failed. Certified: what no attack can lower, by interval bounds or CROWN. Threat model: "
        f"{eps_unit(LINF)}, white box and black box, true labels."
    )
    kinds = Counter(audit.verdict.kind for _, audit in found)
    note = "Verdicts: " + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) + "."
    return Table("audits", "What the audits leave", caption, (note,), columns(names), rows).filled


def _row(name: str, network: TrainedNetwork, audit: AuditRecord, row: LeftRow, provisional: bool) -> tuple[Cell, ...]:
    verdict = audit.verdict
    flagged = ", ".join(check.check for check in verdict.checks if check.result == "flag")
    return (
        Cell(name),
        Cell(str(network.run.seed), network.run.seed),
        Cell(audit.battery),
        counted(audit.images),
        Cell(f"{verdict.kind}, provisional" if provisional and verdict.kind == Kind.RESISTS.value else verdict.kind),
        in_percent(verdict.clean),
        Cell(f"{row.eps:g}", row.eps),
        in_percent(row.naive),
        Cell(
            f"{'at most ' * verdict.misled}{percent(row.left)} [{percent(row.low)}, {percent(row.high)}]",
            row.left,
            None,
            row.low,
            row.high,
        ),
        in_percent(row.naive - row.left),
        in_percent(row.control),
        in_percent(row.certified),
        Cell(flagged or DASH),
        Cell(network.run.name),
    )
