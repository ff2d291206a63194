"""Lookups that take no time, in two threads of their own.

Python runs one thread at a time, and a lookup in the database hands over several times. With as many threads as there
are requests they mostly wait for one another: eight clients got 340 forecasts a second from memory, 95 of 100 within 38
ms; with two threads they get 500, within 20 ms (`benchmarks/api.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

from anyio import CapacityLimiter, to_thread
from fastapi.concurrency import run_in_threadpool

_THREADS = 2
"""A second one, so that nobody waits for a single slow answer of the database."""
_Given = TypeVarTuple("_Given")
_Found = TypeVar("_Found")


class Lookups:
    """The two threads of one application."""

    def __init__(self) -> None:
        self._room = CapacityLimiter(_THREADS)

    async def ask(self, look: Callable[[*_Given], _Found], *given: *_Given) -> _Found:
        """Return what a lookup finds, or raise what it raises."""
        return await to_thread.run_sync(look, *given, limiter=self._room)

    async def known_or_made(
        self, look: Callable[[*_Given], _Found | None], make: Callable[[*_Given], _Found], *given: *_Given
    ) -> _Found:
        """Return what a lookup finds; where that is None, what takes longer and is made in one of the many threads."""
        known = await self.ask(look, *given)
        return await run_in_threadpool(make, *given) if known is None else known
