"""Does one thing to many items in processes of their own, which share what is in memory already."""

from __future__ import annotations

import gc
import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from bench.errors import TryLater
from bench.records.processor import cores

Item = TypeVar("Item")
Made = TypeVar("Made")
MOST = 8  # processes: each of them comes to hold a copy of some of the memory


@contextmanager
def in_processes(work: Callable[[Item], Made], items: Sequence[Item]) -> Iterator[Iterator[Made]]:
    """Begin with ``work`` on all items, and yield what it returns, in their order. The caller may do other work meanwhile.

    There are as many processes as cores. Each is a copy of this one (a fork), so ``work`` and ``items`` may be anything;
    what ``work`` returns is pickled. Only Linux forks safely: elsewhere, and with one core or one item, all is done here,
    when it is asked for.

    Raises:
        TryLater: the system ended a process.
    """
    count = min(cores() if sys.platform == "linux" else 1, len(items), MOST)
    if count < 2:
        yield map(work, items)
        return
    gc.freeze()  # or the collector of each process would write to all that is shared, and so copy it
    try:
        with ProcessPoolExecutor(count, multiprocessing.get_context("fork"), _keep, (work, items)) as pool:
            yield pool.map(_do, range(len(items)))
    except BrokenProcessPool as error:
        raise TryLater("the system ended a process of this command: free memory, then run it again") from error
    finally:
        gc.unfreeze()


_kept: list[Callable[[], Any]] = []


def _keep(work: Callable[[Any], Any], items: Sequence[Any]) -> None:
    """Keep in a new process what it will be asked for by number. SIGTERM ends it without a word: its parent has that."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _kept[:] = [partial(work, item) for item in items]


def _do(place: int) -> Any:
    return _kept[place]()
