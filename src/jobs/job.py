"""A job as the database has it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from src.errors import JobFailed
from src.notes import Note

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
    title : Note
        What people see of it, in their language.
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
    title: Note
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
