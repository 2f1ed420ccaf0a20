"""A served report: on loopback alone, asked for again by a header, made again when a record is new."""

from __future__ import annotations

import http.client
import os
import re
import threading
from contextlib import suppress
from pathlib import Path

from fakes import fake
from tiny import tiny_run

from bench.report.serving import serve, stamp


class Ended(Exception):
    """Ends the server of a test."""


def test_a_new_record_makes_the_report_again_and_the_page_is_asked_for_again(tmp_path: Path) -> None:
    results, output = tmp_path / "results", tmp_path / "reports"
    fake(results, tiny_run())
    output.mkdir()
    (output / "index.html").write_text("<p>first</p>")
    made, said, told = threading.Event(), [], threading.Event()

    def make() -> None:
        made.set()
        raise Ended

    def say(line: str) -> None:
        said.append(line)
        told.set()

    def run() -> None:
        with suppress(Ended):
            serve(output, results, make, say, seconds=0.2)

    server = threading.Thread(target=run, daemon=True)
    server.start()
    assert told.wait(10)
    host, port = re.findall(r"http://([\d.]+):(\d+)/", said[0])[0]
    assert host == "127.0.0.1"
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    connection.request("GET", "/index.html")
    answer = connection.getresponse()
    assert answer.read() == b"<p>first</p>"
    assert answer.headers["Refresh"] == "0.2"
    assert not made.is_set()
    fake(results, tiny_run(sparsity=0.5))
    assert made.wait(10)
    server.join(10)
    assert not server.is_alive()


def test_only_records_count_as_new(tmp_path: Path) -> None:
    folder = fake(tmp_path, tiny_run())
    before = stamp(tmp_path)
    (folder.path / "log.txt").write_text("epoch 1\n")
    assert stamp(tmp_path) == before
    for name in ("run.json", "latency.json", "attacks/x.json", "audits/screen.json", "looks/12.json"):
        before = _changed(folder.path / name, tmp_path, before)
    for name in ("fooling/x.json", "transfer/x.json", "discussion.md"):
        before = _changed(tmp_path / name, tmp_path, before)


def _changed(path: Path, results: Path, before: tuple[int, int]) -> tuple[int, int]:
    path.parent.mkdir(exist_ok=True)
    path.write_text("new")
    os.utime(path, ns=(before[1] + 1, before[1] + 1))
    now = stamp(results)
    assert now != before
    return now
