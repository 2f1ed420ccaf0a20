"""The operator norm of every layer. Their product is the bound of equation 9 of the internship report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter
from scipy.stats import t

from bench.comparison.group import ComparisonGroup, control_of
from bench.methods.separable import HORIZONTAL, VERTICAL
from bench.records.networks import TrainedNetwork
from bench.records.outcomes import Floats
from bench.records.schema import Metrics
from bench.report.figures.style import framed, legend_above, series_style, style
from bench.report.tables.table import Table

CROWDED = 8  # with more layers than this their names are vertical
NOTE = (
    "Operator norm of each convolution and dense layer without its bias, in the order of the network. The product in the "
    "legend includes batch norm. It is equation 9 of the internship report, an upper bound of the Lipschitz constant in "
    "standardised pixels for a chain of layers; with residual branches it is no bound. No attack is involved."
)
PAIRS = "A low-rank layer has the product of the norms of its two factors and of the batch norm between them."


@dataclass(frozen=True)
class Norms:
    """The norms of a network's layers by name: geometric means over seeds with their 95 % interval, arrays (layers,).

    With one seed ``low`` and ``high`` are the mean. ``product`` is over all layers, batch norm included; None where it
    was too large for a float at some seed.
    """

    layers: tuple[str, ...]
    mean: Floats
    low: Floats
    high: Floats
    product: float | None


def layer_norms(metrics: Metrics) -> dict[str, float]:
    """Return the norm of each layer by its name, in the order of the network. For a separable pair it is the bound

        ||pair|| <= ||H|| * ||batch norm between|| * ||V||

    under the name of the pair, where V and H are its vertical and horizontal factors.
    """
    found: dict[str, float] = {}
    for row in metrics.kernels:
        name = row.layer
        factor = metrics.batch_norm_norms.get(f"{name}_bn", 1.0) if name.endswith(VERTICAL) else 1.0
        stem = name.removesuffix(VERTICAL).removesuffix(HORIZONTAL)
        found[stem] = found.get(stem, 1.0) * row.spectral_norm * factor
    return found


def norms(trained: Mapping[int, TrainedNetwork]) -> Norms | None:
    """Return the norms of the networks of a run over its seeds. None where no layer was recorded."""
    each = [layer_norms(network.metrics) for network in trained.values()]
    layers = tuple(each[0]) if each else ()
    if not layers or any(tuple(other) != layers for other in each):
        return None
    products = [network.metrics.spectral_product for network in trained.values()]
    finite = [float(product) for product in products if product is not None]
    with np.errstate(divide="ignore", invalid="ignore"):  # a layer of zeros has norm 0, and is not drawn
        logs = np.log10(np.array([list(found.values()) for found in each]))
        mean, half = logs.mean(axis=0), np.zeros(len(layers))
        if len(each) > 1:
            half = logs.std(axis=0, ddof=1) / np.sqrt(len(each)) * t.ppf(0.975, len(each) - 1)
        whole = float(10 ** np.log10(finite).mean()) if len(finite) == len(products) else None
    return Norms(layers, 10**mean, 10 ** (mean - half), 10 ** (mean + half), whole)


def spectral(group: ComparisonGroup, _: Table) -> Figure | None:
    """Return the spectral norm of every layer, a line for each run. None where none was recorded.

    The legend has the product over the layers, batch norm included.
    """
    found = {run: norms(group.trained(run)) for run in group.runs}
    shown = {run: each for run, each in found.items() if each is not None}
    layers = list(dict.fromkeys(layer for each in shown.values() for layer in each.layers))
    if not layers:
        return None
    seeds = max(len(group.trained(run)) for run in shown)
    over = (
        f"Geometric mean over {seeds} seeds; shaded: its 95 % interval by Student's t."
        if seeds > 1
        else "One seed: how other seeds differ is not known."
    )
    first = group.runs[0]
    pairs = PAIRS if any(run.low_rank != control_of(run).low_rank for run in shown) else ""
    caption = (f"{first.dataset} {first.image_size} px. {over} {pairs}", NOTE)
    crowded = len(layers) > CROWDED
    with style():
        labels = {run: f"{group.label(run)}: product {scientific(each.product)}" for run, each in shown.items()}
        figure, (axes,) = framed(group.title, "spectral norm of every layer", caption, legend=list(labels.values()))
        places = {run: place for place, run in enumerate(group.compared)}
        for run, each in shown.items():
            _line(axes, layers, each, labels[run], series_style(places.get(run), len(places)))
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5, 7) if _span(shown.values()) < 20 else (1, 2, 5)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_ylabel("spectral norm")
        axes.set_xticks(range(len(layers)), layers, rotation=90 if crowded else 0, fontsize=10 if crowded else "medium")
        legend_above(figure, axes.get_legend_handles_labels()[0])
    return figure


def scientific(number: float | None) -> str:
    """Return a positive number in two digits with a power of ten, as 3.1e7; None as words."""
    if number is None:
        return "too large for float64"
    mantissa, _, exponent = f"{number:.1e}".partition("e")
    return f"{mantissa}e{int(exponent)}"


def _span(norms: Iterable[Norms]) -> float:
    """Return the ratio of the largest norm that is drawn to the smallest."""
    found = np.concatenate([each.mean for each in norms])
    found = found[np.isfinite(found) & (found > 0)]
    return float(found.max() / found.min()) if len(found) else 1.0


def _line(axes: Axes, layers: Sequence[str], found: Norms, label: str, shown: dict[str, Any]) -> None:
    # A separable pair is built later than the convolution that it replaces.
    places = np.array([layers.index(layer) for layer in found.layers])
    order = places.argsort()
    places = places[order]
    mean, low, high = (np.where(each > 0, each, np.nan)[order] for each in (found.mean, found.low, found.high))
    axes.fill_between(places, low, high, color=shown["color"], alpha=0.15, linewidth=0)
    axes.plot(places, mean, linewidth=1.6, markeredgecolor="white", markeredgewidth=0.5, label=label, **shown)
