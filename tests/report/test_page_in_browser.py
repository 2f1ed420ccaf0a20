"""index.html in a real browser: it opens, sorts, filters and fits, and what a record says does nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsers import PROGRAM, launched, watched
from hostile import hostile
from recorded import GRID, SPARSE, record

from bench.comparison.verdict import DASH
from bench.records.collection import read
from bench.report.build import Wanted, assemble

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install bench[test]")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium or Chrome on this machine")
WIDTHS = (375, 1280)
BRIEF = "#figure-sparse .box >> nth=0"


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    yield from launched()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the pages of a plain and of a hostile set of records; the plain one lacks a run."""
    found = {}
    for name in ("plain", "hostile"):
        folder = tmp_path_factory.mktemp(name)
        grid = GRID
        if name == "hostile":
            grid = hostile(folder)
        else:
            record(folder, SPARSE.runs[::2], [0, -0.1])
        assemble(read(folder), grid, folder / "reports", Wanted(("svg",)), results=folder)
        found[name] = folder / "reports" / "index.html"
    return found


@pytest.fixture
def page(browser: sync_api.Browser) -> Iterator[sync_api.Page]:
    found = browser.new_page(viewport={"width": 1280, "height": 900})
    found.set_default_timeout(10_000)
    yield found
    found.close()


def column(page: sync_api.Page, box: str, place: int) -> list[str]:
    cells = page.locator(box).locator(f"tbody tr:visible > :nth-child({place})")
    return [" ".join(text.split()) for text in cells.all_inner_texts()]


@pytest.mark.parametrize("name", ["plain", "hostile"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_without_a_complaint_and_fits(
    page: sync_api.Page, reports: dict[str, Path], name: str, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    wrong = watched(page, reports[name])
    page.evaluate("for (const each of document.images) each.loading = 'eager'")
    images = page.evaluate("Promise.all([...document.images].map(each => each.decode().then(() => each.naturalWidth)))")
    drawn = {path.name for path in (reports[name].parent / "figures").glob("*.svg")} - {"answer.svg"}
    assert len(images) == len(drawn)
    assert all(images)
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    for run in page.locator(".runs .run").all():
        run.click()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not wrong


def test_what_a_record_says_does_nothing(page: sync_api.Page, reports: dict[str, Path]) -> None:
    wrong = watched(page, reports["hostile"])
    for head in page.locator("thead button:visible").all():
        head.click()
    for run in page.locator(".runs .run").all():
        run.click()
    page.locator("#networks > .filter input").fill("<script>window.canary = 1</script>")
    assert page.evaluate("window.canary") is None
    assert not wrong
    assert page.locator("#networks .runs > tbody:visible").count()


def test_a_click_sorts_numbers_as_numbers_and_the_dash_last(page: sync_api.Page, reports: dict[str, Path]) -> None:
    watched(page, reports["plain"])
    place = 5  # accuracy at eps 2; the middle run is not measured
    head = page.locator(BRIEF).locator(f"thead th:nth-child({place})")
    for way in ("ascending", "descending"):
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == way
        *numbers, last = column(page, BRIEF, place)
        assert last == DASH
        assert len(numbers) == 2
        assert [float(text.split()[0]) for text in numbers] == sorted(
            (float(text.split()[0]) for text in numbers), reverse=way == "descending"
        )
    page.locator(BRIEF).locator("thead th:nth-child(1) button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") is None
    assert column(page, BRIEF, 1) == ["50 % zero", "90 % zero", "dense"]


def test_words_filter_rows(page: sync_api.Page, reports: dict[str, Path]) -> None:
    watched(page, reports["plain"])
    page.locator("#figures > .filter input").fill("90 ZERO")
    assert column(page, BRIEF, 1) == ["90 % zero"]
    page.locator("#figures > .filter input").fill("")
    assert len(column(page, BRIEF, 1)) == 3
    page.locator("#networks > .filter input").fill("90 % zero")
    assert page.locator(".runs > tbody:visible").count() == 1
    assert page.locator("#networks > .filter output").inner_text() == "1 of 2 rows"


def test_a_click_or_a_key_opens_a_run_and_sorting_keeps_it(page: sync_api.Page, reports: dict[str, Path]) -> None:
    watched(page, reports["plain"])
    first = page.locator(".runs > tbody").first
    assert not first.locator(".more").is_visible()
    first.locator(".run td").last.click()
    sync_api.expect(first.locator(".more")).to_be_visible()
    assert first.locator("button").first.get_attribute("aria-expanded") == "true"
    page.locator(".runs > thead button").nth(1).click()
    sync_api.expect(page.locator(".runs > tbody").nth(1).locator(".more")).to_be_visible()
    page.locator(".runs > tbody").first.locator("button").first.focus()
    page.keyboard.press("Enter")
    sync_api.expect(page.locator(".more:visible")).to_have_count(2)
    page.keyboard.press("Enter")
    sync_api.expect(page.locator(".more:visible")).to_have_count(1)


def test_every_number_of_a_figure_opens_on_a_click(page: sync_api.Page, reports: dict[str, Path]) -> None:
    watched(page, reports["plain"])
    details = page.locator("#figure-sparse details").first
    assert not details.locator("table").first.is_visible()
    details.locator("summary").click()
    sync_api.expect(details.locator("table").first).to_be_visible()


def test_without_scripts_everything_can_be_read(browser: sync_api.Browser, reports: dict[str, Path]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(reports["plain"].as_uri())
    assert page.locator(".more:visible").count() == 2
    assert page.locator("input:visible").count() == 0
    assert len(column(page, BRIEF, 1)) == 3
    context.close()


def test_two_ticked_networks_stand_side_by_side(page: sync_api.Page, reports: dict[str, Path]) -> None:
    watched(page, reports["plain"])
    for box in page.locator(".pick").all():
        box.check()
    rows = [row.split("\t") for row in page.locator(".compared table").inner_text().splitlines()[1:]]
    heads = page.locator(".runs > thead th").count()
    assert [len(row) for row in rows if len(row) > 1] == [3] * heads
    assert {"FC5, dense", "FC5, 90 % zero"} == set(rows[0][1:])
    page.locator(".pick").first.uncheck()
    assert page.locator(".compared thead th").count() == 2
    assert not page.locator(".more:visible").count()


def test_a_chart_says_the_values_at_the_eps_that_is_pointed_at_and_hides_lines(
    page: sync_api.Page, reports: dict[str, Path]
) -> None:
    wrong = watched(page, reports["plain"])
    chart = page.locator("#figure-sparse .chart")
    heading, legend, svg = chart.locator("p"), chart.locator("button"), chart.locator("svg")
    data = json.loads(page.locator("#figure-sparse script.curves").text_content() or "")

    def shown(at: int) -> list[str]:
        return [f"{each['name']} {each['mean'][at]:.1f} %" for each in data["curves"]]

    svg.focus()
    page.keyboard.press("Home")
    assert heading.inner_text() == f"Accuracy at eps {data['eps'][0]:g}:"
    assert legend.all_inner_texts() == shown(0)
    page.keyboard.press("ArrowRight")
    assert legend.all_inner_texts() == shown(1)
    box = svg.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.97 * box["width"], box["y"] + 0.5 * box["height"])
    assert legend.all_inner_texts() == shown(len(data["eps"]) - 1)
    line = chart.locator("g.curve").first
    legend.first.click()
    assert (legend.first.get_attribute("aria-pressed"), line.is_visible()) == ("false", False)
    legend.first.click()
    assert line.is_visible()
    assert not page.locator("#figure-sparse .picture").first.is_visible()  # the same picture, still
    assert wrong == []
