"""The table of networks: what FGSM says, what is left, the verdict and the size of each, and the details behind a row."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.comparison.standing import Standing
from bench.comparison.verdict import DASH
from bench.evaluation.masking import masking
from bench.records.collection import Collection
from bench.records.networks import TrainedNetwork, named_seeds, seeds_text
from bench.records.schema import AttackRecord, TrainingRecord
from bench.report.answer import Answer, left_in_short, times, verdict_of
from bench.report.network_names import names_in
from bench.report.tables.cells import over_seeds, percent
from bench.report.tables.milliseconds import Milliseconds, milliseconds
from bench.report.tables.table import Cell, Table, columns
from bench.spec.architectures import written
from bench.spec.run import Run

Seeds = Mapping[int, TrainedNetwork]
MEASURED = {
    "clean accuracy, %": "accuracy",
    "sparsity of the kernels, %": "sparsity",
    "sparsity of the network, %": "sparsity_whole",
    "parameters": "parameters",
    "not zero": "parameters_nonzero",
    "MACs": "macs",
    "by a weight not zero": "macs_nonzero",
    "gzip, bytes": "gzip_bytes",
}
FRACTIONS = ("accuracy", "sparsity", "sparsity_whole")
COLUMNS = {
    "run": ("network",),
    "accuracy": ("clean, %", "eps", "FGSM says, %", "really left, %", "illusion, points", "images"),
    "audit": ("verdict", "seeds", "certified, %"),
    "size": ("smaller", "sparsity, %", "parameters, M", "MACs, M"),
    "time": ("milliseconds",),
}


@dataclass(frozen=True)
class Entry:
    """A run and what the records say of each of its networks: settings, measurements, attacks, versions."""

    name: str
    settings: Mapping[str, str]
    measured: Table
    attacks: Table | None
    unit: str
    masking: tuple[str, ...]
    versions: tuple[str, ...]


def leaderboard(records: Collection, answer: Answer) -> tuple[Table, tuple[Entry, ...]]:
    """Return the table of networks, with an entry for each row: the audited ones first, then by setting, most left first.

    Without a timing it has no milliseconds. A column in which no network has anything is left out.
    """
    names = names_in(records)
    standing = {each.run.name: each for each in answer.standings}

    def place(run: Run) -> tuple[Any, ...]:
        found = standing.get(run.name)
        alike = (written(run.arch), run.batch_size, found.eps if found else math.inf)
        return (not (found and found.audited), *alike, -found.left if found else 0.0, run.name)

    ordered = sorted(records.runs, key=place)
    timed = milliseconds(records)
    rows = tuple(_row(names[run.name], run, records.of(run), standing.get(run.name), timed) for run in ordered)
    caption = (
        "One row for each network. Compare only rows of the same network, batch size and eps: they stand together, audited ones "
        "first. Clean, sparsity and sizes are means over all its seeds, clean on all validation images. The other numbers are of "
        "the seeds that the column seeds has in brackets, or else of all. FGSM says, really left and illusion are at the eps of "
        "the column, L-infinity; FGSM is that of an attacker at T = 1. "
        f"{answer.reading if answer.standings else ''}"
    )
    notes = (
        "Images: how many FGSM says and really left are of. A difference of a few points on few images may be chance. A verdict "
        "with (full) is of the full audit, on more images. Smaller: the control's parameters over those that are not zero. "
        "MACs: multiply-accumulates by a weight that is not zero, for one image. Certified: what no attack can lower, from bench "
        "audit RUN --full; a dash where nothing is certified.",
        *([timed.note] if timed else []),
    )
    table = Table("networks", "All networks", caption, notes, columns(COLUMNS), rows)
    return table.filled, tuple(_entry(run, records.of(run)) for run in ordered)


def version(network: TrainedNetwork) -> str:
    """Return the version of the training, the images and the libraries of ``network`` in a line."""
    environment = network.record.environment
    libraries = ", ".join(f"{name} {version}" for name, version in sorted(environment.versions.items()))
    where = f"{network.run.dataset} {network.run.image_size} px"
    numbers, data = network.comparable
    return f"training {numbers} (commit {environment.commit}); {where}, fingerprint {data[:16]}; {libraries}"


def _row(name: str, run: Run, seeds: Seeds, standing: Standing | None, timed: Milliseconds | None) -> tuple[Cell, ...]:
    def millions(name: str) -> Cell:
        found = sum(float(getattr(each.metrics, name)) for each in seeds.values()) / len(seeds)
        return Cell(f"{found / 1e6:,.2f}", found / 1e6)

    return (
        Cell(name),
        over_seeds([each.metrics.accuracy for each in seeds.values()], percent),
        *(_standing(standing) if standing else [Cell(DASH)] * 6),
        Cell(_seeds(seeds, standing)),
        Cell(percent(standing.certified), standing.certified) if standing and standing.certified else Cell(DASH),
        Cell(DASH)
        if standing is None or standing.compression is None
        else Cell(times(standing.compression), standing.compression),
        over_seeds([each.metrics.sparsity for each in seeds.values()], percent),
        millions("parameters_nonzero"),
        millions("macs_nonzero"),
        timed.of(run) if timed else Cell(DASH),
    )


def _seeds(seeds: Seeds, standing: Standing | None) -> str:
    """Return the seeds as text, with those of the audit or of the attacks where these are fewer: "0, 1, 2 (audit: 2)"."""
    if standing is None or set(standing.seeds) == set(seeds):
        return seeds_text(seeds)
    return f"{seeds_text(seeds)} ({'audit' if standing.audited else 'attacks'}: {seeds_text(standing.seeds)})"


def _standing(found: Standing) -> list[Cell]:
    illusion = Cell(percent(found.illusion), found.illusion) if found.second_attack else Cell("unknown")
    return [
        Cell(f"{found.eps:g}", found.eps),
        Cell(percent(found.naive), found.naive),
        Cell(left_in_short(found), found.left),
        illusion,
        Cell(f"{found.images:,}", found.images),
        Cell(verdict_of(found)),
    ]


def _entry(run: Run, seeds: Seeds) -> Entry:
    made: dict[str, list[int]] = {}
    for seed, network in seeds.items():
        made.setdefault(version(network), []).append(seed)
    units = {attack.record.threat.eps_unit for each in seeds.values() for attack in each.attacks.values()}
    return Entry(
        name=run.name,
        settings={name: str(value) for name, value in run.effective.items() if name != "seed"},
        measured=_measured(seeds),
        attacks=_attacks(seeds),
        unit=" or ".join(sorted(units)),
        masking=tuple(f"seed {seed}: {each.words}." for seed, network in seeds.items() for each in masking(network)),
        versions=tuple(f"{named_seeds(which)}: {line}" for line, which in made.items()),
    )


def _measured(seeds: Seeds) -> Table:
    rows = []
    for seed, network in seeds.items():
        values = [(key, getattr(network.metrics, key)) for key in MEASURED.values()]
        texts = [f"{100 * value:.2f}" if key in FRACTIONS else f"{value:,}" for key, value in values]
        rows.append(tuple(map(Cell, (str(seed), *texts, _seconds(network.record)))))
    return Table("", "", "", (), columns({"": ("seed", *MEASURED, "machine seconds")}), tuple(rows))


def _seconds(record: TrainingRecord | AttackRecord) -> str:
    spent = record.volatile.seconds
    return "not recorded" if spent is None else f"{spent:,.0f}"


def _attacks(seeds: Seeds) -> Table | None:
    """Return accuracy in percent, a row for each attack and seed; None where there is no attack."""
    found = [(attack.record, seed) for seed, network in seeds.items() for attack in network.attacks.values()]
    if not found:
        return None
    radii = sorted({row.eps for record, _ in found for row in record.rows})
    names = ("attack", "norm", "seed", "images", "images without gradient, %", *[f"eps {each:g}" for each in radii])
    rows = []
    for record, seed in sorted(found, key=lambda each: (each[0].attack, each[1])):
        accuracy = {row.eps: f"{100 * row.accuracy:.1f}" for row in record.rows}
        zeros = f"{100 * record.gradient_zero_images:.1f}"
        first = (record.attack, record.threat.norm, str(seed), str(record.images), zeros)
        rows.append(tuple(map(Cell, (*first, *[accuracy.get(each, "") for each in radii], _seconds(record)))))
    return Table("", "", "", (), columns({"": (*names, "seconds")}), tuple(rows))
