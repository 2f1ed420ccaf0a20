"""The table of a figure: for each run every accuracy with its interval, its compression and its attacker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.attacks import margin_step
from bench.attacks.gradient_attack import GradientAttack
from bench.comparison.against_control import compare
from bench.comparison.compression import compression_of
from bench.comparison.group import AttackedNetwork, ComparisonGroup
from bench.comparison.intervals import MANY
from bench.comparison.masked_networks import masking_of
from bench.comparison.monotonicity import rising_accuracy
from bench.comparison.verdict import Judged, points
from bench.records.networks import TrainedNetwork, seeds_text
from bench.records.outcomes import Quantity, customary
from bench.report.tables.cells import in_percent, measured, over_seeds, percent
from bench.report.tables.table import Cell, Column, Table, columns, unmeasured
from bench.report.wording import threat_caption
from bench.spec.control import control_of
from bench.spec.run import Run
from bench.spec.words import how_many

NOTES = (
    "Accuracies are in percent: mean ± standard deviation over seeds [95 % interval]. With one seed the interval is Wilson's "
    "for an accuracy and a bootstrap over images for the rest, and does not cover other seeds. With more it is a bootstrap "
    f"over seeds and images, and with more than {MANY} seeds Student's with the same variances.",
    "Speed-up is theoretical, counted and not timed: multiply-accumulates of the control over those of this run by a weight "
    "that is not zero. Compression is the control's parameters over this run's non-zero ones; gzip is of the float32 weights.",
    "A verdict compares a run with its control on the same images and seeds, in the mean over the measured radii that its column "
    "names, with Holm's correction over the runs of the figure.",
)


def figure_table(group: ComparisonGroup) -> Table:
    """Return the table of ``group``. What is not measured is a dash with the command that would fill it."""
    verdicts = {quantity: compare(group, quantity) for quantity in Quantity}
    lacking: dict[str, str] = {}
    for run, command in group.missing.items():
        lacking.setdefault(run.name, command)
    rows = tuple(_Row(group, run, verdicts, lacking).cells() for run in group.runs)
    notes, missing = (*NOTES, *rising_accuracy(group)), tuple(group.missing.values())
    return Table(group.name, group.title, threat_caption(group), notes, _columns(group), rows, missing)


def _radii(group: ComparisonGroup, quantity: Quantity) -> tuple[float, ...]:
    return group.eps[quantity is not Quantity.ACCURACY :]


def _columns(group: ComparisonGroup) -> tuple[Column, ...]:
    return columns(
        {
            "run": ("network", "run", "seeds"),
            "clean": ("clean accuracy",),
            **{str(each): [f"{each} at eps {radius:g}" for radius in _radii(group, each)] for each in Quantity},
            "verdict": [
                f"{what} {quantity}, {customary(group.attack.norm)}"
                for quantity in Quantity
                for what in ("difference in", "verdict on")
            ],
            "compression": ("sparsity reached", "compression", "gzip bytes", "theoretical speed-up"),
            "masking": ("gradient masked", "images without gradient"),
            "threat": ("attack", "attacker's T"),
        }
    )


@dataclass(frozen=True)
class _Row:
    group: ComparisonGroup
    run: Run
    verdicts: Mapping[Quantity, Mapping[str, Judged]]
    lacking: Mapping[str, str]

    def cells(self) -> tuple[Cell, ...]:
        attacked = self.group.attacked(self.run)
        trained = self.group.trained(self.run)
        missing = unmeasured(self.lacking.get(self.run.name, ""))
        wanted = [(quantity, radius) for quantity in Quantity for radius in _radii(self.group, quantity)]
        threat = self.group.attack.threat(self.run.temperature)
        heat = threat.temperature
        return (
            Cell(self.group.label(self.run)),
            Cell(self.run.name),
            Cell(seeds_text(trained)) if trained else missing,
            over_seeds([each.metrics.accuracy for each in trained.values()], percent) if trained else missing,
            *(measured([each.outcomes for each in attacked.values()], wanted) if attacked else [missing] * len(wanted)),
            *[cell for quantity in Quantity for cell in self._verdict(self.verdicts[quantity])],
            *(self._compression(trained) if trained else [missing] * 4),
            *(self._masking(attacked) if attacked else [missing] * 2),
            Cell(threat.label),
            Cell("any" if heat is None else f"{heat:g}", heat),
        )

    def _verdict(self, judged: Mapping[str, Judged]) -> list[Cell]:
        """Return the difference to the control and its verdict."""
        control = control_of(self.run)
        if self.run == control:
            return [Cell("the control")] * 2
        found = judged.get(self.run.name)
        if found is not None:
            low, high = found.effect.interval()
            number = Cell(points(found.effect.difference), found.effect.difference, low=low, high=high)
            return [number, Cell(found.sentence)]
        command = self.lacking.get(self.run.name) or self.lacking.get(control.name)
        judged_over = customary(self.group.attack.norm)
        why = "not defined" if judged_over.of(self.group.eps) else f"not measured at {judged_over}"
        return [unmeasured(command) if command else Cell(why)] * 2

    def _compression(self, trained: Mapping[int, TrainedNetwork]) -> list[Cell]:
        found = compression_of(self.group.collection, self.run)
        reached = over_seeds([each.metrics.sparsity for each in trained.values()], percent)
        size = over_seeds([each.metrics.gzip_bytes for each in trained.values()], _megabytes)
        if not found:
            lacking = unmeasured(self.lacking.get(control_of(self.run).name, ""))
            return [reached, lacking, size, lacking]
        return [reached, over_seeds(found.parameters, _times), size, over_seeds(found.macs, _times)]

    def _masking(self, attacked: Mapping[int, AttackedNetwork]) -> list[Cell]:
        found = masking_of(attacked)
        masked, untested = sum(each.masked for each in found), len(attacked) - len(found)
        seeds = how_many(len(found), "seed")
        words = f"masked at {masked} of {seeds}" if masked else f"not seen ({seeds})"
        zero = [each.record.gradient_zero_images for each in attacked.values()]
        mean = sum(zero) / len(zero)
        step = margin_step(self.group.attack.norm)
        command = self.group.command(self.run, [step]) if step and untested else ""
        tested = Cell(words + f"; {untested} not tested" * bool(untested), command=command)
        if all(each.attack.without_temperature for each in attacked.values()):
            attack = self.group.attack
            on_margin = isinstance(attack, GradientAttack) and attack.loss == "margin"
            tested = Cell("the attack is on the margin" if on_margin else "no cross-entropy gradient to mask")
        elif not any(each.learned for each in attacked.values()):
            tested = Cell("did not learn")
        elif not found:
            tested = Cell(f"not tested (no {step})", command=command)
        return [tested, in_percent(mean)]


def _times(ratio: float) -> str:
    return f"{ratio:.2f}x"


def _megabytes(size: float) -> str:
    return f"{size / 1e6:,.2f} MB"
