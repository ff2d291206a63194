"""Tasks handed out bit by bit."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from src.compute.task_stream import as_they_come


def done(result: int) -> Future[int]:
    future: Future[int] = Future()
    future.set_result(result)
    return future


def test_all_results_come() -> None:
    assert sorted(as_they_come((done(number) for number in range(20)), ahead=3, seconds=60)) == list(range(20))


def test_no_more_tasks_are_made_than_the_workers_are_to_have() -> None:
    made: list[Future[int]] = []

    def tasks() -> Iterator[Future[int]]:
        for _ in range(9):
            made.append(Future())
            yield made[-1]

    results = as_they_come(tasks(), ahead=3, seconds=0.01)
    assert next(results) is None
    assert len(made) == 3
    made[1].set_result(7)
    assert next(results) == 7
    assert next(results) is None
    assert len(made) == 4


def test_while_a_slow_task_takes_its_time_there_is_a_moment_for_other_things() -> None:
    slow: Future[int] = Future()
    results = as_they_come([slow], ahead=1, seconds=0.01)
    assert next(results) is None
    slow.set_result(1)
    assert next(results) == 1
    assert list(results) == []


def test_a_failed_task_is_told() -> None:
    failed: Future[int] = Future()
    failed.set_exception(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        list(as_they_come([failed], ahead=1, seconds=60))
