"""Does one thing to many items in processes of their own, which share what is in memory already."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any, TypeVar

from bench.errors import TryLater

Item = TypeVar("Item")
Made = TypeVar("Made")
MOST = 8  # processes: each of them comes to hold its own copy of some of the memory


def each_in_a_process(work: Callable[[Item], Made], items: Sequence[Item]) -> Iterator[Made]:
    """Yield ``work(item)`` of every item, in their order, from as many processes as there are cores.

    A process is a copy of this one (a fork), so ``work`` and ``items`` may be anything; what ``work`` returns is pickled.
    Only Linux forks safely: elsewhere, and with one core or one item, all is done here.

    Raises:
        TryLater: the system ended a process.
    """
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
    count = min(cores, len(items), MOST)
    if count < 2:
        yield from map(work, items)
        return
    gc.freeze()  # or the collector of each process would write to, and so copy, all that is shared
    try:
        fork = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(count, fork, _keep, (work, items)) as pool:
            yield from pool.map(_do, range(len(items)))
    except BrokenProcessPool as error:
        raise TryLater("the system ended a process that drew a figure: free memory, then run it again") from error
    finally:
        gc.unfreeze()


_kept: list[Callable[[], Any]] = []


def _keep(work: Callable[[Any], Any], items: Sequence[Any]) -> None:
    """Keep in a new process what it will be asked for by number."""
    _kept[:] = [partial(work, item) for item in items]


def _do(place: int) -> Any:
    return _kept[place]()
