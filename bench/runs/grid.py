"""A grid as data: which runs make which figure, read from TOML and validated to the line."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from bench.attacks import ATTACKS, Attack, attack_named
from bench.attacks.spec import AttackSpec, attack_specs, parse_eps
from bench.errors import BadInput, unknown
from bench.runs.toml_lines import Lines
from bench.spec.run import READERS, Run

PRESETS = ("smoke", "internship", "internship-paper")
SETTINGS = tuple(each.name for each in fields(Run) if each.name != "seed")
TOP = ("title", "seeds", "settings", "attack", "figures", "exclude")
FIGURE = ("title", "optional", "attacks")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,40}")


@dataclass(frozen=True)
class Figure:
    """A named comparison: the settings that every run of it shares or that vary, each a tuple of values.

    ``attacks`` are what its runs are attacked with; none means what ``attack_specs`` takes by itself.
    """

    name: str
    title: str
    optional: bool
    attacks: tuple[Attack, ...]
    axes: Mapping[str, tuple[Any, ...]]


@dataclass(frozen=True)
class GridRun:
    """One run of a grid, at a seed, with every spec that some figure needs, and the names of those figures."""

    run: Run
    specs: tuple[AttackSpec, ...]
    figures: tuple[str, ...]


@dataclass(frozen=True)
class Excluded:
    """A run that a grid leaves out, and why."""

    run: Run
    reason: str


@dataclass(frozen=True)
class Grid:
    """A grid: figures over shared settings, less exclusions."""

    name: str
    title: str
    seeds: tuple[int, ...]
    settings: Mapping[str, Any]
    figures: tuple[Figure, ...]
    exclusions: tuple[tuple[str, Mapping[str, tuple[Any, ...]]], ...] = ()
    eps: tuple[float, ...] = ()
    fraction: float = 1.0
    lines: Lines = field(default_factory=Lines, compare=False)

    def cells(self, figures: Sequence[Figure], seeds: Sequence[int]) -> tuple[list[GridRun], list[Excluded]]:
        """Return the cells of ``figures`` at each seed, all of the first seed first, each run once; and what is left out."""
        found: dict[Run, dict[str, Any]] = {}
        excluded: dict[Run, str] = {}
        for seed, figure in itertools.product(seeds, figures):
            for run in self._runs(figure, seed):
                reason = self._reason(run)
                if reason:
                    excluded[run] = reason
                    continue
                cell = found.setdefault(run, {"specs": {}, "figures": {}})
                specs = attack_specs(run, figure.attacks, self.eps, self.fraction)
                cell["specs"] |= dict.fromkeys(specs)
                cell["figures"][figure.name] = None
        cells = [GridRun(run, tuple(cell["specs"]), tuple(cell["figures"])) for run, cell in found.items()]
        return cells, [Excluded(run, reason) for run, reason in excluded.items()]

    def with_settings(self, overrides: Mapping[str, Any]) -> Grid:
        """Return the grid with other shared settings; BadInput where one cannot be."""
        Run.of(**{"arch": "fc5", **overrides})
        return replace(self, settings={**self.settings, **overrides})

    def chosen(self, only: Sequence[str], extra: Sequence[str]) -> list[Figure]:
        """Return the figures named ``only``, or else all but the optional, and ``extra``; BadInput where none is left."""
        by_name = {figure.name: figure for figure in self.figures}
        for name in (*only, *extra):
            if name not in by_name:
                raise unknown(f"figure of {self.name}", name, by_name)
        usual = [figure.name for figure in self.figures if not figure.optional]
        names = dict.fromkeys([*(only or usual), *extra])
        if not names:
            raise BadInput(f"every figure of {self.name} is optional: choose with --figure, of {', '.join(by_name)}")
        return [by_name[name] for name in names]

    def _runs(self, figure: Figure, seed: int) -> list[Run]:
        runs = []
        for values in itertools.product(*figure.axes.values()):
            settings = {**self.settings, **dict(zip(figure.axes, values, strict=True)), "seed": seed}
            with self.lines.blamed(f"figures.{figure.name}"):
                runs.append(Run.of(**settings))
        return runs

    def _reason(self, run: Run) -> str | None:
        for reason, axes in self.exclusions:
            if all(getattr(run, name) in values for name, values in axes.items()):
                return reason
        return None


def load(name: str) -> Grid:
    """Return the grid of a preset or of a TOML file; BadInput, with the line, where it is none."""
    if name in PRESETS:
        text = (files("bench") / "presets" / f"{name}.toml").read_text(encoding="utf-8")
        return parse(name, text)
    path = Path(name)
    if path.suffix != ".toml":
        raise unknown("grid", name, [*PRESETS, "FILE.toml"])
    try:
        return parse(path.stem, path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read the grid {path}: {error}; presets are {', '.join(PRESETS)}") from error


def parse(name: str, text: str, path: str = "") -> Grid:
    """Return the grid that ``text`` writes; BadInput with the line, what is allowed and the nearest name where it is none."""
    lines = Lines(path or name, text)
    try:
        body = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{lines.source}: {error}") from error
    lines.check_names("", body, TOP, "key of a grid")
    attack = _table(lines, "attack", body.get("attack", {}))
    lines.check_names("attack", attack, ("eps", "fraction"), "setting of an attack")
    return Grid(
        name=name,
        title=str(body.get("title", name)),
        seeds=_seeds(lines, body.get("seeds", [0])),
        settings={key: _single(lines, "settings", key, value) for key, value in _axes(lines, "settings", body).items()},
        figures=_figures(lines, body.get("figures", {})),
        exclusions=tuple(_exclusion(lines, each, nth) for nth, each in enumerate(_listed(body.get("exclude", [])))),
        eps=_radii(lines, attack["eps"]) if "eps" in attack else (),
        fraction=_fraction(lines, attack.get("fraction", 1.0)),
        lines=lines,
    )


def _figures(lines: Lines, tables: Any) -> tuple[Figure, ...]:
    if not isinstance(tables, dict) or not tables:
        raise BadInput(f"{lines.source}: a grid needs at least one [figures.NAME] with axes")
    figures = []
    for name, table in tables.items():
        place = f"figures.{name}"
        if not NAME.fullmatch(name):
            raise BadInput(f"{lines.source}: a figure is named {name!r}: expected letters, digits, dots and dashes")
        table = _table(lines, place, table)
        axes = {key: value for key, value in table.items() if key not in FIGURE}
        optional = table.get("optional", False)
        if not isinstance(optional, bool):
            raise BadInput(f"{lines.at(place, 'optional')}optional is {optional!r}: expected true or false")
        figures.append(
            Figure(
                name=name,
                title=str(table.get("title", name)),
                optional=optional,
                attacks=tuple(_attack(lines, place, text) for text in _listed(table.get("attacks", []))),
                axes=_axes(lines, place, {place: axes}),
            )
        )
    return tuple(figures)


def _axes(lines: Lines, place: str, tables: Mapping[str, Any], nth: int = 0) -> dict[str, tuple[Any, ...]]:
    table = _table(lines, place, tables.get(place, {}))
    lines.check_names(place, table, SETTINGS, "setting", nth)
    by_name = {each.name: each for each in fields(Run)}
    axes = {}
    for key, value in table.items():
        values = tuple(_listed(value))
        if not values or any(isinstance(each, list | dict) for each in values):
            raise BadInput(f"{lines.at(place, key, nth)}{key} is {value!r}: expected a value or a list of values")
        reader, limit = READERS.get(str(by_name[key].type)), by_name[key].metadata["limit"]
        with lines.blamed(place, key, nth):
            # A share of the ranks is a number in TOML and text to what reads it.
            axes[key] = tuple(reader(str(each)) for each in values) if reader else values
            for each in axes[key] if limit is not None else ():
                limit.check(key, each)
    return axes


def _exclusion(lines: Lines, table: Any, nth: int) -> tuple[str, dict[str, tuple[Any, ...]]]:
    table = _table(lines, "exclude", table)
    if not table.get("reason"):
        raise BadInput(f"{lines.at('exclude', nth=nth)}an exclusion needs a reason")
    axes = {key: value for key, value in table.items() if key != "reason"}
    if not axes:
        raise BadInput(f'{lines.at("exclude", nth=nth)}this excludes every run: expected a setting, as in arch = "fc5"')
    return str(table["reason"]), _axes(lines, "exclude", {"exclude": axes}, nth)


def _attack(lines: Lines, place: str, text: Any) -> Attack:
    with lines.blamed(place, "attacks"):
        return attack_named(str(text))


def _radii(lines: Lines, radii: Any) -> tuple[float, ...]:
    with lines.blamed("attack", "eps"):
        return AttackSpec(ATTACKS["fgsm"](), parse_eps(",".join(str(radius) for radius in _listed(radii)))).eps


def _seeds(lines: Lines, seeds: Any) -> tuple[int, ...]:
    with lines.blamed("", "seeds"):
        found = tuple(Run.of(arch="fc5", seed=seed).seed for seed in _listed(seeds))
    if not found:
        raise BadInput(f"{lines.at('', 'seeds')}seeds is empty: expected at least one")
    return found


def _fraction(lines: Lines, fraction: Any) -> float:
    if isinstance(fraction, bool) or not isinstance(fraction, int | float) or not 0 < fraction <= 1:
        raise BadInput(f"{lines.at('attack', 'fraction')}fraction is {fraction!r}: expected a number in (0, 1]")
    return float(fraction)


def _single(lines: Lines, place: str, key: str, values: tuple[Any, ...]) -> Any:
    if len(values) != 1:
        raise BadInput(f"{lines.at(place, key)}{key} has {len(values)} values: an axis belongs into a [figures.NAME]")
    return values[0]


def _table(lines: Lines, place: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadInput(f"{lines.at('', place)}{place} is {value!r}: expected a table, [{place}]")
    return value


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
