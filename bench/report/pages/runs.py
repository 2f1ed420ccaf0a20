"""The list of runs: a row each, and below it, on a click, all that the records say of its networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.evaluation.masking import masking
from bench.records.collection import Collection
from bench.records.networks import RecordedAttack, TrainedNetwork, seeds_text
from bench.records.schema import AttackRecord, TrainingRecord
from bench.report.pages.markdown import version
from bench.report.tables.cells import over_seeds, percent
from bench.report.tables.html_table import box, cell_of, html_table
from bench.report.tables.markup import Html, joined, tag
from bench.report.tables.table import Cell, Column, Table
from bench.spec.run import Run

Seeds = Mapping[int, TrainedNetwork]
HEADS = (
    "network",
    "zeros asked, %",
    "rank",
    "T",
    "batch",
    "seeds",
    "clean accuracy, %",
    "zeros reached, %",
    "non-zero parameters",
    "non-zero MACs",
    "gzip, MB",
    "gradient masked",
    "images",
)
MEASURED = {
    "clean accuracy, %": "accuracy",
    "zeros of kernels, %": "sparsity",
    "zeros of all, %": "sparsity_whole",
    "parameters": "parameters",
    "not zero": "parameters_nonzero",
    "MACs": "macs",
    "by a weight not zero": "macs_nonzero",
    "gzip, bytes": "gzip_bytes",
}
SHARES = ("accuracy", "sparsity", "sparsity_whole")


def run_list(records: Collection) -> Html:
    """Return every run of ``records`` in a table, the networks of all its seeds in the row below it."""
    names = sorted(records.networks, key=lambda name: _order(records.networks[name]))
    head = tag("thead", tag("tr", *[tag("th", name, scope="col") for name in HEADS]))
    bodies = [_run(place, records.networks[name]) for place, name in enumerate(names)]
    return box(tag("table", head, *bodies, class_="runs"), "runs")


def _order(seeds: Seeds) -> tuple[Any, ...]:
    run = _first(seeds).run
    return (
        run.dataset,
        run.image_size,
        run.arch,
        run.batch_size,
        run.temperature,
        str(run.low_rank),
        run.sparsity,
        run.name,
    )


def _first(seeds: Seeds) -> TrainedNetwork:
    return next(iter(seeds.values()))


def _run(place: int, seeds: Seeds) -> Html:
    cells = [cell_of(cell, number == 0) for number, cell in enumerate(_row(_first(seeds).run, seeds))]
    inside = tag("div", *_details(seeds), class_="inside")
    more = tag("tr", tag("td", inside, colspan=str(len(HEADS))), class_="more", id=f"more-{place}")
    return tag("tbody", tag("tr", *cells, class_="run", id=f"run-{place}"), more)


def _row(run: Run, seeds: Seeds) -> list[Cell]:
    def mean(name: str) -> float:
        return sum(float(getattr(each.metrics, name)) for each in seeds.values()) / len(seeds)

    masked = [_masked(each) for each in seeds.values()]
    tested = [each for each in masked if each is not None]
    words = f"{sum(tested)} of {len(tested)} seeds" if tested else "not tested"
    return [
        Cell(run.arch),
        Cell(f"{100 * run.sparsity:g}{', at random' * (run.pruning == 'random' and run.sparsity > 0)}", run.sparsity),
        Cell(str(run.low_rank)),
        Cell(f"{run.temperature:g}", run.temperature),
        Cell(str(run.batch_size), run.batch_size),
        Cell(seeds_text(seeds)),
        over_seeds([each.metrics.accuracy for each in seeds.values()], percent),
        over_seeds([each.metrics.sparsity for each in seeds.values()], percent),
        Cell(f"{mean('parameters_nonzero'):,.0f}", mean("parameters_nonzero")),
        Cell(f"{mean('macs_nonzero'):,.0f}", mean("macs_nonzero")),
        Cell(f"{mean('gzip_bytes') / 1e6:,.2f}", mean("gzip_bytes")),
        Cell(words),
        Cell(f"{run.dataset} {run.image_size} px"),
    ]


def _masked(network: TrainedNetwork) -> bool | None:
    """Tell whether any attack on the network was masked, None where no margin step can tell."""
    found = masking((each.record for each in network.attacks.values()), len(network.record.data.classes))
    return any(each.masked for each in found) if found else None


def _details(seeds: Seeds) -> list[Html]:
    run = _first(seeds).run
    settings = {name: value for name, value in run.settings.items() if name != "seed" and value != ""}
    versions: dict[str, list[str]] = {}
    for seed, network in seeds.items():
        versions.setdefault(version(network), []).append(str(seed))
    made = [tag("li", f"seed{'s' * (len(which) > 1)} {', '.join(which)}: {line}") for line, which in versions.items()]
    return [
        tag("p", tag("code", run.name)),
        tag("dl", *[tag("div", tag("dt", name), tag("dd", str(value))) for name, value in settings.items()]),
        box(html_table(_measured(seeds)), "what was measured of each network"),
        *_attacks(seeds),
        tag("ul", *made),
    ]


def _measured(seeds: Seeds) -> Table:
    names = ("seed", *MEASURED, "machine seconds")
    rows = []
    for seed, network in seeds.items():
        values = [_number(key, getattr(network.metrics, key)) for key in MEASURED.values()]
        rows.append((Cell(str(seed)), *values, Cell(_seconds(network.record))))
    return Table("", "", "", (), tuple(Column(name, "", "") for name in names), tuple(rows))


def _number(key: str, value: Any) -> Cell:
    if not isinstance(value, int | float):
        return Cell("not recorded")
    return Cell(f"{100 * value:.2f}" if key in SHARES else f"{value:,}")


def _seconds(record: TrainingRecord | AttackRecord) -> str:
    spent = record.volatile.seconds
    return f"{spent:,.0f}" if isinstance(spent, int | float) else "not recorded"


def _attacks(seeds: Seeds) -> list[Html]:
    """Return the attacks on the networks in a table, accuracy in percent by radius, and what is said of their gradients."""
    found = [(seed, network, attack) for seed, network in seeds.items() for attack in network.attacks.values()]
    if not found:
        return [tag("p", "Not attacked.")]
    radii = sorted({row.eps for _, _, attack in found for row in attack.record.rows})
    names = ("attack", "seed", "images", "images without gradient, %", *[f"eps {each:g}" for each in radii], "seconds")
    ordered = sorted(found, key=lambda each: (each[2].record.attack, each[0]))
    rows = tuple(_attack(seed, attack, radii) for seed, _, attack in ordered)
    table = Table("", "", "", (), tuple(Column(name, "", "") for name in names), rows)
    words = [
        tag("li", f"seed {seed}: {finding.words}.")
        for seed, network in seeds.items()
        for finding in masking((attack.record for attack in network.attacks.values()), len(network.record.data.classes))
    ]
    note = tag("p", "Accuracy in percent at each eps, in pixel levels, L-infinity:", class_="note")
    return [note, box(html_table(table), "attacks"), tag("ul", *words) if words else joined([])]


def _attack(seed: int, attack: RecordedAttack, radii: list[float]) -> tuple[Cell, ...]:
    record = attack.record
    accuracy = {row.eps: row.accuracy for row in record.rows}
    return (
        Cell(record.attack),
        Cell(str(seed)),
        Cell(str(record.images)),
        Cell(f"{100 * record.gradient_zero_images:.1f}"),
        *[Cell(f"{100 * accuracy[each]:.1f}" if each in accuracy else "") for each in radii],
        Cell(_seconds(record)),
    )
