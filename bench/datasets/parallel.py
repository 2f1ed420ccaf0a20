"""Runs work on files in threads. Pillow, sha256 and reading release the interpreter lock, so threads use every core."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from bench.datasets.messages import Count

Item = TypeVar("Item")
Result = TypeVar("Result")

# More threads than cores hide the delays of a network disk. Each thread can hold one full-size image in memory.
THREADS = min(8, 2 * (os.cpu_count() or 1))


def in_threads(work: Callable[[Item], Result], items: Sequence[Item], progress: Count) -> list[Result]:
    """Return ``work(item)`` for every item, in the order of the items.

    The first exception, including Ctrl-C, cancels the items that have not started and is raised.
    """
    results: list[Result] = []
    with ThreadPoolExecutor(THREADS) as pool:
        for result in pool.map(work, items):
            results.append(result)
            progress(len(results), len(items))
    return results
