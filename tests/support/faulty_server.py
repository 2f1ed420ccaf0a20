"""A web server that goes wrong as it is told: what a download has to live with."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from bench.datasets.download import Remote

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
