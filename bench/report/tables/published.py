"""Published figures beside ours: is the shape the same, though resolution, attack and training differ?"""

from __future__ import annotations

from dataclasses import dataclass

from bench.attacks.norms import LINF
from bench.comparison.group import ComparisonGroup
from bench.comparison.verdict import DASH
from bench.report.tables.table import Cell, Column, Table
from bench.report.wording import eps_unit

SOURCE = "Merkle et al. 2021, arXiv:2108.08560"


@dataclass(frozen=True)
class Published:
    """A row of the peer's table: sparsity, clean accuracy and accuracy at eps 1, 2 and 4, all in [0, 1]."""

    sparsity: float
    clean: float
    eps_1: float
    eps_2: float
    eps_4: float


# ResNet18, Imagenette at 224 px, global magnitude pruning, natural training, 6 trainings, 256 images, PGD-40.
PUBLISHED = (
    Published(0.0, 0.851, 0.556, 0.326, 0.103),
    Published(0.50, 0.861, 0.579, 0.374, 0.128),
    Published(0.75, 0.866, 0.576, 0.347, 0.095),
    Published(0.875, 0.868, 0.535, 0.265, 0.062),
    Published(0.9375, 0.860, 0.437, 0.161, 0.020),
    Published(0.9844, 0.822, 0.318, 0.089, 0.010),
)
# Which of their sparsities stands beside which of ours.
BESIDE = {0.5: 0.50, 0.8: 0.75, 0.9: 0.875, 0.95: 0.9375, 0.98: 0.9844}
EPS = {0.0: "clean", 1.0: "eps_1", 2.0: "eps_2", 4.0: "eps_4"}


def published_table(group: ComparisonGroup | None) -> Table | None:
    """Return the change from dense to each sparsity, in points, ours beside theirs; None where ours has no dense run."""
    if group is None:
        return None
    ours = _ours(group)
    if 0.0 not in ours or len(ours) < 2:
        return None
    theirs = {each.sparsity: each for each in PUBLISHED}
    rows = []
    for sparsity, beside in BESIDE.items():
        if sparsity not in ours:
            continue
        cells = [Cell(f"{100 * sparsity:g} %", sparsity), Cell(f"{100 * beside:g} %", beside)]
        for eps, name in EPS.items():
            change = _change(ours, sparsity, eps)
            peer = getattr(theirs[beside], name) - getattr(theirs[0.0], name)
            cells += [Cell(DASH) if change is None else _points(change), _points(peer)]
        rows.append(tuple(cells))
    columns = (
        Column("ours, zero", "sparsity", "share"),
        Column("theirs, zero", "sparsity", "share"),
        *[
            Column(f"{whose}, {'clean' if not eps else f'eps {eps:g}'}", "change", "share")
            for eps in EPS
            for whose in ("ours", "theirs")
        ],
    )
    run = group.runs[0]
    caption = (
        f"Change in accuracy from the dense network, points. Ours: {run.arch}, {run.dataset} at {run.image_size} px, one FGSM "
        f"step, mean over {_count(group)}. Theirs: ResNet18, Imagenette at 224 px, PGD-40 on 256 images, mean "
        f"over 6 trainings, on a network that ends in softmax ({SOURCE}). Both {eps_unit(LINF)}."
    )
    return Table("peers", "Beside published figures", caption, (_words(ours),), columns, tuple(rows))


def _ours(group: ComparisonGroup) -> dict[float, dict[float, float]]:
    """Return accuracy by sparsity and eps, the mean over seeds, of the runs that vary in sparsity alone."""
    found = {}
    for run in group.runs:
        attacked = group.attacked(run)
        if attacked and run.pruning == "magnitude" and run.unpruned == group.runs[0]:
            rows = [{row.eps: row.accuracy for row in each.record.rows} for each in attacked.values()]
            shared = set(EPS).intersection(*rows)
            found[run.sparsity] = {eps: sum(row[eps] for row in rows) / len(rows) for eps in sorted(shared)}
    return found


def _change(ours: dict[float, dict[float, float]], sparsity: float, eps: float) -> float | None:
    if eps not in ours[sparsity] or eps not in ours[0.0]:
        return None
    return ours[sparsity][eps] - ours[0.0][eps]


def _points(change: float) -> Cell:
    return Cell(f"{100 * change:+.1f}", change)


def _count(group: ComparisonGroup) -> str:
    seeds = {len(group.attacked(run)) for run in group.runs} - {0}
    counts = " or ".join(map(str, sorted(seeds)))
    return f"{counts} seed{'s' * (seeds != {1})}"


def _words(ours: dict[float, dict[float, float]]) -> str:
    """Return in a sentence whether clean accuracy stays flat to 90 % and accuracy at eps 1 falls from there."""
    theirs = {each.sparsity: each for each in PUBLISHED}
    parts = []
    for name, eps, attribute in (("clean accuracy", 0.0, "clean"), ("accuracy at eps 1", 1.0, "eps_1")):
        changes = []
        for sparsity in (0.9, 0.98):
            change = _change(ours, sparsity, eps) if sparsity in ours else None
            peer = getattr(theirs[BESIDE[sparsity]], attribute) - getattr(theirs[0.0], attribute)
            ours_text = "not measured" if change is None else f"{100 * change:+.1f}"
            changes.append(
                f"{ours_text} at {100 * sparsity:g} % (theirs {100 * peer:+.1f} at {100 * BESIDE[sparsity]:g} %)"
            )
        parts.append(f"{name} {changes[0]} and {changes[1]}")
    return "From dense, in points: " + "; ".join(parts) + "."
