"""What is written by hand beside the records: shown as it is, owned, and said to be stale where it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fakes import fake
from hostile import EVIL, Page
from recorded import GRID, SPARSE, record

from bench.errors import BadInput
from bench.records.collection import read
from bench.records.schema import Artefact
from bench.report.build import Wanted, assemble
from bench.report.discussion import NAME, digest, discussion

STALE = "Its figures may no longer be those of the tables."


def say(results: Path, text: str, records: str) -> str:
    (results / NAME).write_text(f"<!-- records: {records} -->\n{text}", encoding="utf-8")
    said = discussion(results, read(results))
    assert said
    return said.markdown


def test_without_a_discussion_there_is_no_such_part(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, [0, 0, -0.1])
    assemble(read(tmp_path), GRID, tmp_path / "out", Wanted(("csv",)), results=tmp_path)
    assert "## Discussion" not in (tmp_path / "out/REPORT.md").read_text()
    assert 'id="discussion"' not in (tmp_path / "out/index.html").read_text()


def test_a_discussion_stands_in_the_report_and_on_the_page(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, [0, 0, -0.1])
    text = "### Figure 9\n\nIt *falls*, by 3 points.\n\n| a | b |\n"
    assert STALE not in say(tmp_path, text, digest(read(tmp_path)))
    assemble(read(tmp_path), GRID, tmp_path / "out", Wanted(("csv",)), results=tmp_path)
    assert text in (tmp_path / "out/REPORT.md").read_text()
    page = (tmp_path / "out/index.html").read_text()
    assert "<h3>Figure 9</h3>\n<p>It <em>falls</em>, by 3 points.</p>" in page
    assert "records:" not in Page(page).text.partition("Figure 9")[0].partition("Discussion")[2]


def test_one_written_for_other_records_says_so(tmp_path: Path) -> None:
    fake(tmp_path, SPARSE.runs[0])
    before = digest(read(tmp_path))
    fake(tmp_path, SPARSE.runs[1])
    after = digest(read(tmp_path))
    assert before != after
    said = say(tmp_path, "It falls.", before)
    assert all(part in said for part in (STALE, before, after))
    (tmp_path / NAME).write_text("It falls.")
    nameless = discussion(tmp_path, read(tmp_path))
    assert nameless
    assert STALE in nameless.markdown


def test_one_written_before_an_audit_is_of_other_records(tmp_path: Path) -> None:
    fake(tmp_path, SPARSE.runs[0])
    records = read(tmp_path)
    ((name, seeds),) = records.networks.items()
    audits: Any = {"screen": SimpleNamespace(artefacts={"screen.npz": Artefact(sha256="1" * 64, bytes=1)})}
    audited = {seed: replace(network, audits=audits) for seed, network in seeds.items()}
    assert digest(replace(records, networks={name: audited})) != digest(records)


def test_a_discussion_can_neither_run_nor_fetch_anything(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, [0, 0, -0.1])
    say(tmp_path, "\n\n".join([*EVIL, "![x](https://example.org/x.png)", "[y](javascript:alert(1))"]), "none")
    assemble(read(tmp_path), GRID, tmp_path / "out", Wanted(("csv",)), results=tmp_path)
    page = Page((tmp_path / "out/index.html").read_text())
    assert [name for name, _ in page.tags].count("script") == 1
    for name, attributes in page.tags:
        assert not [key for key in attributes if key.startswith("on") or key == "style"]
        assert name != "img"
        assert "javascript" not in str(attributes.get("href"))


def test_what_is_no_text_is_refused_with_its_name(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, [0, 0, -0.1])
    (tmp_path / NAME).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match=NAME):
        discussion(tmp_path, read(tmp_path))
