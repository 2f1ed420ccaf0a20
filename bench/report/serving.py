"""A report on loopback, made again while a sweep writes its records."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bench.records.store import PATTERNS
from bench.records.studies import PLACES
from bench.report.discussion import NAME

HOST = "127.0.0.1"
SECONDS = 30.0  # between two looks at the records
READ = (*PATTERNS, *(f"{place}/*.json" for place in PLACES), NAME)


class _Handler(SimpleHTTPRequestHandler):
    """Serves files. A browser asks for the page again after a while, as a header tells it: the page has no script for that."""

    refresh = SECONDS

    def end_headers(self) -> None:
        """Add headers to the answer."""
        self.send_header("Refresh", f"{self.refresh:g}")
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # the name of the argument is the library's
        """Say nothing."""


def serve(
    output: Path,
    results: Path,
    make: Callable[[], None],
    say: Callable[[str], None],
    port: int = 0,
    seconds: float = SECONDS,
) -> None:
    """Show the report under ``output`` on loopback until interrupted, and ``make`` it again when a record is new.

    Args:
        port: 0 takes a free one.
        seconds: between two looks at ``results``, and after which the browser asks again.
    """
    handler = partial(type("_Timed", (_Handler,), {"refresh": seconds}), directory=str(output))
    seen = stamp(results)
    with ThreadingHTTPServer((HOST, port), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        say(f"http://{HOST}:{server.server_address[1]}/index.html shows the report; Ctrl-C ends it")
        try:
            while True:
                threading.Event().wait(seconds)
                now = stamp(results)
                if now != seen:
                    make()
                    seen = now
        except KeyboardInterrupt:
            say("ended")
        finally:
            server.shutdown()


def stamp(results: Path) -> tuple[int, int]:
    """Return the number of files under ``results`` that a report reads and the time of the newest."""
    found = []
    for path in (path for name in READ for path in results.glob(name)):
        with suppress(OSError):  # it is being written again
            found.append(path.stat().st_mtime_ns)
    return len(found), max(found, default=0)
