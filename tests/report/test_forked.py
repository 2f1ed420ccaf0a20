"""Work in processes of their own: the same results in the same order, errors that come back, a process that is ended."""

from __future__ import annotations

import os
import sys

import pytest

from bench.errors import BadInput, TryLater
from bench.report.forked import in_processes

CORES = [{0}, {0, 1, 2}]


@pytest.fixture(params=CORES, ids=["one core", "three cores"])
def cores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: request.param, raising=False)
    return len(request.param) if sys.platform == "linux" else 1


@pytest.mark.usefixtures("cores")
def test_what_is_made_comes_in_the_order_of_the_items() -> None:
    with in_processes(lambda item: item * item, range(20)) as made:
        assert list(made) == [item * item for item in range(20)]


@pytest.mark.parametrize("items", [1, 3])
def test_the_work_is_done_in_other_processes_where_there_are_cores_and_items(cores: int, items: int) -> None:
    with in_processes(lambda _: os.getpid(), range(items)) as made:
        assert (os.getpid() in made) == (cores == 1 or items == 1)


@pytest.mark.usefixtures("cores")
def test_an_error_comes_back_as_itself() -> None:
    def work(item: int) -> int:
        if item == 2:
            raise BadInput("no 2")
        return item

    with in_processes(work, range(4)) as made:
        assert [next(made), next(made)] == [0, 1]
        with pytest.raises(BadInput, match="no 2"):
            next(made)


@pytest.mark.skipif(sys.platform != "linux", reason="nothing forks here")
def test_a_process_that_the_system_ends_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    with (
        pytest.raises(TryLater, match="free memory"),
        in_processes(lambda _: os._exit(9), range(2)) as made,
    ):
        list(made)
