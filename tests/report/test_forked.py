"""Work in processes of their own: the same results in the same order, errors that come back, a process that is ended."""

from __future__ import annotations

import os
import sys

import pytest

from bench.errors import BadInput, TryLater
from bench.report.forked import each_in_a_process

CORES = [{0}, {0, 1, 2}]


@pytest.fixture(params=CORES, ids=["one core", "three cores"])
def cores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: request.param, raising=False)
    return len(request.param) if sys.platform == "linux" else 1


@pytest.mark.usefixtures("cores")
def test_what_is_made_comes_in_the_order_of_the_items() -> None:
    assert list(each_in_a_process(lambda item: item * item, range(20))) == [item * item for item in range(20)]


def test_the_work_is_done_in_other_processes_where_there_are_cores(cores: int) -> None:
    assert (os.getpid() in each_in_a_process(lambda _: os.getpid(), range(3))) == (cores == 1)


@pytest.mark.usefixtures("cores")
def test_an_error_comes_back_as_itself() -> None:
    def work(item: int) -> int:
        if item == 2:
            raise BadInput("no 2")
        return item

    made = each_in_a_process(work, range(4))
    assert [next(made), next(made)] == [0, 1]
    with pytest.raises(BadInput, match="no 2"):
        next(made)


@pytest.mark.skipif(sys.platform != "linux", reason="nothing forks here")
def test_a_process_that_the_system_ends_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    with pytest.raises(TryLater, match="free memory"):
        list(each_in_a_process(lambda _: os._exit(9), range(2)))
