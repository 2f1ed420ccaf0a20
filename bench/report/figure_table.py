"""The table of a figure: a row a run, every accuracy with its interval, what compression cost, who attacked."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from bench.attacks.fgsm import Fgsm
from bench.command import run_words, trial_words
from bench.comparison.bootstrap import MANY, hierarchical
from bench.comparison.outcomes import CUSTOMARY, Floats, Outcomes, Quantity
from bench.comparison.verdict import Judged, points
from bench.masking import MARGIN as MARGIN_STEP
from bench.report.comparisons import compare
from bench.report.lineup import Lineup, control_of
from bench.report.masked import masking_of
from bench.report.networks import Attacked, Trained, seeds_text
from bench.report.records import Records
from bench.report.rises import rises
from bench.report.table import Cell, Column, Table, unmeasured
from bench.spec import Run
from bench.statistics import wilson
from bench.trial import Trial

Attacks = Mapping[int, tuple[Trained, Attacked]]
NOTES = (
    "Accuracies in percent: mean ± standard deviation over seeds [95 % interval]. At one seed the interval is Wilson's for "
    "an accuracy and a bootstrap over images for the rest, and says nothing of other seeds; at more it is a bootstrap "
    f"over seeds and images, and beyond {MANY} seeds Student's with the same variances.",
    "Speed-up is theoretical: multiply-accumulates of the control over those of this run by a weight that is not zero. No "
    "clock was read. Compression is the control's parameters over this run's non-zero ones; gzip is of the float32 weights.",
    f"A verdict compares with the control on the same images and seeds, in the plain mean over the radii measured in "
    f"{CUSTOMARY}, corrected after Holm over the runs of the figure.",
)


def figure_table(lineup: Lineup, records: Records) -> Table:
    """Return the table of ``lineup``; what is not measured is a dash with the command that would fill it."""
    verdicts = {quantity: compare(lineup, records, quantity) for quantity in Quantity}
    lacking: dict[str, str] = {}
    missing = lineup.missing(records)
    for each in missing:
        lacking.setdefault(each.run.name, each.command)
    rows = tuple(_Row(lineup, records, run, verdicts, lacking).cells() for run in lineup.runs)
    commands = tuple(each.command for each in missing)
    notes = (*NOTES, *rises(lineup, records))
    return Table(lineup.name, lineup.title, threat_caption(lineup, records), notes, _columns(lineup), rows, commands)


def _wanted(lineup: Lineup) -> list[tuple[Quantity, float]]:
    return [(quantity, radius) for quantity in Quantity for radius in _radii(lineup, quantity)]


def _radii(lineup: Lineup, quantity: Quantity) -> tuple[float, ...]:
    return lineup.eps[quantity is not Quantity.ACCURACY :]


def _columns(lineup: Lineup) -> tuple[Column, ...]:
    curves = [Column(f"{each} at eps {radius:g}", str(each), "share") for each, radius in _wanted(lineup)]
    return (
        Column("network", "run", "text"),
        Column("run", "run", "text"),
        Column("seeds", "run", "text"),
        Column("clean accuracy", "clean", "share"),
        *curves,
        *[
            Column(f"{what} {quantity}, {CUSTOMARY}", "verdict", unit)
            for quantity in Quantity
            for what, unit in (("difference in", "share"), ("verdict on", "text"))
        ],
        Column("sparsity reached", "compression", "share"),
        Column("compression", "compression", "times"),
        Column("gzip bytes", "compression", "bytes"),
        Column("theoretical speed-up", "compression", "times"),
        Column("gradient masked", "masking", "text"),
        Column("images without gradient", "masking", "share"),
        Column("attack", "threat", "text"),
        Column("attacker's T", "threat", "number"),
    )


@dataclass(frozen=True)
class _Row:
    lineup: Lineup
    records: Records
    run: Run
    verdicts: Mapping[Quantity, Mapping[str, Judged]]
    lacking: Mapping[str, str]

    def cells(self) -> tuple[Cell, ...]:
        attacked = self.lineup.attacked(self.records, self.run)
        trained = self.records.of(self.run)
        missing = unmeasured(self.lacking.get(self.run.name, ""))
        curves = len(_wanted(self.lineup))
        threat = self.lineup.attack.threat(self.run.temperature)
        heat = threat.temperature
        return (
            Cell(self.lineup.label(self.run)),
            Cell(self.run.name),
            Cell(seeds_text(trained)) if trained else missing,
            over_seeds([each.metrics["accuracy"] for each in trained.values()], percent) if trained else missing,
            *(measured(attacked, _wanted(self.lineup)) if attacked else [missing] * curves),
            *[cell for quantity in Quantity for cell in self._verdict(self.verdicts[quantity])],
            *(self._compression(trained) if trained else [missing] * 4),
            *(self._masking(attacked) if attacked else [missing] * 2),
            Cell(threat.label),
            Cell("any" if heat is None else f"{heat:g}", heat),
        )

    def _verdict(self, judged: Mapping[str, Judged]) -> list[Cell]:
        """Return the difference to the control and what may be said of it."""
        control = control_of(self.run)
        if self.run == control:
            return [Cell("the control")] * 2
        found = judged.get(self.run.name)
        if found is not None:
            low, high = found.effect.interval()
            number = Cell(points(found.effect.difference), found.effect.difference, low=low, high=high)
            return [number, Cell(found.sentence)]
        command = self.lacking.get(self.run.name) or self.lacking.get(control.name)
        return [unmeasured(command) if command else Cell("not defined")] * 2

    def _compression(self, trained: Mapping[int, Trained]) -> list[Cell]:
        control = control_of(self.run)
        dense = trained if self.run.low_rank == control.low_rank else self.records.of(control)
        reached = over_seeds([each.metrics["sparsity"] for each in trained.values()], percent)
        size = over_seeds([each.metrics["gzip_bytes"] for each in trained.values()], _megabytes)
        if not dense:
            lacking = unmeasured(self.lacking.get(control.name, ""))
            return [reached, lacking, size, lacking]
        whole = next(iter(dense.values())).metrics
        ratios = [
            over_seeds([whole[name] / max(1, each.metrics[f"{name}_nonzero"]) for each in trained.values()], _times)
            for name in ("parameters", "macs")
        ]
        return [reached, ratios[0], size, ratios[1]]

    def _masking(self, attacked: Attacks) -> list[Cell]:
        found = masking_of(attacked)
        masked = sum(each["masked"] for each in found)
        words = f"masked at {masked} of {len(found)} seeds" if masked else f"not seen ({len(found)} seeds)"
        if len(found) < len(attacked):
            words += f"; {len(attacked) - len(found)} not tested"
        zero = [float(attack.record["gradient_zero_images"]) for _, attack in attacked.values()]
        mean = sum(zero) / len(zero)
        step = [Trial(Fgsm(loss="margin"), self.lineup.eps, self.lineup.fraction)]
        command = shlex.join(["bench", "run", *run_words(self.run), *trial_words(self.run, step)])
        tested = Cell(words) if len(found) == len(attacked) else Cell(words, command=command)
        if all(attack.on_margin for _, attack in attacked.values()):
            tested = Cell("the attack is on the margin")
        elif not found:
            tested = Cell(f"not tested (no {MARGIN_STEP})", command=command)
        return [tested, Cell(f"{100 * mean:.1f}", mean)]


def measured(attacked: Attacks, wanted: Sequence[tuple[Quantity, float]]) -> list[Cell]:
    """Return the cell of each quantity and radius that is ``wanted``, over all seeds of ``attacked``."""
    rows = [(each.outcomes.indices, _stacked(each.outcomes, wanted)) for _, each in attacked.values()]
    found = hierarchical(rows)
    cells = []
    for place, (quantity, _) in enumerate(wanted):
        mean, low, high = (float(each[place]) for each in (found.mean, found.low, found.high))
        if not np.isfinite(mean):
            cells.append(Cell("none right"))
            continue
        deviation = None if found.deviation is None else float(found.deviation[place])
        if deviation is None and quantity is Quantity.ACCURACY:
            images = rows[0][1].shape[1]
            low, high = wilson(round(mean * images), images)
        if quantity is not Quantity.DROP:
            low, high = max(0.0, low), min(1.0, high)
        spread = "" if deviation is None else f" ± {100 * deviation:.1f}"
        text = f"{100 * mean:.1f}{spread} [{100 * low:.1f}, {100 * high:.1f}]"
        cells.append(Cell(text, mean, deviation, low, high))
    return cells


def _stacked(outcomes: Outcomes, wanted: Sequence[tuple[Quantity, float]]) -> Floats:
    parts = groupby(wanted, key=lambda each: each[0])
    return np.concatenate([outcomes.each(quantity, tuple(radius for _, radius in part)) for quantity, part in parts])


def over_seeds(values: Sequence[float], text: Callable[[float], str]) -> Cell:
    """Return the mean of ``values``, one a seed, with their standard deviation where it can be seen in ``text``."""
    mean = sum(values) / len(values)
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    varies = deviation is not None and text(deviation) != text(0.0)
    return Cell(f"{text(mean)} ± {text(deviation or 0.0)}" if varies else text(mean), mean, deviation)


def percent(share: float) -> str:
    """Return a share in percent, one decimal, without the sign."""
    return f"{100 * share:.1f}"


def _times(ratio: float) -> str:
    return f"{ratio:.2f}x"


def _megabytes(size: float) -> str:
    return f"{size / 1e6:,.2f} MB"


def threat_caption(lineup: Lineup, records: Records) -> str:
    """Return the data set, the number of images and the threat model of ``lineup``, as a sentence or two."""
    run = lineup.runs[0]
    sizes = {
        len(attack.outcomes.indices) for each in lineup.runs for _, attack in lineup.attacked(records, each).values()
    }
    images = f"{' or '.join(f'{size:,}' for size in sorted(sizes))} validation images" if sizes else "not attacked yet"
    knowledge = list(dict.fromkeys(lineup.attack.threat(each.temperature).knowledge for each in lineup.runs))
    return (
        f"{run.dataset} {run.image_size} px, {images}. Threat model: L-infinity, eps in pixel levels of 0 "
        f"to 255; {either(knowledge)}."
    )


def either(texts: list[str]) -> str:
    """Return texts that differ in their last word alone as one: "at T = 1, 20 or 90"."""
    starts = {text.rpartition(" ")[0] for text in texts}
    if len(texts) == 1 or len(starts) > 1:
        return "; ".join(texts)
    *ends, last = [text.rpartition(" ")[2] for text in texts]
    return f"{starts.pop()} {', '.join(ends)} or {last}"
