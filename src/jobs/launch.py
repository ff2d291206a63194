"""Starting the process of a job: detached, so that it outlives whoever starts it."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading

from src.config import PROJECT_ROOT, get_settings
from src.errors import JobFailed
from src.jobs import queue
from src.jobs.job import Job
from src.jobs.processes import identify, this_host
from src.logs import job_log_path

logger = logging.getLogger(__name__)

ENTRY_MODULE = "src.jobs.worker"
"""What the process runs. Not the command line: importing that takes longer."""


def start_waiting() -> None:
    """Start jobs that wait, the oldest first, as many as may run."""
    while (job := queue.claim_next(get_settings().max_running_jobs, this_host())) is not None:
        _launch(job)


def _launch(job: Job) -> None:
    try:
        process = _start_process(job.job_id)
    except OSError as error:
        reason = JobFailed("The job's process could not be started: {reason}.", reason=str(error))
        queue.finish(job.job_id, "failed", error=reason)
        logger.exception("Job %s could not be started.", job.job_id)
        return
    queue.set_process(job.job_id, identify(process.pid))
    # Who starts a process must wait for it, or it stays in the system's table after its end.
    threading.Thread(target=process.wait, name=f"wait for job {job.job_id}", daemon=True).start()


def _start_process(job_id: str) -> subprocess.Popen:
    log = job_log_path(get_settings(), job_id)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:  # what libraries print, and the stack of a crash
        return subprocess.Popen(
            [sys.executable, "-m", ENTRY_MODULE, job_id],
            cwd=PROJECT_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
