"""Predicting a file as a job: the file comes from the job's folder, and the file with the answers is left there."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from src.config import get_settings
from src.ml.batch_prediction import BatchReport, predict_file
from src.ml.saved_models import load_saved
from src.tables.formats import ending_of
from src.tables.limits import TableLimits

if TYPE_CHECKING:
    from pathlib import Path

    from src.ml.comparison_job import Job

_RECORD = TypeAdapter(BatchReport)
logger = logging.getLogger(__name__)


def attachment_name(name: str) -> str:
    """Return the name by which a file lies in the job's folder; its own may have any characters."""
    return f"table{ending_of(name)}"


def output_path(folder: Path, ending: str) -> Path:
    """Where the file with the answers lies in the job's folder."""
    return folder / f"predictions{ending}"


def run(parameters: dict[str, Any], job: Job) -> dict[str, Any]:
    """Predict the file attached to the job.

    Parameters
    ----------
    parameters : dict
        ``model``, ``version``, ``file`` (its name) and ``ending`` (of the output).
    job : JobContext
        Its folder holds the file; the output is written beside it.

    Returns
    -------
    dict
        For `read_report`.
    """
    saved = load_saved(parameters["model"], parameters["version"])
    name = parameters["file"]
    report = predict_file(
        saved,
        job.folder / attachment_name(name),
        name,
        output_path(job.folder, parameters["ending"]),
        limits=TableLimits.from_settings(get_settings()),
        on_progress=lambda share, rows: job.report(share, str(rows), None),
    )
    logger.info("%s: %d rows predicted by %s, version %d.", name, report.rows, saved.name, saved.version)
    return _RECORD.dump_python(report, mode="json")


def read_report(record: dict[str, Any]) -> BatchReport:
    """Rebuild what `run` has returned."""
    return _RECORD.validate_python(record)
