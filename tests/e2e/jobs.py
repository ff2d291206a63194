"""The processes of jobs, seen from outside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

from tests.e2e.server import Server, started_for


def process_of(server: Server, job_id: str) -> psutil.Process:
    """Return the process of a running job; it leads a group of its own."""
    for process in started_for(server.folder):
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            if process.pid == os.getpgid(process.pid) and job_id in process.cmdline():
                return process
    raise AssertionError(f"Job {job_id} has no process")


def members(group: int) -> list[psutil.Process]:
    """Return the living processes of a group."""
    found = []
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


@contextmanager
def held(process: psutil.Process) -> Iterator[None]:
    """Hold a job in its middle: its workers stand still, the job's own process does not."""
    workers = [member for member in members(process.pid) if member.pid != process.pid]
    assert workers
    for worker in workers:
        worker.suspend()
    try:
        yield
    finally:
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                worker.resume()
