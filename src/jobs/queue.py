"""The repository of jobs: the table `jobs` and every change of state in it.

A change is one conditional statement: it happens only if the job is still in the state that it starts from, so that
of two processes that want opposite things one wins and the other is told.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from src.database.engine import reading, writing
from src.database.tables import jobs
from src.errors import FarolError, JobFailed, JobNotFound
from src.jobs.job import UNFINISHED, Job, Process, State
from src.notes import Note, read_note, write_note

_CLAIMING = 0x4A4F4253  # any number that no one else locks in the same PostgreSQL database
_ALL_BUT_RESULT = [column for column in jobs.c if column.name != "result"]


def insert(job_id: str, kind: str, title: Note, parameters: dict[str, Any]) -> Job:
    """Put a job into the queue."""
    row = {
        "job_id": job_id,
        "kind": kind,
        "title": write_note(title),
        "parameters": parameters,
        "state": "queued",
        "created_at": _now(),
    }
    with writing() as connection:
        connection.execute(sa.insert(jobs).values(row))
    return fetch(job_id)


def fetch(job_id: str) -> Job:
    """Read one job.

    Raises
    ------
    JobNotFound
    """
    with reading() as connection:
        row = connection.execute(sa.select(jobs).where(jobs.c.job_id == job_id)).one_or_none()
    if row is None:
        raise job_not_found(job_id)
    return _job(row)


def job_not_found(job_id: str) -> JobNotFound:
    """The error for an identifier that no job has."""
    return JobNotFound("There is no job {job_id!r}. The list of jobs shows those there are.", job_id=job_id)


def fetch_latest(limit: int, offset: int = 0, states: Collection[State] = ()) -> list[Job]:
    """Read jobs, the newest first, without their results; of some states only, where these are named."""
    newest_first = sa.select(*_ALL_BUT_RESULT).order_by(jobs.c.created_at.desc(), jobs.c.job_id)
    with reading() as connection:
        rows = connection.execute(newest_first.where(_in(states)).limit(limit).offset(offset))
        return [_job(row) for row in rows]


def count(states: Collection[State] = ()) -> int:
    """Count the jobs; of some states only, where these are named."""
    with reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(jobs).where(_in(states))) or 0


def _in(states: Collection[State]) -> sa.ColumnElement[bool]:
    return jobs.c.state.in_(states) if states else sa.true()


def fetch_same(kind: str, parameters: dict[str, Any]) -> Job | None:
    """Read the newest job of a kind that was submitted with these parameters, if there is one."""
    newest_first = (
        sa.select(jobs.c.job_id, jobs.c.parameters)
        .where(jobs.c.kind == kind)
        .order_by(jobs.c.created_at.desc(), jobs.c.job_id)
    )
    with reading() as connection:
        found = next((row.job_id for row in connection.execute(newest_first) if row.parameters == parameters), None)
    return None if found is None else fetch(found)


def fetch_unfinished() -> list[Job]:
    """Read the jobs that wait or run, the oldest first, without their results."""
    statement = sa.select(*_ALL_BUT_RESULT).where(jobs.c.state.in_(UNFINISHED)).order_by(jobs.c.created_at)
    with reading() as connection:
        return [_job(row) for row in connection.execute(statement)]


def claim_next(max_running: int, host: str) -> Job | None:
    """Take the oldest job that waits, unless enough are running; whoever gets it must start its process.

    Parameters
    ----------
    max_running : int
        Jobs that may run at once, on all hosts together.
    host : str
        Where its process will be.
    """
    now = _now()
    taken = {"state": "running", "host": host, "started_at": now, "heartbeat_at": now}
    oldest = sa.select(jobs.c.job_id).where(jobs.c.state == "queued").order_by(jobs.c.created_at, jobs.c.job_id)
    with writing() as connection:
        _one_at_a_time(connection)
        while _running(connection) < max_running:
            job_id = connection.scalar(oldest.limit(1))
            if job_id is None:
                return None
            if _change(connection, job_id, "queued", **taken):
                return _job(connection.execute(sa.select(jobs).where(jobs.c.job_id == job_id)).one())
    return None


def _one_at_a_time(connection: Connection) -> None:
    """Let no other process count and claim until this transaction ends; in SQLite there is no other writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CLAIMING)))


def _running(connection: Connection) -> int:
    return connection.scalar(sa.select(sa.func.count()).where(jobs.c.state == "running")) or 0


def set_process(job_id: str, process: Process) -> bool:
    """Say which process runs a claimed job; False when it has another one, or is not to run any more."""
    free = sa.or_(
        jobs.c.pid.is_(None),
        sa.and_(jobs.c.pid == process.pid, jobs.c.host == process.host),
    )
    with writing() as connection:
        return _change(
            connection,
            job_id,
            "running",
            free,
            host=process.host,
            pid=process.pid,
            pid_created=process.created,
        )


def beat(job_id: str, **report: Any) -> bool:
    """Write a sign of life, and with it what there is to report; False when the job is not to run any more.

    Parameters
    ----------
    **report
        Any of ``progress``, ``message``, ``result``.
    """
    if "message" in report:
        report["message"] = _storable(report["message"])
    with writing() as connection:
        return _change(connection, job_id, "running", heartbeat_at=_now(), **report)


def finish(job_id: str, state: State, *, error: FarolError | None = None, **report: Any) -> bool:
    """End a job that runs; False when someone else has ended it before. What it had reported is kept."""
    if error is not None:
        report["error"] = write_note(error)
    with writing() as connection:
        return _change(connection, job_id, "running", state=state, finished_at=_now(), **report)


def cancel(job_id: str) -> tuple[State, Process | None]:
    """Cancel a job that waits or runs.

    Returns
    -------
    tuple
        The state that it was in before, and its process if it has one.

    Raises
    ------
    JobNotFound
    """
    with writing() as connection:
        row = connection.execute(sa.select(jobs).where(jobs.c.job_id == job_id).with_for_update()).one_or_none()
        if row is None:
            raise job_not_found(job_id)
        if row.state in UNFINISHED:
            _change(connection, job_id, row.state, state="cancelled", finished_at=_now())
        return row.state, _job(row).process


def give_up(job: Job, reason: FarolError) -> bool:
    """Mark a job as lost, unless it has shown a sign of life since it was read."""
    silent = jobs.c.heartbeat_at == job.heartbeat_at
    with writing() as connection:
        return _change(
            connection, job.job_id, "running", silent, state="lost", finished_at=_now(), error=write_note(reason)
        )


def _change(connection: Connection, job_id: str, before: State, *conditions: sa.ColumnElement, **values: Any) -> bool:
    statement = sa.update(jobs).where(jobs.c.job_id == job_id, jobs.c.state == before, *conditions).values(values)
    return connection.execute(statement).rowcount == 1


def _job(row: Row) -> Job:
    values = dict(row._mapping)
    host, pid, created = values.pop("host"), values.pop("pid"), values.pop("pid_created")
    values["process"] = Process(host, pid, created) if pid is not None else None
    values["title"] = read_note(values["title"])
    values["error"] = _error(values["error"])
    values.setdefault("result", None)
    return Job(**values)


def _error(text: str | None) -> JobFailed | None:
    if text is None:
        return None
    note = read_note(text)
    return JobFailed(note.template, **note.values)


def _storable(text: str) -> str:
    return text.replace("\0", "")  # PostgreSQL's texts cannot hold it


def _now() -> datetime:
    return datetime.now(UTC)
