"""An import as a job: the file lies in the job's folder, and what it came to goes into its record."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from src.config import get_settings
from src.errors import InvalidReadings
from src.sensors.imports.columns import ColumnMapping
from src.sensors.imports.importer import ImportOptions, import_readings
from src.sensors.imports.report import write_notes
from src.tables.formats import ending_of
from src.tables.limits import TableLimits

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Job(Protocol):
        """What a job gives to what it runs."""

        folder: Path
        report: Callable[[float, str, dict[str, Any] | None], None]


logger = logging.getLogger(__name__)


def attachment_name(name: str) -> str:
    """Return the name by which a file lies in the job's folder; its own may have any characters."""
    return f"readings{ending_of(name)}"


def parameters_of(
    name: str, mapping: ColumnMapping, options: ImportOptions, *, dry_run: bool, actor: str
) -> dict[str, Any]:
    """Return what `run` is to be called with."""
    return {
        "name": name,
        "mapping": mapping.to_record(),
        "options": asdict(options),
        "dry_run": dry_run,
        "actor": actor,
    }


def run(parameters: dict[str, Any], job: Job) -> dict[str, Any]:
    """Import the file attached to the job.

    Parameters
    ----------
    parameters : dict
        Of `parameters_of`.
    job : JobContext
        Its folder holds the file; it is removed when its readings are in the database.

    Returns
    -------
    dict
        `ImportReport.to_record()`. Of a refused file the job keeps ``{"count": …, "problems": …}``.
    """
    name = parameters["name"]
    path = job.folder / attachment_name(name)

    def tell(share: float, rows: int) -> None:
        job.report(share, str(rows), None)

    try:
        report = import_readings(
            path,
            name,
            mapping=ColumnMapping(**parameters["mapping"]),
            options=ImportOptions(**parameters["options"]),
            dry_run=parameters["dry_run"],
            actor=parameters["actor"],
            limits=TableLimits.from_settings(get_settings()),
            on_progress=tell,
        )
    except InvalidReadings as error:
        problems = error.values.get("problems", [])
        job.report(1.0, "", {"count": error.values.get("count", 1), "problems": write_notes(problems)})
        raise
    logger.info("%s: %d rows, %d new readings, %.1f s", name, report.rows, report.new, report.seconds)
    if not report.dry_run:
        path.unlink(missing_ok=True)
    return report.to_record()
