from __future__ import annotations

import contextlib
import errno
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from bench.datasets import download as module
from bench.datasets.download import PAUSES, Remote, download
from bench.errors import TryLater

BODY = np.random.default_rng(0).bytes(300_000)
SHA256 = hashlib.sha256(BODY).hexdigest()


class Server(ThreadingHTTPServer):
    """Answers the n-th request as ``answers[n]`` says, or else the last of them; keeps the Range headers asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Answer] = [whole]
        self.ranges: list[str | None] = []
        self.drained = False

    @property
    def remote(self) -> Remote:
        return Remote(f"http://127.0.0.1:{self.server_port}/x.tgz", len(BODY), SHA256)


class Handler(BaseHTTPRequestHandler):
    server: Server
    start = 0

    def do_GET(self) -> None:
        self.server.ranges.append(self.headers.get("Range"))
        self.start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        answers = self.server.answers
        answers[min(len(self.server.ranges), len(answers)) - 1](self)

    def log_message(self, *_: object) -> None:
        pass


Answer = Callable[[Handler], None]


def send(handler: Handler, status: int, body: bytes, **headers: object) -> None:
    handler.send_response(status)
    for name, value in {"Content_Length": len(body), **headers}.items():
        handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()
    handler.wfile.write(body)


def whole(handler: Handler) -> None:
    if handler.start:
        send(handler, 206, BODY[handler.start :], Content_Range=f"bytes {handler.start}-{len(BODY) - 1}/{len(BODY)}")
    else:
        send(handler, 200, BODY)


def cut(handler: Handler) -> None:
    part = BODY[handler.start : handler.start + 100_000]
    status, place = (206, f"bytes {handler.start}-{len(BODY) - 1}/{len(BODY)}") if handler.start else (200, "none")
    send(handler, status, part, Content_Length=len(BODY) - handler.start, Content_Range=place)


def ignore_range(handler: Handler) -> None:
    send(handler, 200, BODY)


def wrong_range(handler: Handler) -> None:
    send(handler, 206, BODY[handler.start :], Content_Range=f"bytes 0-{len(BODY) - handler.start}/{len(BODY)}")


def other_content(handler: Handler) -> None:
    send(handler, 200, BODY[::-1])


def endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    with contextlib.suppress(ConnectionError):
        for _ in range(200):
            handler.wfile.write(BODY)
        handler.server.drained = True


def html(handler: Handler) -> None:
    send(handler, 200, b"<html>please log in</html>", Content_Type="text/html; charset=utf-8")


def html_without_length(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.end_headers()
    handler.wfile.write(b"<html>please log in</html>")


def not_found(handler: Handler) -> None:
    send(handler, 404, b"no")


def server_error(handler: Handler) -> None:
    send(handler, 500, b"oops")


def no_such_range(handler: Handler) -> None:
    if handler.start:
        send(handler, 416, b"")
    else:
        send(handler, 200, BODY)


def never_satisfied(handler: Handler) -> None:
    send(handler, 416, b"")


def silence(_: Handler) -> None:
    time.sleep(0.5)


def stall(handler: Handler) -> None:
    cut(handler)
    handler.wfile.flush()
    time.sleep(0.5)


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


def get(server: Server, target: Path) -> tuple[list[str], list[float]]:
    said: list[str] = []
    pauses: list[float] = []
    download(server.remote, target, said.append, sleep=pauses.append, timeout=0.2)
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
    said, pauses = get(server, target)
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
        download(server.remote, target, lambda _: None, sleep=pauses.append, timeout=0.2)
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
