"""The process of one job: ``python -m src.jobs.worker JOB_ID``."""

from __future__ import annotations

import logging
import os
import sys
import time
from typing import Any

from src.config import get_settings
from src.errors import DatabaseUnavailable, FarolError, JobFailed
from src.jobs import queue
from src.jobs.context import JobContext
from src.jobs.folder import job_folder
from src.jobs.job import Job, State
from src.jobs.kinds import function_of
from src.jobs.lifecycle import poll
from src.jobs.processes import identify
from src.logs import configure_logging
from src.storage.json_values import json_dict

logger = logging.getLogger(__name__)

_FINISH_SECONDS = 60.0
_AGAIN_SECONDS = 2.0


def run_job(job_id: str) -> None:
    """Run a claimed job in this process, write its outcome, start what waits."""
    if not queue.set_process(job_id, identify(os.getpid())):
        logger.warning("Job %s is not for this process to run: it was cancelled, or has another process.", job_id)
        return
    job = queue.fetch(job_id)
    logger.info("Job %s begins: %s, %s.", job_id, job.kind, job.title)
    context = JobContext(job_id, job_folder(job_id))
    context.folder.mkdir(parents=True, exist_ok=True)
    with context.heartbeat():
        state, outcome = _outcome(job, context)
    if _finish(job_id, state, context.take_unwritten() | outcome):
        logger.info("Job %s is %s.", job_id, state)
    poll()


def _outcome(job: Job, context: JobContext) -> tuple[State, dict[str, Any]]:
    try:
        result = function_of(job.kind)(job.parameters, context)
        return "done", {"result": json_dict(result, "result"), "progress": 1.0}
    except FarolError as error:
        logger.error("%s", error)
        return "failed", {"error": error}
    except (Exception, SystemExit) as error:
        logger.exception("The job failed with an error that it did not expect.")
        return "failed", {"error": _unexpected(error)}


def _unexpected(error: BaseException) -> JobFailed:
    return JobFailed(
        "The job failed with {kind}: {reason}. Its log has the details.", kind=type(error).__name__, reason=str(error)
    )


def _finish(job_id: str, state: State, outcome: dict[str, Any]) -> bool:
    """Write the outcome, also when the database is away for a moment: hours of work may be in it."""
    until = time.monotonic() + _FINISH_SECONDS
    while True:
        try:
            return queue.finish(job_id, state, **outcome)
        except DatabaseUnavailable as error:
            if time.monotonic() > until:
                raise
            logger.warning("The outcome could not be written, and is written again soon: %s", error)
            time.sleep(_AGAIN_SECONDS)


def main(job_id: str) -> None:
    """Set up the log, then run the job."""
    configure_logging(get_settings(), job_id=job_id)
    run_job(job_id)


if __name__ == "__main__":
    main(sys.argv[1])
