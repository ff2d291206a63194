"""Processes that are killed, and steps that fail, at a moment of one's choosing."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

FORK = multiprocessing.get_context("fork")


class KilledWriter:
    """A process that reports each step on a pipe until it is killed with SIGKILL.

    Parameters
    ----------
    write : callable
        Called with a function that reports ``(word, value)``; runs for ever.
    """

    def __init__(self, write: Callable[[Callable[[str, str], None]], None]) -> None:
        self._reader, writer = os.pipe()
        self._process = FORK.Process(target=self._run, args=(write, writer))
        self._process.start()
        os.close(writer)

    def _run(self, write: Callable[[Callable[[str, str], None]], None], writer: int) -> None:
        os.close(self._reader)
        write(lambda word, value: os.write(writer, (json.dumps([word, value]) + "\n").encode()))  # type: ignore[arg-type, return-value]

    def kill_after(self, seconds: float) -> list[tuple[str, str]]:
        """Kill it so long after its first report, and return all that it reported."""
        first = os.read(self._reader, 65536)
        self._process.join(timeout=seconds)
        assert self._process.exitcode is None, "the writer ended by itself"
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.join()
        with os.fdopen(self._reader, "rb") as rest:
            lines = (first + rest.read()).decode().splitlines()
        return [tuple(json.loads(line)) for line in lines]


def kill_rounds(rounds: int, seed: int, write, longest: float) -> Iterator[list[tuple[str, str]]]:
    """Start two writers a round, kill each at a random moment, and hand out what both had reported."""
    moments = random.Random(seed)
    for number in range(rounds):
        writers = [
            KilledWriter(lambda report, who=f"{number}{letter}": write(who, report))  # type: ignore[misc]
            for letter in "ab"
        ]
        yield [report for writer in writers for report in writer.kill_after(moments.uniform(0, longest))]


class Steps:
    """Count the steps that change a folder, and do something at one of them; for use in a forked child only."""

    def __init__(self, folder: Path, at: int, act: Callable[[], None], *, kinds: tuple[str, ...]) -> None:
        self._folder, self._at, self._act, self._kinds = str(folder), at, act, kinds
        self._count = 0
        self.reached = False
        fsync = os.fsync

        def counted_fsync(descriptor: int) -> None:
            self._step("fsync")
            fsync(descriptor)

        os.fsync = counted_fsync
        sys.addaudithook(self._on_event)

    def _on_event(self, event: str, arguments: tuple) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, str) and path.startswith(self._folder) and flags & (os.O_WRONLY | os.O_RDWR):
                self._step("open")
        elif event in {"os.rename", "os.remove", "os.mkdir", "os.rmdir"} and str(arguments[0]).startswith(self._folder):
            self._step(event.removeprefix("os."))

    def _step(self, kind: str) -> None:
        if kind in self._kinds:
            self._count += 1
            if self._count == self._at:
                self.reached = True
                self._act()


def die() -> None:
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    """Fail as a full disk does."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def in_child(act: Callable[[], None]) -> int:
    """Run something in a forked child; return its exit code, negative for a signal, 1 for an exception."""
    process = FORK.Process(target=act)
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode
