"""Jobs from outside: submit, look, cancel, try again."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from src.config import Settings, get_settings
from src.errors import InvalidJob, JobFailed
from src.jobs import queue
from src.jobs.folder import job_folder, read_attachments, remove_half_written, write_attachments
from src.jobs.job import Job, State
from src.jobs.kinds import check_kind
from src.jobs.launch import start_waiting
from src.jobs.processes import end_group, is_gone
from src.logs import job_log_path
from src.notes import Note, read_note
from src.storage.json_values import json_dict

_START_SECONDS = 30.0
"""Time that a process has from its start to its first sign of life, however short the setting is."""


def submit(
    kind: str,
    parameters: Mapping[str, Any],
    *,
    title: Note | None = None,
    attachments: Mapping[str, bytes] | None = None,
) -> Job:
    """Put a job into the queue; it starts at once if not too many are running.

    Parameters
    ----------
    kind : str
        One of `kinds.KINDS`.
    parameters : dict
        What its function is called with; JSON.
    title : Note, optional
        What people see in the list, each in their language; the kind when left out.
    attachments : dict of str to bytes, optional
        Files for the job's folder, by name.

    Raises
    ------
    InvalidJob
        An unknown kind, or a name that cannot name an attachment.
    FileNotWritten
        The attachments cannot be written: the disk is full, say.
    """
    check_kind(kind)
    stored = json_dict(parameters, "parameters")
    job_id = secrets.token_hex(8)
    write_attachments(job_id, attachments or {})
    queue.insert(job_id, kind, title or read_note(kind), stored)
    poll()
    return queue.fetch(job_id)


def get_job(job_id: str) -> Job:
    """Read one job, having looked after the queue.

    Raises
    ------
    JobNotFound
    """
    job_folder(job_id)  # refuses what no job can be called: PostgreSQL fails at a NUL
    poll()
    return queue.fetch(job_id)


def find_job(kind: str, parameters: Mapping[str, Any]) -> Job | None:
    """Read the newest job of a kind with exactly these parameters, having looked after the queue; None without any.

    What was asked before need not be computed again.
    """
    poll()
    return queue.fetch_same(kind, json_dict(parameters, "parameters"))


def list_jobs(limit: int = 50, offset: int = 0, states: Collection[State] = ()) -> list[Job]:
    """Read jobs, the newest first, having looked after the queue. Their `result` is left out.

    Parameters
    ----------
    limit, offset : int
        How many, after how many newer ones.
    states : collection of str
        Only jobs in these states; empty for all.
    """
    poll()
    return queue.fetch_latest(limit, offset, states)


def count_jobs(states: Collection[State] = ()) -> int:
    """Count the jobs in some states; in all where none is named."""
    return queue.count(states)


def poll() -> None:
    """Look after the queue: mark jobs as lost whose process is gone or silent, start those that wait."""
    settings = get_settings()
    unfinished = queue.fetch_unfinished()
    running = [job for job in unfinished if job.state == "running"]
    for job in tuple(running):
        reason = _why_lost(job, settings)
        if reason is not None and queue.give_up(job, reason):
            running.remove(job)
            remove_half_written(job.job_id)
    if len(unfinished) > len(running) and len(running) < settings.max_running_jobs:
        start_waiting()


def _why_lost(job: Job, settings: Settings) -> JobFailed | None:
    if job.process is not None and is_gone(job.process):
        return JobFailed(
            "The job's process has ended without a word: it was killed, most likely because the memory ran out or the "
            "machine was restarted. What it had reported is kept. Try it again, with less data if need be."
        )
    if job.heartbeat_at is None or job.started_at is None:
        return None
    has_begun = job.heartbeat_at > job.started_at
    allowed = settings.job_stale_seconds if has_begun else max(settings.job_stale_seconds, _START_SECONDS)
    if datetime.now(UTC) - job.heartbeat_at <= timedelta(seconds=allowed):
        return None
    return JobFailed(
        "The job's process has shown no sign of life for {seconds:.0f} seconds. What it had reported is kept. Look "
        "into its log, then try it again.",
        seconds=allowed,
    )


def cancel(job_id: str) -> Job:
    """Cancel a job that waits or runs: its processes are ended within two seconds, what it has reported is kept.

    A process on another host ends by itself at its next heartbeat. Cancelling a cancelled job does nothing.

    Raises
    ------
    JobNotFound
    InvalidJob
        It has ended already.
    """
    job_folder(job_id)
    before, process = queue.cancel(job_id)
    if before not in ("queued", "running", "cancelled"):
        raise InvalidJob("Job {job_id} is not running any more: it is {state}.", job_id=job_id, state=before)
    if before == "running" and process is not None:
        end_group(process)
        remove_half_written(job_id)
    return get_job(job_id)


def retry(job_id: str) -> Job:
    """Submit a job that has ended once more, as a new job with the same parameters and attachments.

    Raises
    ------
    JobNotFound
    InvalidJob
        It has not ended, or its attachments are not there any more.
    """
    job = get_job(job_id)
    if not job.is_finished:
        raise InvalidJob(
            "Job {job_id} is {state}. Wait for it, or cancel it, before you try it again.",
            job_id=job_id,
            state=job.state,
        )
    return submit(job.kind, job.parameters, title=job.title, attachments=read_attachments(job_id))


def read_log(job_id: str) -> str:
    """What a job's process has logged so far; empty when there is nothing.

    Raises
    ------
    JobNotFound
    """
    job_folder(job_id)  # refuses what no job can be called, before it becomes part of a path
    queue.fetch(job_id)
    path = job_log_path(get_settings(), job_id)
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
