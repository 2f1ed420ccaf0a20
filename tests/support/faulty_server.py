"""A web server that answers wrongly as a test tells it to."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    """Answers the n-th request by ``answers[n]``, or by the last of them; ``paths`` keeps what was asked for."""

    daemon_threads = True

    def __init__(self, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body = body
        self.answers: list[Answer] = [whole]
        self.paths: list[str] = []
        self.drained = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        answers = self.server.answers
        answers[min(len(self.server.paths), len(answers)) - 1](self)

    def log_message(self, *_: object) -> None:
        pass


Answer = Callable[[Handler], None]


def send(handler: Handler, status: int, body: bytes, **headers: object) -> None:
    handler.send_response(status)
    for name, value in {"Content_Length": len(body), **headers}.items():
        if value is not None:
            handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()
    with contextlib.suppress(ConnectionError):
        handler.wfile.write(body)


def whole(handler: Handler) -> None:
    send(handler, 200, handler.server.body)


def slow(handler: Handler) -> None:
    time.sleep(0.3)
    whole(handler)


def cut(handler: Handler) -> None:
    body = handler.server.body
    send(handler, 200, body[: len(body) // 2], Content_Length=len(body))


def cut_without_length(handler: Handler) -> None:
    send(handler, 200, handler.server.body[:-1], Content_Length=None)


def other_content(handler: Handler) -> None:
    send(handler, 200, handler.server.body[::-1])


def endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    with contextlib.suppress(ConnectionError):
        for _ in range(1000):
            handler.wfile.write(bytes(2**16))
        handler.server.drained = True


def html(handler: Handler) -> None:
    send(handler, 200, b"<html>please log in</html>", Content_Type="text/html; charset=utf-8")


def html_without_length(handler: Handler) -> None:
    send(handler, 200, b"<html>please log in</html>", Content_Type="text/html", Content_Length=None)


def not_found(handler: Handler) -> None:
    send(handler, 404, b"no")


def server_error(handler: Handler) -> None:
    send(handler, 500, b"oops")


def silence(_: Handler) -> None:
    time.sleep(0.5)


def stall(handler: Handler) -> None:
    cut(handler)
    handler.wfile.flush()
    time.sleep(0.5)
