"""Pillow, sha256 and reading all release the interpreter lock, so threads are enough to use every core here."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from bench.datasets.messages import Progress

Item = TypeVar("Item")
Result = TypeVar("Result")

# More threads than cores hide the latency of a network disk; each may hold one full-size photograph in memory.
THREADS = min(8, 2 * (os.cpu_count() or 1))


def in_threads(work: Callable[[Item], Result], items: Sequence[Item], progress: Progress) -> list[Result]:
    """Return ``work(item)`` for every item, in the order of the items.

    The first exception, Ctrl-C included, cancels the items that have not begun and is raised.
    """
    results: list[Result] = []
    with ThreadPoolExecutor(THREADS) as pool:
        for result in pool.map(work, items):
            results.append(result)
            progress(len(results), len(items))
    return results
