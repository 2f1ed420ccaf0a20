"""The list of runs, as data: a row for each run, and what the records say of each of its networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.evaluation.masking import Masking, masking
from bench.records.collection import Collection
from bench.records.networks import TrainedNetwork, seeds_text
from bench.records.schema import AttackRecord, TrainingRecord
from bench.report.tables.cells import over_seeds, percent
from bench.report.tables.table import Cell, Table, columns
from bench.spec.run import Run

Seeds = Mapping[int, TrainedNetwork]
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
COLUMNS = ("sparsity", "pruning", "low_rank", "temperature")  # settings that have a column of their own
FRACTIONS = ("accuracy", "sparsity", "sparsity_whole")


def run_entries(records: Collection) -> list[dict[str, Any]]:
    """Return what the list says of every run of ``records``, sorted by data set, architecture and setting."""
    found = [(next(iter(seeds.values())).run, seeds) for seeds in records.networks.values()]
    return [_entry(run, seeds) for run, seeds in sorted(found, key=lambda each: _order(each[0]))]


def version(network: TrainedNetwork) -> str:
    """Return the version of the training, the images and the libraries of ``network`` in a line."""
    environment = network.record.environment
    libraries = ", ".join(f"{name} {version}" for name, version in sorted(environment.versions.items()))
    where = f"{network.run.dataset} {network.run.image_size} px"
    numbers, data = network.comparable
    return f"training {numbers} (commit {environment.commit}); {where}, fingerprint {data[:16]}; {libraries}"


def _order(run: Run) -> tuple[Any, ...]:
    setting = (run.adversarial_eps, run.temperature, str(run.low_rank), run.sparsity, run.name)
    return (run.dataset, run.image_size, run.arch, run.batch_size, *setting)


def _entry(run: Run, seeds: Seeds) -> dict[str, Any]:
    made: dict[str, list[str]] = {}
    for seed, network in seeds.items():
        made.setdefault(version(network), []).append(str(seed))
    return {
        "name": run.name,
        "row": _row(run, seeds),
        "settings": {name: value for name, value in run.effective.items() if name != "seed"},
        "measured": _measured(seeds),
        "attacks": _attacks(seeds),
        "unit": " or ".join(
            sorted({attack.record.threat.eps_unit for each in seeds.values() for attack in each.attacks.values()})
        ),
        "masking": [f"seed {seed}: {each.words}." for seed, network in seeds.items() for each in _findings(network)],
        "versions": [f"seed{'s' * (len(which) > 1)} {', '.join(which)}: {line}" for line, which in made.items()],
    }


def _row(run: Run, seeds: Seeds) -> dict[str, Cell]:
    def mean(name: str, scale: float = 1, digits: int = 0) -> Cell:
        found = sum(float(getattr(each.metrics, name)) for each in seeds.values()) / len(seeds)
        return Cell(f"{found / scale:,.{digits}f}", found)

    # Without a margin step there is no finding.
    tested = [any(each.masked for each in found) for found in map(_findings, seeds.values()) if found]
    how = {"random": ", at random", "filter": ", by filter"}.get(run.pruning, "")
    return {
        "network": Cell(run.arch),
        "zeros asked, %": Cell(f"{100 * run.sparsity:g}{how * (run.sparsity > 0)}", run.sparsity),
        "rank": Cell(str(run.low_rank)),
        "T": Cell(f"{run.temperature:g}", run.temperature),
        "other methods": Cell(", ".join(word for name, word in run.words.items() if name not in COLUMNS) or "none"),
        "batch": Cell(str(run.batch_size), run.batch_size),
        "seeds": Cell(seeds_text(seeds)),
        "clean accuracy, %": over_seeds([each.metrics.accuracy for each in seeds.values()], percent),
        "zeros reached, %": over_seeds([each.metrics.sparsity for each in seeds.values()], percent),
        "non-zero parameters": mean("parameters_nonzero"),
        "non-zero MACs": mean("macs_nonzero"),
        "gzip, MB": mean("gzip_bytes", 1e6, 2),
        "gradient masked": Cell(f"{sum(tested)} of {len(tested)} seeds" if tested else "not tested"),
        "images": Cell(f"{run.dataset} {run.image_size} px"),
    }


def _findings(network: TrainedNetwork) -> list[Masking]:
    records = [each.record for each in network.attacks.values()]
    return masking(records, len(network.record.data.classes))


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
