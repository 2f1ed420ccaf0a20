"""gallery.html in a real browser: two networks at one eps, by pointer and by keys, and all images without a script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browsers import PROGRAM, launched, watched
from recorded import GRID, GROUPS, SPARSE, bound, record

from bench.attacks.spec import AttackSpec
from bench.records.files import Arrays
from bench.records.store import Folder
from bench.report.gallery import gallery_page
from bench.spec.run import Run

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install bench[test]")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium or Chrome on this machine")
SPEC = AttackSpec(SPARSE.attack)


def images(radii: list[float], best: list[int]) -> Arrays:
    """Return two images, of the classes 0 and 1; ``best`` is the class that the network says at 0 and at each radius."""
    logits = np.zeros((len(best), 2, 10), np.float32)
    for place, label in enumerate(best):
        logits[place, :, label] = 5
    clean = np.full((2, 4, 4, 3), 100, np.uint8)
    attacked = np.stack([clean + int(radius) for radius in radii])
    eps, labels = np.asarray(radii, float), np.asarray([0, 1])
    return {
        "clean": clean,
        "attacked": attacked,
        "moved": np.full_like(attacked, 255),
        "logits": logits,
        "eps": eps,
        "labels": labels,
    }


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    yield from launched()


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    record(tmp_path, SPARSE.runs, [0, 0, -0.1], seeds=1)
    kept = [images([1, 4], [0, 0, 7]), images([1, 4, 16], [0, 8, 8, 8])]
    for run, arrays in zip(SPARSE.runs[:2], kept, strict=True):
        Folder(tmp_path, Run.of(**{**run.settings, "seed": 0})).attacks.write_gallery(SPEC.name, arrays)
    path = tmp_path / "gallery.html"
    path.write_text(gallery_page(GRID, [bound(group, tmp_path) for group in GROUPS.values()], tmp_path) or "")
    return path


def said(page: sync_api.Page) -> list[str]:
    return [
        " ".join(text.split()) for text in page.locator(".side .says:visible, .side .note:visible").all_inner_texts()
    ]


def test_the_slider_shows_both_networks_at_one_eps_by_keys(browser: sync_api.Browser, gallery: Path) -> None:
    page = browser.new_page(viewport={"width": 375, "height": 812})
    wrong = watched(page, gallery)
    slider, output = page.locator("#compare input"), page.locator("#compare output")
    assert output.inner_text() == "4"
    first, second = said(page)
    assert first.startswith("✗ wrong 7 ")
    assert second.startswith("✗ wrong 8 ")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert (output.inner_text(), slider.get_attribute("aria-valuetext")) == ("1", "1")
    first, second = said(page)
    assert first.startswith("✓ correct 0 ")
    assert second.startswith("✗ wrong 8 ")
    page.keyboard.press("End")
    first, second = said(page)
    assert first == "No image was kept at eps 16."
    assert second.startswith("✗ wrong 8 ")
    page.keyboard.press("Home")
    assert output.inner_text() == "0, no attack"
    assert page.locator('.side [data-kind="perturbation"] img').count() == 0
    assert all(text.startswith("✓ correct 0 ") for text in said(page))
    page.locator("#compare .image-of").select_option("1")
    assert all(text.startswith("✗ wrong 0 ") for text in said(page))
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert not wrong
    page.close()


def test_the_pictures_are_those_of_the_chosen_network_and_eps(browser: sync_api.Browser, gallery: Path) -> None:
    page = browser.new_page()
    watched(page, gallery)
    page.locator("#compare .network-of").first.select_option("network-1")
    page.locator("#compare input").fill("3")
    shown = [
        page.locator(f'#compare .side >> nth=0 >> [data-kind="{kind}"] img').get_attribute("src")
        for kind in ("image", "perturbation", "attacked")
    ]
    listed = page.locator("#network-1 article").first
    column = listed.locator('[data-eps="16"]')
    assert shown == [
        listed.locator(".image").get_attribute("src"),
        *[column.locator(f".{kind}").get_attribute("src") for kind in ("perturbation", "attacked")],
    ]
    page.close()


def test_without_a_script_every_image_is_there_and_nothing_that_does_nothing(
    browser: sync_api.Browser, gallery: Path
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(gallery.as_uri())
    assert page.locator("select:visible, input:visible").count() == 0
    page.locator("details.attacked summary").first.click()
    assert page.locator("img:visible").count() == 2 * (1 + 2 * 2)
    context.close()
