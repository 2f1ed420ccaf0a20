"""What the documents say is what the code, the report and the folders say."""

from __future__ import annotations

import csv
import importlib.util
import re
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from types import ModuleType
from typing import Any

import pytest
from pages import PAGES, ROOT, blocks, texts

from bench.attacks import ATTACKS
from bench.audit.checks import CHECKS
from bench.datasets import DATASETS
from bench.records.files import read_json
from bench.report.glossary import GLOSSARY
from bench.report.manifest import NAME, SCHEMA
from bench.runs.grid import FIGURE, TOP, parse
from bench.spec.architectures import ARCHITECTURES
from bench.spec.run import PRUNINGS, Run
from bench.version import __version__

README = (ROOT / "README.md").read_text(encoding="utf-8")
INDENTED = re.findall(r"^    (\S.*)$", README, flags=re.MULTILINE)
BY_NAME = dict(texts())
OTHERS = ("CHANGELOG.md", "CODE_OF_CONDUCT.md", "results/README.md", "reports/README.md", "benchmarks/README.md")
LINKING = BY_NAME | {name: (ROOT / name).read_text(encoding="utf-8") for name in OTHERS}
FOLDERS = r"(?:bench|architectures|docs|examples|tests|benchmarks|results|reports)/"


def test_the_readme_has_two_commands_that_set_themselves_up_and_ci_runs_the_second() -> None:
    first, second = INDENTED[:2]
    assert first.startswith("python3 -m venv .venv && ")
    assert ".venv/bin/bench run" in first
    assert first.endswith("--dataset synthetic")
    assert second.endswith("&& .venv/bin/pytest")
    assert second in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_the_readme_can_be_read_in_one_sitting() -> None:
    assert len(README.splitlines()) <= 150


def generated() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generated", ROOT / "docs/generated.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_made_from_the_code_and_the_report_is_up_to_date() -> None:
    made = generated()
    text = "\n".join(BY_NAME.values())
    assert set(re.findall(r"<!-- made by docs/generated\.py: (\S+) -->", text)) == set(made.PARTS)
    stale = [page.name for page in PAGES if made.renewed(page.read_text(encoding="utf-8")) != page.read_text("utf-8")]
    assert stale == [], f"run python docs/generated.py: {stale} are not what the code or the report says"


def test_the_page_of_the_protocol_has_every_finding_of_the_report() -> None:
    rows = BY_NAME["docs/protocol.md"].partition("| figure | setting |")[2].partition("\n\n")[0].splitlines()[2:]
    assert len(rows) == len(read_table("findings")) == 11


def test_the_readme_quotes_the_report() -> None:
    images = {"dataset": "imagenette", "image_size": 64, "epochs": 10}
    hot, cold = (
        [row for row in read_table("audits") if row["run"] == run.name and row["eps"] == "4"]
        for run in (Run.of(arch="resnet18", temperature=temperature, **images) for temperature in (50.0, 1.0))
    )

    def mean(rows: list[dict[str, str]], column: str) -> str:
        return f"{100 * fmean(float(row[column]) for row in rows):.1f} %"

    findings = {row["figure"]: float(row["effect"]) for row in read_table("findings")}
    expected = [
        f"**{mean(hot, 'really left')}**",
        f"**{-100 * findings['11-a, b']:.1f} points**",
        f"**{-100 * findings['12-b']:.1f} points**",
    ]
    audited = ", ".join(row["seed"] for row in hot)
    seeds = [audited, *(row["seeds"] for row in (read_table("11")[-1], read_table("12b")[-1]))]
    answer = README.partition("The answer so far")[2].partition("\n[The report]")[0]
    assert re.findall(r"\*\*[\d.]+ (?:%|points)\*\*", answer) == expected
    assert f"right on {mean(hot, 'FGSM says')} of the images at eps 4" in answer
    assert f"trained at T = 1 is right on {mean(cold, 'really left')}" in answer
    assert [
        ", ".join(re.findall(r"\d", each)) for each in re.findall(r"\(Seeds? ([\d, and]+)[^)]*\.\)", answer)
    ] == seeds


def test_the_picture_of_the_readme_is_one_of_the_report() -> None:
    (picture,) = re.findall(r"!\[[^\]]+\]\(reports/([^)]+)\)", README)
    assert picture in read_json(ROOT / "reports" / NAME, SCHEMA)["files"]


def read_table(name: str) -> list[dict[str, str]]:
    with (ROOT / f"reports/tables/{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("page", "table"),
    [("methods", ARCHITECTURES), ("methods", PRUNINGS), ("threat-models", ATTACKS), ("install", DATASETS)],
    ids=["architectures", "prunings", "attacks", "data sets"],
)
def test_a_page_names_every_entry_of_a_table(page: str, table: Mapping[str, Any]) -> None:
    assert [name for name in table if f"`{name}`" not in BY_NAME[f"docs/{page}.md"]] == []


def test_every_check_of_an_audit_is_put_in_words() -> None:
    assert re.findall(r"^- \*\*([^*]+)\*\*: ", BY_NAME["docs/checks.md"], re.MULTILINE) == list(CHECKS)


def test_the_glossary_has_twelve_terms_each_once() -> None:
    assert len(GLOSSARY) == len({term.name for term in GLOSSARY}) == 12


def test_the_page_on_grids_has_every_key_and_its_example_is_what_it_says() -> None:
    page = ROOT / "docs/grids.md"
    keys = re.findall(r"^\| (top|`[^`]+`) \| `(\w+)` \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert {key for place, key in keys if place == "top"} == set(TOP)
    assert {key for place, key in keys if "figures" in place} == set(FIGURE)
    assert {key for place, key in keys if "attack" in place} == {"eps", "fraction"}
    ((name, text),) = blocks(page, "toml")
    grid = parse(name, text)
    cells, excluded = grid.cells(grid.chosen((), ()), grid.seeds)
    assert (len(cells), len(excluded)) == (6 * 3, 1 * 3)
    assert len(grid.cells(grid.chosen((), ["random"]), grid.seeds)[0]) == 7 * 3


def test_the_pages_name_every_package_of_the_suite() -> None:
    named = set(re.findall(r"`(bench/\w+)/`", BY_NAME["docs/inside.md"]))
    packages = {f"bench/{path.parent.name}" for path in (ROOT / "bench").glob("*/__init__.py")}
    assert named - {"bench/presets"} == packages - {"bench/architectures"}


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower().replace("`", "")).strip().replace(" ", "-")


@pytest.mark.parametrize("name", LINKING)
def test_a_link_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", LINKING[name]):
        if re.match(r"https?:|mailto:", target):
            continue
        place, _, anchor = target.partition("#")
        file = (ROOT / name).parent / place if place else ROOT / name
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in map(slug, headings), target


@pytest.mark.parametrize("name", LINKING)
def test_a_file_that_is_named_exists(name: str) -> None:
    for mention in re.findall(rf"`({FOLDERS}[^`\s<>*]+)`", LINKING[name]):
        made_by_a_reader = mention.startswith(("reports/gallery", "docs/_build")) or re.search(r"[A-Z]{3,}\b", mention)
        assert made_by_a_reader or (ROOT / mention.rstrip("/")).exists(), mention


def test_the_changelog_names_the_version_of_the_package() -> None:
    assert f"\n## [{__version__}]" in LINKING["CHANGELOG.md"]


def test_the_project_of_the_page_on_extensions_names_all_four_groups() -> None:
    ((_, text),) = blocks(ROOT / "docs/extending.md", "toml")
    groups = tomllib.loads(text)["project"]["entry-points"]
    assert set(groups) == {f"bench.{name}" for name in ("architectures", "attacks", "methods", "datasets")}


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: which files are the repository's is not known")
    # A checkout mounted into a container belongs to somebody else, which git refuses unless told.
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    assert "README.md" in names
    return [name for name in names if name]


def test_no_document_or_module_names_a_machine_path(tracked: list[str]) -> None:
    for name in tracked:
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".txt", ".cff", ".cfg", ".ipynb", ".yml"} and path.exists():
            assert not re.search(r"(?<![\w.])/(work|root|home|tmp)/", path.read_text(encoding="utf-8")), name


def test_no_tracked_file_is_over_a_mebibyte(tracked: list[str]) -> None:
    for name in tracked:
        path = ROOT / name
        assert not path.exists() or path.suffix in {".png", ".svg"} or path.stat().st_size <= 2**20, Path(name)
