"""What the overviews draw, read back from the axes and computed again from the raw files, by other code."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import DATA, fake_outcome, trained
from grids import grid as predictions
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from oracle import raw
from recorded import EPS, LINEUPS, SPARSE, record
from scipy.stats import t

from bench.attacks.fgsm import Fgsm
from bench.grid import Grid, parse
from bench.report.assemble import assemble
from bench.report.figure_table import figure_table
from bench.report.figures import seeds_in_words
from bench.report.frame import legend_columns
from bench.report.lineup import Lineup, lineups
from bench.report.overviews import OVERVIEWS, pictured
from bench.report.overviews.front import draw_front, front
from bench.report.overviews.pareto import pareto
from bench.report.overviews.spectral import layer_norms, scientific
from bench.report.press import render
from bench.report.records import read
from bench.spec import Run
from bench.trial import Trial

CURVE = np.linspace(0.75, 0.15, len(EPS))
AT = EPS.index(2.0)
MANY = """
seeds = [0, 1]
[settings]
dataset = "synthetic"
image_size = 32
[attack]
eps = [0, 0.5, 1, 2, 4, 8, 16, 64]
[figures.sparse]
arch = "alexnet"
sparsity = [0.0, 0.5, 0.9]
[figures.wide]
arch = "alexnet"
batch_size = 512
sparsity = [0.0, 0.5, 0.9]
[figures.random]
arch = "alexnet"
pruning = "random"
sparsity = [0.5]
[figures.rank]
arch = "alexnet"
low_rank = ["full", "lr1"]
[figures.hot]
arch = "alexnet"
temperature = [1, 20]
sparsity = [0.0, 0.9]
[figures.longer]
arch = "alexnet"
epochs = 30
sparsity = [0.0, 0.8]
"""
GRID: Grid = parse("many", MANY)
HOT = next(lineup for lineup in lineups(GRID) if lineup.name == "hot")


def drawn(name: str, lineup: Lineup, results: Path) -> Figure:
    records = read(results)
    figure = OVERVIEWS[name].draw(lineup, records, figure_table(lineup, records))
    assert figure is not None
    return figure


def points(axes: Axes) -> list[tuple[float, float]]:
    """Return the points with an error bar, in the order in which they were drawn."""
    return [(float(each[0].get_xdata()[0]), float(each[0].get_ydata()[0])) for each in axes.containers]


def hollow(axes: Axes) -> list[bool]:
    return [to_rgba(each[0].get_markerfacecolor()) == (1, 1, 1, 1) for each in axes.containers]


def line(axes: Axes, label: str) -> list[tuple[float, float]]:
    (found,) = [each for each in axes.get_lines() if each.get_label() == label]
    return [(float(x), float(y)) for x, y in zip(found.get_xdata(), found.get_ydata(), strict=True)]


def text(figure: Figure) -> str:
    return " ".join(" ".join(each.get_text() for each in figure.texts).split())


def beaten(points: Sequence[tuple[float, float]], place: int) -> bool:
    x, y = points[place]
    return any(a >= x and b >= y and (a > x or b > y) for a, b in points)


def attack_all(results: Path, lineup: Lineup, *, margin: float, seeds: int = 2) -> None:
    """Record every run of ``lineup``: hot ones at 0.7 under the attack, and ``margin`` lower under the margin step."""
    for number, run in enumerate(lineup.runs):
        for seed in range(seeds):
            own = Run.of(**{**run.settings, "seed": seed})
            folder = trained(results, own, 0.8)
            heat = 0.3 * (run.temperature != 1)
            right = predictions(
                np.random.default_rng(number),
                [heat, heat + 0.35 * (heat > 0), heat - margin],
                images=300,
                curve=CURVE - 0.3,
            )
            kinds = [Fgsm(), Fgsm(knowledge="none"), Fgsm(loss="margin")]
            for attack, each in list(zip(kinds, right, strict=True))[: 3 if heat else 1]:
                zero = 0.25 * kinds.index(attack) + 0.1 * seed
                fake_outcome(folder, Trial(attack, EPS), each[seed], zero=zero)


@given(st.lists(st.tuples(st.integers(0, 4).map(float), st.integers(0, 4).map(float)), max_size=9))
def test_the_front_is_what_nothing_beats(points: list[tuple[float, float]]) -> None:
    found = front(points)
    assert sorted(found) == [place for place in range(len(points)) if not beaten(points, place)]
    assert [points[place][0] for place in found] == sorted(points[place][0] for place in found)


def test_the_stairs_lie_on_what_is_reached_and_no_higher() -> None:
    axes = Figure().subplots()
    corners = draw_front(axes, [(1, 9), (3, 5), (2, 4), (4, 1)], "front", "-")
    assert line(axes, "front") == [(1, 9), (3, 5), (4, 1)]
    assert list(corners) == [(1, 9), (1, 5), (3, 5), (3, 1), (4, 1)]
    assert axes.get_lines()[0].get_drawstyle() == "steps-pre"


def test_accuracy_against_each_currency(tmp_path: Path) -> None:
    sizes = {0.0: (1000, 5000, 4000), 0.5: (500, 3000, 2600), 0.9: (100, 1100, 900)}
    right = predictions(np.random.default_rng(0), [0, 0, -0.1], images=400, curve=CURVE)
    for run, of_run in zip(SPARSE.runs, right, strict=True):
        parameters, macs, size = sizes[run.sparsity]
        for seed, each in enumerate(of_run):
            own = Run.of(**{**run.settings, "seed": seed})
            measured = {"parameters_nonzero": parameters, "macs_nonzero": macs, "gzip_bytes": size + 100 * seed}
            fake_outcome(trained(tmp_path, own, 0.7, measured=measured), Trial(Fgsm(), EPS), each)
    figure = drawn("by-compression", SPARSE, tmp_path)
    runs = [raw(tmp_path, name) for name in ("", "-s0.5", "-s0.9")]
    accuracies = [100 * np.mean([seed["right"].mean(axis=1) for seed in run], axis=0) for run in runs]
    mean = [
        {key: np.mean([seed["metrics"][key] for seed in run]) for key in run[0]["metrics"]}
        for run in map(numbers, runs)
    ]
    keys = ("parameters_nonzero", "macs_nonzero", "gzip_bytes")
    for axes, key in zip(figure.axes, keys, strict=True):
        ratios = [mean[0][key] / each[key] for each in mean]
        pairs = [(x, float(y[place])) for x, y in zip(ratios, accuracies, strict=True) for place in (0, AT)]
        assert points(axes) == [pytest.approx(pair) for pair in pairs]
        for label, some in (("front, clean", pairs[::2]), ("front at eps 2", pairs[1::2])):
            unbeaten = sorted(pair for place, pair in enumerate(some) if not beaten(some, place))
            assert line(axes, label) == [pytest.approx(pair) for pair in unbeaten]
    assert "theoretical speed-up, no clock was read" in text(figure)
    assert "Mean over seeds (0, 1, 2). Bars: 95 % interval over seeds and images." in text(figure)


def numbers(run: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = [{key: value for key, value in each["metrics"].items() if isinstance(value, int)} for each in run]
    return [{"metrics": each} for each in kept]


def test_networks_of_one_size_are_not_drawn_against_their_size(tmp_path: Path) -> None:
    hot = LINEUPS["hot"]
    attack_all(tmp_path, hot, margin=-0.1)
    records = read(tmp_path)
    assert OVERVIEWS["by-compression"].draw(hot, records, figure_table(hot, records)) is None


@pytest.mark.parametrize("masked", [True, False])
def test_a_masked_network_is_hollow_and_never_on_the_front(tmp_path: Path, masked: bool) -> None:
    attack_all(tmp_path, HOT, margin=0.3 if masked else -0.1)
    figure = drawn("by-compression", HOT, tmp_path)
    axes = figure.axes[0]
    hot = [run.temperature != 1 for run in HOT.runs]
    order = [label for label in legend(figure) if "front" not in label and "chance" not in label]
    assert order == [HOT.label(run) for run in HOT.runs]
    assert hollow(axes) == [masked and hot[place // 2] and place % 2 == 1 for place in range(2 * len(hot))]
    attacked = points(axes)[1::2]
    best = max(attacked)  # of the two smallest networks, both at 0.9, the more accurate one: the one at T = 20
    assert attacked.index(best) == next(n for n, run in enumerate(HOT.runs) if run.temperature != 1 and run.sparsity)
    on_it = line(axes, "front at eps 2")
    assert (best in on_it) is not masked
    seen = [point for point, is_hot in zip(attacked, hot, strict=True) if not (masked and is_hot)]
    assert on_it == sorted(point for place, point in enumerate(seen) if not beaten(seen, place))
    assert ("not on the front" in text(figure)) is masked


def legend(figure: Figure) -> list[str]:
    return [each.get_text() for each in figure.legends[0].get_texts()]


@pytest.mark.parametrize("masked", [True, False])
def test_every_network_of_an_architecture_in_one_picture(tmp_path: Path, masked: bool) -> None:
    every = {lineup.name: lineup for lineup in lineups(GRID)}
    for lineup in every.values():
        if lineup.attack == Fgsm():
            attack_all(tmp_path, lineup, margin=0.3 if masked else -0.1)
    records = read(tmp_path)
    tables = [(lineup, figure_table(lineup, records)) for lineup in every.values()]
    found = pareto(tables, records)
    assert list(found) == ["alexnet"]
    (axes,) = found["alexnet"].axes
    runs = {run: None for lineup in every.values() for run in lineup.runs if run.epochs == 10}
    assert len(runs) == 10
    expected = []
    for run in runs:
        folders = [tmp_path / run.name / f"seed-{seed}" for seed in range(2)]
        accuracies = [stored(folder, "fgsm")[AT].mean() for folder in folders]
        metrics = json.loads((folders[0] / "run.json").read_text())["record"]["metrics"]
        expected.append((1000 / metrics["parameters_nonzero"], 100 * np.mean(accuracies)))
    assert points(axes) == [pytest.approx(pair) for pair in expected]
    hidden = [masked and run.temperature != 1 for run in runs]
    assert hollow(axes) == hidden
    seen = [point for point, is_hidden in zip(points(axes), hidden, strict=True) if not is_hidden]
    assert line(axes, "front") == sorted(point for place, point in enumerate(seen) if not beaten(seen, place))
    markers = {run: str(each[0].get_marker()) for run, each in zip(runs, axes.containers, strict=True)}
    kinds = {(run.sparsity > 0, run.pruning, str(run.low_rank), run.temperature): markers[run] for run in runs}
    assert len(set(kinds.values())) == len(kinds) == 6
    labels = {each.get_text() for each in axes.texts}
    assert {"50 %", "50 %, b512", "control", "control, b512", "LR1", "90 %, T = 20"} <= labels


def stored(folder: Path, attack: str) -> np.ndarray:
    for path in folder.glob("attacks/*.json"):
        if json.loads(path.read_text())["record"]["attack"] == attack:
            with np.load(path.with_suffix(".npz")) as arrays:
                return np.asarray(arrays["predictions"] == arrays["labels"])
    raise AssertionError(attack)


def test_no_label_lies_on_another_or_on_a_point(tmp_path: Path) -> None:
    for lineup in lineups(GRID):
        if lineup.attack == Fgsm():
            attack_all(tmp_path, lineup, margin=0.3, seeds=1)
    records = read(tmp_path)
    tables = [(lineup, figure_table(lineup, records)) for lineup in lineups(GRID)]
    figure = pareto(tables, records)["alexnet"]
    figure.canvas.draw()
    (axes,) = figure.axes
    boxes = [each.get_window_extent() for each in axes.texts]
    for box, other in itertools.combinations(boxes, 2):
        assert not box.overlaps(other)
    for box in boxes:
        assert axes.get_window_extent().containsx(box.x0)
        assert axes.get_window_extent().containsx(box.x1)
        for point in points(axes):
            assert not box.contains(*axes.transData.transform(point))


@pytest.mark.parametrize("masked", [True, False])
def test_who_knows_the_temperature_over_the_images_without_a_gradient(tmp_path: Path, masked: bool) -> None:
    hot = LINEUPS["hot"]
    attack_all(tmp_path, hot, margin=0.3 if masked else -0.1)
    above, below = drawn("knowledge", hot, tmp_path).axes
    kinds = {
        "FGSM, T known": "fgsm",
        "FGSM, T unknown": "fgsm(knowledge=none)",
        "one step on the logit margin": "fgsm(loss=margin)",
    }
    for number, (label, attack) in enumerate(kinds.items()):
        places = [1] if number == 2 else [0, 1]
        used = ["fgsm" if place == 0 else attack for place in places]
        accuracies = [
            np.mean([stored(tmp_path / hot.runs[place].name / f"seed-{seed}", each)[AT].mean() for seed in range(2)])
            for place, each in zip(places, used, strict=True)
        ]
        assert line(above, label) == [
            pytest.approx((place, 100 * y)) for place, y in zip(places, accuracies, strict=True)
        ]
        zeros = [5.0 if place == 0 else 5.0 + 25 * number for place in places]
        assert line(below, label) == [pytest.approx((place, y)) for place, y in zip(places, zeros, strict=True)]
    at_heat = [is_hollow for is_hollow, (x, _) in zip(hollow(above), points(above), strict=True) if x == 1]
    # Not knowing T is far weaker than the margin step in either case, and knowing it in one of them.
    assert at_heat == [masked, True, False]
    assert above.get_shared_x_axes().joined(above, below)


def test_the_picture_of_knowledge_says_that_a_gap_is_masking(tmp_path: Path) -> None:
    hot = LINEUPS["hot"]
    attack_all(tmp_path, hot, margin=0.3)
    words = text(drawn("knowledge", hot, tmp_path))
    assert "a gap between them is masking, not robustness" in words
    assert "FGSM, T unknown: The gradient is masked in 2 of 2 networks" in words
    assert "attacker at T = 1, network trained at T = 20" in words
    records = read(tmp_path)
    assert OVERVIEWS["knowledge"].draw(SPARSE, records, figure_table(SPARSE, records)) is None


def test_the_curve_of_flips_is_that_of_the_files(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    for run in SPARSE.runs:
        for seed in range(3):
            own = Run.of(**{**run.settings, "seed": seed})
            right = draw.random((len(EPS), 200)) < CURVE[:, None] + 0.2
            fake_outcome(trained(tmp_path, own, 0.7), Trial(Fgsm(), EPS), right)
    (axes,) = drawn("flips", SPARSE, tmp_path).axes
    for name, run in (("dense", SPARSE.runs[0]), ("50 % zero", SPARSE.runs[1]), ("90 % zero", SPARSE.runs[2])):
        shares = []
        for seed in range(3):
            with np.load(next((tmp_path / run.name / f"seed-{seed}").glob("attacks/*.npz"))) as arrays:
                first = arrays["first_flip"][arrays["predictions"][0] == arrays["labels"]]
            shares.append([np.mean((first >= 0) & (first <= place)) for place in range(len(EPS))])
        mean = 100 * np.mean(shares, axis=0)
        expected = list(zip(EPS, mean, strict=True))
        assert line(axes, f"{name}: {100 - mean[-1]:.1f} % never") == [pytest.approx(pair) for pair in expected]
    assert {each.get_drawstyle() for each in axes.get_lines()} == {"steps-post"}


KERNELS = {"conv1": 2.0, "conv2_vertical": 3.0, "conv2_horizontal": 5.0, "fc": 7.0}


def kernels(norms: Mapping[str, float]) -> dict[str, Any]:
    return {
        "kernels": [{"layer": layer, "spectral_norm": norm, "sparsity": 0.0} for layer, norm in norms.items()],
        "batch_norm_norms": {"conv1_bn": 11.0, "conv2_vertical_bn": 0.5, "conv2_horizontal_bn": 13.0},
    }


def test_a_pair_has_the_norm_of_its_factors_and_of_what_is_between() -> None:
    assert layer_norms(kernels(KERNELS)) == {"conv1": 2.0, "conv2": 7.5, "fc": 7.0}
    assert list(layer_norms(kernels(KERNELS))) == ["conv1", "conv2", "fc"]


@pytest.mark.parametrize(
    ("number", "words"), [(31_000_000.0, "3.1e7"), (0.0, "0.0e0"), (2e-5, "2.0e-5"), (None, "beyond float64")]
)
def test_a_product_in_two_digits(number: float | None, words: str) -> None:
    assert scientific(number) == words


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_norms_of_the_layers(tmp_path: Path, seeds: int) -> None:
    lineup = LINEUPS["rank"]
    norms: dict[str, list[list[float]]] = {}
    for run in lineup.runs:
        for seed in range(seeds):
            factors = KERNELS if run != lineup.runs[0] else {"conv1": 2.0, "conv2": 6.0, "fc": 0.0}
            own = {layer: norm * (1 + seed) for layer, norm in factors.items()}
            measured = {**kernels(own), "spectral_product": 10.0 ** (seed + 1)}
            trained(tmp_path, Run.of(**{**run.settings, "seed": seed}), 0.7, measured=measured)
            norms.setdefault(lineup.label(run), []).append(list(layer_norms(measured).values()))
    (axes,) = drawn("spectral", lineup, tmp_path).axes
    product = {1: "1.0e1", 3: "1.0e2"}[seeds]
    assert [each.get_text() for each in axes.get_xticklabels()] == ["conv1", "conv2", "fc"]
    assert axes.get_yscale() == "log"
    low_rank = np.log(np.array(norms["LR1"]))
    expected = np.exp(low_rank.mean(axis=0))
    assert line(axes, f"LR1: product {product}") == [pytest.approx(pair) for pair in enumerate(expected)]
    dense = line(axes, f"full rank: product {product}")
    assert [x for x, y in dense if np.isnan(y)] == [2]
    if seeds == 3:
        half = low_rank.std(axis=0, ddof=1) / np.sqrt(3) * t.ppf(0.975, 2)
        band = axes.collections[1].get_paths()[0].vertices
        assert band[:, 1].max() == pytest.approx(np.exp(np.log(expected) + half).max())
        assert band[:, 1].min() == pytest.approx(np.exp(np.log(expected) - half).min())


def test_without_kernels_there_are_no_norms(tmp_path: Path) -> None:
    for run in SPARSE.runs:
        trained(tmp_path, run, 0.7, measured={"kernels": []})
    records = read(tmp_path)
    table = figure_table(SPARSE, records)
    assert {name for name, each in OVERVIEWS.items() if each.draw(SPARSE, records, table)} == set()


def test_what_is_of_a_figure_is_drawn_for_its_first_attack_alone() -> None:
    hot = [lineup for lineup in lineups(GRID) if lineup.figure == "hot"]
    names = [name for lineup in hot for name in pictured(lineup)]
    assert len(hot) == 2
    assert names.count("hot-knowledge") == names.count("hot-spectral") == 1
    assert {"hot-flips", "hot-fgsm-knowledge-none-flips"} <= set(names)
    assert len(set(names)) == len(names)


def test_every_overview_has_the_same_bytes_twice_and_nothing_beyond_its_edges(tmp_path: Path) -> None:
    attack_all(tmp_path, HOT, margin=0.3)
    found = []
    for _ in range(2):
        records = read(tmp_path)
        table = figure_table(HOT, records)
        figures = {name: each.draw(HOT, records, table) for name, each in OVERVIEWS.items()}
        figures |= pareto([(HOT, table)], records)
        for name, figure in figures.items():
            assert figure is not None, name
            drawn = figure.get_tightbbox()
            width, height = figure.get_size_inches()
            assert drawn.x0 >= 0, name
            assert drawn.y0 >= 0, name
            assert drawn.x1 <= width, name
            assert drawn.y1 <= height, name
        found.append({name: render(figure) for name, figure in figures.items() if figure})
    assert found[0] == found[1]


def test_a_caption_says_which_seeds_its_numbers_are_of(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs[:2], [0, 0], seeds=1)
    one = "One seed (0). Bars: 95 % interval over images alone, which says nothing of other seeds."
    assert seeds_in_words(SPARSE, read(tmp_path), "Bars") == one
    record(tmp_path, SPARSE.runs[2:], [0], seeds=3)
    assert seeds_in_words(SPARSE, read(tmp_path)) == "Mean over seeds (dense: 0; 50 % zero: 0; 90 % zero: 0, 1, 2)."
    others = [Run.of(**{**SPARSE.runs[0].settings, "epochs": epochs}) for epochs in range(20, 26)]
    record(tmp_path, others, [0] * 6, seeds=2)
    many = replace(SPARSE, runs=(*SPARSE.runs, *others))
    assert seeds_in_words(many, read(tmp_path)) == "Mean over seeds (1 to 3 of them a network)."


def test_a_crowd_has_names_on_the_front_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(tmp_path, SPARSE.runs, [0, 0.1, -0.1])
    records = read(tmp_path)
    table = figure_table(SPARSE, records)
    assert [each.get_text() for each in pareto([(SPARSE, table)], records)["fc5"].axes[0].texts] == [
        "50 %",
        "control",
        "90 %",
    ]
    monkeypatch.setattr("bench.report.overviews.pareto.CROWD", 2)
    assert [each.get_text() for each in pareto([(SPARSE, table)], records)["fc5"].axes[0].texts] == ["50 %", "90 %"]


def test_long_legends_fit() -> None:
    assert legend_columns(["dense", "50 % zero"]) == 2
    assert legend_columns(["a legend of very many characters, which no other fits beside, at this width"] * 3) == 1


def test_every_picture_has_words_for_who_cannot_see_it(tmp_path: Path) -> None:
    record(tmp_path / "results", SPARSE.runs, [0, 0, -0.1])
    without_ranks = "".join(part for part in re.split(r"(?=\[figures)", MANY) if "low_rank" not in part)
    grid = parse("small", without_ranks.replace("alexnet", "fc5"))
    for run in SPARSE.runs:
        assert any(run in lineup.runs for lineup in lineups(grid))
    assemble(read(tmp_path / "results"), grid, tmp_path / "out")
    report = (tmp_path / "out" / "REPORT.md").read_text()
    images = dict(re.findall(r"!\[([^\]]+)\]\(figures/([^)]+)\.png\)", report))
    by_file = {file: words for words, file in images.items()}
    assert {path.stem for path in (tmp_path / "out" / "figures").glob("*.png")} == set(by_file)
    assert by_file["sparse-flips"].endswith(OVERVIEWS["flips"].words)
    assert by_file["sparse-a"].endswith("accuracy against eps")
    assert by_file["pareto-fc5"].startswith("pareto-fc5: accuracy under attack against compression")
    assert len(set(by_file.values())) == len(by_file)
    assert str(DATA["name"]) not in report
