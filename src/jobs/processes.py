"""The processes of jobs on this host: which one is it, does it live, and its end."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time

import psutil

from src.jobs.job import Process

_GRACE_SECONDS = 0.5
_END_SECONDS = 1.3
_CLOCK_SECONDS = 2.0
"""The start of a process is reckoned from the clock, which may have been set a little since."""


def this_host() -> str:
    """The name under which this host's processes are recorded."""
    return socket.gethostname()


def identify(pid: int) -> Process:
    """Say which process has an id now."""
    return Process(this_host(), pid, psutil.Process(pid).create_time())


def is_gone(process: Process) -> bool:
    """Whether it has ended, as far as that is known: of a process on another host it never is."""
    if process.host != this_host():
        return False
    try:
        found = psutil.Process(process.pid)
        return not _same(found, process) or found.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def end_group(process: Process) -> None:
    """End a job's process and all that it has started, within two seconds, if they are on this host.

    A job's process leads a group of its own. While the group has a member, the system gives its id to no one else: a
    group without its leader is still the job's, one that another process leads is not.
    """
    if process.host != this_host() or _is_led_by_another(process):
        return
    _signal(process.pid, signal.SIGTERM)
    if not _wait_for_end(process.pid, _GRACE_SECONDS):
        _signal(process.pid, signal.SIGKILL)
        _wait_for_end(process.pid, _END_SECONDS)


def _is_led_by_another(process: Process) -> bool:
    try:
        return not _same(psutil.Process(process.pid), process)
    except psutil.NoSuchProcess:
        return False


def _same(found: psutil.Process, process: Process) -> bool:
    return abs(found.create_time() - process.created) < _CLOCK_SECONDS


def _signal(group: int, number: int) -> None:
    # Without the permission to signal it, its heartbeat will still tell it to end.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _wait_for_end(group: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while _has_members(group):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _has_members(group: int) -> bool:
    for pid in psutil.pids():
        with contextlib.suppress(ProcessLookupError, PermissionError, psutil.NoSuchProcess):
            if os.getpgid(pid) == group and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                return True
    return False
