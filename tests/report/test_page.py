"""index.html as text: whose tags are in it, whose numbers, and that it is one file."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from fakes import diverged
from hostile import EVIL, Page, hostile, rows
from oracle import difference, figures, half_width, raw
from recorded import EPS, GRID, GROUPS, RUNS, SPARSE, record

from bench.records.collection import read
from bench.records.outcomes import Quantity
from bench.report.build import Wanted, assemble
from bench.report.picture import Picture
from bench.runs.grid import Grid

TABLES = Wanted(("csv",))
TAGS = set(
    re.findall(
        r"\w+",
        "html head meta title style body header h1 h2 h3 h4 p ul ol li b strong small span nav a main section article footer "
        "script label input output div table thead tbody tr th td wbr code pre dl dt dd details summary figure img svg line "
        "circle g path rect text tspan em figcaption",
    )
)


def index(results: Path, out: Path, grid: Grid = GRID, wanted: Wanted = TABLES) -> str:
    assemble(read(results), grid, out, wanted, results=results)
    return (out / "index.html").read_text()


def test_what_a_record_says_is_text_whatever_it_says(tmp_path: Path) -> None:
    grid = hostile(tmp_path / "results")
    text = index(tmp_path / "results", tmp_path / "reports", grid)
    page = Page(text)
    assert {name for name, _ in page.tags} <= TAGS
    assert [name for name, _ in page.tags].count("script") == 1
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert (attributes.get("href") or "#").startswith("#")
    for evil in EVIL[:5]:
        assert evil in page.text
    assert not {sign for sign in text if sign != "\n" and not sign.isprintable()}


def test_the_policy_allows_the_style_and_the_script_of_the_page_alone(tmp_path: Path) -> None:
    text = index(tmp_path / "results", tmp_path / "reports")
    policy = next(
        str(attributes["content"])
        for tag, attributes in Page(text).tags
        if attributes.get("http-equiv") and tag == "meta"
    )
    assert policy.startswith("default-src 'none'; img-src 'self' file:; ")
    for tag in ("style", "script"):
        (inner,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in policy


def test_every_number_of_a_figure_is_that_of_the_records(tmp_path: Path) -> None:
    record(tmp_path / "results", SPARSE.runs, [0, 0, -0.1])
    page = Page(index(tmp_path / "results", tmp_path / "reports"))
    brief, accuracy, drop, kept, rest = map(rows, page.tables["figure-sparse"])
    dense = raw(tmp_path / "results", "")[0]["metrics"]
    right = {label: [seed["right"] for seed in raw(tmp_path / "results", run)] for label, run in RUNS.items()}
    for label, run in RUNS.items():
        seeds = raw(tmp_path / "results", run)
        for name, table in (("accuracy", accuracy), ("drop", drop), (Quantity.CLEAN_CORRECT, kept)):
            radii = [eps for eps in EPS if eps or name == "accuracy"]
            assert list(table[label]) == ["network", *[f"eps {eps:g}" for eps in radii]]
            for eps in radii:
                values = [100 * figures(seed["right"])[name][EPS.index(eps)] for seed in seeds]
                interval = check_mean(table[label][f"eps {eps:g}"], values)
                if name != Quantity.CLEAN_CORRECT:
                    reached = 100 * half_width(right[label], EPS.index(eps), name)
                    assert (interval[1] - interval[0]) / 2 == pytest.approx(reached, rel=0.3, abs=0.1)
        for eps in (1, 2, 4, 8):
            assert brief[label][f"accuracy at eps {eps}"] == accuracy[label][f"eps {eps}"]
        metrics = [seed["metrics"] for seed in seeds]
        check_mean(brief[label]["clean accuracy"], [100 * each["accuracy"] for each in metrics])
        own = metrics[0]
        assert brief[label]["seeds"] == "0, 1, 2"
        for table in (brief, rest):
            assert table[label]["sparsity reached"] == f"{100 * own['sparsity']:.1f}"
            assert table[label]["compression"] == f"{dense['parameters'] / own['parameters_nonzero']:.2f}x"
        assert rest[label]["theoretical speed-up"] == f"{dense['macs'] / own['macs_nonzero']:.2f}x"
        assert rest[label]["gzip bytes"] == f"{own['gzip_bytes'] / 1e6:.2f} MB"
        assert rest[label]["images without gradient"] == "0.0"
        if label != "dense":
            expected = 100 * difference(right, label)[0]
            assert float(brief[label]["difference in accuracy, 0 < eps <= 8"]) == pytest.approx(expected, abs=0.051)


def check_mean(text: str, values: list[float]) -> tuple[float, float]:
    """Check that a cell has the mean of ``values`` and their deviation; return its interval, the mean where it has none."""
    found = re.fullmatch(r"([\d.]+)(?: ± ([\d.]+))?(?: \[([-\d.]+), ([-\d.]+)\])?", text)
    assert found, text
    mean, deviation, low, high = (float(each or "nan") for each in found.groups())
    assert mean == pytest.approx(np.mean(values), abs=0.0501)
    assert np.nan_to_num(deviation) == pytest.approx(np.std(values, ddof=1), abs=0.0501)
    assert not low > mean
    assert not high < mean
    return (low, high) if high == high else (mean, mean)


def test_the_list_of_runs_has_the_numbers_of_each_network(tmp_path: Path) -> None:
    record(tmp_path / "results", SPARSE.runs[2:], [0], seeds=2)
    page = Page(index(tmp_path / "results", tmp_path / "reports"))
    _, measured, attacks = page.tables["networks"]
    networks, attacked = rows(measured), [dict(zip(attacks[0], row, strict=True)) for row in attacks[1:]]
    for seed, each in enumerate(raw(tmp_path / "results", "-s0.9")):
        assert float(networks[str(seed)]["clean accuracy, %"]) == pytest.approx(
            100 * each["metrics"]["accuracy"], abs=0.006
        )
        assert networks[str(seed)]["not zero"] == f"{each['metrics']['parameters_nonzero']:,}"
        assert attacked[seed]["seed"] == str(seed)
        for place, eps in enumerate(EPS):
            assert float(attacked[seed][f"eps {eps:g}"]) == pytest.approx(100 * each["right"][place].mean(), abs=0.051)


def test_the_page_shows_each_picture_from_its_folder_and_no_link_leads_astray(tmp_path: Path) -> None:
    record(tmp_path / "results", SPARSE.runs, [0, 0, -0.1])
    out = tmp_path / "reports"
    page = Page(index(tmp_path / "results", out, wanted=Wanted(("svg",))))
    places = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    for _, attributes in page.tags:
        assert "href" not in attributes or str(attributes["href"]).removeprefix("#") in places
    pictures = sorted(path.relative_to(out).as_posix() for path in (out / "figures").glob("*.svg"))
    shown = sorted(str(attributes["src"]) for _, attributes in page.tags if "src" in attributes)
    assert shown == [picture for picture in pictures if picture != "figures/answer.svg"]  # drawn in the page itself


def test_the_same_records_give_the_same_page_with_and_without_images(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        results = tmp_path / name / "results"
        record(results, SPARSE.runs, [0, 0, -0.1])
        diverged(results, GROUPS["rank"].runs[1])
        if name == "two":
            (next(results.glob("*/seed-0/attacks")) / "fgsm.gallery.npz").write_bytes(b"not an archive")
        found.append(index(results, tmp_path / name / "reports"))
    assert found[0] == found[1]
    assert str(tmp_path) not in found[0]
    assert "diverged: " in found[0]
    assert (tmp_path / "two" / "reports" / "gallery.html").exists()
    assert not (tmp_path / "one" / "reports" / "gallery.html").exists()


def test_without_records_the_page_says_how_to_make_some(tmp_path: Path) -> None:
    page = Page(index(tmp_path / "results", tmp_path / "reports"))
    assert "Nothing is measured yet" in page.text
    assert "bench sweep small.toml --seeds 0,1,2" in page.text
    assert not any("figure-sparse" in place for place in page.tables)


def test_of_a_picture_the_page_has_the_svg_and_the_report_the_png() -> None:
    both, one = Picture(("figures/9a.png", "figures/9a.svg"), "words"), Picture(("figures/9b.png",), "words")
    assert (both.file("svg"), one.file("svg")) == ("figures/9a.svg", "figures/9b.png")
    assert (both.file("png"), one.file("png")) == ("figures/9a.png", "figures/9b.png")


def test_a_damaged_record_is_named_on_the_page(tmp_path: Path) -> None:
    record(tmp_path / "results", SPARSE.runs, [0, 0, -0.1])
    broken = next((tmp_path / "results").glob("fc5-s0.5*/seed-1/run.json"))
    broken.write_bytes(broken.read_bytes()[:-20])
    text = Page(index(tmp_path / "results", tmp_path / "reports")).text
    assert f"left out: {broken.relative_to(tmp_path / 'results').as_posix()}" in text
