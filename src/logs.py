"""Logging: to the standard error and to a rotating file; each job also to a file of its own."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from src.config import Settings
from src.errors import InvalidSettings

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_MAX_BYTES = 5_000_000


def job_log_path(settings: Settings, job_id: str) -> Path:
    """Where the log of one job lies."""
    return settings.log_dir / "jobs" / f"{job_id}.log"


def configure_logging(settings: Settings, *, job_id: str | None = None) -> None:
    """Send the log of this process to the standard error and to a file. Calling it again changes nothing."""
    logger = logging.getLogger("src")
    if logger.handlers:
        return
    path = job_log_path(settings, job_id) if job_id else settings.log_dir / "farol.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidSettings("The log folder cannot be made: {reason}.", reason=str(error)) from error
    try:
        file = RotatingFileHandler(path, maxBytes=_MAX_BYTES, backupCount=3, encoding="utf-8")
    except OSError as error:
        raise InvalidSettings(
            "The log file cannot be opened: {reason}. Change FAROL_LOG_DIR or its permissions.", reason=str(error)
        ) from error
    handlers: list[logging.Handler] = [file]
    if job_id is None:  # the standard error of a job's process is that file already
        handlers.append(logging.StreamHandler())
    for handler in handlers:
        handler.setFormatter(logging.Formatter(_FORMAT))
        logger.addHandler(handler)
    logger.setLevel(settings.log_level)
    logger.propagate = False
