"""A job's folder, and the files that are given to it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from src.config import get_settings
from src.errors import FileNotWritten, InvalidJob
from src.jobs.queue import job_not_found
from src.storage.atomic import TEMPORARY, write_atomically

_JOB_ID = re.compile(r"[0-9a-f]{1,32}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", re.ASCII)
_LIST = ".attachments.json"


def job_folder(job_id: str) -> Path:
    """Where a job's attachments lie, and what it writes.

    Raises
    ------
    JobNotFound
        No job can have that identifier. Whether one has is not looked up.
    """
    if not _JOB_ID.fullmatch(job_id):
        raise job_not_found(job_id)
    return get_settings().data_dir / "jobs" / job_id


def write_attachments(job_id: str, attachments: Mapping[str, bytes]) -> None:
    """Make the job's folder with its attachments in it.

    Raises
    ------
    InvalidJob
        A name that is not a plain file name.
    FileNotWritten
        The disk is full, or the folder is not writable.
    """
    for name in attachments:
        if not _NAME.fullmatch(name):
            raise InvalidJob(
                "{name!r} cannot name an attachment. Use 1 to 100 letters, digits, dots, hyphens and underscores, "
                "no dot or hyphen first.",
                name=name,
            )
    folder = job_folder(job_id)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in attachments.items():
            write_atomically(folder / name, content)
        write_atomically(folder / _LIST, json.dumps(sorted(attachments)).encode())
    except OSError as error:
        raise FileNotWritten(
            "The files of a job cannot be written: {reason}. Check the disk and FAROL_DATA_DIR.", reason=str(error)
        ) from error


def read_attachments(job_id: str) -> dict[str, bytes]:
    """What `write_attachments` has written, without what the job wrote beside it.

    Raises
    ------
    InvalidJob
        They are not there any more.
    """
    folder = job_folder(job_id)
    try:
        names = json.loads((folder / _LIST).read_bytes())
        return {name: (folder / name).read_bytes() for name in names}
    except FileNotFoundError as error:
        raise InvalidJob(
            "Job {job_id} cannot be tried again: {file} is not there any more. Submit it anew.",
            job_id=job_id,
            file=str(error.filename),
        ) from error


def remove_half_written(job_id: str) -> None:
    """Remove the files that a job's process was writing when it was ended; they have no name of their own yet."""
    for file in job_folder(job_id).glob(TEMPORARY):
        with suppress(OSError):  # it is in nobody's way
            file.unlink()
