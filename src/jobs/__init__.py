"""Background work: each job is a process of its own with a row in the database."""

from src.jobs.context import JobContext
from src.jobs.folder import job_folder
from src.jobs.job import UNFINISHED, Job, State
from src.jobs.lifecycle import cancel, count_jobs, find_job, get_job, list_jobs, poll, read_log, retry, submit

__all__ = [
    "UNFINISHED",
    "Job",
    "JobContext",
    "State",
    "cancel",
    "count_jobs",
    "find_job",
    "get_job",
    "job_folder",
    "list_jobs",
    "poll",
    "read_log",
    "retry",
    "submit",
]
