"""What a job's function gets to tell how far it is, and the heartbeat that goes with it."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from src.errors import DatabaseUnavailable
from src.jobs import queue
from src.storage.json_values import json_dict

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1.0
_BETWEEN_REPORTS = 0.2


class JobContext:
    """A running job, as its function sees it.

    Attributes
    ----------
    job_id : str
    folder : Path
        Of this job alone; its attachments are there, and what it writes may be.
    """

    def __init__(self, job_id: str, folder: Path) -> None:
        self.job_id = job_id
        self.folder = folder
        self._unwritten: dict[str, Any] = {}
        self._changing = threading.Lock()
        self._writing = threading.Lock()
        self._reported_at = -_BETWEEN_REPORTS
        self._wake = threading.Event()
        self._over = threading.Event()

    def report(self, progress: float, message: str, result: dict[str, Any] | None = None) -> None:
        """Tell how far the job is.

        It is written at once; of reports in quick succession the last one is written a moment later.

        Parameters
        ----------
        progress : float
            From 0 to 1.
        message : str
            What is being done.
        result : dict, optional
            What there is of the result so far, as JSON takes it (NaN becomes null); it is kept if the job is cancelled
            or fails. Without it, the one reported before stays.
        """
        report: dict[str, Any] = {"progress": min(max(float(progress), 0.0), 1.0), "message": str(message)}
        if result is not None:
            report["result"] = json_dict(result, "result")
        with self._changing:
            self._unwritten.update(report)
        if time.monotonic() - self._reported_at >= _BETWEEN_REPORTS:
            self._write()
        else:
            self._wake.set()

    @contextmanager
    def heartbeat(self) -> Iterator[None]:
        """Show signs of life for as long as the context lasts."""
        thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._wake.set()  # the first one now
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._wake.set()
            thread.join()

    def take_unwritten(self) -> dict[str, Any]:
        """What was reported and is not in the database yet; whoever takes it writes it."""
        with self._changing:
            taken, self._unwritten = self._unwritten, {}
        return taken

    def _beat(self) -> None:
        try:
            while not self._over.is_set():
                if self._wake.wait(HEARTBEAT_SECONDS):
                    self._wake.clear()
                    self._over.wait(max(self._reported_at + _BETWEEN_REPORTS - time.monotonic(), 0))
                if not self._over.is_set():
                    self._write()
        except Exception:
            # Without it, everyone else would take the job for lost while it goes on unseen.
            logger.exception("The heartbeat failed.")
            _end_this_process()

    def _write(self) -> None:
        with self._writing:
            report = self.take_unwritten()
            if report:
                self._reported_at = time.monotonic()
            try:
                is_to_run = queue.beat(self.job_id, **report)
            except DatabaseUnavailable as error:
                logger.warning("The progress could not be written, and is written again soon: %s", error)
                with self._changing:
                    self._unwritten = report | self._unwritten
                return
        if not is_to_run:
            _end_this_process()


def _end_this_process() -> None:
    """Cancelled from another host, taken for lost, or out of reach for everyone: nobody waits for the outcome."""
    logger.warning("This job is not to run any more; its process ends.")
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)  # with all workers
    os._exit(1)
