"""index.html: the whole report in one file that needs no other, read top down from the verdicts to every number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.records.collection import Collection
from bench.records.networks import seeds_text
from bench.report.caveats import LIMITS
from bench.report.discussion import Discussion
from bench.report.pages.figure import figure, title
from bench.report.pages.html_document import Part, html_document
from bench.report.pages.markdown import (
    NOTHING_ACROSS,
    NOTHING_LEFT_OUT,
    PROMISE,
    Across,
    Section,
    left_out,
    recipe,
    shown_across,
    versions,
)
from bench.report.pages.pictures import carried, shown
from bench.report.pages.runs import run_list
from bench.report.pages.scorecard import rules, scale, score_table, tally
from bench.report.tables.html_table import box, filter_of, html_table
from bench.report.tables.markup import Html, joined, tag
from bench.report.tables.table import Table
from bench.report.tables.threat_models import threat_models
from bench.runs.grid import Grid

LIMIT = 1_000_000  # bytes of the page: what is longer than 1 MiB is not kept in git
GALLERY = (
    "Where the attacked images are at hand, bench report makes gallery.html as well, which shows some of them; they are not "
    "this project's to publish, and nothing on this page depends on them."
)


def page(
    records: Collection,
    grid: Grid,
    findings: Table,
    sections: Sequence[Section],
    read: Callable[[str], bytes],
    results: Path | None = None,
    across: Across = NOTHING_ACROSS,
    discussed: Discussion | None = None,
) -> str:
    """Return index.html, of the same scorecard, discussion, ``sections`` and ``across`` as REPORT.md.

    ``read``: the content of a picture by its name in a section. ``results``: the folder to leave out of messages.
    """
    seeds = sorted({seed for each in records.networks.values() for seed in each})
    before = [Part("findings", "Findings", tuple(_findings(findings)))]
    before += [Part("discussion", "Discussion", (discussed.html,))] if discussed else []
    after = (
        Part("runs", "Runs", tuple(_runs(records))),
        Part("left-out", "What is not in it", (_lines(left_out(records, results), NOTHING_LEFT_OUT),)),
        Part("limits", "What it does not show", (_lines(LIMITS, ""),)),
        Part("threats", "Threat models", (box(html_table(threat_models(records)), "threat models"),)),
        Part("versions", "Versions", (_lines(versions(records), "No network is recorded."),)),
        Part("again", "How to make it again", (tag("pre", "\n".join(recipe(grid, seeds))), tag("p", GALLERY))),
    )

    def whole(pictures: Mapping[str, str]) -> Html:
        drawn = [figure(each, grid, seeds, pictures) for each in sections]
        figures = Part("figures", "Figures", (*_figures(sections), *drawn))
        between = [Part("across", "Across figures", tuple(_across(across, pictures)))] if across.files else []
        parts = (*before, figures, *between, *after)
        return html_document(grid.title, _header(records, findings, sections), parts, PROMISE)

    room = LIMIT - len(whole({}).encode())
    return whole(carried([shown(each) for each in (*[each.images for each in sections], across.images)], read, room))


def _header(records: Collection, findings: Table, sections: Sequence[Section]) -> Html:
    networks = [each for seeds in records.networks.values() for each in seeds.values()]
    if not networks:
        return joined([tag("p", "Nothing is measured yet: the commands below make it.", class_="lede")])
    seeds = sorted({each.run.seed for each in networks})
    shown_as = sorted({f"{each.run.dataset} {each.run.image_size} px" for each in networks})
    archs = sorted({each.run.arch for each in networks})
    attacks = dict.fromkeys(section.group.attacker for section in sections)
    lede = (
        f"{_count(len(networks), 'trained network')} ({_count(len(records.networks), 'run')}, "
        f"seed{'s' * (len(seeds) > 1)} {seeds_text(seeds)}; {', '.join(archs)}) on {', '.join(shown_as)}, "
        f"attacked in the L-infinity norm: {'; '.join(attacks)}."
    )
    return joined([tag("p", lede, class_="lede"), tally(findings)])


def _findings(findings: Table) -> list[Html]:
    notes = [tag("li", note) for note in (*findings.notes, scale(findings))]
    return [
        tag("p", findings.caption),
        filter_of("findings", "findings"),
        score_table(findings),
        tag("ul", *notes, class_="note"),
        rules(findings),
    ]


def _figures(sections: Sequence[Section]) -> list[Html]:
    notes = dict.fromkeys(note for each in sections for note in each.table.notes)
    links = [tag("li", tag("a", title(each), href=f"#figure-{each.group.name}")) for each in sections]
    reading = tag("details", tag("summary", "How to read the tables"), tag("ul", *[tag("li", note) for note in notes]))
    return [tag("ul", *links, class_="figures"), reading, filter_of("figures", "the rows of all figures")]


def _across(across: Across, pictures: Mapping[str, str]) -> list[Html]:
    words = shown_across(shown(across.images))
    images = [
        tag("figure", tag("img", src=pictures[name], alt=alt), class_="picture", tabindex="0")
        for name, alt in words.items()
        if name in pictures
    ]
    tables = [
        tag(
            "article",
            tag("h3", table.title),
            tag("p", table.caption),
            box(html_table(table), table.title),
            tag("ul", *[tag("li", note) for note in table.notes]),
        )
        for table in across.tables
    ]
    return [tag("div", *images, class_="pictures"), *tables]


def _runs(records: Collection) -> list[Html]:
    if not records.networks:
        return [tag("p", "No network is recorded.")]
    note = "A row is a run, its numbers means over its seeds. A click opens settings, networks, attacks and versions."
    return [tag("p", note), filter_of("runs", "runs"), run_list(records)]


def _lines(lines: Sequence[str], otherwise: str) -> Html:
    return tag("ul", *[tag("li", line) for line in lines]) if lines else tag("p", otherwise)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
