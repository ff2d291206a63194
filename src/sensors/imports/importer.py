"""Importing a file of readings: read part by part, checked as a whole, stored in one transaction or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine

from src.database.activities import record_activity
from src.database.engine import beginning, separate_connection
from src.database.tables import EPOCH
from src.errors import InvalidReadings, InvalidTable
from src.notes import Note
from src.sensors.imports.columns import ColumnMapping, check_columns, guess_columns
from src.sensors.imports.named_sensors import FileSensor, NamedSensors, NewSensors
from src.sensors.imports.problems import MOST_PROBLEMS, Problems
from src.sensors.imports.remarks import contradiction, remarks, stored_otherwise
from src.sensors.imports.report import ImportReport
from src.sensors.imports.rows import ReadingArrays, RowReader
from src.sensors.imports.staging import ArrivedReadings, Stored
from src.sensors.sensor_manager import add_sensors, create_sensor_manager, equipment_of_sensors
from src.tables.limits import TableLimits
from src.tables.streaming import TableStream, open_table

_SHARE_OF_READING = 0.8


@dataclass(frozen=True)
class ImportOptions:
    """What an import may do beside adding readings.

    Attributes
    ----------
    create_sensors : bool
        Create the sensors that there are not, rather than refuse the file.
    replace : bool
        Put other values in place of stored ones, rather than refuse the file.
    equipment, sensor_type, unit : str
        Of the sensors that are created. A column of the file that names the machine goes first; without either, the
        machine is called as the file.
    """

    create_sensors: bool = False
    replace: bool = False
    equipment: str = ""
    sensor_type: str = ""
    unit: str = ""


def import_readings(
    source: Path | bytes,
    name: str,
    *,
    mapping: ColumnMapping | None = None,
    options: ImportOptions | None = None,
    dry_run: bool = False,
    actor: str = "",
    limits: TableLimits | None = None,
    on_progress: Callable[[float, int], None] | None = None,
    engine: Engine | None = None,
) -> ImportReport:
    """Import the readings of a CSV, CSV.gz or Parquet file: all of them, or none.

    A reading that is stored already with the same value stays as it is, so that the same file twice changes nothing.

    Parameters
    ----------
    source : Path or bytes
        The file, or its content.
    name : str
        Its name; the ending says how it is read.
    mapping : ColumnMapping, optional
        What the columns are; guessed from the header when not given.
    options : ImportOptions, optional
    dry_run : bool
        Do everything but change the database.
    actor : str
        Who is remembered to have done it.
    limits : TableLimits, optional
        The default limits when not given.
    on_progress : callable, optional
        Called with the share that is done, from 0 to 1, and the rows that were read so far.
    engine : Engine, optional
        The database of the settings when not given.

    Raises
    ------
    InvalidTable
        The file cannot be read at all.
    InvalidReadings
        Something in it is wrong; `values["problems"]` tells what, row by row, and `values["count"]` how often.
    """
    options, limits = options or ImportOptions(), limits or TableLimits()
    run = _Import(name, options, limits, engine, on_progress or (lambda share, rows: None))
    with closing(open_table(source, name, limits)) as stream, separate_connection(engine) as connection:
        return run.run(stream, mapping or guess_columns(stream.columns), connection, actor, dry_run=dry_run)


class _Import:
    """One import on its way: the file's own state, and what was found out so far."""

    def __init__(
        self,
        name: str,
        options: ImportOptions,
        limits: TableLimits,
        engine: Engine | None,
        on_progress: Callable[[float, int], None],
    ) -> None:
        self._name, self._options, self._limits, self._on_progress = name, options, limits, on_progress
        self._started = time.monotonic()
        self._problems = Problems(name)
        new = NewSensors(options.equipment.strip() or _stem(name), options.sensor_type.strip(), options.unit.strip())
        known = create_sensor_manager(engine).get_all_sensors()
        self._sensors = NamedSensors(known, new if options.create_sensors else None, self._problems)
        self._repeated = 0

    def run(
        self, stream: TableStream, mapping: ColumnMapping, connection: Connection, actor: str, *, dry_run: bool
    ) -> ImportReport:
        """Read the whole stream, then compare and store in one transaction; a dry run stores nothing."""
        check_columns(mapping, stream.columns)
        reader = RowReader(stream.columns, mapping, self._sensors, self._problems, self._limits, now=datetime.now(UTC))
        with beginning(connection, read_only=True):  # of the others' tables; the temporary ones are its own
            arrived = ArrivedReadings(connection, compare_quality=mapping.quality is not None)
            self._read_all(stream, reader, arrived)
        with beginning(connection, read_only=dry_run):
            if not dry_run:
                arrived.lock()
            stored, created = self._settle(connection, arrived, dry_run=dry_run)
            report = self._report(stream, mapping, reader, arrived, stored, created, dry_run=dry_run)
            if not dry_run and report.changes_something:
                record_activity(actor, "data", self._name, _act(report), connection)
        self._on_progress(1.0, reader.rows)
        return report

    def _read_all(self, stream: TableStream, reader: RowReader, arrived: ArrivedReadings) -> None:
        self._on_progress(0.0, 0)
        try:
            for chunk in stream.chunks():
                readings = reader.read(chunk)
                if not self._problems.count:  # with a problem nothing is stored: the rest is only looked at
                    self._add(arrived, readings)
                self._on_progress(_SHARE_OF_READING * stream.share_read(), reader.rows)
        except InvalidReadings:
            raise
        except InvalidTable as error:
            raise self._problems.stop(error) from error
        self._problems.raise_if_any()

    def _add(self, arrived: ArrivedReadings, readings: ReadingArrays) -> None:
        repeated, contradictions = arrived.add(readings, MOST_PROBLEMS)
        self._repeated += repeated
        for difference in contradictions.first:
            self._problems.add(difference.row, contradiction(difference, self._sensors))
        self._problems.count += contradictions.count - len(contradictions.first)

    def _settle(
        self, connection: Connection, arrived: ArrivedReadings, *, dry_run: bool
    ) -> tuple[Stored, list[FileSensor]]:
        """Compare with what is stored, and store what is new unless it is a dry run."""
        self._refuse_vanished(connection)
        created = self._sensors.created
        arrived.name_sensors([sensor.sensor_id for sensor in self._sensors.found])
        stored = arrived.compare()
        if stored.different and not self._options.replace:
            for difference in arrived.differences(stored.different, MOST_PROBLEMS):
                self._problems.add(difference.row, stored_otherwise(difference, self._sensors))
            self._problems.count += max(stored.different - MOST_PROBLEMS, 0)
            self._problems.raise_if_any()
        if not dry_run:
            self._store(connection, arrived, stored)
        return stored, created

    def _refuse_vanished(self, connection: Connection) -> None:
        """Look whether the sensors are still as they were found before the file was read."""
        there = equipment_of_sensors(connection)
        for sensor in self._sensors.found:
            if sensor.sensor_id is not None and sensor.sensor_id not in there:
                note = Note("The sensor {sensor!r} was deleted meanwhile. Import again.", {"sensor": sensor.name})
                self._problems.add(sensor.row, note)
        self._problems.raise_if_any()

    def _store(self, connection: Connection, arrived: ArrivedReadings, stored: Stored) -> None:
        created = self._sensors.created
        added = add_sensors(connection, [self._sensors.describe(sensor) for sensor in created])
        ids = {description.display_name: description.sensor_id for description in added}
        found = [ids.get(sensor.name, sensor.sensor_id) for sensor in self._sensors.found]
        arrived.name_sensors(found)
        if stored.different:
            arrived.replace_different()
        new = arrived.count - stored.same - stored.different
        if new and arrived.insert() != new:
            raise AssertionError("not as many readings were stored as were to be")

    def _report(
        self,
        stream: TableStream,
        mapping: ColumnMapping,
        reader: RowReader,
        arrived: ArrivedReadings,
        stored: Stored,
        created: list[FileSensor],
        *,
        dry_run: bool,
    ) -> ImportReport:
        return ImportReport(
            name=self._name,
            dry_run=dry_run,
            rows=reader.rows,
            new=arrived.count - stored.same - stored.different,
            unchanged=stored.same,
            replaced=stored.different,
            repeated=self._repeated,
            empty=reader.empty,
            existing=tuple(sensor.name for sensor in self._sensors.found if sensor.sensor_id is not None),
            created=tuple(sensor.name for sensor in created),
            first=_moment(reader.first),
            last=_moment(reader.last),
            notes=tuple(remarks(stream, mapping, reader, self._sensors, created)),
            seconds=round(time.monotonic() - self._started, 3),
        )


def _act(report: ImportReport) -> Note:
    return Note(
        "imported: {new:,} new readings, {replaced:,} replaced, {created:,} new sensors",
        {"new": report.new, "replaced": report.replaced, "created": len(report.created)},
    )


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else EPOCH + timedelta(microseconds=microseconds)


def _stem(name: str) -> str:
    return Path(name).name.split(".")[0] or name
