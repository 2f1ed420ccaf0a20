"""The figure of one run: accuracy against eps."""

from __future__ import annotations

from matplotlib.figure import Figure

from bench.attacks.norms import NORMS
from bench.evaluation.masking import masking
from bench.records.networks import TrainedNetwork
from bench.report.figures.style import Line, band, blank, eps_axes, framed, looks, style
from bench.spec.run import Run


@style()
def curve(network: TrainedNetwork) -> Figure:
    """Return the figure of accuracy against eps for each attack on ``network``, with its 95 % band; one panel for each norm.

    Where the gradient of an attack was masked, its line is dashed, and legend and caption say so. There must be an attack.
    """
    run, classes = network.run, len(network.record.data.classes)
    attacks = [network.attacks[text].record for text in sorted(network.attacks)]
    masked = {finding.attack: finding.words for finding in masking(network) if finding.masked}
    norms = [norm for norm in NORMS if any(attack.threat.norm == norm for attack in attacks)]
    figure, panels = blank((4.4,) * len(norms), sharex=False)
    for norm, axes in zip(norms, panels, strict=True):
        own = [attack for attack in attacks if attack.threat.norm == norm]
        for attack, look in zip(own, looks(len(own)), strict=True):
            label = attack.threat.label + ": gradient masked" * (attack.attack in masked)
            rows = [(row.eps, 100 * row.accuracy, 100 * row.low, 100 * row.high) for row in attack.rows]
            eps, mean, low, high = zip(*rows, strict=True)
            band(axes, eps, Line(run, mean, low, high, attack.attack in masked), look, label)
        axes.axhline(100 / classes, color="0.4", linestyle=":", linewidth=1.6, label=f"chance, {classes} classes")
        axes.set_ylim(-1.5, 101.5)
        eps_axes(axes, max(row.eps for attack in own for row in attack.rows), NORMS[norm], "accuracy, %")
    setting = (
        f"{run.dataset} {run.image_size} px, {attacks[0].images:,} validation images, seed {run.seed}, {run.epochs} epochs, "
        f"batch {run.batch_size}. Attacks: {' and '.join(norms)}. Shaded: 95 % interval over images."
    )
    threats = [
        f"{attack.threat.label}: {attack.threat.knowledge}; exactly zero gradient: "
        f"{100 * attack.gradient_zero_images:.1f} % of images."
        for attack in attacks
    ]
    return framed(figure, _title(run), "accuracy under attack", (setting, *threats, *masked.values()))


def _title(run: Run) -> str:
    return ", ".join([run.arch, *(run.words.values() or ["dense"])])
