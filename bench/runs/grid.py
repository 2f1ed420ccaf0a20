"""A grid as data: which runs make which figure. It is read from TOML and checked; an error names the table and the key."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from bench.attacks import Attack, attack_named
from bench.attacks.spec import FRACTION, AttackSpec, attack_specs, parse_eps
from bench.errors import BadInput, unknown
from bench.spec.run import READERS, SELF, Run

PRESETS = ("smoke", "internship", "internship-paper", "defences")
SETTINGS = tuple(each.name for each in fields(Run) if each.name != "seed")
TOP = ("title", "seeds", "settings", "attack", "figures", "exclude")
FIGURE = ("title", "optional", "attacks", "runs")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,40}")
Axes = Mapping[str, tuple[Any, ...]]  # the values of each setting that is named


@dataclass(frozen=True)
class Figure:
    """A named comparison. Its runs are every combination of the values in ``axes``, each with every one of ``runs``.

    ``attacks`` are what its runs are attacked with; empty for the default attacks. ``runs`` are settings that belong
    together.
    """

    name: str
    title: str
    optional: bool
    attacks: tuple[Attack, ...]
    axes: Axes
    runs: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Exclusion:
    """A rule that leaves out every run whose settings are all in ``axes``, and the reason."""

    reason: str
    axes: Axes

    def matches(self, run: Run) -> bool:
        """Tell whether ``run`` is left out."""
        return all(
            getattr(run, name) in [run.itself(name) if value == SELF else value for value in values]
            for name, values in self.axes.items()
        )


@dataclass(frozen=True)
class GridRun:
    """One run of a grid, at a seed, with every attack that some figure needs, and the names of those figures."""

    run: Run
    specs: tuple[AttackSpec, ...]
    figures: tuple[str, ...]


@dataclass(frozen=True)
class Excluded:
    """A run that a grid leaves out, and the reason."""

    run: Run
    reason: str


@dataclass(frozen=True)
class Grid:
    """Figures over shared settings, without the excluded runs. ``source`` is its name in messages."""

    name: str
    title: str
    seeds: tuple[int, ...]
    settings: Mapping[str, Any]
    figures: tuple[Figure, ...]
    exclusions: tuple[Exclusion, ...] = ()
    eps: tuple[float, ...] = ()
    fraction: float = 1.0
    source: str = field(default="", compare=False)

    def cells(self, figures: Sequence[Figure], seeds: Sequence[int]) -> tuple[list[GridRun], list[Excluded]]:
        """Return the runs of ``figures`` at each seed, each once, all of the first seed first; and the excluded ones."""
        cells: dict[Run, GridRun] = {}
        excluded: dict[Run, Excluded] = {}
        for seed, figure in itertools.product(seeds, figures):
            for run in self._runs(figure, seed):
                reason = next((each.reason for each in self.exclusions if each.matches(run)), None)
                if reason:
                    excluded[run] = Excluded(run, reason)
                    continue
                cell = cells.get(run, GridRun(run, (), ()))
                specs, names = self._specs(figure, run, cell.specs), dict.fromkeys([*cell.figures, figure.name])
                cells[run] = GridRun(run, tuple(specs), tuple(names))
        return list(cells.values()), list(excluded.values())

    def with_settings(self, overrides: Mapping[str, Any]) -> Grid:
        """Return the grid with other shared settings; BadInput where a value cannot be, or a figure has its own."""
        Run.of(**{"arch": "fc5", **overrides})
        for figure in self.figures:
            for name in overrides:
                if name in figure.axes or any(name in own for own in figure.runs):
                    raise BadInput(
                        f"{name} is given, and figures.{figure.name} of {self.source} has its own: expected one of them; "
                        "change the file"
                    )
        return replace(self, settings={**self.settings, **overrides})

    def chosen(self, only: Sequence[str], extra: Sequence[str]) -> list[Figure]:
        """Return the figures named ``only``, or else all but the optional ones, and ``extra``; BadInput where none is left."""
        by_name = {figure.name: figure for figure in self.figures}
        for name in (*only, *extra):
            if name not in by_name:
                raise unknown(f"figure of {self.name}", name, by_name, f"bench sweep {self.source} --dry-run")
        usual = [figure.name for figure in self.figures if not figure.optional]
        names = dict.fromkeys([*(only or usual), *extra])
        if not names:
            raise BadInput(f"every figure of {self.name} is optional: choose with --figure, of {', '.join(by_name)}")
        return [by_name[name] for name in names]

    def check(self) -> None:
        """Raise BadInput where a run or its attacks cannot be, or where an exclusion matches no run of the grid."""
        runs = []
        for figure in self.figures:
            for run in self._runs(figure, self.seeds[0]):
                self._specs(figure, run)
                runs.append(run)
        for number, each in enumerate(self.exclusions, 1):
            if not any(map(each.matches, runs)):
                axes = " and ".join(f"{name} {' or '.join(map(str, values))}" for name, values in each.axes.items())
                raise BadInput(
                    f"{self.source}: exclude {number}: no run of the grid has {axes}; expected settings of a run that a "
                    "figure makes"
                )

    def _specs(self, figure: Figure, run: Run, others: Sequence[AttackSpec] = ()) -> list[AttackSpec]:
        """Return the attacks of other figures and those of ``figure`` on ``run``; BadInput where one command cannot make them."""
        with _place(self.source), _place(f"figures.{figure.name}"):
            own = attack_specs(run, figure.attacks, self.eps, self.fraction)
            return attack_specs(run, [spec.attack for spec in (*others, *own)], self.eps, self.fraction)

    def _runs(self, figure: Figure, seed: int) -> list[Run]:
        runs = []
        for *values, own in itertools.product(*figure.axes.values(), figure.runs):
            settings = {**self.settings, **dict(zip(figure.axes, values, strict=True)), **own, "seed": seed}
            with _place(self.source), _place(f"figures.{figure.name}"):
                runs.append(Run.of(**settings))
        return runs


def load(name: str) -> Grid:
    """Return the grid of a preset or of a TOML file; BadInput where it is none."""
    if name in PRESETS:
        text = (files("bench") / "presets" / f"{name}.toml").read_text(encoding="utf-8")
        return parse(name, text)
    path = Path(name)
    if path.suffix != ".toml":
        raise unknown("grid", name, [*PRESETS, "FILE.toml"])
    try:
        return parse(path.stem, path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise BadInput(
            f"cannot read the grid {path}: {reason}; check the path, or name a preset: {', '.join(PRESETS)}"
        ) from error


def parse(name: str, text: str, path: str = "") -> Grid:
    """Return the grid in ``text``.

    Raises:
        BadInput: the text is no grid. The message names the table and the key, what is allowed and the nearest name.
    """
    with _place(path or name):
        try:
            body = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise BadInput(str(error)) from error
        _check_names(body, TOP, "key of a grid")
        grid = Grid(
            name=name,
            title=str(body.get("title", name)),
            seeds=distinct_seeds(_listed(body.get("seeds", [0]))),
            settings=_settings(body.get("settings", {})),
            figures=_figures(body.get("figures", {})),
            exclusions=_exclusions(body.get("exclude", [])),
            source=path or name,
            **_attack(body.get("attack", {})),
        )
    grid.check()
    return grid


def distinct_seeds(seeds: Iterable[Any]) -> tuple[int, ...]:
    """Return ``seeds``; BadInput where there is none, where one cannot be, or where one is there twice."""
    found = tuple(Run.of(arch="fc5", seed=seed).seed for seed in seeds)
    if not found or len(set(found)) < len(found):
        raise BadInput(f"seeds is {', '.join(map(str, found)) or 'empty'}: expected at least one, each once")
    return found


@contextmanager
def _place(where: str) -> Iterator[None]:
    """Put ``where`` before the message of a BadInput that comes out of the block."""
    try:
        yield
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from error


def _check_names(found: Iterable[str], known: Sequence[str], what: str) -> None:
    for name in found:
        if name not in known:
            raise unknown(what, name, known, "bench run --help" if what == "setting" else "")


def _settings(table: Any) -> dict[str, Any]:
    with _place("settings"):
        return _single(table, "a list of values belongs into a [figures.NAME]")


def _single(table: Any, otherwise: str) -> dict[str, Any]:
    """Return the settings in ``table``, each with one value; BadInput that says what to do ``otherwise``."""
    axes = _axes(_table(table))
    for key, values in axes.items():
        if len(values) != 1:
            raise BadInput(f"{key} has {len(values)} values: {otherwise}")
    return {key: values[0] for key, values in axes.items()}


def _figures(tables: Any) -> tuple[Figure, ...]:
    if not isinstance(tables, dict) or not tables:
        raise BadInput("a grid needs at least one [figures.NAME] with axes")
    for name in tables:
        if not NAME.fullmatch(name):
            raise BadInput(f"a figure is named {name!r}: expected letters, digits, dots and dashes")
    return tuple(_figure(name, table) for name, table in tables.items())


def _figure(name: str, table: Any) -> Figure:
    with _place(f"figures.{name}"):
        axes = _axes({key: value for key, value in _table(table).items() if key not in FIGURE}, FIGURE)
        optional = table.get("optional", False)
        if not isinstance(optional, bool):
            raise BadInput(f"optional is {optional!r}: expected true or false")
        attacks = tuple(attack_named(str(text)) for text in _listed(table.get("attacks", [])))
        runs = tuple(_own(number, each, axes) for number, each in enumerate(_listed(table.get("runs", [{}])), 1))
        if not runs:
            raise BadInput("runs is empty: expected a list of tables of settings, as [{}, { sparsity = 0.9 }]")
        for number, own in enumerate(runs):
            if own in runs[:number]:
                first = runs.index(own) + 1
                raise BadInput(f"runs {number + 1} is the same as runs {first}: expected each once")
    return Figure(name, str(table.get("title", name)), optional, attacks, axes, runs)


def _own(number: int, table: Any, axes: Axes) -> dict[str, Any]:
    """Return the settings of one of the ``runs`` of a figure; BadInput where its ``axes`` have one of them too."""
    with _place(f"runs {number}"):
        found = _single(table, "expected one, and a table for each run")
        for key in (key for key in found if key in axes):
            raise BadInput(f"{key} is a setting of the figure too: expected it in one place")
    return found


def _exclusions(tables: Any) -> tuple[Exclusion, ...]:
    found = []
    for number, table in enumerate(_listed(tables), 1):
        with _place(f"exclude {number}"):
            if not _table(table).get("reason"):
                raise BadInput("an exclusion needs a reason")
            axes = _axes({key: value for key, value in table.items() if key != "reason"})
            if not axes:
                raise BadInput('this excludes every run: expected a setting, as in arch = "fc5"')
            found.append(Exclusion(str(table["reason"]), axes))
    return tuple(found)


def _attack(table: Any) -> dict[str, Any]:
    with _place("attack"):
        _check_names(_table(table), ("eps", "fraction"), "setting of an attack")
        fraction = table.get("fraction", 1.0)
        FRACTION.check("fraction", fraction)
        radii = parse_eps(",".join(map(str, _listed(table["eps"])))) if "eps" in table else ()
    return {"eps": radii, "fraction": float(fraction)}


def _axes(table: Mapping[str, Any], besides: Sequence[str] = ()) -> dict[str, tuple[Any, ...]]:
    by_name = {each.name: each for each in fields(Run)}
    axes = {}
    _check_names(table, (*SETTINGS, *besides), "setting")
    for key, value in table.items():
        values = tuple(_listed(value))
        if not values or any(isinstance(each, list | dict) for each in values):
            raise BadInput(f"{key} is {value!r}: expected a value or a list of values")
        reader, limit = READERS.get(str(by_name[key].type)), by_name[key].metadata["limit"]
        # A fraction of the ranks is a number in TOML; its reader takes text.
        axes[key] = tuple(reader(str(each)) for each in values) if reader else values
        for each in axes[key] if limit is not None else ():
            limit.check(key, each)
    return axes


def _table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadInput(f"received {value!r}: expected a table")
    return value


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
