"""A job as the database has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from src.errors import FarolError, JobFailed

State = Literal["queued", "running", "done", "failed", "cancelled", "lost"]
UNFINISHED: tuple[State, ...] = ("queued", "running")


@dataclass(frozen=True)
class Process:
    """One process among all that were ever started: ids are given out again, so its start belongs to it.

    Attributes
    ----------
    created : float
        Start of the process, in seconds since 1970.
    """

    host: str
    pid: int
    created: float


@dataclass(frozen=True)
class Job:
    """One row of the table `jobs`. Times are UTC-aware.

    Attributes
    ----------
    state : str
        queued, running, done, failed, cancelled, or lost: its process ended, or went silent, without a word.
    progress : float
        From 0 to 1.
    result : dict, optional
        What it has reported so far; all of it when it is done. A listing of jobs leaves it out.
    error : JobFailed, optional
        Why it failed or was lost: text by ``str()``, template and values for another language.
    """

    job_id: str
    kind: str
    title: str
    parameters: dict[str, Any]
    state: State
    progress: float
    message: str
    result: dict[str, Any] | None
    error: JobFailed | None
    process: Process | None
    created_at: datetime
    started_at: datetime | None
    heartbeat_at: datetime | None
    finished_at: datetime | None

    @property
    def is_finished(self) -> bool:
        """Whether its state will not change any more."""
        return self.state not in UNFINISHED


def write_error(error: FarolError) -> str:
    """Put an error into a text from which `read_error` makes it again."""
    values = {name: _plain(value) for name, value in error.values.items()}
    try:
        same = error.template.format(**values) == str(error)
    except (ValueError, TypeError):  # a format that only the original value understands
        same = False
    if not same:
        return json.dumps({"template": "{message}", "values": {"message": str(error)}})
    return json.dumps({"template": error.template, "values": values})


def read_error(text: str) -> JobFailed:
    """The error that `write_error` has written."""
    stored: Mapping[str, Any] = json.loads(text)
    return JobFailed(stored["template"], **stored["values"])


def _plain(value: object) -> object:
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
