"""The parts of the documents that are made from the code and from the report.

A part stands in a page between ``<!-- made by docs/generated.py: NAME -->`` and ``<!-- end -->``. A test fails where one is
not what the code says. ``python docs/generated.py`` makes them again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from statistics import fmean

from bench import errors
from bench.attacks import BUILT_IN
from bench.audit.battery import FULL, SCREEN, Stage
from bench.audit.checks import CHECKS
from bench.audit.other_rules import RULES
from bench.audit.rates import Rate, accused, missed, read_cases, shipped
from bench.audit.verdict import Kind
from bench.comparison.standing import judged_by
from bench.records.collection import read
from bench.records.export import COLUMNS
from bench.report.glossary import GLOSSARY
from bench.report.network_names import names_in, names_of
from bench.runs.grid import load
from bench.spec.architectures import BUILT_IN as ARCHITECTURES
from bench.spec.run import Run
from bench.spec.setting import flag

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
SCORECARD = ("figure", "setting", "the internship says", "verdict", "claim tested", "outcome", "effect")
SMALLER = "left at the smaller eps, %"
DEFENCES = (
    *("network", "clean, %", "eps", "FGSM says, %", "really left, %", "illusion, points", "images", SMALLER),
    *("verdict", "parameters, M", "smaller", "MACs, M", "milliseconds"),
)
PART = re.compile(r"(<!-- made by docs/generated\.py: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def renewed(text: str) -> str:
    """Return the text of a page with every part made anew."""
    return PART.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n\n{found[3]}", text)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def _checks() -> str:
    rows = [(each.name, f"{each.threshold:g}", each.about, each.source) for each in CHECKS.values()]
    return _table(("check", "threshold", "a flag means", "source"), rows)


def _stages() -> str:
    def cell(stage: Stage | None) -> str:
        if stage is None:
            return "-"
        return f"`{stage.attack}`" + (f", on {stage.most} images" if stage.most else "")

    by_battery = [{stage.name: stage for stage in (*battery.stages, *battery.adapted)} for battery in (SCREEN, FULL)]
    names = dict.fromkeys(name for battery in reversed(by_battery) for name in battery)
    access = {name: stage.access for battery in by_battery for name, stage in battery.items()}
    rows = [(name, access[name], *(cell(battery.get(name)) for battery in by_battery)) for name in names]
    return _table(
        ("stage", "access", f"screen audit, {SCREEN.images} images", f"full audit, {FULL.images} images"), rows
    )


def _error_rates() -> str:
    rates = shipped()

    def cells(rate: Rate) -> tuple[str, str]:
        return (
            f"{rate.errors} of {rate.cases}; below {rate.upper:.3f}",
            f"{rate.networks_wrong} of {rate.networks}; below {rate.upper_by_network:.3f}",
        )

    everything = {**rates.by_arch, "all": (rates.missed, rates.accused)}
    rows = [(arch, *cells(missed), *cells(accused)) for arch, (missed, accused) in everything.items()]
    head = ("architecture", "masked cases missed", "by network", "honest cases accused", "by network")
    return _table(head, rows)


def _other_rules() -> str:
    found = read_cases(ROOT / "results/calibration")
    rules = {"this audit": None, **RULES}
    both = [(name, missed(found, rule), accused(found, rule)) for name, rule in rules.items()]
    rows = [
        (name, *(f"{each.errors} of {each.cases}; below {each.upper:.3f}" for each in pair)) for name, *pair in both
    ]
    return _table(("rule", "masked cases missed", "honest cases accused"), rows)


def _reported() -> str:
    """Return what the audits of the report's own networks say, by what could make a network resist or deceive."""
    kinds: dict[str, list[Kind]] = {
        "trained at T = 1 on clean images": [],
        "trained at T > 1": [],
        "trained on attacked images": [],
    }
    clean, high, attacked = kinds.values()
    for seeds in read(ROOT / "results").networks.values():
        for network in seeds.values():
            if audit := judged_by(network):
                run = network.run
                of_kind = attacked if run.adversarial_eps else high if run.temperature > 1 else clean
                of_kind.append(Kind(audit.verdict.kind))

    def counted(found: Sequence[Kind], kind: Kind) -> str:
        rate = Rate(found.count(kind), len(found), len(found))
        wrong = found is clean and kind in (Kind.RESISTS, Kind.MASKED)
        return f"{rate.errors} of {rate.cases}" + f"; below {rate.upper:.3f}" * wrong

    rows = [(name, *(counted(found, kind) for kind in Kind)) for name, found in kinds.items()]
    return _table(("networks of the report", *(f"`{kind}`" for kind in Kind)), rows)


def _attacks() -> str:
    rows = [
        (f"`{name}`", kind.norm, kind().threat(20.0).knowledge, "yes" if kind.counts else "shown only")
        for name, kind in BUILT_IN.items()
    ]
    return _table(("attack", "norm", "the attacker, against a network trained at T = 20", "counts"), rows)


def _architectures() -> str:
    rows = [
        (f"`{name}`", f"{row.learning_rate:g}", f"{row.clip_norm:g}", ", ".join(f"{eps:g}" for eps in row.audit_eps))
        for name, row in ARCHITECTURES.items()
    ]
    return _table(("architecture", "learning rate", "clip norm", "eps of an audit"), rows)


def _settings() -> str:
    rows = []
    for each in fields(Run):
        if each.name == "seed":
            continue
        default = "the network's own" if each.metadata["by_arch"] else each.default
        shown = "required" if default is MISSING else f"`{default}`" if str(default) else "none"
        limit = each.metadata["limit"]
        # What is installed on this machine is no part of a page.
        allowed = "see the meaning" if limit is None else str(limit).partition("; installed")[0]
        rows.append((f"`{each.name}`", f"`{flag(each)}`", shown, each.metadata["help"], allowed))
    return _table(("key", "option", "default", "meaning", "allowed"), rows)


def _columns() -> str:
    return _table(("column", "meaning"), [(f"`{name}`", text) for name, text in COLUMNS.items()])


def _exit_codes() -> str:
    kinds = (errors.BenchError, errors.BadInput, errors.IntegrityError, errors.Locked, errors.TryLater)
    rows = [(each.exit_code, str(each.__doc__).partition("\n")[0]) for each in kinds]
    return _table(("exit code", "meaning"), rows)


def _glossary() -> str:
    return "\n\n".join(f"## {term.name}\n\n{term.text}" for term in GLOSSARY)


def _scorecard() -> str:
    return _table(SCORECARD, _of_report("findings", SCORECARD))


def _defences() -> str:
    grid = load("defences")
    runs = [cell.run for cell in grid.cells(grid.figures, grid.seeds)[0]]
    recorded = names_in(read(ROOT / "results"))
    place = DEFENCES.index(SMALLER)
    found = {row[0]: row for row in _of_report("networks", [name for name in DEFENCES if name != SMALLER])}
    audited: dict[str, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))  # by run and eps, one a seed
    for name, audit, eps, left in _of_report("audits", ("run", "audit", "eps", "really left")):
        if audit == SCREEN.name:
            audited[name][float(eps)].append(float(re.sub(r" \\?\[.*", "", left)))
    missing = names_of(runs)
    rows = []
    for run in runs:
        row = found.get(recorded.get(run.name, ""), [missing[run], *["not run"] * (len(DEFENCES) - 2)])
        eps, left = min(audited[run.name].items(), default=(0.0, []))
        rows.append([*row[:place], f"{fmean(left):.1f} (eps {eps:g})" if left else "not run", *row[place:]])
    return _table(DEFENCES, rows)


def _of_report(table: str, columns: Sequence[str]) -> list[list[str]]:
    """Return these ``columns`` of every row of a table of the committed report."""
    text = (ROOT / f"reports/tables/{table}.md").read_text(encoding="utf-8")
    head, _, *rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    places = [head.index(name) for name in columns]
    return [[row[place] for place in places] for row in rows]


PARTS: dict[str, Callable[[], str]] = {
    "architectures": _architectures,
    "attacks": _attacks,
    "checks": _checks,
    "columns": _columns,
    "defences": _defences,
    "error-rates": _error_rates,
    "exit-codes": _exit_codes,
    "glossary": _glossary,
    "other-rules": _other_rules,
    "reported": _reported,
    "scorecard": _scorecard,
    "settings": _settings,
    "stages": _stages,
}

if __name__ == "__main__":
    for page in PAGES:
        page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")
