"""The operator norm of every layer. Their product is the bound of equation 9 of the internship report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter
from scipy.stats import t

from bench.comparison.group import ComparisonGroup
from bench.methods.separable import HORIZONTAL, VERTICAL
from bench.records.networks import TrainedNetwork
from bench.records.schema import Metrics
from bench.report.figures.style import Line, band, blank, framed, looks_of, style
from bench.report.tables.table import Table
from bench.report.wording import SEEDS_SHOWN
from bench.spec.control import control_of

MAX_EXPONENT = 308  # of a float64
CROWDED = 8  # with more layers than this their names are vertical
NOTE = (
    "Operator norm of each convolution and dense layer without its bias, in the order of the network; the legend has the "
    "product of each line. No attack is involved. With the norms of batch norm the product is equation 9 of the internship "
    "report, an upper bound of the Lipschitz constant in standardised pixels for a chain of layers; with residual branches it "
    "is no bound. It can order the networks in another way than the lines do:"
)
PAIRS = "A low-rank layer has the product of the norms of its two factors and of the batch norm between them."


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


def norms(trained: Mapping[int, TrainedNetwork]) -> dict[str, tuple[float, float, float]]:
    """Return the geometric mean over seeds of each layer's norm and its 95 % interval, by the layer's name.

    With one seed the ends of the interval are the mean. They are NaN for a layer of zeros. Empty where the seeds do not
    have the same layers.
    """
    each = list(each_seed(trained).values())
    if len({tuple(found) for found in each}) != 1:
        return {}
    values = np.array([list(found.values()) for found in each])
    logs = np.log10(np.where(values > 0, values, np.nan))
    half = logs.std(axis=0, ddof=1) / sqrt(len(each)) * t.ppf(0.975, len(each) - 1) if len(each) > 1 else 0.0
    mean = logs.mean(axis=0)
    ends = zip(*(map(float, 10**logarithm) for logarithm in (mean, mean - half, mean + half)), strict=True)
    return dict(zip(each[0], ends, strict=True))


@style()
def spectral(group: ComparisonGroup, _: Table) -> Figure | None:
    """Return the spectral norm of every layer, a line for each run. None where none was recorded.

    The legend has the product of each line, the caption the bound, which includes batch norm.
    """
    found = {run: norms(group.trained(run)) for run in group.runs}
    shown = {run: each for run, each in found.items() if each}
    layers = list(dict.fromkeys(layer for each in shown.values() for layer in each))
    if not layers:
        return None
    counts = {len(group.trained(run)) for run in shown}
    shaded = len(counts) == 1 and counts != {2}
    figure, (axes,) = blank()
    for run, each in shown.items():
        # A separable pair is built later than the convolution that it replaces.
        rows = [(layers.index(layer), *each[layer]) for layer in sorted(each, key=layers.index)]
        places, mean, low, high = zip(*rows, strict=True)
        label = f"{group.label(run)}: product {scientific(_product_shown(mean))}"
        own = each_seed(group.trained(run))
        seeds = {seed: tuple(one[layer] for layer in sorted(one, key=layers.index)) for seed, one in own.items()}
        band(axes, places, Line(run, mean, low, high, seeds=seeds, shaded=shaded), looks_of(group)[run], label)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylabel("spectral norm")
    crowded = len(layers) > CROWDED
    axes.set_xticks(range(len(layers)), layers, rotation=90 if crowded else 0, fontsize=10 if crowded else "medium")
    over = "One seed: how other seeds differ is not known."
    if max(counts) > 1:
        over = "Geometric mean over seeds" + "; small points: each seed" * (max(counts) <= SEEDS_SHOWN) + "."
        over += " Shaded: its 95 % interval by Student's t." * shaded
    bounds = "; ".join(f"{group.label(run)} {scientific(_product(group.trained(run)))}" for run in shown)
    first = group.runs[0]
    pairs = PAIRS if any(run.low_rank != control_of(run).low_rank for run in shown) else ""
    caption = (f"{first.dataset} {first.image_size} px. {over} {pairs}", f"{NOTE} {bounds}.")
    return framed(figure, group.title, "spectral norm of every layer", caption, axes.get_legend_handles_labels()[0])


def each_seed(trained: Mapping[int, TrainedNetwork]) -> dict[int, dict[str, float]]:
    """Return the norms of the layers by seed."""
    return {seed: layer_norms(network.metrics) for seed, network in trained.items()}


def _product_shown(norms: Sequence[float]) -> float | None:
    """Return the product of the norms that a line shows: 0 with a layer of zeros, None where it is too large for a float."""
    total = float(np.log10(np.array(norms)).sum())
    if not np.isfinite(total):
        return 0.0
    return 10**total if total < MAX_EXPONENT else None


def _product(trained: Mapping[int, TrainedNetwork]) -> float | None:
    """Return the geometric mean over seeds of the product; None where it was too large for a float at some seed."""
    products = [network.metrics.spectral_product for network in trained.values()]
    with np.errstate(divide="ignore"):  # a product of 0
        return None if None in products else float(10 ** np.log10(np.array(products, dtype=float)).mean())


def scientific(number: float | None) -> str:
    """Return a positive number in two digits with a power of ten, as 3.1e7; None as words."""
    if number is None:
        return "too large for float64"
    mantissa, _, exponent = f"{number:.1e}".partition("e")
    return f"{mantissa}e{int(exponent)}"
