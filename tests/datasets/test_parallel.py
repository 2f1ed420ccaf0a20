from __future__ import annotations

import time

import pytest

from bench.datasets.messages import silent
from bench.datasets.parallel import in_threads


def test_results_keep_the_order_of_the_items() -> None:
    def late_first(item: int) -> int:
        time.sleep(0.02 if item == 0 else 0)
        return item * item

    assert in_threads(late_first, range(50), silent) == [item * item for item in range(50)]


@pytest.mark.parametrize("place", ["work", "progress"])
def test_an_interrupt_cancels_what_has_not_begun(place: str) -> None:
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        time.sleep(0.02)
        if place == "work" and item == 1:
            raise KeyboardInterrupt
        return item

    def progress(done: int, total: int) -> None:
        assert total == 500
        if place == "progress" and done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_threads(work, range(500), progress)
    assert len(begun) < 100
