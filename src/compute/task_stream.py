"""Tasks for workers, handed out bit by bit: the first results are in use while the last tasks are not even made."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TypeVar

Result = TypeVar("Result")


def as_they_come(tasks: Iterable[Future[Result]], ahead: int, seconds: float) -> Iterator[Result | None]:
    """Return the results of tasks in the order in which they come.

    Parameters
    ----------
    tasks : iterable of Future
        Taken one by one as workers get free, so that it may make each when it is asked for.
    ahead : int
        So many tasks are with the workers at most: memory stays small however many there are.
    seconds : float
        Where nothing comes for so long, None is returned once, for whoever has something else to do meanwhile.
    """
    pending: set[Future[Result]] = set()
    for task in tasks:
        pending.add(task)
        while len(pending) >= ahead:
            pending = yield from _come(pending, seconds)
    while pending:
        pending = yield from _come(pending, seconds)


def _come(pending: set[Future[Result]], seconds: float) -> Generator[Result | None, None, set[Future[Result]]]:
    done, left = wait(pending, timeout=seconds, return_when=FIRST_COMPLETED)
    if not done:
        yield None
    for future in done:
        yield future.result()
    return left
