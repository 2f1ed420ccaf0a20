"""The table of our results beside published ones, as changes from dense: resolution, attack and training differ."""

from __future__ import annotations

from collections.abc import Mapping

from bench.attacks.norms import LINF
from bench.comparison.group import ComparisonGroup
from bench.comparison.verdict import DASH
from bench.report.tables.table import Cell, Table, columns
from bench.report.wording import eps_unit
from bench.spec.words import plural

# Accuracy by sparsity and eps, each in [0, 1].
Accuracies = Mapping[float, Mapping[float, float]]
SOURCE = "Merkle et al. 2021, arXiv:2108.08560"
EPS = (0.0, 1.0, 2.0, 4.0)
# ResNet18, Imagenette at 224 px, global magnitude pruning, natural training, 6 trainings, 256 images, PGD-40.
PUBLISHED: Accuracies = {
    sparsity: dict(zip(EPS, accuracies, strict=True))
    for sparsity, accuracies in (
        (0.0, (0.851, 0.556, 0.326, 0.103)),
        (0.50, (0.861, 0.579, 0.374, 0.128)),
        (0.75, (0.866, 0.576, 0.347, 0.095)),
        (0.875, (0.868, 0.535, 0.265, 0.062)),
        (0.9375, (0.860, 0.437, 0.161, 0.020)),
        (0.9844, (0.822, 0.318, 0.089, 0.010)),
    )
}
# Our sparsity: theirs that is shown beside it.
BESIDE = {0.5: 0.50, 0.8: 0.75, 0.9: 0.875, 0.95: 0.9375, 0.98: 0.9844}


def published_table(group: ComparisonGroup | None) -> Table | None:
    """Return the change in accuracy from dense to each sparsity, ours beside theirs. None where ours has no dense run."""
    ours, theirs = _changes(_ours(group)) if group else {}, _changes(PUBLISHED)
    if group is None or len(ours) < 2:
        return None
    rows = []
    for sparsity, beside in BESIDE.items():
        if sparsity in ours:
            cells = [Cell(f"{100 * each:g} %", each) for each in (sparsity, beside)]
            changes = [each.get(eps) for eps in EPS for each in (ours[sparsity], theirs[beside])]
            rows.append((*cells, *map(_points, changes)))
    radii = ["clean" if not eps else f"eps {eps:g}" for eps in EPS]
    names = {
        "sparsity": ("our sparsity", "their sparsity"),
        "change": [f"{whose}, {radius}" for radius in radii for whose in ("ours", "theirs")],
    }
    run = group.runs[0]
    caption = (
        f"Change in accuracy from the dense network, points. Ours: figure {group.figure}, {run.arch}, batch {run.batch_size}, "
        f"{run.dataset} at {run.image_size} px, one FGSM step, mean over {_count(group)}. Theirs: ResNet18, Imagenette at 224 "
        f"px, PGD-40 on 256 images, mean over 6 trainings, on a network that ends in softmax ({SOURCE}). Both {eps_unit(LINF)}."
    )
    return Table("published", "Beside published results", caption, (_words(ours, theirs),), columns(names), tuple(rows))


def _ours(group: ComparisonGroup) -> Accuracies:
    """Return mean accuracy over seeds by sparsity and eps, of the runs that differ in sparsity alone."""
    found = {}
    for run in group.runs:
        attacked = group.attacked(run)
        if attacked and run.pruning == "magnitude" and run.unpruned == group.runs[0]:
            rows = [{row.eps: row.accuracy for row in each.record.rows} for each in attacked.values()]
            shared = set(EPS).intersection(*rows)
            found[run.sparsity] = {eps: sum(row[eps] for row in rows) / len(rows) for eps in sorted(shared)}
    return found


def _changes(accuracies: Accuracies) -> Accuracies:
    """Return the change in accuracy from dense by sparsity and eps; empty where dense is not measured."""
    dense = accuracies.get(0.0)
    if dense is None:
        return {}
    return {
        sparsity: {eps: accuracy - dense[eps] for eps, accuracy in found.items() if eps in dense}
        for sparsity, found in accuracies.items()
    }


def _points(change: float | None) -> Cell:
    return Cell(DASH) if change is None else Cell(f"{100 * change:+.1f}", change)


def _count(group: ComparisonGroup) -> str:
    seeds = {len(group.attacked(run)) for run in group.runs} - {0}
    counts = " or ".join(map(str, sorted(seeds)))
    return f"{counts} {plural(max(seeds, default=0), 'seed')}"


def _words(ours: Accuracies, theirs: Accuracies) -> str:
    """Return the changes at 90 % and 98 % in a sentence."""
    parts = []
    for name, eps in (("clean accuracy", 0.0), ("accuracy at eps 1", 1.0)):
        said = []
        for sparsity in (0.9, 0.98):
            change, beside = ours.get(sparsity, {}).get(eps), BESIDE[sparsity]
            text = "not measured" if change is None else _points(change).text
            other = _points(theirs[beside][eps]).text
            said.append(f"{text} at {100 * sparsity:g} % (theirs {other} at {100 * beside:g} %)")
        parts.append(f"{name} {' and '.join(said)}")
    return "From dense, in points: " + "; ".join(parts) + "."
