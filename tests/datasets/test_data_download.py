from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from faulty_server import (
    BODY,
    SHA256,
    Answer,
    Server,
    cut,
    endless,
    html,
    html_without_length,
    ignore_range,
    never_satisfied,
    no_such_range,
    not_found,
    other_content,
    server_error,
    silence,
    stall,
    whole,
    wrong_range,
)

from bench.datasets import download as module
from bench.datasets.download import PAUSES, download
from bench.errors import TryLater


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "x.tgz.part"


def get(server: Server, target: Path, timeout: float = 5.0) -> tuple[list[str], list[float]]:
    said: list[str] = []
    pauses: list[float] = []
    download(server.remote, target, said.append, sleep=pauses.append, timeout=timeout)
    assert target.read_bytes() == BODY
    return said, pauses


def test_the_first_attempt_needs_no_pause(server: Server, target: Path) -> None:
    assert get(server, target) == ([], [])
    assert server.ranges == [None]


def test_a_whole_file_is_not_asked_for_again(server: Server, target: Path) -> None:
    target.write_bytes(BODY)
    get(server, target)
    assert server.ranges == []


def test_a_cut_connection_is_continued_where_it_ended(server: Server, target: Path) -> None:
    server.answers = [cut, cut, whole]
    said, pauses = get(server, target)
    assert server.ranges == [None, "bytes=100000-", "bytes=200000-"]
    assert pauses == [1.0, 2.0]
    assert "after 100,000 of 300,000 bytes" in said[0]


def test_a_part_of_an_earlier_process_is_continued(server: Server, target: Path) -> None:
    target.write_bytes(BODY[:123])
    get(server, target)
    assert server.ranges == ["bytes=123-"]


def test_a_server_without_ranges_starts_again(server: Server, target: Path) -> None:
    server.answers = [cut, ignore_range]
    get(server, target)


@pytest.mark.parametrize("part", [b"x" * 1000, b"x" * len(BODY), b"x" * (len(BODY) + 5)], ids=["short", "same", "long"])
def test_a_wrong_part_is_deleted_and_fetched_anew(server: Server, target: Path, part: bytes) -> None:
    target.write_bytes(part)
    said, _ = get(server, target)
    assert "expected sha256" in said[0]
    assert server.ranges[-1] is None


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (other_content, f"expected sha256 {SHA256}, received"),
        (endless, "more than the expected 300,000 bytes"),
        (html, "expected 300,000 bytes, received 26"),
        (html_without_length, "received an HTML page"),
        (not_found, "HTTP 404"),
        (server_error, "HTTP 500"),
        (silence, "timed out"),
        (stall, "timed out"),
    ],
)
def test_a_fault_is_reported_and_the_next_attempt_succeeds(
    server: Server, target: Path, answer: Answer, reason: str
) -> None:
    server.answers = [answer, whole]
    said, pauses = get(server, target, timeout=0.2 if answer in (silence, stall) else 5.0)
    assert len(said) == len(pauses) == 1
    assert reason in said[0]
    assert not server.drained


def test_a_range_from_another_place_does_not_spoil_the_part(server: Server, target: Path) -> None:
    target.write_bytes(BODY[:1000])
    server.answers = [wrong_range, whole]
    said, _ = get(server, target)
    assert "at another place" in said[0]
    assert server.ranges == ["bytes=1000-", "bytes=1000-"]


def test_a_refused_range_is_not_asked_for_again(server: Server, target: Path) -> None:
    target.write_bytes(BODY[:1000])
    server.answers = [no_such_range]
    said, _ = get(server, target)
    assert "HTTP 416" in said[0]
    assert server.ranges == ["bytes=1000-", None]


@pytest.mark.parametrize("answer", [other_content, html, not_found, server_error, never_satisfied])
def test_after_four_attempts_the_ways_on_are_named(server: Server, target: Path, answer: Answer) -> None:
    server.answers = [answer]
    pauses: list[float] = []
    with pytest.raises(TryLater) as error:
        download(server.remote, target, lambda _: None, sleep=pauses.append, timeout=5.0)
    assert len(server.ranges) == 4
    assert pauses == list(PAUSES)
    assert not target.exists()
    for way in ("--data-dir DIR", "bench data fetch --archive FILE", "--dataset synthetic"):
        assert way in str(error.value)


def test_no_server_at_all_is_try_later(server: Server, target: Path) -> None:
    remote = server.remote
    server.server_close()
    with pytest.raises(TryLater, match=r"Connection refused|timed out"):
        download(remote, target, lambda _: None, sleep=lambda _: None, timeout=0.2)


def test_a_full_disk_is_not_taken_for_the_network(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "_write", full)
    with pytest.raises(OSError, match="No space left"):
        get(server, target)
    assert len(server.ranges) == 1


def test_progress_counts_bytes_to_the_end(server: Server, target: Path) -> None:
    counts: list[tuple[int, int]] = []
    download(server.remote, target, print, lambda done, total: counts.append((done, total)))
    assert counts == sorted(counts)
    assert counts[-1] == (300_000, 300_000)
